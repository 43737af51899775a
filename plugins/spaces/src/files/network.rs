//! One network of a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use assay_core::data::Content;
use assay_core::graph::{Graph, GraphError};
use assay_core::network::{Initialiser, RunningStatistics};
use assay_core::plugin::{Given, SettingsError};
use assay_onnx::{Imported, Options};

use super::sources::Source;

/// A network as it was read when the space was made.
#[derive(Debug)]
pub(super) struct FileNetwork {
    /// Its text as an architecture.
    pub(super) name: String,
    /// Its structure.
    pub(super) graph: Arc<Graph>,
    /// Of its structure, weights and running statistics.
    pub(super) fingerprint: String,
    path: PathBuf,
    options: Options,
    has_folded_norms: bool,
    statistics: Option<RunningStatistics>,
    /// Its weights, where they are kept.
    parameters: Option<Arc<BTreeMap<String, Vec<f32>>>>,
}

impl FileNetwork {
    /// Reads a file, for images of these axes. Weights are kept in up to this many bytes.
    pub(super) fn read(source: Source, axes: Option<Vec<usize>>, bytes: usize) -> Result<Self, SettingsError> {
        let Source { key, name, path } = source;
        let options = Options { input: axes };
        let imported = assay_onnx::read(&path, &options).map_err(|error| SettingsError::new(key, error.to_string()))?;
        let fingerprint = fingerprint(&imported);
        let Imported { graph, parameters, statistics, folded_norms, .. } = imported;
        let parameters = (bytes_of(&parameters) <= bytes).then(|| Arc::new(parameters));
        Ok(Self { name, graph, fingerprint, path, options, has_folded_norms: folded_norms, statistics, parameters })
    }

    /// The bytes of the weights that are kept.
    pub(super) fn kept_bytes(&self) -> usize {
        self.parameters.as_deref().map_or(0, bytes_of)
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
        let parameters = match &self.parameters {
            Some(parameters) => Arc::clone(parameters),
            None => Arc::new(self.again()?),
        };
        Ok(Given { parameters: Some(parameters), initialiser: None, statistics: self.statistics.clone(), no_batch_statistics })
    }

    /// The weights, read again.
    fn again(&self) -> Result<BTreeMap<String, Vec<f32>>, GraphError> {
        let imported = assay_onnx::read(&self.path, &self.options).map_err(|error| GraphError::Unsupported(error.to_string()))?;
        if fingerprint(&imported) != self.fingerprint {
            let problem = format!("`{}` is not the file any more that it was when the run began; begin again", self.path.display());
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
    for (path, values) in &imported.parameters {
        add(path, values);
    }
    for (node, moments) in imported.statistics.iter().flat_map(|statistics| &statistics.nodes) {
        add(&format!("mean {}", node.0), &moments.mean);
        add(&format!("variance {}", node.0), &moments.variance);
    }
    content.finish()
}
