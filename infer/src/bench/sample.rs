//! An input of a model to measure with.

use crate::input::Input;
use crate::spec::InputSpec;

/// Values without a pattern, the same ones in every run: of a model of pictures pixels, of one of integers int8, else numbers
/// from -1 to 1.
pub fn sample(spec: &InputSpec) -> Input {
    let mut state = 1_u32;
    let bytes = (0..spec.elements()).map(|_| {
        // Numerical Recipes' generator, of whose bits the first are the best.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    if spec.picture().is_some() {
        Input::Pixels(bytes.collect())
    } else if spec.quantization.is_some() {
        Input::Integers(bytes.map(u8::cast_signed).collect())
    } else {
        let number = |byte| f32::from(byte) / 127.5 - 1.0;
        Input::Floats(bytes.map(number).collect())
    }
}
