//! Which parameters a node has, and what an initialiser needs to know about them.

use serde::{Deserialize, Serialize};

use super::{NodeId, Operator, Shape};

/// What a parameter is to its operator; initialisers and proxies choose by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterRole {
    /// A convolution's or linear layer's weight.
    Weight,
    /// A convolution's or linear layer's bias.
    Bias,
    /// Batch normalisation's scale γ, whose path ends in `weight` as in PyTorch.
    Scale,
    /// Batch normalisation's shift β, whose path ends in `bias` as in PyTorch.
    Offset,
}

/// One parameter of a graph: where it is, its shape, and its fans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// The parameter's path: the node's name, then `.weight` or `.bias`.
    pub path: String,
    /// The node it belongs to.
    pub node: NodeId,
    /// What it is to that node.
    pub role: ParameterRole,
    /// Its dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Inputs that reach one output unit through the owning layer's weight.
    pub fan_in: usize,
    /// Output units that one input reaches through the owning layer's weight.
    pub fan_out: usize,
}

impl ParameterSpec {
    /// How many numbers it holds.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether TE-NAS's released code counts it among the NTK's parameters: its name contains `weight`
    /// (convolutions, linear layers and batch normalisation's γ; biases not).
    #[must_use]
    pub fn is_named_weight(&self) -> bool {
        matches!(self.role, ParameterRole::Weight | ParameterRole::Scale)
    }
}

/// The parameters of one operator on this input.
pub(super) fn specs(id: NodeId, name: &str, operator: &Operator, input: Shape) -> Vec<ParameterSpec> {
    let spec = |suffix: &str, role, shape: Vec<usize>, fan_in, fan_out| ParameterSpec {
        path: format!("{name}.{suffix}"),
        node: id,
        role,
        shape,
        fan_in,
        fan_out,
    };
    match operator {
        Operator::Conv2d(conv) => {
            let taps = conv.kernel * conv.kernel;
            let per_group = input.channels / conv.groups;
            let (fan_in, fan_out) = (per_group * taps, conv.out_channels * taps);
            let shape = vec![conv.out_channels, per_group, conv.kernel, conv.kernel];
            let mut all = vec![spec("weight", ParameterRole::Weight, shape, fan_in, fan_out)];
            if conv.bias {
                all.push(spec("bias", ParameterRole::Bias, vec![conv.out_channels], fan_in, fan_out));
            }
            all
        }
        Operator::Linear { out_features, bias } => {
            let (fan_in, fan_out) = (input.channels, *out_features);
            let mut all = vec![spec("weight", ParameterRole::Weight, vec![fan_out, fan_in], fan_in, fan_out)];
            if *bias {
                all.push(spec("bias", ParameterRole::Bias, vec![fan_out], fan_in, fan_out));
            }
            all
        }
        Operator::BatchNorm { affine: true, .. } => vec![
            spec("weight", ParameterRole::Scale, vec![input.channels], 1, 1),
            spec("bias", ParameterRole::Offset, vec![input.channels], 1, 1),
        ],
        _ => Vec::new(),
    }
}
