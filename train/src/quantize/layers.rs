//! What an int8 model says of its layers, so that each leads back to the layer in floats: a metadata entry.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use crate::network::{Network, Node};
use crate::ops::Quantization;

/// The input and the layers of an int8 model; tensors are numbered as those of a [`Network`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origins {
    /// The real number that a step of the input's integers stands for.
    pub input_scale: f32,
    /// The integer of the input that stands for 0.
    pub input_zero_point: i8,
    /// Whether what the network in floats does to its input before all else was left out, since pixels become that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_normalized: bool,
    /// In the order in which they run.
    pub layers: Vec<Layer>,
}

/// A layer, which has the name of the value that it makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Name: `conv1`.
    pub name: String,
    /// The layer in floats; none where it copies what it reads in another scale.
    pub float: Option<String>,
    /// The tensors that it reads.
    pub inputs: Vec<usize>,
    /// The real number that a step of its output's integers stands for.
    pub scale: f32,
    /// The integer of its output that stands for 0.
    pub zero_point: i8,
    /// The channels that are left of the layer in floats, ascending; none where all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<usize>>,
}

impl Origins {
    /// The metadata entry that holds them, as JSON.
    pub const KEY: &str = "int8_layers";

    /// Those of a network in integers, from which channels may have been taken out, that was made of one in floats.
    pub fn of(float: &Network, best: &Candidate) -> Self {
        let sources = sources(float, &best.network.nodes);
        let nodes = best.int8.nodes.iter().zip(&best.network.nodes);
        let layers = nodes.zip(sources).map(|((int8, node), source)| Layer {
            name: int8.name.clone(),
            float: source.map(|source| source.name.clone()),
            inputs: int8.inputs.clone(),
            scale: int8.to.scale,
            zero_point: int8.to.zero_point,
            channels: (int8.channels.len() < node.shape[0]).then(|| int8.channels.clone()),
        });
        let Quantization { scale, zero_point } = best.int8.from;
        Self {
            input_scale: scale,
            input_zero_point: zero_point,
            is_normalized: false,
            layers: layers.collect(),
        }
    }

    /// The entry's text.
    pub fn to_metadata(&self) -> String {
        serde_json::to_string(self).expect("finite numbers and text are JSON")
    }

    /// What the text of an entry says; `None` if it is none, or a layer reads a tensor that is not made before it.
    pub fn from_metadata(text: &str) -> Option<Self> {
        let found: Self = serde_json::from_str(text).ok()?;
        let mut layers = found.layers.iter().enumerate();
        let is_right = |(index, layer): (usize, &Layer)| {
            let count = if layer.float.is_none() { 1..=1 } else { 1..=2 };
            count.contains(&layer.inputs.len()) && layer.inputs.iter().all(|&input| input <= index)
        };
        (layers.all(is_right) && !found.layers.is_empty()).then_some(found)
    }

    /// What the integers of a tensor stand for.
    pub fn meaning(&self, tensor: usize) -> Quantization {
        let (scale, zero_point) = match tensor.checked_sub(1) {
            None => (self.input_scale, self.input_zero_point),
            Some(layer) => (self.layers[layer].scale, self.layers[layer].zero_point),
        };
        Quantization { scale, zero_point }
    }
}

/// Of each node the one that it is among those of a network between which copies were put, or none of a copy.
fn sources<'n>(network: &'n Network, nodes: &[Node]) -> Vec<Option<&'n Node>> {
    let kind = |node: &Node| node.layer.form().kind();
    let mut left = network.nodes.iter().peekable();
    // A copy comes before a node that joins tensors, or at the end.
    let source = |node: &Node| left.next_if(|next| kind(next) == kind(node));
    nodes.iter().map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"input_scale":0.1,"input_zero_point":-128,"layers":[
        {"name":"conv1","float":"conv1","inputs":[0],"scale":0.25,"zero_point":3,"channels":[0,2]},
        {"name":"rescale1","float":null,"inputs":[1],"scale":0.5,"zero_point":-1}]}"#;

    #[test]
    fn entries_are_read_as_they_are_written_and_others_are_none() {
        let layers = Origins::from_metadata(TEXT).unwrap();
        assert_eq!(
            Origins::from_metadata(&layers.to_metadata()),
            Some(layers.clone())
        );
        assert_eq!(layers.layers[0].channels, Some(vec![0, 2]));
        assert_eq!(
            (layers.meaning(0).scale, layers.meaning(2).zero_point),
            (0.1, -1)
        );
        for (from, to) in [
            ("[1]", "[2]"),
            ("[1]", "[]"),
            ("[1]", "[0,1]"),
            ("null", "7"),
            ("]}", "}"),
            ("0.25", "x"),
        ] {
            assert_eq!(
                Origins::from_metadata(&TEXT.replacen(from, to, 1)),
                None,
                "{to}"
            );
        }
    }
}
