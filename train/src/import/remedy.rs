//! What to do about operators that have no form in integers here.

/// Operators, what they are, and what to train in their place.
const REMEDIES: [(&[&str], &str, &str); 13] = [
    (
        &["GRU", "LSTM", "RNN"],
        "a recurrent layer, which keeps a state",
        "convolutions over time in its place, as in a DS-CNN",
    ),
    (
        &["Attention", "MultiHeadAttention", "GroupQueryAttention"],
        "attention, which multiplies tensors with each other",
        "convolutions in its place",
    ),
    (
        &[
            "LayerNormalization",
            "InstanceNormalization",
            "GroupNormalization",
            "RMSNormalization",
            "MeanVarianceNormalization",
            "LRN",
            "LpNormalization",
        ],
        "a normalisation by what each input has, which is no fixed factor",
        "BatchNormalization in its place",
    ),
    (
        &[
            "Resize",
            "Upsample",
            "ConvTranspose",
            "DepthToSpace",
            "Col2Im",
            "MaxUnpool",
        ],
        "an operator that enlarges images",
        "a network that only makes them smaller, and do that after it",
    ),
    (
        &[
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare",
            "Mean",
            "CumSum",
        ],
        "a reduction without a form in 8 bits",
        "an output before it (named by --output-name), and do that after the network",
    ),
    (
        &[
            "ZipMap",
            "ArrayFeatureExtractor",
            "LabelEncoder",
            "Normalizer",
        ],
        "an operator of tables that skl2onnx puts after the network",
        "the output before it (named by --output-name), or convert with options={'zipmap': False}",
    ),
    (
        &[
            "TreeEnsembleClassifier",
            "TreeEnsembleRegressor",
            "LinearClassifier",
            "LinearRegressor",
            "SVMClassifier",
            "SVMRegressor",
        ],
        "no layer of a neural network",
        "a neural network, as sklearn.neural_network.MLPClassifier",
    ),
    (
        &["If", "Loop", "Scan"],
        "a graph in a graph, which runs or not",
        "a model exported without conditions and loops",
    ),
    (
        &[
            "TopK",
            "NonMaxSuppression",
            "NonZero",
            "Where",
            "Compress",
            "OneHot",
        ],
        "a choice among outputs",
        "the output before it (named by --output-name), and choose after the network",
    ),
    (
        &[
            "Split",
            "SplitToSequence",
            "Tile",
            "ScatterND",
            "GatherND",
            "GatherElements",
            "SpaceToDepth",
            "ReverseSequence",
        ],
        "an operator that takes tensors apart",
        "a network of layers over whole tensors",
    ),
    (
        &[
            "ConvInteger",
            "MatMulInteger",
            "DynamicQuantizeLinear",
            "DynamicQuantizeMatMul",
            "MatMulNBits",
        ],
        "arithmetic whose scales each input decides anew (dynamic quantisation)",
        "the float model, or one quantised statically (quantize_static)",
    ),
    (
        &[
            "Log", "Sqrt", "Sin", "Cos", "Floor", "Ceil", "Round", "Sign", "Not", "And", "Or",
            "Equal", "Greater", "Less", "Mod",
        ],
        "a function without a table here",
        "another activation, or do that before or after the network",
    ),
    (
        &[
            "STFT",
            "DFT",
            "MelWeightMatrix",
            "HannWindow",
            "HammingWindow",
            "BlackmanWindow",
            "ImageDecoder",
        ],
        "a preparation of the input",
        "a model that begins after it",
    ),
];

/// What an operator is, and what to do in its place.
pub fn find(operator: &str) -> Option<(&'static str, &'static str)> {
    let mut remedies = REMEDIES.iter();
    let (_, reason, remedy) = remedies.find(|(operators, ..)| operators.contains(&operator))?;
    Some((reason, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_has_one_remedy_and_no_reader() {
        let all: Vec<&str> = REMEDIES
            .iter()
            .flat_map(|(operators, ..)| *operators)
            .copied()
            .collect();
        for (index, operator) in all.iter().enumerate() {
            assert!(!all[..index].contains(operator), "{operator}");
            let mut readers = super::super::reader::known();
            assert!(readers.all(|(name, _)| name != operator), "{operator}");
        }
        assert_eq!(find("Conv"), None);
    }
}
