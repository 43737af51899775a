//! Pretext tasks: what can be learnt from images without labels (Liu et al., "Are Labels Necessary for Neural Architecture Search?",
//! ECCV 2020, and its released code).
//!
//! Each is a function of an image and of what was drawn for it. Images are those of a [`Dataset`](super::Dataset): planes of bytes,
//! row by row.

mod colorization;
mod jigsaw;
mod rotation;

pub use colorization::{COLOURS, Coloured, centres, check_colours, colorize};
pub use jigsaw::{Jigsaw, PERMUTATIONS, Puzzle, TILES};
pub use rotation::{ROTATIONS, Rotated, Shifted};

use super::Normalisation;
use crate::graph::Shape;

/// Why there is no such task on these images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{task} needs {needs}, and the images are {shape}")]
pub struct PretextError {
    /// The task.
    pub task: &'static str,
    /// What it needs.
    pub needs: &'static str,
    /// What the images are.
    pub shape: Shape,
}

/// An image's values, one a byte, `[channels, height, width]`, mirrored from left to right if so wished.
fn values(raw: &[u8], shape: Shape, mirrored: bool, value: impl Fn(usize, u8) -> f32) -> Vec<f32> {
    let row = |(number, row): (usize, &[u8])| -> Vec<f32> {
        let channel = number / shape.height;
        let values = row.iter().map(|byte| value(channel, *byte));
        if mirrored { values.rev().collect() } else { values.collect() }
    };
    raw.chunks(shape.width).enumerate().flat_map(row).collect()
}

/// An image normalised.
fn normalised(raw: &[u8], shape: Shape, normalisation: &Normalisation, mirrored: bool) -> Vec<f32> {
    values(raw, shape, mirrored, |channel, byte| normalisation.apply(channel, byte))
}
