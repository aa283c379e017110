//! Layers that training leaves as they are.

use super::{Network, Node};

#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    #[error(
        "expected layers with parameters, found `{found}`; there are {}, `body` for all but the last of them, and `..NAME` for \
         those up to a layer",
        layers.join(", ")
    )]
    Unknown { found: String, layers: Vec<String> },
    #[error("expected a layer that is left to be trained, found all of them frozen: {}", layers.join(", "))]
    All { layers: Vec<String> },
}

impl Network {
    /// Freezes layers: each word is the name of one with parameters, `body` for all before the head, or `..NAME` for all up to
    /// and including a layer.
    pub fn freeze(&mut self, words: &[String]) -> Result<(), FreezeError> {
        for word in words {
            for index in self.named(word)? {
                let node = &mut self.nodes[index];
                node.is_frozen = true;
                for parameter in &mut node.parameters {
                    parameter.is_trained = false;
                }
            }
        }
        if self.parameters().iter().any(|one| one.is_trained) {
            return Ok(());
        }
        let layers = self.frozen();
        Err(FreezeError::All { layers })
    }

    /// The names of the layers that are frozen.
    pub fn frozen(&self) -> Vec<String> {
        names(&self.nodes, |node| node.is_frozen)
    }

    /// The layers with parameters that a word stands for.
    fn named(&self, word: &str) -> Result<Vec<usize>, FreezeError> {
        let has_parameters = |node: &Node| !node.parameters.is_empty();
        let find = |name: &str| self.nodes.iter().position(|node| node.name == name);
        let found = match word.strip_prefix("..") {
            Some(name) => find(name).map(|last| 0..last + 1),
            None if word == "body" => self.head().map(|head| 0..head),
            None => find(word).map(|index| index..index + 1),
        };
        let found = found.unwrap_or_default();
        let found: Vec<usize> = found
            .filter(|&index| has_parameters(&self.nodes[index]))
            .collect();
        if found.is_empty() {
            return Err(FreezeError::Unknown {
                found: word.into(),
                layers: names(&self.nodes, has_parameters),
            });
        }
        Ok(found)
    }
}

fn names(nodes: &[Node], is_meant: impl Fn(&Node) -> bool) -> Vec<String> {
    let meant = nodes.iter().filter(|node| is_meant(node));
    meant.map(|node| node.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::Description;

    fn frozen(words: &[&str]) -> Result<Vec<String>, String> {
        let fashion = Description::preset("fashion").unwrap();
        let mut network = fashion.network(fashion.input(), fashion.numbers()).unwrap();
        let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
        network.freeze(&words).map_err(|error| error.to_string())?;
        let is_right = |node: &Node| {
            node.parameters
                .iter()
                .all(|one| !(node.is_frozen && one.is_trained))
        };
        assert!(network.nodes.iter().all(is_right));
        Ok(network.frozen())
    }

    #[test]
    fn words_stand_for_layers_with_parameters() {
        for (words, expected) in [
            (&["conv2", "dense1"][..], &["conv2", "dense1"][..]),
            (
                &["..max_pool2"],
                &["conv1", "batch_norm1", "conv2", "batch_norm2"],
            ),
            (&["..conv1", "batch_norm1"], &["conv1", "batch_norm1"]),
        ] {
            assert_eq!(frozen(words).unwrap(), expected);
        }
        let body = frozen(&["body"]).unwrap();
        assert_eq!((body.len(), &*body[9]), (10, "batch_norm5"));
    }

    #[test]
    fn words_without_layers_are_refused_with_those_that_there_are() {
        for word in ["conv9", "max_pool1", "..conv9", "", ".."] {
            let refused = frozen(&["conv1", word]).unwrap_err();
            let expected = format!("found `{word}`; there are conv1, batch_norm1, conv2, ");
            assert!(refused.contains(&expected), "{refused}");
        }
        let all = frozen(&["body", "dense2"]).unwrap_err();
        assert!(all.contains("found all of them frozen: conv1, "), "{all}");
    }
}
