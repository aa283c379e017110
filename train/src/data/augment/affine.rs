//! Straight lines stay straight: shifts, turns, mirrors and scales of places in a picture.

/// A map of places: a place `p` of the result is from `matrix * p + shift` of the picture, rows first, measured from the
/// middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
}

impl Affine {
    /// Each place from itself.
    pub const NONE: Self = Self {
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: [0.0, 0.0],
    };

    pub fn shift(shift: [f32; 2]) -> Self {
        Self {
            shift,
            ..Self::NONE
        }
    }

    /// Places so many times as far from the middle.
    pub fn scale([down, across]: [f32; 2]) -> Self {
        Self {
            matrix: [[down, 0.0], [0.0, across]],
            ..Self::NONE
        }
    }

    /// Turns around the middle, the same on every machine.
    pub fn rotation(degrees: f32) -> Self {
        let radians = degrees.to_radians();
        let (sine, cosine) = (libm::sinf(radians), libm::cosf(radians));
        Self {
            matrix: [[cosine, -sine], [sine, cosine]],
            ..Self::NONE
        }
    }

    /// Places further across, the more the further down, by this much a pixel.
    pub fn shear(across: f32) -> Self {
        Self {
            matrix: [[1.0, 0.0], [across, 1.0]],
            ..Self::NONE
        }
    }

    /// This change, and `next` of what it makes.
    pub fn then(self, next: Self) -> Self {
        let row = |[down, across]: [f32; 2]| {
            [0, 1].map(|axis| down * next.matrix[0][axis] + across * next.matrix[1][axis])
        };
        Self {
            matrix: self.matrix.map(row),
            shift: self.of(next.shift),
        }
    }

    /// Where a place is from.
    pub fn of(self, [row, column]: [f32; 2]) -> [f32; 2] {
        [0, 1].map(|axis| {
            let [down, across] = self.matrix[axis];
            down * row + across * column + self.shift[axis]
        })
    }
}
