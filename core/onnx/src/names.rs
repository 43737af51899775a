//! Names of the graph's nodes, from the names of weights where they have them, else from those of the file's nodes.

use std::collections::HashMap;

/// What ends the names of weights of a layer, without which they are the layer's.
const WEIGHTS: [&str; 4] = [".weight", "_weight", ".gamma", ".scale"];

/// What ends the names of a layer's bias. PyTorch's exporter calls one that a batch normalisation was folded into `weight_bias`.
const BIASES: [&str; 4] = [".weight_bias", ".bias", "_bias", ".beta"];

/// Last parts of names of tables that PyTorch's modules hold beside their parameters.
const TABLES: [&str; 12] =
    ["mask", "cos", "sin", "cached", "inv_freq", "pe", "index", "running_mean", "running_var", "position_ids", "freqs_cis", "masked_bias"];

/// What PyTorch's exporter calls values that it computed itself, after the operators that computed them.
const COMPUTED: [&str; 44] = [
    "val",
    "expand",
    "clone",
    "arange",
    "full",
    "ones",
    "zeros",
    "slice",
    "select",
    "unsqueeze",
    "squeeze",
    "view",
    "reshape",
    "permute",
    "transpose",
    "t",
    "cat",
    "stack",
    "mul",
    "add",
    "sub",
    "rsub",
    "div",
    "pow",
    "neg",
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "where",
    "masked_fill",
    "tril",
    "triu",
    "gather",
    "to_copy",
    "convert_element_type",
    "lifted_tensor",
    "detach",
    "alias",
    "repeat",
    "roll",
    "scalar_tensor",
    "new_zeros",
    "new_ones",
];

/// Whether a tensor is named as a learned parameter is: not as exporters name what they made up, nor as modules name their tables.
pub(crate) fn is_of_a_parameter(name: &str) -> bool {
    let made_up =
        name.contains('/') || name.contains("::") || name.starts_with("node_") || !name.contains(|letter: char| letter.is_alphabetic());
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_table = TABLES.iter().any(|table| last.strip_suffix(table).is_some_and(|before| before.is_empty() || before.ends_with('_')));
    let bare = name.trim_start_matches('_').trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    !made_up && !is_table && !COMPUTED.contains(&bare) && !TABLES.contains(&bare)
}

/// Whether the name tells that a batch normalisation was folded into the layer whose weight or bias it is.
pub(crate) fn tells_of_folding(name: &str) -> bool {
    name.ends_with(".weight_bias") || name.starts_with("onnx::Conv_") || name.contains("fused_bn")
}

/// The layer that a weight of this name belongs to.
pub(crate) fn layer_of_weight(name: &str) -> &str {
    strip(name, &WEIGHTS)
}

/// The layer that a bias of this name belongs to.
pub(crate) fn layer_of_bias(name: &str) -> &str {
    strip(name, &BIASES)
}

fn strip<'a>(name: &'a str, ends: &[&str]) -> &'a str {
    ends.iter().find_map(|end| name.strip_suffix(end)).filter(|layer| !layer.is_empty()).unwrap_or(name)
}

/// A node's name as a path: `/features/features.0/features.0.1/Conv` is `features.0.1.Conv`.
pub(crate) fn path_of(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/').filter(|part| !part.is_empty()) {
        match parts.last_mut() {
            Some(last) if part.strip_prefix(*last).is_some_and(|rest| rest.starts_with('.')) => *last = part,
            _ => parts.push(part),
        }
    }
    parts.join(".")
}

/// Gives every node a name of its own.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashMap<String, usize>,
}

impl Names {
    /// Names that none of these are.
    pub(crate) fn beside(taken: &[&str]) -> Self {
        Self { taken: taken.iter().map(|name| ((*name).to_owned(), 1)).collect() }
    }

    /// This name, with a number behind it if it was given before.
    pub(crate) fn take(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "node" } else { wanted };
        let mut name = crate::error::short(wanted);
        let mut number = self.taken.get(&name).copied().unwrap_or(0);
        let base = name.clone();
        while self.taken.contains_key(&name) {
            number += 1;
            name = format!("{base}.{number}");
        }
        self.taken.insert(base, number.max(1));
        self.taken.entry(name.clone()).or_insert(1);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters_are_told_from_those_that_exporters_make_up() {
        for name in
            ["class_token", "encoder.pos_embedding", "features.1.0.layer_scale", "fc.bias", "blocks.0.ls1.gamma", "conv2d_0.w_0", "gamma1"]
        {
            assert!(is_of_a_parameter(name), "{name}");
        }
        for name in [
            "val_105",
            "expand",
            "expand_3",
            "/Constant_output_0",
            "onnx::Mul_12",
            "17",
            "blocks.0.attn_mask",
            "rope.cos_cached",
            "_to_copy_2",
        ] {
            assert!(!is_of_a_parameter(name), "{name}");
        }
    }

    #[test]
    fn a_layer_is_what_its_weights_are_named_after() {
        assert_eq!(layer_of_weight("layer1.0.conv1.weight"), "layer1.0.conv1");
        assert_eq!(layer_of_weight("attention.in_proj_weight"), "attention.in_proj");
        assert_eq!(layer_of_bias("conv1.weight_bias"), "conv1");
        assert_eq!(layer_of_weight("weight"), "weight");
        assert_eq!(path_of("/features/features.0/features.0.1/Conv"), "features.0.1.Conv");
        assert_eq!(path_of("stem.conv"), "stem.conv");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::beside(&["input"]);
        let given = ["a", "a", "a.2", "input", "a", ""].map(|wanted| names.take(wanted));
        assert_eq!(given, ["a", "a.2", "a.2.2", "input.2", "a.3", "node"]);
    }
}
