//! The eight operators of an edge, and what they are made of.

use assay_core::graph::{Conv2d, GraphBuilder, GraphError, NodeId, Operator, Pool};

use crate::factorized_reduction::halves;

/// How operators are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As architectures are trained: batch normalisation has γ and β, and pools have none behind them.
    Alone,
    /// As a supernet mixes them: batch normalisation without γ and β, behind pools too; `none` is zeros.
    Shared,
}

impl Form {
    pub(super) fn batch_norm(self, b: &mut GraphBuilder, name: String, input: NodeId) -> Result<NodeId, GraphError> {
        b.add(name, Operator::BatchNorm { affine: self == Self::Alone, epsilon: 1e-5 }, &[input])
    }
}

/// What an edge does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EdgeOperator {
    None,
    Skip,
    Separable3,
    Separable5,
    Dilated3,
    Dilated5,
    AvgPool,
    MaxPool,
}

impl EdgeOperator {
    /// In the order of TE-NAS's masks, which is also the order of the oracle's parameter slots.
    pub(super) const ALL: [Self; 8] =
        [Self::None, Self::Skip, Self::Separable3, Self::Separable5, Self::Dilated3, Self::Dilated5, Self::AvgPool, Self::MaxPool];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Separable3 => "sep_conv_3x3",
            Self::Separable5 => "sep_conv_5x5",
            Self::Dilated3 => "dil_conv_3x3",
            Self::Dilated5 => "dil_conv_5x5",
            Self::AvgPool => "avg_pool_3x3",
            Self::MaxPool => "max_pool_3x3",
        }
    }

    /// The operator's output for `input` at this stride, with as many channels; nothing for `none` of an architecture alone.
    pub(super) fn build(
        self,
        b: &mut GraphBuilder,
        form: Form,
        name: &str,
        input: NodeId,
        stride: usize,
    ) -> Result<Option<NodeId>, GraphError> {
        let channels = b.shape(input).channels;
        let separable = |b: &mut GraphBuilder, kernel: usize| {
            let depthwise = Conv2d::new(channels, kernel).padding(kernel / 2);
            let first = depthwise_separable(b, form, &format!("{name}.a"), input, depthwise.stride(stride))?;
            depthwise_separable(b, form, &format!("{name}.b"), first, depthwise)
        };
        let dilated = |b: &mut GraphBuilder, kernel: usize| {
            let depthwise = Conv2d::new(channels, kernel).padding(kernel - 1).dilation(2).stride(stride);
            depthwise_separable(b, form, name, input, depthwise)
        };
        let pool = |b: &mut GraphBuilder, operator: Operator| match form {
            Form::Alone => b.add(name, operator, &[input]),
            Form::Shared => {
                let pooled = b.add(format!("{name}.pool"), operator, &[input])?;
                form.batch_norm(b, format!("{name}.bn"), pooled)
            }
        };
        let window = Pool::new(3, stride, 1);
        Ok(Some(match self {
            Self::None if form == Form::Alone => return Ok(None),
            Self::None => b.add(name, Operator::Zero { stride }, &[input])?,
            Self::Skip if stride == 1 => input,
            Self::Skip => factorized_reduction(b, form, name, input, channels)?,
            Self::Separable3 => separable(b, 3)?,
            Self::Separable5 => separable(b, 5)?,
            Self::Dilated3 => dilated(b, 3)?,
            Self::Dilated5 => dilated(b, 5)?,
            Self::AvgPool => pool(b, Operator::AvgPool(window))?,
            Self::MaxPool => pool(b, Operator::MaxPool(window))?,
        }))
    }
}

/// ReLU, a depthwise convolution, a 1×1 convolution, batch normalisation.
fn depthwise_separable(b: &mut GraphBuilder, form: Form, name: &str, input: NodeId, depthwise: Conv2d) -> Result<NodeId, GraphError> {
    let channels = depthwise.out_channels;
    let positive = b.relu(format!("{name}.relu"), input)?;
    let by_channel = b.conv(format!("{name}.depthwise"), positive, depthwise.groups(channels))?;
    let mixed = b.conv(format!("{name}.pointwise"), by_channel, Conv2d::new(channels, 1))?;
    form.batch_norm(b, format!("{name}.bn"), mixed)
}

/// These channels of half the height and width, normalised.
pub(super) fn factorized_reduction(
    b: &mut GraphBuilder,
    form: Form,
    name: &str,
    input: NodeId,
    channels: usize,
) -> Result<NodeId, GraphError> {
    let both = halves(b, name, input, channels)?;
    form.batch_norm(b, format!("{name}.bn"), both)
}
