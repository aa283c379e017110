//! Random networks with branches.

use no_std_core::format::{Shape, TensorRecord};

use super::random::{Random, concatenate, same};
use super::support::{Contents, OperatorContents, shape};

/// A network that grows, and a generator of what comes next.
pub struct Network<'r> {
    random: &'r mut Random,
    tensors: Vec<TensorRecord>,
    operators: Vec<OperatorContents>,
}

/// A network of some blocks: single operators and branches that are added or laid side by side. It ends with classes or
/// values.
pub fn network(random: &mut Random) -> (Contents, Vec<i8>) {
    let [rows, columns, channels] = [12, 12, 9].map(|most| random.within(1, most) as u16);
    let input = random.tensor(shape(rows, columns, channels));
    let blocks = random.within(1, 4);
    let mut network = Network {
        random,
        tensors: vec![input],
        operators: Vec::new(),
    };
    for _ in 0..blocks {
        network.block();
    }
    let ends_in_dense = network.random.once_in(2);
    if ends_in_dense {
        let units = network.random.within(1, 20) as u16;
        let last = network.last();
        let dense = network.random.dense(last, units);
        network.push(dense);
    }
    let Network { operators, .. } = network;
    let contents = if random.once_in(3) {
        Contents::values(input, operators)
    } else {
        Contents::new(input, operators)
    };
    let image = random.image(&contents);
    (contents, image)
}

impl Network<'_> {
    fn last(&self) -> (u16, Shape) {
        let index = self.tensors.len() - 1;
        (index as u16, self.tensors[index].shape)
    }

    fn push(&mut self, operator: OperatorContents) {
        self.tensors.push(operator.output);
        self.operators.push(operator);
    }

    fn block(&mut self) {
        match self.random.within(0, 5) {
            0 => self.branches(true),
            1 => self.branches(false),
            _ => self.single(),
        }
    }

    /// Any operator of one input.
    fn single(&mut self) {
        let (index, shape) = self.last();
        let input = self.tensors[usize::from(index)];
        let operator = match self.random.within(0, 6) {
            0 => {
                let axes = self.random.axes(shape, 1);
                self.random.depthwise((index, shape), axes)
            }
            1 => self.random.max_pool((index, &input)),
            2 => self.random.average_pool((index, shape)),
            3 => self.random.table((index, shape)),
            _ => self.convolution(),
        };
        self.push(operator);
    }

    /// A convolution, sometimes in groups or with a kernel of one place.
    fn convolution(&mut self) -> OperatorContents {
        let (index, input) = self.last();
        let axes = if self.random.once_in(3) {
            [super::support::axis(1, 1, [0, 0], 1); 2]
        } else {
            self.random.axes(input, 3)
        };
        let dividing = |groups: &u16| input.channels.is_multiple_of(*groups);
        let groups: Vec<u16> = (1..=input.channels).filter(dividing).collect();
        let groups = groups[self.random.within(0, groups.len().cast_signed() as i64 - 1) as usize];
        let channels = groups * self.random.within(1, (40 / i64::from(groups)).max(1)) as u16;
        self.random
            .convolution((index, input), axes, channels, groups)
    }

    /// One or two operators that leave rows and columns as they are, beside what they take, and both together.
    fn branches(&mut self, adds: bool) {
        let (trunk, shape) = self.last();
        let meaning = self.tensors[usize::from(trunk)];
        for _ in 0..self.random.within(0, 2) {
            let axes = same(self.random);
            let last = self.last();
            let operator = self.random.depthwise(last, axes);
            self.push(operator);
        }
        let channels = if adds {
            shape.channels
        } else {
            self.random.within(1, 12) as u16
        };
        let (last, axes) = (self.last(), same(self.random));
        let mut operator = self.random.convolution(last, axes, channels, 1);
        operator.output = TensorRecord {
            shape: operator.output.shape,
            ..meaning
        };
        self.push(operator);
        let (end, other) = self.last();
        let inputs = if adds && self.random.once_in(2) {
            [end, trunk]
        } else {
            [trunk, end]
        };
        let joined = if adds {
            self.random.add(inputs, &meaning)
        } else {
            concatenate(inputs, &meaning, other)
        };
        self.push(joined);
    }
}
