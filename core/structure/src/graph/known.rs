//! All operators that a graph can have, told for lists and messages.

/// What is told of one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// [`Operator::kind`](super::Operator::kind).
    pub kind: &'static str,
    /// What it computes.
    pub computes: &'static str,
    /// How many values it reads.
    pub inputs: &'static str,
    /// Its numbers, by their names in files of graphs.
    pub settings: &'static [&'static str],
    /// What it learns, with the extents.
    pub parameters: &'static str,
    /// The extents of what it computes of one image.
    pub shape: &'static str,
}

const SAME: &str = "as its input";
const WINDOW: &str = "channels × windows down × windows across";
const BROADCAST: &str = "as its inputs, whose axes of extent 1 are repeated where others are longer";

const fn learns_nothing(kind: &'static str, computes: &'static str, settings: &'static [&'static str], shape: &'static str) -> Known {
    Known { kind, computes, inputs: "1", settings, parameters: "", shape }
}

const fn of_each_element(kind: &'static str, computes: &'static str, settings: &'static [&'static str]) -> Known {
    learns_nothing(kind, computes, settings, SAME)
}

/// Every operator, in the order of [`Operator`](super::Operator); each function of one number is one of its own.
pub const KNOWN: &[Known] = &[
    Known { inputs: "0", ..learns_nothing("input", "the image", &[], "as the images are") },
    Known {
        parameters: "weight [out_channels, channels / groups, rows, columns]; bias [out_channels] if it has one",
        ..learns_nothing(
            "conv2d",
            "a convolution",
            &["out_channels", "kernel", "stride", "padding", "dilation", "groups", "bias"],
            "out_channels × windows down × windows across",
        )
    },
    Known {
        parameters: "weight [channels], bias [channels] if affine",
        ..of_each_element("batch_norm", "normalisation of each channel over the batch", &["affine", "epsilon"])
    },
    Known {
        parameters: "weight and bias of the extents that it normalises over, those that it has",
        ..of_each_element("layer_norm", "normalisation over an axis and all after it", &["axis", "scale", "offset", "epsilon"])
    },
    Known {
        parameters: "weight of the extents that it normalises over, if it has one",
        ..of_each_element(
            "rms_norm",
            "division by the root of the mean square over an axis and all after it",
            &["axis", "scale", "epsilon"],
        )
    },
    Known {
        parameters: "weight [channels], bias [channels] if affine",
        ..of_each_element("group_norm", "normalisation over groups of channels", &["groups", "affine", "epsilon"])
    },
    of_each_element("relu", "max(0, x)", &[]),
    of_each_element("clip", "min(max(x, low), high)", &["low", "high"]),
    of_each_element("sigmoid", "1 / (1 + e⁻ˣ)", &[]),
    of_each_element("hard_sigmoid", "min(max(slope · x + offset, 0), 1)", &["slope", "offset"]),
    of_each_element("hard_swish", "x · min(max(x/6 + 1/2, 0), 1)", &[]),
    of_each_element("silu", "x · sigmoid(x)", &[]),
    of_each_element("gelu", "x · Φ(x), with the normal distribution function", &[]),
    of_each_element("gelu_tanh", "x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))", &[]),
    of_each_element("tanh", "tanh(x)", &[]),
    of_each_element("leaky_relu", "x where it is positive, slope · x elsewhere", &["slope"]),
    of_each_element("elu", "x where it is positive, alpha · (eˣ − 1) elsewhere", &["alpha"]),
    of_each_element("softplus", "log(1 + eˣ)", &[]),
    of_each_element("exp", "eˣ", &[]),
    of_each_element("sqrt", "√x", &[]),
    of_each_element("reciprocal", "1/x", &[]),
    of_each_element("erf", "2/√π ∫₀ˣ e^(−t²) dt", &[]),
    learns_nothing("avg_pool", "the average over a window", &["kernel", "stride", "padding", "counts_padding", "ceil"], WINDOW),
    learns_nothing("max_pool", "the maximum over a window", &["kernel", "stride", "padding", "counts_padding", "ceil"], WINDOW),
    learns_nothing("global_avg_pool", "the average over each map", &[], "channels"),
    learns_nothing("mean", "the average over axes", &["axes"], "as its input, with extent 1 along these axes"),
    Known {
        parameters: "weight [out_features, features]; bias [out_features] if it has one",
        ..learns_nothing(
            "linear",
            "a fully connected layer along an axis",
            &["out_features", "bias", "axis"],
            "as its input, with out_features along the axis",
        )
    },
    Known {
        parameters: "weight [count, features]",
        ..learns_nothing(
            "embedding",
            "the vector of each whole number",
            &["count", "features", "axis"],
            "as its input, and features along the axis",
        )
    },
    Known { inputs: "1 or more", ..learns_nothing("weighted_sum", "Σ weight · input", &["weights"], BROADCAST) },
    Known { inputs: "1 or more", ..learns_nothing("product", "the product, element by element", &[], BROADCAST) },
    Known {
        inputs: "2",
        ..learns_nothing(
            "mat_mul",
            "the product of matrices, which lie in an axis and the next",
            &["axis"],
            "rows of the first × columns of the second",
        )
    },
    of_each_element("softmax", "eˣ divided by its sum along an axis", &["axis"]),
    Known {
        inputs: "1 or more",
        ..learns_nothing(
            "concat",
            "its inputs one after the other along an axis",
            &["axis"],
            "as its inputs, with their extents along the axis added",
        )
    },
    learns_nothing(
        "slice",
        "every step-th element of an axis, from start to before end",
        &["axis", "start", "end", "step"],
        "as its input, with ⌈(end − start) / step⌉ along the axis",
    ),
    learns_nothing(
        "gather",
        "elements of an axis in the order of indices",
        &["axis", "indices"],
        "as its input, with as many along the axis as indices",
    ),
    learns_nothing("pad", "its input with zeros around", &["amounts"], "as its input, with the amounts of each axis added"),
    learns_nothing("transpose", "the axes in another order", &["order"], "the extents of its input in this order"),
    learns_nothing("reshape", "the same elements, row-major, in other axes", &["axes"], "the axes"),
    Known {
        inputs: "0",
        parameters: "value of these axes",
        ..learns_nothing("parameter", "a learned value, the same for every image", &["axes"], "the axes")
    },
    Known { inputs: "0", ..learns_nothing("constant", "numbers that are the same for every image", &["axes", "values"], "the axes") },
    of_each_element("shift", "its input moved by offset pixels up and left", &["offset"]),
    learns_nothing("truncate", "the first channels", &["channels"], "as its input, with these channels"),
    learns_nothing("zero", "zeros", &["stride"], "as its input, at every stride-th row and column"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::super::parameter::specs;
    use super::super::{NodeId, Operator, Shape};
    use super::*;

    /// One of each kind, with every number that it has, for images of 4×8×8.
    const EXAMPLES: &str = r#"[
        {"type": "input"},
        {"type": "conv2d", "out_channels": 6, "kernel": 3, "stride": 2, "padding": 1, "dilation": 1, "groups": 2, "bias": true},
        {"type": "batch_norm", "affine": true, "epsilon": 1e-5},
        {"type": "layer_norm", "axis": 1, "scale": true, "offset": true, "epsilon": 1e-5},
        {"type": "rms_norm", "axis": 1, "scale": true, "epsilon": 1e-5},
        {"type": "group_norm", "groups": 2, "affine": true, "epsilon": 1e-5},
        {"type": "relu"},
        {"type": "activation", "function": "clip", "low": 0, "high": 6},
        {"type": "activation", "function": "sigmoid"},
        {"type": "activation", "function": "hard_sigmoid", "slope": 0.2, "offset": 0.5},
        {"type": "activation", "function": "hard_swish"},
        {"type": "activation", "function": "silu"},
        {"type": "activation", "function": "gelu"},
        {"type": "activation", "function": "gelu_tanh"},
        {"type": "activation", "function": "tanh"},
        {"type": "activation", "function": "leaky_relu", "slope": 0.1},
        {"type": "activation", "function": "elu", "alpha": 1},
        {"type": "activation", "function": "softplus"},
        {"type": "activation", "function": "exp"},
        {"type": "activation", "function": "sqrt"},
        {"type": "activation", "function": "reciprocal"},
        {"type": "activation", "function": "erf"},
        {"type": "avg_pool", "kernel": 3, "stride": 2, "padding": 1, "counts_padding": true, "ceil": true},
        {"type": "max_pool", "kernel": 3, "stride": 2, "padding": 1, "counts_padding": true, "ceil": true},
        {"type": "global_avg_pool"},
        {"type": "mean", "axes": [1, 2]},
        {"type": "linear", "out_features": 5, "bias": true, "axis": 2},
        {"type": "embedding", "count": 9, "features": 5, "axis": 3},
        {"type": "weighted_sum", "weights": [0.5]},
        {"type": "product"},
        {"type": "mat_mul", "axis": 1},
        {"type": "softmax", "axis": 2},
        {"type": "concat", "axis": 1},
        {"type": "slice", "axis": 0, "start": 1, "end": 4, "step": 2},
        {"type": "gather", "axis": 0, "indices": [3, 0]},
        {"type": "pad", "amounts": [[0, 0], [1, 2]]},
        {"type": "transpose", "order": [1, 0]},
        {"type": "reshape", "axes": [16, 16]},
        {"type": "parameter", "axes": [3]},
        {"type": "constant", "axes": [1], "values": [2]},
        {"type": "shift", "offset": 1},
        {"type": "truncate", "channels": 3},
        {"type": "zero", "stride": 2}
    ]"#;

    fn examples() -> Vec<Operator> {
        serde_json::from_str(EXAMPLES).unwrap()
    }

    /// The names that are read in this place: those of which serde says that another was expected.
    fn read(wrong: &Value) -> BTreeSet<String> {
        let said = Operator::deserialize(wrong).unwrap_err().to_string();
        let (_, names) = said.split_once("expected one of ").unwrap();
        names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
    }

    #[test]
    fn every_operator_is_told_by_its_kind_and_its_numbers() {
        let mut kinds = read(&json!({"type": "?"}));
        assert!(kinds.remove("activation"));
        kinds.extend(read(&json!({"type": "activation", "function": "?"})));
        assert_eq!(kinds, KNOWN.iter().map(|known| known.kind.to_owned()).collect());
        let written: Vec<Value> = serde_json::from_str(EXAMPLES).unwrap();
        for ((known, operator), written) in KNOWN.iter().zip(examples()).zip(written) {
            assert_eq!(operator.kind(), known.kind);
            let names = written.as_object().unwrap().keys().map(String::as_str);
            let numbers: BTreeSet<&str> = names.filter(|name| !["type", "function"].contains(name)).collect();
            assert_eq!(numbers, known.settings.iter().copied().collect(), "{}", known.kind);
            // None was left out of the example.
            let again = serde_json::to_value(&operator).unwrap();
            assert_eq!(again.as_object().unwrap().len(), written.as_object().unwrap().len(), "{again}");
        }
        assert_eq!(KNOWN.len(), examples().len());
    }

    #[test]
    fn what_is_told_of_inputs_parameters_and_shapes_is_what_operators_do() {
        let image = Shape::new(4, 8, 8);
        for (known, operator) in KNOWN.iter().zip(examples()).skip(1) {
            let fits = |count: usize| match operator {
                Operator::WeightedSum { .. } => Operator::WeightedSum { weights: vec![1.0; count] }.infer(&vec![image; count]).is_ok(),
                _ => operator.infer(&vec![image; count]).is_ok(),
            };
            let told = match known.inputs {
                "0" => [true, false, false],
                "1" => [false, true, false],
                "2" => [false, false, true],
                "1 or more" => [false, true, true],
                other => panic!("{}: {other}", known.kind),
            };
            assert_eq!([0, 1, 2].map(fits), told, "{}: {:?}", known.kind, operator.infer(&[image]));
            if known.shape == SAME {
                assert_eq!(operator.infer(&[image]), Ok(image), "{}", known.kind);
            }
            let learned = specs(NodeId(1), "node", &operator, image);
            assert_eq!(known.parameters.is_empty(), learned.is_empty(), "{}", known.kind);
            for spec in learned {
                assert!(known.parameters.contains(&spec.path["node.".len()..]), "{}: {}", known.kind, spec.path);
            }
        }
    }
}
