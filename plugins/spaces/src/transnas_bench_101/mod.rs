//! What the two spaces of TransNAS-Bench-101 share (Duan et al., CVPR 2021): the network around their cells, and its tasks. Both follow
//! the published code.

mod network;
mod task;

pub(crate) use network::{Cell, Module, lower, relu_conv_bn};
pub(crate) use task::Heads;
