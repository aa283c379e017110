//! What connected ink is likely to be, by its size and its place.

/// A line is so many times thinner than the picture's shorter side, or more.
pub const THIN: u32 = 40;

/// Pixels that belong together: how many, and the first and the last of their rows and of their columns.
#[derive(Clone, Copy, Default)]
pub struct Component {
    pub pixels: u32,
    pub rows: [u16; 2],
    pub columns: [u16; 2],
}

impl Component {
    /// A single pixel.
    pub fn of_pixel(x: u32, y: u32) -> Self {
        Self {
            pixels: 1,
            rows: [y as u16; 2],
            columns: [x as u16; 2],
        }
    }

    /// The box of a picture.
    pub fn of_size([width, height]: [u32; 2]) -> Self {
        let side = |len: u32| [0, len.saturating_sub(1) as u16];
        Self {
            pixels: 0,
            rows: side(height),
            columns: side(width),
        }
    }

    /// Its box without an eighth at each side.
    pub fn inner(&self) -> Self {
        let [columns, rows] = self.size().map(|len| (len / 8) as u16);
        let inner = |[start, end]: [u16; 2], by: u16| [start + by, end - by];
        Self {
            pixels: 0,
            rows: inner(self.rows, rows),
            columns: inner(self.columns, columns),
        }
    }

    /// The same, from a place within a window to one in the picture.
    pub fn moved(&self, window: &Self) -> Self {
        Self {
            pixels: self.pixels,
            rows: self.rows.map(|row| row + window.rows[0]),
            columns: self.columns.map(|column| column + window.columns[0]),
        }
    }

    /// Its first column and row.
    pub fn start(&self) -> [u32; 2] {
        [self.columns, self.rows].map(|[start, _]| start.into())
    }

    /// Its columns and rows.
    #[inline(never)] // As `add`.
    pub fn size(&self) -> [u32; 2] {
        [self.columns, self.rows].map(|[start, end]| u32::from(end) + 1 - u32::from(start))
    }

    /// The first and the last of its columns, or of its rows.
    pub fn ends(&self, axis: usize) -> [u16; 2] {
        if axis == 0 { self.columns } else { self.rows }
    }

    /// How many sides of the picture it touches.
    fn sides(&self, [width, height]: [u32; 2]) -> u32 {
        let touched = |[start, end]: [u16; 2], len| {
            u32::from(start == 0) + u32::from(u32::from(end) + 1 == len)
        };
        touched(self.columns, width) + touched(self.rows, height)
    }

    /// Whether it is nearly as large as the picture.
    pub fn is_large(&self, size: [u32; 2]) -> bool {
        let [width, height] = self.size();
        4 * width >= 3 * size[0] && 4 * height >= 3 * size[1]
    }

    /// Whether it is nearly as large as the picture and mostly empty.
    fn is_hollow(&self, size: [u32; 2]) -> bool {
        let [width, height] = self.size();
        self.is_large(size) && 6 * self.pixels < width * height
    }

    /// Whether it is a frame around something of at least a third of its height, mostly empty.
    pub fn holds(&self, other: &Self) -> bool {
        let [[width, height], [_, other_height]] = [self, other].map(Self::size);
        let is_within =
            |[start, end]: [u16; 2], other: [u16; 2]| start < other[0] && other[1] < end;
        let is_around = is_within(self.rows, other.rows) && is_within(self.columns, other.columns);
        is_around && 3 * other_height >= height && 6 * self.pixels < width * height
    }

    /// Whether it is a thin line nearly along the rows or columns: half as long as the picture, or a third and up to its border.
    fn is_line(&self, size: [u32; 2]) -> bool {
        let [columns, rows] = self.size();
        let (length, breadth, whole) = if columns > rows {
            (columns, rows, size[0])
        } else {
            (rows, columns, size[1])
        };
        let least = if self.sides(size) > 0 { 3 } else { 2 };
        let is_thin = self.pixels <= size[0].min(size[1]) / THIN * length;
        least * length >= whole && 4 * breadth <= length && is_thin
    }

    /// Whether it fills its box, as dots and short strokes do.
    pub fn is_solid(&self) -> bool {
        let [width, height] = self.size();
        2 * self.pixels >= width * height
    }

    /// Whether it is likely to be a table beside an empty sheet: solid from one side of the picture to the other, but no 1.
    pub fn is_edge(&self, size: [u32; 2]) -> bool {
        let [columns, rows] = self.size();
        let is_across = columns > rows;
        self.is_solid() && matches!((self.sides(size), is_across), (3, _) | (2, true))
    }

    /// Whether it is likely to be a part of a drawing.
    pub fn is_inside(&self, size: [u32; 2]) -> bool {
        self.sides(size) == 0 && self.is_long(size) && !self.is_around(size)
    }

    /// Whether it is likely to be the drawing within a frame, at least a third as high. It may go on beyond the window.
    pub fn is_drawing_of(&self, window: &Self) -> bool {
        let (size, [_, rows]) = (window.size(), self.size());
        3 * rows >= size[1] && self.is_long(size) && !self.is_around(size)
    }

    /// Whether it is at least a sixteenth of the picture's longer side, and 8 pixels.
    fn is_long(&self, size: [u32; 2]) -> bool {
        let [columns, rows] = self.size();
        columns.max(rows) >= (size[0].max(size[1]) / 16).max(8)
    }

    /// Whether it is likely to be no part of a drawing, but around one: a frame, a line, or what comes in from several sides.
    #[inline(never)] // It is called twice.
    pub fn is_around(&self, size: [u32; 2]) -> bool {
        self.sides(size) > 1 || self.is_hollow(size) || self.is_line(size)
    }

    /// Whether it is an upright stroke that is no higher than half as much again as what it stands beside: a 1.
    pub fn is_stroke_beside(&self, other: &Self, size: [u32; 2]) -> bool {
        let ([columns, rows], [_, other_rows]) = (self.size(), other.size());
        let is_beside = self.rows[0] <= other.rows[1] && other.rows[0] <= self.rows[1];
        self.sides(size) == 0 && columns < rows && is_beside && 2 * rows <= 3 * other_rows
    }

    #[inline(never)] // It is small, and called in many places.
    pub fn add(&mut self, other: &Self) {
        if self.pixels == 0 {
            *self = *other;
        } else if other.pixels > 0 {
            let join = |[start, end]: &mut [u16; 2], other: [u16; 2]| {
                (*start, *end) = ((*start).min(other[0]), (*end).max(other[1]));
            };
            self.pixels += other.pixels;
            join(&mut self.rows, other.rows);
            join(&mut self.columns, other.columns);
        }
    }
}
