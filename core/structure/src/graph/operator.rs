//! The operators a graph is made of.

use serde::{Deserialize, Serialize};

use super::{Activation, Conv2d, Pool};

/// What a node computes. An axis is counted from 0, the batch apart: 0 are the channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Operator {
    /// The network's input; exactly node 0.
    Input,
    /// A convolution. Parameters: `weight` `[out, in / groups, rows, columns]`, `bias` `[out]` if it has one.
    Conv2d(Conv2d),
    /// Batch normalisation over a batch's own statistics (biased variance). Parameters if affine: `weight` (γ) and `bias` (β), `[channels]`.
    BatchNorm {
        /// Whether γ and β scale and shift the result.
        affine: bool,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Normalisation of each image over an axis and all after it. Parameters: `weight` and `bias` of the extents of these axes,
    /// those that it has.
    LayerNorm {
        /// The first axis that is normalised over.
        axis: usize,
        /// Whether a weight scales the result.
        scale: bool,
        /// Whether a bias shifts it.
        offset: bool,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Division of each image by the root of the mean square over an axis and all after it. Parameters: `weight` of the extents of
    /// these axes, if it has one.
    RmsNorm {
        /// The first axis that is normalised over.
        axis: usize,
        /// Whether a weight scales the result.
        scale: bool,
        /// Added to the mean square.
        epsilon: f64,
    },
    /// Normalisation of each image over groups of channels and all their positions; with a group a channel it is instance
    /// normalisation. Parameters if affine: `weight` and `bias`, `[channels]`.
    GroupNorm {
        /// Groups that the channels split into.
        groups: usize,
        /// Whether weight and bias scale and shift the result.
        affine: bool,
        /// Added to the variance.
        epsilon: f64,
    },
    /// max(0, x).
    Relu,
    /// Another function of each element.
    Activation(Activation),
    /// Average over a window.
    AvgPool(Pool),
    /// Maximum over a window; the first maximum in row-major order takes the gradient.
    MaxPool(Pool),
    /// Average over each whole map; computes a vector.
    GlobalAvgPool,
    /// The average over these axes, whose extent becomes 1.
    Mean {
        /// The axes, ascending.
        axes: Vec<usize>,
    },
    /// A fully connected layer along an axis, the same at all places of the others. On the first axis it takes a vector.
    /// Parameters: `weight` `[out, in]`, `bias` `[out]` if it has one.
    Linear {
        /// Output features.
        out_features: usize,
        /// Whether a bias is added.
        bias: bool,
        /// The axis of the features; all after it have extent 1.
        #[serde(default, skip_serializing_if = "is_first")]
        axis: usize,
    },
    /// The vector of each of the input's whole numbers, which follow as the axis after the last of the input. Parameter: `weight` `[count, features]`.
    Embedding {
        /// How many vectors there are: the numbers are 0 to one less.
        count: usize,
        /// Elements of a vector.
        features: usize,
        /// The axis of the features: that after the last of the input.
        axis: usize,
    },
    /// Σ weight · input. An axis of extent 1 is repeated where another input's is longer.
    WeightedSum {
        /// One factor an input.
        weights: Vec<f32>,
    },
    /// The product of the inputs, element by element. An axis of extent 1 is repeated where another input's is longer.
    Product,
    /// The product of two values' matrices, which lie in an axis and the one after; axes before it are places that each have a pair of
    /// matrices, or repeat one where their extent is 1.
    MatMul {
        /// The axis of the rows.
        axis: usize,
    },
    /// e^x divided by its sum along an axis.
    Softmax {
        /// The axis.
        axis: usize,
    },
    /// The inputs one after the other along an axis; along the first, their channels.
    Concat {
        /// The axis.
        #[serde(default, skip_serializing_if = "is_first")]
        axis: usize,
    },
    /// Every `step`-th element of an axis, from `start` to before `end`.
    Slice {
        /// The axis.
        axis: usize,
        /// The first that is kept.
        start: usize,
        /// The end, which is not kept.
        end: usize,
        /// From one that is kept to the next.
        step: usize,
    },
    /// Elements of an axis, in this order.
    Gather {
        /// The axis.
        axis: usize,
        /// Which; one may come again.
        indices: Vec<usize>,
    },
    /// Zeros around the value.
    Pad {
        /// How many before and after, an entry an axis from the first on.
        amounts: Vec<[usize; 2]>,
    },
    /// The axes in another order: axis k of the result is axis `order[k]` of the input. Axes that are not named stay.
    Transpose {
        /// For each axis of the result, that of the input.
        order: Vec<usize>,
    },
    /// The same elements, row-major, in other axes.
    Reshape {
        /// The extents of the result.
        axes: Vec<usize>,
    },
    /// A value of the network's own, the same for every image and learned: a class token, positions, a layer's scale. It has no
    /// input. Parameter: `value`, of these extents.
    Parameter {
        /// Its extents.
        axes: Vec<usize>,
    },
    /// Numbers that are the same for every image and are not learned: a mask, a table of angles. It has no input.
    Constant {
        /// Their extents.
        axes: Vec<usize>,
        /// The numbers, row-major.
        values: Vec<f32>,
    },
    /// The input shifted by `offset` pixels up and left, zeros entering at the bottom and the right.
    Shift {
        /// Pixels of the shift in both directions.
        offset: usize,
    },
    /// The first channels of the input; the others are dropped.
    Truncate {
        /// How many stay.
        channels: usize,
    },
    /// Zeros of the input's shape at this stride: an edge that carries no signal.
    Zero {
        /// Step between output positions.
        stride: usize,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_first(axis: &usize) -> bool {
    *axis == 0
}

impl Operator {
    /// A fully connected layer on a vector.
    #[must_use]
    pub const fn linear(out_features: usize, bias: bool) -> Self {
        Self::Linear { out_features, bias, axis: 0 }
    }

    /// The inputs' channels one after the other.
    pub const CONCAT: Self = Self::Concat { axis: 0 };

    /// A short name for messages and drawings.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm { .. } => "batch_norm",
            Self::LayerNorm { .. } => "layer_norm",
            Self::RmsNorm { .. } => "rms_norm",
            Self::GroupNorm { .. } => "group_norm",
            Self::Relu => "relu",
            Self::Activation(activation) => activation.kind(),
            Self::AvgPool(_) => "avg_pool",
            Self::MaxPool(_) => "max_pool",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Mean { .. } => "mean",
            Self::Linear { .. } => "linear",
            Self::Embedding { .. } => "embedding",
            Self::WeightedSum { .. } => "weighted_sum",
            Self::Product => "product",
            Self::MatMul { .. } => "mat_mul",
            Self::Softmax { .. } => "softmax",
            Self::Concat { .. } => "concat",
            Self::Slice { .. } => "slice",
            Self::Gather { .. } => "gather",
            Self::Pad { .. } => "pad",
            Self::Transpose { .. } => "transpose",
            Self::Reshape { .. } => "reshape",
            Self::Parameter { .. } => "parameter",
            Self::Constant { .. } => "constant",
            Self::Shift { .. } => "shift",
            Self::Truncate { .. } => "truncate",
            Self::Zero { .. } => "zero",
        }
    }

    /// Whether it has a value without any input.
    #[must_use]
    pub const fn is_source(&self) -> bool {
        matches!(self, Self::Input | Self::Parameter { .. } | Self::Constant { .. })
    }
}
