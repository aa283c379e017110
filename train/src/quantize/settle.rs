//! The scales of all tensors and weights of a network, found together.
//!
//! Every layer whose outputs are sums times a factor needs a factor on which all orders agree. Weights have scales of their
//! own to look for one; where that is not enough the scale of the output's group rises a little, which the other layers of
//! the group must then agree with again.

use super::QuantizeError;
use super::groups::{Given, groups, hulls};
use super::range::Range;
use crate::layers::{Factors, Unfit};
use crate::network::{Clip, Network, Node};
use crate::ops::Quantization;

/// Floats above its scale that are tried for a group, less than 0.2 % of it; most take one of the first two.
const NEAR: usize = 1 << 14;
/// Rounds over all layers, at most.
const ROUNDS: usize = 64;

/// What the integers of a network stand for.
pub struct Settled {
    /// Of each tensor.
    pub tensors: Vec<Quantization>,
    /// Of each layer.
    pub factors: Vec<Factors>,
}

/// Finds scales at or just above those that the ranges give.
pub fn settle(network: &Network, ranges: &[Range], given: Given) -> Result<Settled, QuantizeError> {
    let groups = groups(network, given);
    let mut scales = Scales::of(network, &groups, ranges, given.input)?;
    for _ in 0..ROUNDS {
        let before = scales.tried.clone();
        let factors = (0..network.nodes.len())
            .map(|index| scales.fit(network, &groups, index))
            .collect::<Result<Vec<_>, _>>()?;
        if scales.tried == before {
            let tensors = groups.iter().map(|&group| scales.meanings[group]).collect();
            return Ok(Settled { tensors, factors });
        }
    }
    let node = network.nodes[0].origin.clone();
    Err(QuantizeError::Unsettled {
        node,
        rounds: ROUNDS,
    })
}

/// What the model itself says that the integers of a group mean, if all that it says is the same and the group's tensors end
/// where their integers do.
fn said_by_model(network: &Network, groups: &[usize], group: usize) -> Option<Quantization> {
    let of_group = |(index, _): &(usize, &Node)| groups[index + 1] == group;
    let nodes = network.nodes.iter().enumerate().filter(of_group);
    let mut said = nodes.clone().filter_map(|(_, node)| node.given);
    let given = said.next().filter(|&first| said.all(|one| one == first))?;
    let half = given.scale / 2.0;
    let ends = |Clip { low, high }: Clip| {
        given.real(i8::MIN) > low - half && given.real(i8::MAX) < high + half
    };
    nodes.map(|(_, node)| node.clip).all(ends).then_some(given)
}

struct Scales {
    /// Of each group, at the lowest number in it.
    meanings: Vec<Quantization>,
    /// Floats that were tried for it.
    tried: Vec<usize>,
    is_fixed: bool,
}

impl Scales {
    fn of(
        network: &Network,
        groups: &[usize],
        ranges: &[Range],
        input: Option<Quantization>,
    ) -> Result<Self, QuantizeError> {
        let mut meanings = Vec::new();
        for (tensor, range) in hulls(groups, ranges).into_iter().enumerate() {
            let said = match tensor {
                0 => input,
                _ => said_by_model(network, groups, tensor).filter(|&said| range.is_within(said)),
            };
            let meaning = said.unwrap_or_else(|| range.quantization());
            if groups[tensor] == tensor && !meaning.scale.is_normal() {
                let node = match tensor.checked_sub(1) {
                    None => "the input".into(),
                    Some(node) => network.nodes[node].origin.clone(),
                };
                let Range { low, high } = range;
                return Err(QuantizeError::Range { node, low, high });
            }
            meanings.push(meaning);
        }
        Ok(Self {
            tried: vec![0; meanings.len()],
            meanings,
            is_fixed: input.is_some(),
        })
    }

    /// The factors of a layer, with a greater scale of its output if there are none.
    fn fit(
        &mut self,
        network: &Network,
        groups: &[usize],
        index: usize,
    ) -> Result<Factors, QuantizeError> {
        let node = &network.nodes[index];
        let (from, to) = (groups[node.inputs[0]], groups[index + 1]);
        let refusal = |Unfit { filter, factor }| QuantizeError::Multiplier {
            node: node.origin.clone(),
            filter,
            factor,
        };
        let mut first = None;
        loop {
            let scales = [from, to].map(|group| self.meanings[group].scale);
            match node.layer.form().factors(scales[0], scales[1]) {
                Ok(factors) => return Ok(factors),
                Err(unfit) => {
                    let first = first.get_or_insert(unfit);
                    if self.tried[to] == NEAR || (self.is_fixed && to == 0) {
                        return Err(refusal(*first));
                    }
                }
            }
            self.tried[to] += 1;
            self.meanings[to].scale = self.meanings[to].scale.next_up();
        }
    }
}
