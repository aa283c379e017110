//! Frames, which may be joined to what is in them.

use super::component::Component;
use super::error::PrepareError;
use super::ink::Ink;
use super::picture::{Rows, Source};

/// Where a frame has ink, in 8 rows of 8 columns: all along its sides. Corners may be cut.
const FRAME: [u8; 8] = [0x7E, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x7E];

/// Whether strong ink goes all around a box, within an eighth of its sides.
///
/// # Errors
///
/// The picture's, where it cannot give a row.
pub fn is_frame(
    around: &Component,
    ink: &Ink,
    picture: &mut Source<'_, impl Rows>,
) -> Result<bool, PrepareError> {
    let [width, height] = around.size();
    let [left, top] = around.start();
    let mut parts = [0; FRAME.len()];
    let part = |at: u32, len| (8 * at).checked_div(len).unwrap_or(0);
    picture.each_row(top..top + height, |y, pixels| {
        let row = ink.row(y, pixels);
        let inked = (0..width).filter(|x| row.amount(left + x) >= ink.strong());
        let columns = inked.fold(0, |columns, x| columns | 1 << part(x, width));
        if let Some(part) = parts.get_mut(part(y - top, height) as usize) {
            *part |= columns;
        }
    })?;
    Ok(FRAME
        .iter()
        .zip(parts)
        .all(|(frame, part)| part & frame == *frame))
}
