//! The operators a graph is made of, and the shape each computes.

use serde::{Deserialize, Serialize};

use super::Shape;

/// A two-dimensional convolution with a square kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conv2d {
    /// Output channels.
    pub out_channels: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Step between output positions.
    pub stride: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Step between kernel taps.
    pub dilation: usize,
    /// Groups of channels that do not see each other; the input's channel count makes the convolution depthwise.
    pub groups: usize,
    /// Whether a bias is added to each output channel.
    pub bias: bool,
}

impl Conv2d {
    /// A dense convolution of stride 1 without padding or bias.
    #[must_use]
    pub const fn new(out_channels: usize, kernel: usize) -> Self {
        Self { out_channels, kernel, stride: 1, padding: 0, dilation: 1, groups: 1, bias: false }
    }

    /// With this stride.
    #[must_use]
    pub const fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// With this padding.
    #[must_use]
    pub const fn padding(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    /// With this dilation.
    #[must_use]
    pub const fn dilation(mut self, dilation: usize) -> Self {
        self.dilation = dilation;
        self
    }

    /// With this many groups.
    #[must_use]
    pub const fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// With a bias.
    #[must_use]
    pub const fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }
}

/// A pooling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool {
    /// Rows and columns of the window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Positions added on each side. They never count: an average divides by the positions inside the image.
    pub padding: usize,
}

impl Pool {
    /// A window of `kernel` × `kernel`.
    #[must_use]
    pub const fn new(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { kernel, stride, padding }
    }
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Operator {
    /// The network's input; exactly node 0.
    Input,
    /// A convolution. Parameters: `weight` `[out, in / groups, k, k]`, `bias` `[out]` if it has one.
    Conv2d(Conv2d),
    /// Batch normalisation over a batch's own statistics (biased variance). Parameters if affine: `weight` (γ) and `bias` (β), `[channels]`.
    BatchNorm {
        /// Whether γ and β scale and shift the result.
        affine: bool,
        /// Added to the variance.
        epsilon: f64,
    },
    /// max(0, x).
    Relu,
    /// Average over a window; padding does not count.
    AvgPool(Pool),
    /// Maximum over a window; the first maximum in row-major order takes the gradient.
    MaxPool(Pool),
    /// Average over each whole map; computes a vector.
    GlobalAvgPool,
    /// A fully connected layer on a vector. Parameters: `weight` `[out, in]`, `bias` `[out]` if it has one.
    Linear {
        /// Output features.
        out_features: usize,
        /// Whether a bias is added.
        bias: bool,
    },
    /// Σ weight · input over inputs of one shape.
    WeightedSum {
        /// One factor an input.
        weights: Vec<f32>,
    },
    /// The inputs' channels one after the other.
    Concat,
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

impl Operator {
    /// A short name for messages and drawings.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm { .. } => "batch_norm",
            Self::Relu => "relu",
            Self::AvgPool(_) => "avg_pool",
            Self::MaxPool(_) => "max_pool",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Linear { .. } => "linear",
            Self::WeightedSum { .. } => "weighted_sum",
            Self::Concat => "concat",
            Self::Shift { .. } => "shift",
            Self::Truncate { .. } => "truncate",
            Self::Zero { .. } => "zero",
        }
    }

    /// The output shape for these inputs, or what is wrong with them.
    pub(super) fn infer(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let shape = self.fit(inputs)?;
        count(&[shape.channels, shape.height, shape.width])?;
        Ok(shape)
    }

    fn fit(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let one = || match inputs {
            [shape] => Ok(*shape),
            _ => Err(format!("takes one input, was given {}", inputs.len())),
        };
        match self {
            Self::Input => Err("the input is node 0 and has no inputs of its own".into()),
            Self::Conv2d(conv) => conv_shape(conv, one()?),
            Self::AvgPool(pool) | Self::MaxPool(pool) => pool_shape(*pool, one()?),
            Self::BatchNorm { epsilon, .. } => {
                if !(epsilon.is_finite() && *epsilon >= 0.0) {
                    return Err(format!("epsilon must be a non-negative number, is {epsilon}"));
                }
                one()
            }
            Self::Relu => one(),
            Self::Shift { offset } => {
                let shape = one()?;
                if *offset >= shape.height.min(shape.width) {
                    return Err(format!("a shift by {offset} moves all of {shape} out of sight"));
                }
                Ok(shape)
            }
            Self::GlobalAvgPool => Ok(Shape::vector(one()?.channels)),
            Self::Linear { out_features, .. } => {
                let shape = one()?;
                if shape.area() != 1 {
                    return Err(format!("takes a vector, was given {shape}; pool it first"));
                }
                if *out_features == 0 {
                    return Err("has no output features".into());
                }
                count(&[*out_features, shape.channels])?;
                Ok(Shape::vector(*out_features))
            }
            Self::WeightedSum { weights } => {
                if weights.len() != inputs.len() {
                    return Err(format!("has {} weights for {} inputs", weights.len(), inputs.len()));
                }
                if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
                    return Err(format!("a weight must be a number in 32 bits, is {weight}"));
                }
                let first = *inputs.first().ok_or("sums nothing: it has no input")?;
                match inputs.iter().find(|shape| **shape != first) {
                    Some(other) => Err(format!("cannot add {other} to {first}")),
                    None => Ok(first),
                }
            }
            Self::Concat => {
                let first = *inputs.first().ok_or("joins nothing: it has no input")?;
                match inputs.iter().find(|s| (s.height, s.width) != (first.height, first.width)) {
                    Some(other) => Err(format!("cannot join {other} with {first}: the maps differ in size")),
                    // A node may be joined with itself, again and again.
                    None => Ok(Shape { channels: inputs.iter().map(|s| s.channels).fold(0, usize::saturating_add), ..first }),
                }
            }
            Self::Truncate { channels } => {
                let shape = one()?;
                if !(1..=shape.channels).contains(channels) {
                    return Err(format!("cannot keep {channels} of {} channels", shape.channels));
                }
                Ok(Shape { channels: *channels, ..shape })
            }
            Self::Zero { stride } => {
                let shape = one()?;
                if *stride == 0 {
                    return Err("stride must be at least 1".into());
                }
                Ok(Shape::new(shape.channels, shape.height.div_ceil(*stride), shape.width.div_ceil(*stride)))
            }
        }
    }
}

fn conv_shape(conv: &Conv2d, input: Shape) -> Result<Shape, String> {
    let Conv2d { out_channels, kernel, stride, padding, dilation, groups, .. } = *conv;
    if [out_channels, kernel, stride, dilation, groups].contains(&0) {
        return Err("channels, kernel, stride, dilation and groups must all be at least 1".into());
    }
    if !input.channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
        return Err(format!("{} input and {out_channels} output channels do not split into {groups} groups", input.channels));
    }
    count(&[out_channels, input.channels / groups, kernel, kernel])?;
    let side = |size| window_positions(size, dilation.checked_mul(kernel - 1)?.checked_add(1)?, stride, padding);
    match (side(input.height), side(input.width)) {
        (Some(height), Some(width)) => Ok(Shape::new(out_channels, height, width)),
        _ => Err(format!("a {kernel}×{kernel} kernel of dilation {dilation} does not fit {input} with padding {padding}")),
    }
}

fn pool_shape(pool: Pool, input: Shape) -> Result<Shape, String> {
    let Pool { kernel, stride, padding } = pool;
    if kernel == 0 || stride == 0 {
        return Err("kernel and stride must be at least 1".into());
    }
    if padding > kernel / 2 {
        return Err(format!("padding {padding} is more than half the window of {kernel}: a window could lie outside the image"));
    }
    let side = |size| window_positions(size, kernel, stride, padding);
    match (side(input.height), side(input.width)) {
        (Some(height), Some(width)) => Ok(Shape::new(input.channels, height, width)),
        _ => Err(format!("a window of {kernel}×{kernel} does not fit {input} with padding {padding}")),
    }
}

fn window_positions(size: usize, extent: usize, stride: usize, padding: usize) -> Option<usize> {
    size.checked_add(padding.checked_mul(2)?)?.checked_sub(extent).map(|free| free / stride + 1)
}

/// More numbers than any machine holds of one activation or parameter, and few enough to be counted on with.
const TOO_MANY: usize = 1 << 40;

/// Checks that so many numbers can be counted on with.
pub(super) fn count(extents: &[usize]) -> Result<(), String> {
    let product = extents.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent));
    if product.is_some_and(|product| product < TOO_MANY) {
        return Ok(());
    }
    let extents: Vec<String> = extents.iter().map(usize::to_string).collect();
    Err(format!("{} numbers are more than any machine holds", extents.join("×")))
}
