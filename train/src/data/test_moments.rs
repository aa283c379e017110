//! Where the light of a picture is, to tell how it was moved.

/// The light of a plane, and where it is.
pub struct Moments {
    /// The sum of the pixels.
    pub mass: f32,
    /// The middle, down and across from the upper left corner in pixels.
    pub middle: [f32; 2],
    /// The standard deviation of its places, down and across in pixels.
    pub spread: [f32; 2],
    /// The direction in which it is long, in degrees down from the rows, -90 to 90.
    pub angle: f32,
}

impl Moments {
    /// Of a plane of so many columns.
    pub fn of(plane: &[f32], columns: usize) -> Self {
        let mean = |of: &dyn Fn(f32, f32) -> f32, mass: f32| {
            let parts = plane.iter().enumerate().map(|(index, light)| {
                let (row, column) = (index / columns, index % columns);
                light * of(row as f32 + 0.5, column as f32 + 0.5)
            });
            parts.sum::<f32>() / mass
        };
        let mass = mean(&|_, _| 1.0, 1.0);
        let [y, x] = [mean(&|y, _| y, mass), mean(&|_, x| x, mass)];
        let down = mean(&|row, _| (row - y).powi(2), mass);
        let across = mean(&|_, column| (column - x).powi(2), mass);
        let both = mean(&|row, column| (row - y) * (column - x), mass);
        Self {
            mass,
            middle: [y, x],
            spread: [down.sqrt(), across.sqrt()],
            angle: (2.0 * both).atan2(across - down).to_degrees() / 2.0,
        }
    }
}

/// A plane of this many pixels each way, white where both its row and its column are so near its middle.
pub fn middle_of(side: usize, [down, across]: [usize; 2]) -> Vec<f32> {
    let is_near = |at: usize, reach: usize| (side / 2 - reach..side / 2 + reach).contains(&at);
    let pixel = |index: usize| {
        let is_white = is_near(index / side, down) && is_near(index % side, across);
        if is_white { 255.0 } else { 0.0 }
    };
    (0..side * side).map(pixel).collect()
}
