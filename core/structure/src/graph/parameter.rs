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
    /// A normalisation's scale γ, whose path ends in `weight` as in PyTorch.
    Scale,
    /// A normalisation's shift β, whose path ends in `bias` as in PyTorch.
    Offset,
    /// Another learned value, as a class token or positions.
    Other,
}

/// One parameter of a graph: where it is, its shape, and its fans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// The parameter's path: the node's name, then `.weight`, `.bias` or `.value`.
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
    /// (convolutions, linear layers and γ of normalisations; biases not).
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
            let per_group = input.channels / conv.groups;
            let (fan_in, fan_out) = (per_group * conv.kernel.area(), conv.out_channels * conv.kernel.area());
            let shape = vec![conv.out_channels, per_group, conv.kernel.rows, conv.kernel.columns];
            layer(&spec, shape, [fan_in, fan_out], conv.bias)
        }
        Operator::Linear { out_features, bias, axis } => {
            let (fan_in, fan_out) = (input.axis(*axis), *out_features);
            layer(&spec, vec![fan_out, fan_in], [fan_in, fan_out], *bias)
        }
        Operator::Embedding { count, features, .. } => layer(&spec, vec![*count, *features], [*count, *features], false),
        Operator::BatchNorm { affine: true, .. } | Operator::GroupNorm { affine: true, .. } => norm(&spec, &[input.channels], true, true),
        Operator::LayerNorm { axis, scale, offset, .. } => norm(&spec, &normalised(input, *axis), *scale, *offset),
        Operator::RmsNorm { axis, scale, .. } => norm(&spec, &normalised(input, *axis), *scale, false),
        Operator::Parameter { axes } => vec![spec("value", ParameterRole::Other, axes.clone(), 1, 1)],
        _ => Vec::new(),
    }
}

fn layer(
    spec: &impl Fn(&str, ParameterRole, Vec<usize>, usize, usize) -> ParameterSpec,
    shape: Vec<usize>,
    [fan_in, fan_out]: [usize; 2],
    bias: bool,
) -> Vec<ParameterSpec> {
    let out = shape[0];
    let mut all = vec![spec("weight", ParameterRole::Weight, shape, fan_in, fan_out)];
    if bias {
        all.push(spec("bias", ParameterRole::Bias, vec![out], fan_in, fan_out));
    }
    all
}

fn norm(
    spec: &impl Fn(&str, ParameterRole, Vec<usize>, usize, usize) -> ParameterSpec,
    shape: &[usize],
    scale: bool,
    offset: bool,
) -> Vec<ParameterSpec> {
    let scale = scale.then(|| spec("weight", ParameterRole::Scale, shape.to_vec(), 1, 1));
    scale.into_iter().chain(offset.then(|| spec("bias", ParameterRole::Offset, shape.to_vec(), 1, 1))).collect()
}

/// The extents of an axis and of those after it that count.
fn normalised(input: Shape, axis: usize) -> Vec<usize> {
    let axes = input.axes();
    let last = axes.iter().rposition(|extent| *extent != 1).map_or(0, |last| last + 1);
    axes[axis..last.max(axis + 1)].to_vec()
}
