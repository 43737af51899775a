//! Exported networks compute what our engine computes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod burn;
mod drawing;
mod onnx;
mod python;
mod pytorch;
mod scenes;
mod training;
