//! Networks computed as ONNX defines their operators, in 64-bit sums and real single-precision floats, pooling last.

use no_std_core::format::{
    Axis, KIND_ADD, KIND_AVERAGE_POOL, KIND_CONCATENATE, KIND_CONVOLUTION, KIND_DENSE,
    KIND_DEPTHWISE, KIND_MAX_POOL, KIND_TABLE, Shape, TensorRecord,
};
use no_std_core::requantize::Multiplier;

use super::support::{Contents, OperatorContents};

/// All tensors: the image, and the output of each operator.
pub fn tensors(model: &Contents, image: &[i8]) -> Vec<Vec<i8>> {
    let mut tensors = vec![image.to_vec()];
    let records: Vec<&TensorRecord> = model.tensors().collect();
    for operator in &model.operators {
        let [first, second] = operator.record.inputs.map(usize::from);
        let input = Input::of(records[first], &tensors[first]);
        tensors.push(match operator.record.kind {
            KIND_CONVOLUTION | KIND_DEPTHWISE => tiles(operator, &convolution(operator, &input)),
            KIND_DENSE => dense(operator, &input),
            KIND_MAX_POOL => max_pool(operator, &input),
            KIND_AVERAGE_POOL => average_pool(operator, &input),
            KIND_ADD => add(operator, &tensors[first], &tensors[second]),
            KIND_CONCATENATE => {
                let second = Input::of(records[second], &tensors[second]);
                concatenate(&input, &second)
            }
            KIND_TABLE => {
                let entry = |&value: &i8| operator.weights[(i16::from(value) + 128) as usize];
                tensors[first].iter().map(entry).collect()
            }
            kind => panic!("no kind {kind}"),
        });
    }
    tensors
}

/// `acc` times `m` in single precision, rounded, plus the zero point, saturated.
pub fn requantize(acc: i64, m: f32, zero_point: i8) -> i8 {
    let product = (i32::try_from(acc).expect("sums fit 32 bits") as f32 * m).round_ties_even();
    (f64::from(product) + f64::from(zero_point)).clamp(-128.0, 127.0) as i8
}

/// The number that a multiplier stands for.
pub fn value(multiplier: Multiplier) -> f32 {
    (f64::from(multiplier.mantissa()) * 2_f64.powi(-i32::from(multiplier.shift()))) as f32
}

/// A tensor with its zero point.
struct Input<'a> {
    shape: Shape,
    zero_point: i64,
    values: &'a [i8],
}

impl<'a> Input<'a> {
    fn of(record: &TensorRecord, values: &'a [i8]) -> Self {
        Self {
            shape: record.shape,
            zero_point: record.zero_point.into(),
            values,
        }
    }

    /// The value at a place. `None` in the padding.
    fn at(&self, row: i64, column: i64, channel: usize) -> Option<i8> {
        let (rows, columns) = (i64::from(self.shape.rows), i64::from(self.shape.columns));
        if !(0..rows).contains(&row) || !(0..columns).contains(&column) {
            return None;
        }
        let place = (row * columns + column) as usize;
        Some(self.values[place * usize::from(self.shape.channels) + channel])
    }

    /// The value less the zero point; 0 in the padding.
    fn difference(&self, row: i64, column: i64, channel: usize) -> i64 {
        let value = self.at(row, column, channel);
        value.map_or(0, |value| i64::from(value) - self.zero_point)
    }
}

/// The output of a channel with this sum of products.
fn output(operator: &OperatorContents, channel: usize, products: i64) -> i8 {
    let m = value(operator.multipliers[channel]);
    let sum = products + i64::from(operator.biases[channel]);
    requantize(sum, m, operator.output.zero_point)
}

fn dense(operator: &OperatorContents, input: &Input) -> Vec<i8> {
    let product = |(&x, &w): (&i8, &i8)| (i64::from(x) - input.zero_point) * i64::from(w);
    let units = operator.weights.chunks(input.values.len()).enumerate();
    let sum = |weights: &[i8]| input.values.iter().zip(weights).map(product).sum();
    units
        .map(|(unit, weights)| output(operator, unit, sum(weights)))
        .collect()
}

/// Windows along an axis before tiles are taken, and where one begins.
fn windows(axis: Axis, len: u16) -> u16 {
    let padded = len + axis.pad_begin + axis.pad_end;
    (padded - axis.kernel) / axis.stride + 1
}

fn begin(axis: Axis, index: u16) -> i64 {
    i64::from(index) * i64::from(axis.stride) - i64::from(axis.pad_begin)
}

/// Rows, columns and channels of the convolution before tiles are taken.
fn convolution(operator: &OperatorContents, input: &Input) -> Vec<Vec<Vec<i8>>> {
    let record = &operator.record;
    let [all, filters] = [input.shape, operator.output.shape].map(|s| usize::from(s.channels));
    let depthwise = record.kind == KIND_DEPTHWISE;
    let groups = if depthwise { all } else { record.groups.into() };
    let (taken, made) = (all / groups, filters / groups);
    let place = |row, column| {
        let (top, left) = (begin(record.rows, row), begin(record.columns, column));
        let filter = |filter: usize| {
            let mut weights = operator.weights.chunks(operator.weights.len() / filters);
            let mut weights = weights.nth(filter).unwrap().iter();
            let mut sum = 0;
            for down in 0..i64::from(record.rows.kernel) {
                for right in 0..i64::from(record.columns.kernel) {
                    for channel in filter / made * taken..(filter / made + 1) * taken {
                        let x = input.difference(top + down, left + right, channel);
                        sum += x * i64::from(*weights.next().unwrap());
                    }
                }
            }
            output(operator, filter, sum)
        };
        (0..filters).map(filter).collect()
    };
    let row = |row| {
        let columns = 0..windows(record.columns, input.shape.columns);
        columns.map(|column| place(row, column)).collect()
    };
    (0..windows(record.rows, input.shape.rows))
        .map(row)
        .collect()
}

fn tiles(operator: &OperatorContents, values: &[Vec<Vec<i8>>]) -> Vec<i8> {
    let [height, width] =
        [operator.record.rows, operator.record.columns].map(|a| usize::from(a.pool));
    let mut output = Vec::new();
    for rows in values.chunks_exact(height) {
        for column in 0..usize::from(operator.output.shape.columns) {
            let tile = || {
                rows.iter()
                    .flat_map(|row| &row[column * width..(column + 1) * width])
            };
            let channels = 0..usize::from(operator.output.shape.channels);
            output.extend(channels.filter_map(|channel| tile().map(|place| place[channel]).max()));
        }
    }
    output
}

/// For each place and channel of the output what `of` makes of the values of its window, `None` in the padding.
fn pool(operator: &OperatorContents, input: &Input, of: impl Fn(&[Option<i8>]) -> i8) -> Vec<i8> {
    let (record, shape) = (&operator.record, operator.output.shape);
    let mut output = Vec::new();
    for (row, column) in (0..shape.rows).flat_map(|row| (0..shape.columns).map(move |c| (row, c))) {
        let (top, left) = (begin(record.rows, row), begin(record.columns, column));
        for channel in 0..shape.channels.into() {
            let places = (0..i64::from(record.rows.kernel)).flat_map(|down| {
                (0..i64::from(record.columns.kernel)).map(move |right| (top + down, left + right))
            });
            let values: Vec<_> = places.map(|(y, x)| input.at(y, x, channel)).collect();
            output.push(of(&values));
        }
    }
    output
}

fn max_pool(operator: &OperatorContents, input: &Input) -> Vec<i8> {
    pool(operator, input, |values| {
        values.iter().flatten().copied().max().unwrap()
    })
}

fn average_pool(operator: &OperatorContents, input: &Input) -> Vec<i8> {
    let m = value(operator.multipliers[0]);
    pool(operator, input, |values| {
        let differences = values
            .iter()
            .flatten()
            .map(|&x| i64::from(x) - input.zero_point);
        requantize(differences.sum(), m, operator.output.zero_point)
    })
}

fn add(operator: &OperatorContents, one: &[i8], other: &[i8]) -> Vec<i8> {
    let sums = one
        .iter()
        .zip(other)
        .map(|(&a, &b)| i16::from(a) + i16::from(b));
    sums.map(|sum| operator.weights[(sum + 256) as usize])
        .collect()
}

fn concatenate(one: &Input, other: &Input) -> Vec<i8> {
    let places = [one, other].map(|input| input.values.chunks(input.shape.channels.into()));
    let [ones, others] = places;
    ones.zip(others)
        .flat_map(|(one, other)| [one, other].concat())
        .collect()
}
