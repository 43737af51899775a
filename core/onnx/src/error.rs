//! Why a file cannot be read as a network.

use assay_core::graph::GraphError;
use assay_core::network::ParameterError;

/// Why a file cannot be read as a network. The message names the file, the place in it, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct OnnxError {
    file: String,
    #[source]
    problem: Problem,
}

impl OnnxError {
    pub(crate) fn new(file: impl Into<String>, problem: Problem) -> Self {
        Self { file: file.into(), problem }
    }

    /// What is wrong, without the file's name.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be opened or read.
    #[error("{0}")]
    Unreadable(String),
    /// Its bytes are not those of an ONNX file, or they break off.
    #[error("it is not a whole ONNX file: {0}")]
    Damaged(String),
    /// It holds more than is read.
    #[error("it holds {what}, more than the {limit} that are read; a network that large cannot be measured here")]
    TooLarge {
        /// What there is too much of.
        what: String,
        /// How many are read.
        limit: usize,
    },
    /// The version of its operators is not known.
    #[error("it uses operator set {version}; Assay reads 11 to 23: export it again, in PyTorch with `opset_version=17`")]
    OperatorSet {
        /// The version, 0 if the file does not say.
        version: i64,
    },
    /// Its input is not what a network takes here.
    #[error("{0}")]
    Input(String),
    /// Its output is not what a network computes here.
    #[error("{0}")]
    Output(String),
    /// The nodes do not make a graph: a value without a source, or a circle.
    #[error("{0}")]
    Wiring(String),
    /// An operator that Assay does not know.
    #[error("node `{node}` is of operator `{operator}`, which Assay does not read: {advice}")]
    Unknown {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What to do, or the nearest that is read.
        advice: String,
    },
    /// An operator that is known, in a form that is not, or on values that it does not fit.
    #[error("node `{node}` ({operator}): {problem}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong.
        problem: String,
    },
    /// A tensor of the file is not what it claims to be.
    #[error("tensor `{tensor}`: {problem}")]
    Tensor {
        /// The tensor.
        tensor: String,
        /// What is wrong.
        problem: String,
    },
    /// A node does not fit what it reads.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Weights do not fit the graph.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

impl Problem {
    /// The node that it is at, as the file calls it; none where it is not at one.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Unknown { node, .. } | Self::Node { node, .. } => Some(node),
            _ => None,
        }
    }

    pub(crate) fn tensor(tensor: &str, problem: impl Into<String>) -> Self {
        Self::Tensor { tensor: short(tensor), problem: problem.into() }
    }
}

/// A name as messages show it: a damaged file may have one of any length.
pub(crate) fn short(name: &str) -> String {
    const LONGEST: usize = 200;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
