//! Networks that others made, read once and measured as often as is asked.

use std::path::PathBuf;

use assay::command::network::{as_json, write_onnx};
use assay::drawn::Drawn;
use assay::failure::Failure;
use assay_core::graph::Shape;
use assay_core::network::Initialiser;
use assay_core::plugin::{MacroNet, Part, Words};
use assay_onnx::{Imported, OnnxError, Options, Problem, Told};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyType};

use crate::exception;
use crate::nodes::{self, Input, Node, Tensor};
use crate::waiting::{Listener, wait_for};

/// A network with its weights, as they were when it was read.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Network(Imported);

#[pymethods]
impl Network {
    /// The network of an ONNX file, for images of these axes.
    #[staticmethod]
    fn of_file(py: Python<'_>, path: PathBuf, input: Option<Vec<usize>>, line: Bound<'_, PyAny>) -> PyResult<Self> {
        let read = move |_| assay_onnx::read(&path, &Options { input });
        Self::read(py, line, read)
    }

    /// The network of nodes in ONNX's terms. `batch` stands for any number of images wherever an extent is the batch; `blocks` are the
    /// values that end blocks, none where they are found in the graph.
    #[staticmethod]
    #[expect(clippy::too_many_arguments, reason = "Python calls it with keywords")]
    fn of_nodes(
        py: Python<'_>,
        title: String,
        producer: (String, String),
        input: Input,
        batch: usize,
        nodes: Vec<Node>,
        tensors: Vec<Tensor<'_>>,
        outputs: Vec<String>,
        blocks: Vec<String>,
        line: Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (model, learned) = nodes::model(producer, input, nodes, tensors, outputs)?;
        let told = Told { batch, learned: learned.into_iter().collect(), blocks };
        Self::read(py, line, move |_| assay_onnx::read_model(&model, &told, &title))
    }

    /// The network of an architecture, and its text as the space writes it. Weights are drawn by this rule, or read from a file.
    #[staticmethod]
    #[expect(clippy::too_many_arguments, reason = "Python calls it with keywords")]
    fn of_architecture(
        py: Python<'_>,
        architecture: String,
        set: Vec<String>,
        image: [usize; 3],
        channels: usize,
        cells: usize,
        classes: usize,
        weights: Option<PathBuf>,
        initialiser: &str,
        seed: u64,
        line: Bound<'_, PyAny>,
    ) -> PyResult<(String, Self)> {
        let known = || format!("there is no initialiser `{initialiser}`; known: {}", Initialiser::WORDS.join(", "));
        let initialiser = Initialiser::of(initialiser).ok_or_else(|| exception::of(py, &Failure::new(known()).of_what_was_asked()))?;
        let [depth, height, width] = image;
        let input = Shape::new(depth, height, width);
        let net = MacroNet { input, channels, cells, classes, part: Part::Classifier };
        let drawn = Drawn { architecture, set, net, weights, initialiser, seed };
        let outcome = wait_for(py, &Listener::new(None, line), move |_| drawn.network())?;
        let (text, imported) = outcome.map_err(|failure| exception::of(py, &failure))?;
        Ok((text, Self(imported)))
    }

    /// What is said of it, under this name: the text that `assay show FILE --json` prints.
    fn described(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        as_json(name, &self.0).map_err(|failure| exception::of(py, &failure))
    }

    /// Writes it as an ONNX file, with this title.
    fn write_onnx(&self, py: Python<'_>, title: &str, path: PathBuf) -> PyResult<()> {
        py.detach(|| write_onnx(&self.0, title, &path)).map_err(|failure| exception::of(py, &failure))
    }

    /// Its structure as JSON: nodes with their operators, inputs and shapes.
    fn graph(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(self.0.graph.as_ref()).map_err(|error| exception::of(py, &Failure::new(error.to_string())))
    }

    /// The paths of its parameters and their extents, in the order of the nodes.
    fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        self.0.graph.parameters().iter().map(|spec| (spec.path.clone(), spec.shape.clone())).collect()
    }

    /// A copy of the numbers of a parameter, 32-bit floats; none where there is none of this path.
    fn parameter<'py>(&self, py: Python<'py>, path: &str) -> Option<Bound<'py, PyByteArray>> {
        self.0.parameters.get(path).map(|values| bytes(py, values))
    }

    /// Copies of the running means and variances of its batch normalisations, by the positions of their nodes; none without such.
    fn statistics<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyByteArray>, Bound<'py, PyByteArray>)> {
        let all = self.0.statistics.iter().flat_map(|statistics| &statistics.nodes);
        all.map(|(node, moments)| (node.0, bytes(py, &moments.mean), bytes(py, &moments.variance))).collect()
    }
}

impl Network {
    /// What was read, for measurements.
    pub(crate) fn imported(&self) -> Imported {
        self.0.clone()
    }

    fn read(
        py: Python<'_>,
        line: Bound<'_, PyAny>,
        read: impl FnOnce(std::sync::Arc<crate::waiting::Told>) -> Result<Imported, OnnxError> + Send + 'static,
    ) -> PyResult<Self> {
        let outcome = wait_for(py, &Listener::new(None, line), read)?;
        outcome.map(Self).map_err(|error| unread(py, &error))
    }
}

/// Floats as bytes that Python may change.
fn bytes<'py>(py: Python<'py>, values: &[f32]) -> Bound<'py, PyByteArray> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    PyByteArray::new(py, &bytes)
}

/// The exception of what cannot be read as a network: of a node, with its name, where it is at one.
fn unread(py: Python<'_>, error: &OnnxError) -> PyErr {
    if let Problem::Unreadable(_) = error.problem() {
        return exception::of(py, &Failure::new(error.to_string()).of_what_was_asked());
    }
    let text = error.to_string();
    let made = || {
        let errors = py.import("assay._errors")?;
        let class = |name| errors.getattr(name)?.cast_into::<PyType>().map_err(PyErr::from);
        Ok(PyErr::from_value(match error.problem().node() {
            Some(node) => class("UnsupportedOperator")?.call1((&text, &text, None::<&str>, node))?,
            None => class("UnsupportedNetwork")?.call1((&text,))?,
        }))
    };
    made().unwrap_or_else(|error: PyErr| error)
}
