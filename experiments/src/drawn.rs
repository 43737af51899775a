//! The network of an architecture, with weights that are drawn or read from a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_core::data::read_file;
use assay_core::experiment::{ExperimentError, Layers};
use assay_core::graph::{Graph, GraphError};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, SearchSpace};
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, Subspace};
use assay_onnx::Imported;
use assay_results::files;
use assay_weights::Weights;

use crate::failure::Failure;

/// Which network, for programs that call Assay.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The architecture, as its space writes it.
    pub architecture: String,
    /// What says which space it is: `space.name=darts`, and other keys of an experiment.
    pub set: Vec<String>,
    /// The images, the classes, and how wide and deep it is.
    pub net: MacroNet,
    /// A file with its weights, in place of drawn ones.
    pub weights: Option<PathBuf>,
    /// How weights are drawn.
    pub initialiser: Initialiser,
    /// Seeds them.
    pub seed: u64,
}

impl Drawn {
    /// The network, with its name, in the form of one that was read.
    ///
    /// # Errors
    /// If the text is not an architecture of the space, the network cannot be built, or the file of weights does not fit.
    pub fn network(&self) -> Result<(String, Imported), Failure> {
        let plugins = crate::plugins::installed()?;
        let (name, space) = layers(None, None, &self.set)?.space(&plugins)?;
        let both = space.parse(&self.architecture).and_then(|subspace| space.write(&subspace).map(|text| (subspace, text)));
        let (subspace, text) =
            both.map_err(|error| Failure::new(format!("this is not an architecture of {name}: {error}")).of_what_was_asked())?;
        if space.protocol().is_some() {
            return Err(Failure::new(format!("`{text}` is a network already: read it")).of_what_was_asked());
        }
        let graph = lowered(space.as_ref(), &subspace, &self.net).map_err(Failure::of_what_was_asked)?;
        let weights = weights(graph, self.weights.as_deref(), self.initialiser, self.seed)?;
        Ok((text.clone(), Imported::made(weights.network, weights.statistics, &text)))
    }
}

/// The choices of the space that this says: `space.name=darts`, and other keys of an experiment.
///
/// # Errors
/// If there is no such space, or its settings are wrong.
pub fn layout_of(set: &[String]) -> Result<Layout, Failure> {
    let plugins = crate::plugins::installed()?;
    let (_, space) = layers(None, None, set)?.space(&plugins)?;
    Ok(space.layout().clone())
}

/// What says which space it is.
pub(crate) fn layers(config: Option<&Path>, space: Option<&str>, set: &[String]) -> Result<Layers, ExperimentError> {
    let mut layers = Layers::new();
    if let Some(path) = config {
        layers = layers.file(path)?;
    }
    layers = layers.default_value("space.name", "nas-bench-201").environment();
    if let Some(space) = space {
        layers = layers.set(&format!("space.name={space}"))?;
    }
    for assignment in set {
        layers = layers.set(assignment)?;
    }
    Ok(layers)
}

/// The structure of an architecture's network.
pub(crate) fn lowered(space: &dyn SearchSpace, architecture: &Subspace, net: &MacroNet) -> Result<Arc<Graph>, Failure> {
    let wrong = |error: GraphError| Failure::new(format!("the network cannot be built: {error}"));
    space.lower(architecture, net).map(Arc::new).map_err(wrong)
}

/// The weights of a network: those of a file, or drawn ones.
pub(crate) fn weights(graph: Arc<Graph>, file: Option<&Path>, initialiser: Initialiser, seed: u64) -> Result<Weights, Failure> {
    match file {
        Some(path) => read(path, graph),
        None => Ok(Weights::untrained(Network::initialise(graph, initialiser, &Stream::new(seed, "parameters")))),
    }
}

fn read(path: &Path, graph: Arc<Graph>) -> Result<Weights, Failure> {
    let bytes = read_file(path).map_err(|error| Failure::new(format!("the weights `{}` cannot be read: {error}", path.display())))?;
    // What a training wrote has its checksum beside it.
    if path.file_name().is_some_and(|name| name == files::WEIGHTS) {
        assay_results::check(path, &bytes)?;
    }
    Weights::read(graph, &bytes).map_err(|error| {
        Failure::new(format!("the weights `{}` do not fit this network: {error}", path.display()))
            .with_help("give the --channels, --cells, --classes and --image that they were made with")
    })
}
