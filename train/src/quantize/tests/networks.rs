//! Random networks.

use ndarray::{Array1, Array4};

use super::super::groups::{self, Given};
use super::super::int8::Int8Network;
use super::super::observe;
use super::super::range::{Method, Range};
use super::*;
use crate::data::random::Random;
use crate::layers::{Activation, Add, AveragePool, Concat, Conv, Dense, Function, Layer, MaxPool};
use crate::network::{Clip, Input, Layout, Node, Shape, elements};
use crate::ops::Window;

/// A network that grows, and a generator of what comes next.
struct Growing<'r> {
    random: &'r mut Random,
    network: Network,
}

/// A network with every kind of layer, with sides, strides and paddings that differ, and this many classes.
pub fn random(random: &mut Random, classes: usize) -> Network {
    let mut growing = Growing::new(random, [2, 11, 13]);
    growing.convolution(6, 1);
    let first = growing.last();
    growing.same_convolution();
    growing.add(first);
    growing.strided(6);
    growing.activation();
    let before = growing.last();
    growing.same_convolution();
    growing.concat(&[before, growing.last(), before]);
    growing.convolution(6, 3);
    growing.depthwise();
    growing.pool();
    growing.convolution(4, 1);
    growing.dense(classes);
    growing.finish()
}

/// A network of two dense layers that puts out as many numbers as it takes.
pub fn autoencoder(random: &mut Random, size: usize) -> Network {
    let mut growing = Growing::new(random, [size, 1, 1]);
    growing.dense(5);
    growing.dense(size);
    growing.finish()
}

/// Random inputs for a network, some of them outliers.
pub fn inputs(random: &mut Random, network: &Network, count: usize) -> Samples {
    let [channels, rows, columns] = network.input.shape;
    let shape = (count, channels, rows, columns);
    let inputs = Array4::from_shape_simple_fn(shape, || random.bell(1.0));
    Samples::Arrays {
        inputs,
        labels: None,
    }
}

/// A network in integers, with the ranges of random inputs; `None` where a range is empty.
pub fn quantized(network: &Network, given: Given) -> Option<Int8Network> {
    let samples = inputs(&mut Random::new(77, 0), network, 6);
    let seen = observe::histograms(&runner(), network, &samples).unwrap();
    let ranges: Vec<Range> = seen
        .iter()
        .map(|seen| Range::of(seen, Method::MinMax))
        .collect();
    match Int8Network::new(network, &ranges, given) {
        Ok((_, int8)) => Some(int8),
        Err(QuantizeError::Range { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

impl<'r> Growing<'r> {
    fn new(random: &'r mut Random, shape: Shape) -> Self {
        let layout = Layout::ChannelsFirst;
        let network = Network {
            input: Input::new(shape, layout),
            nodes: Vec::new(),
            dropped: None,
            metadata: Vec::new(),
        };
        Self { random, network }
    }

    fn finish(self) -> Network {
        let mut network = self.network;
        groups::in_pairs(&mut network);
        network
    }

    fn last(&self) -> usize {
        self.network.nodes.len()
    }

    fn push(&mut self, layer: Layer, inputs: &[usize], clip: Clip) {
        let shapes: Vec<Shape> = inputs
            .iter()
            .map(|&input| self.network.shape(input))
            .collect();
        let shape = layer.form().output(&shapes).unwrap();
        self.network.nodes.push(Node {
            name: String::new(),
            origin: format!("node_{} (Any)", self.last()),
            layer,
            clip,
            inputs: inputs.to_vec(),
            shape,
            given: None,
        });
    }

    fn clip(&mut self) -> Clip {
        let high = self.random.between(0.5, 2.0);
        [Clip::NONE, Clip::RELU, Clip { low: 0.0, high }][self.random.below(3)]
    }

    fn window(&mut self, shape: Shape) -> Window {
        let side = |random: &mut Random, size: usize| {
            let kernel = 1 + random.below(size.min(4));
            let pads = [random.below(kernel), random.below(kernel)];
            (kernel, 1 + random.below(2), pads)
        };
        let (rows, down, [top, bottom]) = side(self.random, shape[1]);
        let (columns, across, [left, right]) = side(self.random, shape[2]);
        Window {
            kernel: [rows, columns],
            strides: [down, across],
            pads: [top, left, bottom, right],
            dilations: [1; 2],
        }
    }

    fn filters(&mut self, shape: (usize, usize, usize, usize)) -> (Array4<f32>, Array1<f32>) {
        let weight = Array4::from_shape_simple_fn(shape, || self.random.bell(0.5));
        let bias = Array1::from_shape_simple_fn(shape.0, || self.random.bell(0.3));
        (weight, bias)
    }

    fn conv(&mut self, filters: usize, groups: usize, window: Window, clip: Clip) {
        let input = self.last();
        let [channels, rows, columns] = self.network.shape(input);
        let [height, width] = window.kernel;
        let (weight, bias) = self.filters((filters, channels / groups, height, width));
        let [rows, columns] = window.output([rows, columns]).unwrap();
        let pool = Window::tiles([
            1 + self.random.below(rows.min(2)),
            1 + self.random.below(columns.min(2)),
        ]);
        let is_same = window == Window::same(window.kernel);
        let layer = Conv {
            weight,
            bias,
            window,
            groups,
            pool: (!is_same && pool.kernel != [1; 2]).then_some(pool),
        };
        self.push(Layer::Conv(layer), &[input], clip);
    }

    /// A convolution of single places, some of which it skips, of the last tensor.
    fn strided(&mut self, filters: usize) {
        let window = Window {
            strides: [1 + self.random.below(2), 2],
            ..Window::tiles([1; 2])
        };
        self.conv(filters, 1, window, Clip::NONE);
    }

    fn convolution(&mut self, filters: usize, groups: usize) {
        let window = self.window(self.network.shape(self.last()));
        let clip = self.clip();
        self.conv(filters, groups, window, clip);
    }

    fn same_convolution(&mut self) {
        let channels = self.network.shape(self.last())[0];
        let clip = self.clip();
        self.conv(channels, 1, Window::same([3, 1]), clip);
    }

    fn depthwise(&mut self) {
        let channels = self.network.shape(self.last())[0];
        self.conv(channels, channels, Window::same([1, 3]), Clip::RELU);
    }

    fn pool(&mut self) {
        for is_mean in [true, false] {
            let window = self.window(self.network.shape(self.last()));
            let layer = if is_mean {
                Layer::AveragePool(AveragePool { window })
            } else {
                Layer::MaxPool(MaxPool { window })
            };
            self.push(layer, &[self.last()], Clip::NONE);
        }
    }

    fn add(&mut self, other: usize) {
        let clip = self.clip();
        self.push(Layer::Add(Add), &[other, self.last()], clip);
    }

    fn concat(&mut self, inputs: &[usize]) {
        self.push(Layer::Concat(Concat), inputs, Clip::NONE);
    }

    fn activation(&mut self) {
        let functions = [
            Function::Clip {
                low: 0.1,
                high: 0.7,
            },
            Function::Elu(0.7),
            Function::HardSigmoid {
                alpha: 0.2,
                beta: 0.5,
            },
            Function::HardSwish,
            Function::LeakyRelu(0.1),
            Function::Sigmoid,
            Function::Silu,
            Function::Tanh,
        ];
        let function = functions[self.random.below(functions.len())].clone();
        self.push(
            Layer::Activation(Activation { function }),
            &[self.last()],
            Clip::NONE,
        );
    }

    fn dense(&mut self, units: usize) {
        let input = self.last();
        let shape = self.network.shape(input);
        let [channels, rows, columns] = shape;
        let (weight, bias) = self.filters((units, channels, rows, columns));
        let weight = weight / (elements(shape) as f32).sqrt();
        self.push(Layer::Dense(Dense { weight, bias }), &[input], Clip::NONE);
    }
}
