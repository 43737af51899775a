//! One network of a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_core::data::Content;
use assay_core::graph::{Graph, GraphError};
use assay_core::network::{Initialiser, RunningStatistics};
use assay_core::plugin::{Given, SettingsError};
use assay_onnx::{Imported, Options};

use super::sources::NamedFile;

/// Where a network's weights are had from.
#[derive(Debug)]
enum Source {
    /// They are kept.
    Kept(Arc<BTreeMap<String, Vec<f32>>>),
    /// The file, which is read again each time.
    File { path: PathBuf, options: Options },
}

/// A network as it was read when the space was made.
#[derive(Debug)]
pub(super) struct FileNetwork {
    /// Its text as an architecture.
    pub(super) name: String,
    /// Its structure.
    pub(super) graph: Arc<Graph>,
    /// Of its structure, weights and running statistics.
    pub(super) fingerprint: String,
    has_folded_norms: bool,
    statistics: Option<RunningStatistics>,
    weights: Source,
}

impl FileNetwork {
    /// Reads a file, for images of these axes. Weights are kept in up to this many bytes.
    pub(super) fn read(named: NamedFile, axes: Option<Vec<usize>>, bytes: usize) -> Result<Self, SettingsError> {
        let NamedFile { key, name, path } = named;
        let options = Options { input: axes };
        let imported = assay_onnx::read(&path, &options).map_err(|error| SettingsError::new(key, error.to_string()))?;
        let is_kept = bytes_of(&imported.parameters) <= bytes;
        let network = Self::of(name, imported);
        Ok(if is_kept { network } else { Self { weights: Source::File { path, options }, ..network } })
    }

    /// A network that was read before. Its weights are kept.
    pub(super) fn of(name: String, imported: Imported) -> Self {
        let fingerprint = fingerprint(&imported);
        let Imported { graph, parameters, statistics, folded_norms, .. } = imported;
        Self { name, graph, fingerprint, has_folded_norms: folded_norms, statistics, weights: Source::Kept(parameters) }
    }

    /// The bytes of the weights that are kept.
    pub(super) fn kept_bytes(&self) -> usize {
        match &self.weights {
            Source::Kept(parameters) => bytes_of(parameters),
            Source::File { .. } => 0,
        }
    }

    /// What the network brings along: its weights, or the rule that draws them in their place.
    pub(super) fn given(&self, initialiser: Option<Initialiser>) -> Result<Given, GraphError> {
        let no_batch_statistics = self.has_folded_norms.then(|| {
            format!(
                "`{}` has no batch normalisation left: it was folded into convolutions when the file was written. Export it with \
                 training=TrainingMode.PRESERVE, do_constant_folding=False and dynamo=False, or set batch_norm = \"running\", which \
                 measures the network as it stands in the file",
                self.name
            )
        });
        if initialiser.is_some() {
            return Ok(Given { initialiser, no_batch_statistics, ..Given::default() });
        }
        let parameters = match &self.weights {
            Source::Kept(parameters) => Arc::clone(parameters),
            Source::File { path, options } => self.again(path, options)?,
        };
        Ok(Given { parameters: Some(parameters), initialiser: None, statistics: self.statistics.clone(), no_batch_statistics })
    }

    /// The weights, read again.
    fn again(&self, path: &Path, options: &Options) -> Result<Arc<BTreeMap<String, Vec<f32>>>, GraphError> {
        let imported = assay_onnx::read(path, options).map_err(|error| GraphError::Unsupported(error.to_string()))?;
        if fingerprint(&imported) != self.fingerprint {
            let problem = format!("`{}` is not the file any more that it was when the run began; begin again", path.display());
            return Err(GraphError::Unsupported(problem));
        }
        Ok(imported.parameters)
    }
}

fn bytes_of(parameters: &BTreeMap<String, Vec<f32>>) -> usize {
    parameters.values().map(|values| size_of_val(values.as_slice())).sum()
}

/// The fingerprint of what was read, wherever it stood in files.
fn fingerprint(imported: &Imported) -> String {
    let mut content = Content::default();
    let graph = &imported.graph;
    for node in graph.nodes() {
        content.add(node.name.as_bytes());
        // Every number of an operator is told by its debug form, and so are the values of constants.
        content.add(format!("{:?} {:?}", node.operator, node.inputs).as_bytes());
    }
    content.add(format!("{:?} {:?}", graph.output(), graph.blocks()).as_bytes());
    let mut add = |name: &str, values: &[f32]| {
        content.add(name.as_bytes());
        content.add(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    };
    for (path, values) in imported.parameters.iter() {
        add(path, values);
    }
    for (node, moments) in imported.statistics.iter().flat_map(|statistics| &statistics.nodes) {
        add(&format!("mean {}", node.0), &moments.mean);
        add(&format!("variance {}", node.0), &moments.variance);
    }
    content.finish()
}
