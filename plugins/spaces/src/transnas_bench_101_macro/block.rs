//! The residual block that the networks are made of.

use assay_core::graph::{Conv2d, GraphBuilder, GraphError, NodeId};

use crate::transnas_bench_101::{Cell, relu_conv_bn};

/// Two 3×3 convolutions and the input, which a 1×1 convolution brings to the block's shape where that is another.
pub(super) fn build(b: &mut GraphBuilder, place: Cell<'_>, input: NodeId) -> Result<NodeId, GraphError> {
    let Cell { channels, stride, .. } = place;
    let name = |part: &str| format!("{}.{part}", place.name);
    let conv = Conv2d::new(channels, 3).padding(1);
    let first = relu_conv_bn(b, &name("conv_a"), input, conv.stride(stride))?;
    let second = relu_conv_bn(b, &name("conv_b"), first, conv)?;
    let shortcut = match stride == 1 && b.shape(input).channels == channels {
        true => input,
        false => {
            let features = b.conv(name("downsample.conv"), input, Conv2d::new(channels, 1).stride(stride))?;
            b.batch_norm(name("downsample.bn"), features)?
        }
    };
    b.weighted_sum(name("sum"), &[(1.0, second), (1.0, shortcut)])
}
