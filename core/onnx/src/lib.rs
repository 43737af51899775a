//! Networks from ONNX files.
//!
//! [`read`] makes a [`Graph`] of a file, with the weights that it holds. A file is a list of operators on named values; what depends on
//! shapes and constants alone is computed once, what is written out in parts becomes one operator again (normalisations, GELU, biases),
//! and the batch, which is an axis like others in a file, is taken out of every value. Paths of parameters are the names that the
//! file's weights have, where they have such as PyTorch gives.
//!
//! What another program hands over in memory goes the same way ([`read_model`]); it can say which tensors are learned, which in a file
//! their names have to tell.
//!
//! Every file is foreign: what is wrong with it is an [`OnnxError`] that names the node or tensor, and what is computed of it before
//! its network runs is bounded.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attributes;
mod blocks;
mod draft;
mod error;
mod file;
mod finish;
mod fold;
mod import;
mod layout;
mod lower;
mod metadata;
mod names;
mod order;
pub mod schema;
mod settle;
mod tensor;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use assay_core::data::title_of;
use assay_core::graph::Graph;
use assay_core::network::{Network, RunningStatistics};

pub use crate::error::{OnnxError, Problem};
pub use crate::metadata::Metadata;
use crate::schema::ModelProto;

/// What a file leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The extents of one input, without the batch: `[3, 224, 224]`. A file that fixes them needs none; where it fixes others, these
    /// are taken, which goes well if no shape is baked into the file.
    pub input: Option<Vec<usize>>,
}

/// What whoever made a model in memory knows of it, and a file does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The number that stands for any number of images wherever an extent is the batch. No other extent may be a multiple of it.
    pub batch: usize,
    /// The names of the tensors that are learned; all others are not, whatever they are called.
    pub learned: BTreeSet<String>,
    /// The names of the values that end blocks, in order. Where there are none, blocks are found in the graph as those of a file.
    pub blocks: Vec<String>,
}

/// A network that was read from a file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its structure.
    pub graph: Arc<Graph>,
    /// Its weights, by the paths of parameters.
    pub parameters: Arc<BTreeMap<String, Vec<f32>>>,
    /// What its batch normalisations saw in training, if it has such.
    pub statistics: Option<RunningStatistics>,
    /// Whether batch normalisations were folded into convolutions when the file was written, all or some of them. What needs their
    /// batch's own statistics cannot be had of it.
    pub folded_norms: bool,
    /// The version of the operators that it uses; 0 if it is not in ONNX's terms.
    pub opset: i64,
    /// What wrote it: program and version.
    pub producer: String,
    /// What whoever measures it should know: weights that two layers share, outputs that are left out.
    pub notes: Vec<String>,
    title: String,
}

impl Imported {
    /// A network that Assay made itself, with what its batch normalisations saw in training, in the form of one that was read.
    #[must_use]
    pub fn made(network: Network, statistics: Option<RunningStatistics>, title: &str) -> Self {
        let graph = network.shared_graph();
        let paths = graph.parameters().iter().map(|spec| spec.path.clone());
        let parameters = Arc::new(paths.zip(network.into_parameters()).collect());
        Self {
            graph,
            parameters,
            statistics,
            folded_norms: false,
            opset: 0,
            producer: "assay".into(),
            notes: Vec::new(),
            title: title.to_owned(),
        }
    }

    /// The network with the file's weights, in training mode: batch normalisation is by the batch's own statistics. For those of the
    /// file, see [`Network::by_running`].
    ///
    /// # Errors
    /// None of what [`read`] gave; its fields can be changed.
    pub fn network(&self) -> Result<Network, OnnxError> {
        let network = Network::with_parameters(Arc::clone(&self.graph), &self.parameters);
        network.map_err(|error| OnnxError::new(&self.title, error.into()))
    }
}

/// Reads a file. Weights in other files are read from its folder and below.
///
/// # Errors
/// If it cannot be read, is damaged, leaves its input's shape open, or holds what a graph has no operator for.
pub fn read(path: &Path, options: &Options) -> Result<Imported, OnnxError> {
    let named = |problem| OnnxError::new(path.display().to_string(), problem);
    let bytes = file::read(path).map_err(named)?;
    // The folder of `net.onnx` is the one that the program runs in.
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    import::import(bytes, folder, options, &title_of(path)).map_err(named)
}

/// Reads a model in memory, which another program's exporter made. Its weights must be in it.
///
/// # Errors
/// As [`read`]; messages call the network by this title.
pub fn read_model(model: &ModelProto, told: &Told, title: &str) -> Result<Imported, OnnxError> {
    let imported = import::of_model(model, Some(told), None, &Options::default(), title);
    imported.map_err(|problem| OnnxError::new(title, problem))
}

/// Reads what a file holds. Its weights must be in it.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: Vec<u8>, options: &Options) -> Result<Imported, OnnxError> {
    const TITLE: &str = "network";
    import::import(bytes.into(), None, options, TITLE).map_err(|problem| OnnxError::new(TITLE, problem))
}
