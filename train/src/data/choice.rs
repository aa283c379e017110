//! What pictures become before a network sees them: size, colours, and what is done to other proportions.

use input::picture::Header;
use no_std_core::prepare::Fit;

use crate::network::Shape;

/// The longer side of the input that is chosen for larger pictures, in pixels: small networks learn it, and boards hold it.
const USUAL_SIDE: usize = 64;
/// The sides of an input that is smaller than the pictures are multiples of this, so that pools divide them.
const STEP: usize = 8;

/// The colours of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// One channel
    Grey,
    /// Red, green and blue
    Rgb,
}

impl Colour {
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }

    /// The colours of an input of so many channels.
    pub fn of_channels(channels: usize) -> Option<Self> {
        [Self::Grey, Self::Rgb]
            .into_iter()
            .find(|colour| colour.channels() == channels)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "rgb",
        }
    }
}

/// What the user says of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Rows and columns.
    pub size: Option<[usize; 2]>,
    pub colour: Option<Colour>,
    /// Else stretched.
    pub fit: Option<Fit>,
    /// Whether rows and columns of images in arrays are exchanged.
    pub transpose: bool,
}

/// What the pictures become, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub shape: Shape,
    pub fit: Fit,
    /// For people, a line each.
    pub reasons: Vec<String>,
}

impl Wanted {
    /// What is not said follows from a network's input of this shape, and from how pictures are to be scaled for it.
    #[must_use]
    pub fn or(self, [channels, rows, columns]: Shape, fit: Option<Fit>) -> Self {
        Self {
            size: self.size.or(Some([rows, columns])),
            colour: self.colour.or(Colour::of_channels(channels)),
            fit: self.fit.or(fit),
            ..self
        }
    }

    /// What pictures in files become; `coloured` tells how many of how many that were looked at have colours.
    pub fn of_files(
        &self,
        headers: &[Header],
        coloured: impl FnOnce() -> (usize, usize),
    ) -> Choice {
        let mut reasons = Vec::new();
        let [rows, columns] = self.size.unwrap_or_else(|| {
            let (size, reason) = usual_size(headers);
            reasons.push(reason);
            size
        });
        let colour = self.colour.unwrap_or_else(|| {
            let (coloured, looked) = coloured();
            let colour = if 10 * coloured > looked { Colour::Rgb } else { Colour::Grey };
            reasons.push(format!(
                "{}: {coloured} of {looked} pictures looked at have colours (`--colour` changes it)",
                colour.name()
            ));
            colour
        });
        Choice {
            shape: [colour.channels(), rows, columns],
            fit: self.fit.unwrap_or_default(),
            reasons,
        }
    }

    /// Whether pictures in an array of this shape stay as they are.
    pub fn keeps(&self, shape: Shape) -> bool {
        !self.transpose && self.of_array(shape).shape == shape
    }

    /// What pictures in an array of this shape become.
    pub fn of_array(&self, [channels, rows, columns]: Shape) -> Choice {
        let [rows, columns] = match self.size {
            Some(size) => size,
            None if self.transpose => [columns, rows],
            None => [rows, columns],
        };
        Choice {
            shape: [
                self.colour.map_or(channels, Colour::channels),
                rows,
                columns,
            ],
            fit: self.fit.unwrap_or_default(),
            reasons: Vec::new(),
        }
    }
}

/// The pictures' own size in the middle, or a smaller one in about the same proportions.
fn usual_size(headers: &[Header]) -> ([usize; 2], String) {
    let middle = |side: fn(&Header) -> u32| {
        let mut sides: Vec<u32> = headers.iter().map(side).collect();
        sides.sort_unstable();
        sides.get(sides.len() / 2).map_or(1, |&side| side as usize)
    };
    let [rows, columns] = [
        middle(|header| header.rows),
        middle(|header| header.columns),
    ];
    let longer = rows.max(columns);
    let reduced = |side: usize| match longer {
        ..=USUAL_SIDE => side,
        _ => ((side * USUAL_SIDE + longer * STEP / 2) / (longer * STEP)).max(1) * STEP,
    };
    let size = [reduced(rows), reduced(columns)];
    let reason = format!(
        "{} x {}: the pictures in the middle have {rows} x {columns} (`--size` changes it)",
        size[0], size[1]
    );
    (size, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(rows: u32, columns: u32) -> Header {
        Header {
            rows,
            columns,
            format: "PNG",
            has_colours: true,
            has_transparency: false,
            is_turned: false,
        }
    }

    #[test]
    fn the_size_is_that_of_the_pictures_up_to_what_boards_hold() {
        for (sizes, expected) in [
            (&[[28, 28]][..], [28, 28]),
            (&[[17, 40]], [17, 40]),
            (&[[100, 100], [3024, 3024], [100, 100]], [64, 64]),
            (&[[480, 640]], [48, 64]),
            (&[[1080, 1920]], [40, 64]),
            (&[[3000, 10]], [64, 8]),
        ] {
            let headers: Vec<Header> = sizes
                .iter()
                .map(|&[rows, columns]| header(rows, columns))
                .collect();
            let choice = Wanted::default().of_files(&headers, || (0, 5));
            assert_eq!(choice.shape[1..], expected);
            assert_eq!(choice.reasons.len(), 2);
        }
    }

    #[test]
    fn what_the_user_says_is_taken_and_needs_no_reason() {
        let wanted = Wanted {
            size: Some([20, 30]),
            colour: Some(Colour::Grey),
            fit: Some(Fit::Pad),
            transpose: false,
        };
        let choice = wanted.of_files(&[header(9, 9)], || panic!("colours are said"));
        assert_eq!(
            (choice.shape, choice.fit, choice.reasons),
            ([1, 20, 30], Fit::Pad, vec![])
        );
        assert_eq!(wanted.of_array([3, 5, 6]).shape, [1, 20, 30]);
        let transposed = Wanted {
            transpose: true,
            ..Wanted::default()
        };
        assert_eq!(transposed.of_array([3, 5, 6]).shape, [3, 6, 5]);
    }

    #[test]
    fn few_coloured_pictures_leave_the_input_grey() {
        for (coloured, channels) in [(0, 1), (2, 1), (3, 3), (20, 3)] {
            let choice = Wanted::default().of_files(&[header(9, 9)], || (coloured, 20));
            assert_eq!(choice.shape[0], channels);
        }
    }
}
