//! What surrounds the cells of a network.

use crate::graph::Shape;

/// How cells are stacked into a network. Everything that is not a choice of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MacroNet {
    /// The images' shape.
    pub input: Shape,
    /// Channels of the first stage.
    pub channels: usize,
    /// Cells: a stage in spaces with stages, in all in the others.
    pub cells: usize,
    /// Output classes.
    pub classes: usize,
    /// Which part of the network.
    pub part: Part,
}

/// How much of the network is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Stem, cells and classifier: images in, logits out.
    Classifier,
    /// What TE-NAS counts linear regions on: no stem (the cells read the images, so `channels` must be the images'),
    /// in spaces with stages only the first stage, then the last activation; no classifier.
    Trunk,
}
