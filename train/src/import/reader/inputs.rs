//! What the inputs of a node are: tensors, with what the next layer must know of them, or constants.

use std::rc::Rc;

use ndarray::ArrayD;

use super::{Reader, Value};
use crate::import::{Call, Constant, ImportError, View, interface};

impl Reader<'_> {
    /// The input of this index, if it is known: a constant of the file is read now.
    pub(in crate::import) fn find(&self, call: &Call, index: usize) -> Option<Value> {
        let name = call.input(index);
        if let Some(value) = self.values.get(name) {
            return Some(value.clone());
        }
        let (&name, tensor) = self.initializers.get_key_value(name)?;
        let decoded = || Constant::decode(tensor).map(Value::from);
        let mut all = self.decoded.borrow_mut();
        all.entry(name).or_insert_with(decoded).clone()
    }

    /// The tensor that is the input of this index, for changes of its form.
    pub(in crate::import) fn any_view(
        &self,
        call: &Call,
        index: usize,
    ) -> Result<View, ImportError> {
        match self.find(call, index) {
            Some(Value::View(view)) => Ok(view),
            Some(Value::Constant(_)) => {
                let expected =
                    format!("a value that depends on the model's input as input {index}");
                Err(call.refuse(&expected, format!("the constant `{}`", call.input(index))))
            }
            Some(Value::Divided(_)) => {
                let expected =
                    "a Transpose of the channels' two axes and a Reshape that puts them together";
                Err(call.refuse(expected, "an image whose channels a Reshape has divided"))
            }
            None => {
                let expected = format!("a value that is computed before it as input {index}");
                Err(call.refuse(&expected, format!("`{}`", call.input(index))))
            }
        }
    }

    /// The tensor that is the input of this index, for a layer that adds the view's padding.
    pub fn padded_view(&self, call: &Call, index: usize) -> Result<View, ImportError> {
        let view = self.any_view(call, index)?;
        if let Some(end) = self.end.filter(|_| view.is_after_end) {
            let found = format!("{} after it", call.describe());
            let expected = "it at the end only, to leave it out";
            return Err(Call::new(end).refuse(expected, found));
        }
        // Of integers a maximum is that of the numbers for which they stand.
        if view.integers.is_some() && call.node.op_type != "MaxPool" {
            let expected = format!("floats, by a DequantizeLinear, as input {index}");
            return Err(call.refuse(&expected, "integers of a QuantizeLinear"));
        }
        Ok(view)
    }

    /// The tensor that is the input of this index, for a layer.
    pub fn view(&self, call: &Call, index: usize) -> Result<View, ImportError> {
        let view = self.padded_view(call, index)?;
        if view.pads == [0; 4] {
            return Ok(view);
        }
        Err(call.refuse(
            "a Conv or an AveragePool that counts them after a Pad",
            format!("pads {:?} before it", view.pads),
        ))
    }

    /// The constant that is the input of this index.
    pub fn constant(&self, call: &Call, index: usize) -> Result<Rc<Constant>, ImportError> {
        let name = call.input(index);
        if let Some(Value::Constant(constant)) = self.find(call, index) {
            Ok(constant)
        } else {
            let found = match self.initializers.get(name) {
                Some(tensor) => interface::describe(tensor),
                None => format!("`{name}`"),
            };
            let expected = format!("a constant in the file as input {index}");
            Err(call.refuse(&expected, found))
        }
    }

    /// The finite floats, of so many axes and not empty, that are the input of this index.
    pub fn floats<const AXES: usize>(
        &self,
        call: &Call,
        index: usize,
    ) -> Result<ArrayD<f32>, ImportError> {
        let name = call.input(index);
        let is_damaged = self.initializers.contains_key(name) && self.find(call, index).is_none();
        let constant = if is_damaged {
            None
        } else {
            Some(self.constant(call, index)?)
        };
        let floats = constant.as_ref().and_then(|constant| constant.floats());
        let Some(floats) = floats.filter(|one| one.ndim() == AXES && !one.is_empty()) else {
            let expected = format!("F32 of {AXES} axes with its elements in the file");
            let found = match (self.initializers.get(name), constant) {
                (Some(tensor), _) => interface::describe(tensor),
                (None, constant) => {
                    let sizes = constant.map_or_else(Vec::new, |one| one.shape().to_vec());
                    format!("`{name}` {sizes:?}")
                }
            };
            return Err(call.refuse(&expected, found));
        };
        self.take(call, floats.len())?;
        match floats.iter().position(|value| !value.is_finite()) {
            None => Ok(floats.clone()),
            Some(at) => {
                let value = floats.iter().nth(at).copied().unwrap_or_default();
                let found = format!("{value} at index {at} of `{name}`");
                Err(call.refuse("finite weights and biases", found))
            }
        }
    }
}
