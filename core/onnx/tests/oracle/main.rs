//! The networks of the oracles `onnx_*`, read from both files that PyTorch's exporters wrote of each.

#![allow(clippy::unwrap_used)]

mod files;
mod structure;
