//! Networks for other programs: a PyTorch module, an ONNX file, a burn module, a Graphviz drawing.
//!
//! Every exporter reads a [`Model`], a graph with its weights, and knows no search space. Parameters keep their paths in
//! every format, so that one file of weights ([`assay_weights`]) serves them all.
//!
//! **Batch normalisation.** Assay measures networks at initialisation, where batch normalisation uses the statistics of the
//! batch itself. A network with running statistics, that is a trained one, is exported for inference and normalises by those;
//! one without them is exported to do as Assay does, and its outputs on one image depend on the rest of the batch. Each file
//! says at its top which of the two it is.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod burn;
mod dot;
mod names;
pub mod onnx;
mod plan;
mod pytorch;

use assay_core::graph::Graph;
use assay_weights::{Weights, batch_norms};

pub use crate::burn::to_burn;
pub use crate::dot::to_dot;
pub use crate::onnx::to_onnx;
pub use crate::pytorch::to_pytorch;

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// What it is, in one line for the file's top: space, architecture, size.
    pub title: &'a str,
    /// The graph, its parameters and, if it was trained, its running statistics.
    pub weights: &'a Weights,
    /// Whether batch normalisations were folded into convolutions before Assay had the network, so that a file of it can tell.
    pub folded_norms: bool,
}

impl<'a> Model<'a> {
    /// A network with all normalisations that it was made with.
    #[must_use]
    pub const fn new(title: &'a str, weights: &'a Weights) -> Self {
        Self { title, weights, folded_norms: false }
    }
}

/// Why a network cannot be exported to a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node `{node}` cannot be exported to {format}: {problem}")]
pub struct ExportError {
    /// The node.
    pub node: String,
    /// The format.
    pub format: &'static str,
    /// What the format lacks.
    pub problem: String,
}

impl Model<'_> {
    fn graph(&self) -> &Graph {
        self.weights.network.graph()
    }

    /// Checks that a format which has words for basic operators only can tell every node.
    fn check_basic(&self, format: &'static str) -> Result<(), ExportError> {
        let graph = self.graph();
        match graph.first_not_basic() {
            Some(id) => {
                let node = graph.node(id);
                let problem = format!(
                    "it has no words for this `{}`, only for operators of cells; export to ONNX, which has for all",
                    node.operator.kind()
                );
                Err(ExportError { node: node.name.clone(), format, problem })
            }
            None => Ok(()),
        }
    }

    /// What batch normalisation does, for the top of a file.
    fn normalisation(&self) -> &'static str {
        if self.folded_norms {
            "Batch normalisations were folded into convolutions when the file was written that the network is from."
        } else if batch_norms(self.graph()).next().is_none() {
            "The network has no batch normalisation."
        } else if self.weights.statistics.is_some() {
            "Batch normalisation uses the running statistics of training."
        } else {
            "The network was not trained: batch normalisation uses the statistics of the batch itself, as Assay's measurements do."
        }
    }

    /// `3×32×32 images, 10 outputs, 73,306 parameters`.
    fn size(&self) -> String {
        let graph = self.graph();
        let (input, output) = (graph.input_shape(), graph.node(graph.output()).shape.elements());
        format!("images of {input}, {output} outputs, {} parameters", graph.parameter_count())
    }
}
