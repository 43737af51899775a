//! The networks of the oracles `onnx_*`, read from both files that PyTorch's exporters wrote of each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod scores;
mod structure;
