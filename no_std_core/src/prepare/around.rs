//! Frames, which may be joined to what is in them.

use super::component::Component;
use super::error::PrepareError;
use super::ink::Ink;
use super::picture::{Rows, Source};

/// Where a frame has ink, in 8 rows of 8 columns: all along its sides. Corners may be cut.
const FRAME: [u8; 8] = [0x7E, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x7E];

/// Whether strong ink goes all around a box, within an eighth of its sides: in each part at least half as much as a line of one
/// pixel has that crosses it, as some of a rounded corner lies in the next part. Specks have less.
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
    let mut counts = [[0; 8]; 8];
    let eighth = |at: u32, len| (8 * at).checked_div(len).unwrap_or(0) as usize;
    picture.each_row(top..top + height, |y, pixels| {
        let row = ink.row(y, pixels);
        if let Some(counts) = counts.get_mut(eighth(y - top, height)) {
            for x in (0..width).filter(|x| row.amount(left + x) >= ink.strong()) {
                if let Some(count) = counts.get_mut(eighth(x, width)) {
                    *count += 1;
                }
            }
        }
    })?;
    let least = (width.min(height) / 16).max(1);
    let is_filled = |counts: &[u32; 8], frame: u8| {
        let mut columns = (0..).zip(counts);
        columns.all(|(column, &count)| frame >> column & 1 == 0 || count >= least)
    };
    Ok(counts
        .iter()
        .zip(FRAME)
        .all(|(counts, frame)| is_filled(counts, frame)))
}
