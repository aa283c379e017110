//! Arrays of pixels in files, which may be larger than the memory.

use std::fs::File;

use super::DataError;
use super::choice::Wanted;
use super::collection::Place;
use super::packed::{Packed, brought_into_shape};
use super::pixels::Pixels;
use crate::network::Shape;

/// Pictures that are brought into another shape at once.
const CHUNK: usize = 4096;

/// The pictures at these places as `wanted`: read from their files whenever they are needed, or, where they become others,
/// those in memory.
pub fn pixels(places: &[Place], shape: Shape, wanted: &Wanted) -> Result<Packed, DataError> {
    let picture = shape.iter().product::<usize>();
    let count = places
        .iter()
        .map(|place| place.len as usize / picture)
        .sum();
    let parts: Vec<(u64, Pixels)> = places.iter().map(open).collect::<Result<_, _>>()?;
    let stored = Pixels::Parts(parts);
    let choice = wanted.of_array(shape);
    if wanted.keeps(shape) {
        return Ok(Packed::of_array(stored, count, choice));
    }
    let mut others = Vec::with_capacity(count * choice.shape.iter().product::<usize>());
    for first in (0..count).step_by(CHUNK) {
        let mut chunk = vec![0; CHUNK.min(count - first) * picture];
        for (at, pixels) in chunk.chunks_exact_mut(picture).enumerate() {
            stored.read(((first + at) * picture) as u64, pixels)?;
        }
        others.extend(brought_into_shape(chunk, shape, wanted)?);
    }
    Ok(Packed::of_array(Pixels::Memory(others), count, choice))
}

fn open(place: &Place) -> Result<(u64, Pixels), DataError> {
    let path = place.path.clone();
    let file = File::open(&path).map_err(|error| DataError::io(&path, error))?;
    let start = place.start;
    Ok((place.len, Pixels::File { file, path, start }))
}
