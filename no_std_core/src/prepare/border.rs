//! What is along the sides of a picture: paper for the most part, where a drawing fills it.

use super::survey::{Grid, Levels};

/// What is along the four sides of a picture.
pub struct Border {
    /// Twice the bin between the darkest and the lightest one of the picture.
    twice_middle: u8,
    /// The sides with something lighter, and those with something darker, a bit each.
    with_light: u32,
    with_dark: u32,
    /// By how many half bins the parts there are lighter, in all.
    light: i32,
    /// By how many they must be lighter or darker in all, for most of them to be so.
    least: u32,
    range: u32,
}

impl Border {
    pub fn between([low, high]: [u8; 2]) -> Self {
        Self {
            twice_middle: low + high,
            with_light: 0,
            with_dark: 0,
            light: 0,
            least: 0,
            range: u32::from(high.saturating_sub(low)),
        }
    }

    /// Adds a part, if it is at any side.
    pub fn add(&mut self, grid: Grid, at: [usize; 2], levels: Levels) {
        let sides = sides(grid, at);
        if sides > 0 {
            if 2 * levels.maximum > self.twice_middle {
                self.with_light |= sides;
            }
            if 2 * levels.minimum < self.twice_middle {
                self.with_dark |= sides;
            }
            self.light += i32::from(levels.twice_median) - i32::from(self.twice_middle);
            self.least += self.range / 4 + 1;
        }
    }

    /// Whether most of it is light, or most is dark, and there is something else at all sides but one or none.
    pub fn is_clear(&self) -> bool {
        let without = 15 & !(self.with_light & self.with_dark);
        self.light.unsigned_abs() >= self.least && without & without.wrapping_sub(1) == 0
    }

    /// 1 if most of it is light, -1 if most is dark.
    pub fn light(&self) -> i32 {
        self.light.signum()
    }
}

/// The sides of the picture that a part is at, a bit each.
fn sides(grid: Grid, [row, column]: [usize; 2]) -> u32 {
    let ends = [
        row == 0,
        row + 1 == grid.rows,
        column == 0,
        column + 1 == grid.columns,
    ];
    ends.iter()
        .fold(0, |sides, &is_at| 2 * sides + u32::from(is_at))
}
