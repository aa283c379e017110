//! The operators that are computed of constants.

use ndarray::IxDyn;

use super::arrays::{
    chosen, combined, dequantized, equal, filled, gathered, joined, product, quantized, sizes_of,
    sliced, transposed,
};
use super::types;
use crate::import::{Call, Constant, ImportError, Reader, shapes};

/// The inputs of a node, all of them known.
pub struct Known<'a> {
    pub first: &'a Constant,
    /// All, the first one too; `None` for one that is left out.
    pub inputs: &'a [Option<&'a Constant>],
}

impl<'a> Known<'a> {
    /// The input of this index, if there is one.
    pub fn input(&self, index: usize) -> Option<&'a Constant> {
        self.inputs.get(index).copied().flatten()
    }

    fn all(&self) -> Option<Vec<&'a Constant>> {
        self.inputs.iter().copied().collect()
    }
}

/// Computes a node; `None` where its inputs do not fit.
type Compute = fn(&Reader, &mut Call, &Known) -> Result<Option<Constant>, ImportError>;

/// The value for a kind of constant, whichever it is.
macro_rules! each {
    ($constant:expr, $array:ident => $value:expr) => {
        match $constant {
            Constant::Floats($array) => $value.map(Constant::from),
            Constant::Integers($array) => $value.map(Constant::from),
        }
    };
}

const ARITHMETIC: Compute = |_, call, known| {
    let inputs = known.all();
    Ok(inputs.and_then(|inputs| combined(&call.node.op_type, &inputs)))
};

const CAST: Compute = |reader, call, known| {
    let (_, _) = (call.integer("to", 0), call.integer("saturate", 1));
    let to = types::computed(reader, call);
    Ok(to.and_then(|to| types::cast(known.first, to)))
};

const OPERATORS: &[(&str, Compute)] = &[
    ("Add", ARITHMETIC),
    ("Cast", CAST),
    ("CastLike", CAST),
    ("Concat", concat),
    ("ConstantOfShape", |_, call, known| {
        let value = call.tensor("value").and_then(Constant::decode);
        Ok(filled(known.first, value))
    }),
    ("DequantizeLinear", dequantize),
    ("Div", ARITHMETIC),
    ("Dropout", |_, _, known| Ok(Some(known.first.clone()))),
    ("Equal", |_, _, known| {
        let inputs = known.all();
        Ok(inputs.and_then(|inputs| equal(&inputs)))
    }),
    ("Expand", |_, _, known| {
        let sizes = known.input(1).and_then(sizes_of).unwrap_or_default();
        Ok(each!(known.first, array => array.broadcast(IxDyn(&sizes)).map(|view| view.to_owned())))
    }),
    ("Flatten", reshape),
    ("Gather", gather),
    ("Identity", |_, _, known| Ok(Some(known.first.clone()))),
    ("Mul", ARITHMETIC),
    ("Neg", |_, _, known| {
        Ok(Some(match known.first {
            Constant::Floats(array) => array.mapv(|value| -value).into(),
            Constant::Integers(array) => array.mapv(i64::wrapping_neg).into(),
        }))
    }),
    ("QuantizeLinear", quantize),
    ("ReduceProd", reduce_prod),
    ("Reshape", reshape),
    ("Slice", |reader, call, known| {
        let parts = shapes::slices(reader, call)?;
        Ok(each!(known.first, array => sliced(array, &parts)))
    }),
    ("Sqrt", |_, _, known| {
        let floats = known.first.floats();
        Ok(floats.map(|floats| floats.mapv(f32::sqrt).into()))
    }),
    ("Squeeze", reshape),
    ("Sub", ARITHMETIC),
    ("Transpose", |_, call, known| {
        let axes = shapes::permutation(call, known.first.shape().len());
        Ok(each!(known.first, array => transposed(array, &axes)))
    }),
    ("Unsqueeze", reshape),
    ("Where", |_, _, known| {
        let inputs = known.all();
        Ok(inputs.and_then(|inputs| chosen(&inputs)))
    }),
];

/// What computes an operator, if that is possible.
pub fn find(operator: &str) -> Option<Compute> {
    let mut operators = OPERATORS.iter();
    let (_, compute) = operators.find(|(name, _)| *name == operator)?;
    Some(*compute)
}

fn reshape(
    reader: &Reader,
    call: &mut Call,
    known: &Known,
) -> Result<Option<Constant>, ImportError> {
    let sizes = shapes::target(reader, call, known.first.shape(), 1)?;
    Ok(
        each!(known.first, array => array.to_shape(IxDyn(&sizes)).ok().map(ndarray::ArrayBase::into_owned)),
    )
}

fn concat(_: &Reader, call: &mut Call, known: &Known) -> Result<Option<Constant>, ImportError> {
    let axis = call.integer("axis", 0);
    let axis = shapes::axis_of(call, axis, known.first.shape().len())?;
    Ok(known.all().and_then(|inputs| joined(&inputs, axis)))
}

fn gather(_: &Reader, call: &mut Call, known: &Known) -> Result<Option<Constant>, ImportError> {
    let axis = call.integer("axis", 0);
    let axis = shapes::axis_of(call, axis, known.first.shape().len())?;
    let Some(Constant::Integers(indices)) = known.input(1) else {
        return Err(call.refuse("integers as input 1", "none"));
    };
    Ok(each!(known.first, array => gathered(array, indices, axis)))
}

fn reduce_prod(
    reader: &Reader,
    call: &mut Call,
    known: &Known,
) -> Result<Option<Constant>, ImportError> {
    let rank = known.first.shape().len();
    let keeps = call.integer("keepdims", 1) != 0;
    let keeps_all = call.integer("noop_with_empty_axes", 0) != 0;
    let axes = match shapes::axes(reader, call)? {
        Some(axes) if !axes.is_empty() => axes
            .into_iter()
            .map(|axis| shapes::axis_of(call, axis, rank))
            .collect::<Result<Vec<_>, _>>()?,
        _ if keeps_all => Vec::new(),
        _ => (0..rank).collect(),
    };
    Ok(product(known.first, &axes, keeps))
}

fn dequantize(_: &Reader, call: &mut Call, known: &Known) -> Result<Option<Constant>, ImportError> {
    let axis = axis_of_scales(call, known.first)?;
    Ok(dequantized(
        (known.first, known.input(1), known.input(2)),
        axis,
    ))
}

fn quantize(
    reader: &Reader,
    call: &mut Call,
    known: &Known,
) -> Result<Option<Constant>, ImportError> {
    let axis = axis_of_scales(call, known.first)?;
    let (_, _) = (call.integer("saturate", 1), call.integer("precision", 0));
    let _ = call.integer("output_dtype", 0);
    let ends = types::computed(reader, call).and_then(types::ends);
    let scaled = (known.first, known.input(1), known.input(2));
    Ok(ends.and_then(|ends| quantized(scaled, axis, ends)))
}

/// The axis of whose places each has a scale; of one scale it says nothing, and may be beyond.
fn axis_of_scales(call: &mut Call, first: &Constant) -> Result<usize, ImportError> {
    let axis = call.integer("axis", 1);
    call.limit("block_size", &["0"])?;
    let rank = first.shape().len().max(1);
    shapes::axis_of(call, axis.min(rank as i64 - 1), rank)
}
