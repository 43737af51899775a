//! The contract of a search space.

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Shape};
use crate::subspace::{Layout, Subspace};
use crate::{Error, Setting, Settings};

/// A set of architectures, each with exactly one operator an edge: its operators, its wiring, its text form.
pub trait Space: Sized + Send + Sync + 'static {
    /// Its name in experiment files, in `kebab-case`.
    const NAME: &'static str;
    /// What it is, in one line, with its source.
    const SUMMARY: &'static str;
    /// Its settings.
    const SETTINGS: &'static [Setting] = &[];

    /// Makes one.
    ///
    /// # Errors
    /// If settings contradict each other.
    fn new(settings: &Settings) -> Result<Self, Error>;

    /// Cells, edges and operators.
    fn layout(&self) -> &Layout;

    /// Reads an architecture as the literature writes it.
    ///
    /// # Errors
    /// If the text is malformed or names an unknown operator.
    fn parse(&self, text: &str) -> Result<Subspace, Error>;

    /// Writes an architecture as the literature does.
    ///
    /// # Errors
    /// If `architecture` has not exactly one operator an edge.
    fn write(&self, architecture: &Subspace) -> Result<String, Error>;

    /// One text for all architectures that compute the same function, whatever the initial weights.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn canonical(&self, architecture: &Subspace) -> Result<String, Error> {
        self.write(architecture)
    }

    /// The network of a subspace: an edge with several kept operators averages them, one without any carries zeros.
    ///
    /// # Errors
    /// If the images are too small for the space's strides.
    fn lower(&self, subspace: &Subspace, net: &Net) -> Result<Graph, Error>;
}

/// How cells are stacked into a network: everything that is not a choice of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// The images' shape.
    pub input: Shape,
    /// Channels of the first stage.
    pub channels: usize,
    /// Cells: a stage in spaces with stages, in all in the others.
    pub cells: usize,
    /// Output classes.
    pub classes: usize,
    /// Which part of the network: `classifier`, or `trunk` (no stem, the first stage only, no classifier).
    pub part: Part,
}

/// How much of the network is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Stem, cells and classifier: images in, logits out.
    Classifier,
    /// What TE-NAS counts linear regions on: no stem, the first stage only, the last activation; no classifier.
    Trunk,
}
