//! The state of a training, as a checkpoint: one safetensors file, whose header holds what is not a tensor, so that a file is
//! either a whole checkpoint or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::graph::Graph;
use assay_core::network::Network;
use assay_core::stream::Stream;
use assay_weights::{RunningMoments, RunningStatistics, Weights, batch_norms, check, mean_path, seal, take, variance_path, write_tensors};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

use crate::EpochRecord;
use crate::TrainingError;
use crate::forward::Values;
use crate::model::{Model, ModelValues};
use crate::norm::Moments;

/// The key in the header.
const HEADER: &str = "assay.training";
/// Before the path of a parameter, its velocity.
const VELOCITY: &str = "velocity:";

/// Everything that the next step depends on, and the curve so far.
pub(crate) struct State<B: Backend> {
    pub(crate) values: ModelValues<B>,
    /// Of each parameter of the network, then of the head.
    pub(crate) velocities: Vec<Tensor<B, 1>>,
    pub(crate) progress: Progress,
}

/// How far a training is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Epochs that are over.
    pub(crate) epoch: usize,
    /// Steps made in the next one.
    pub(crate) step: usize,
    /// Σ loss · images over those steps.
    pub(crate) loss: f64,
    /// Images of those steps that were classified correctly.
    pub(crate) correct: usize,
    /// Seconds spent in the epoch.
    pub(crate) seconds: f64,
    pub(crate) curve: Vec<EpochRecord>,
}

impl<B: Backend> State<B> {
    /// Where a training begins.
    pub(crate) fn initial(model: &Model, parameters: &Stream, initialiser: assay_core::network::Initialiser, device: &B::Device) -> Self {
        let mut values = model.graphs().map(|graph| {
            let drawn = graph.parameters().iter().map(|spec| vector(initialiser.draw(spec, &parameters.child(&spec.path)), device));
            let statistics = RunningStatistics::initial(graph).nodes.into_values().map(|moments| of_host(moments, device)).collect();
            Values { parameters: drawn.collect(), statistics }
        });
        let network = values.next().unwrap_or(Values { parameters: Vec::new(), statistics: Vec::new() });
        let head = values.next().unwrap_or(Values { parameters: Vec::new(), statistics: Vec::new() });
        let velocities = network.parameters.iter().chain(&head.parameters).map(Tensor::zeros_like).collect();
        Self { values: ModelValues { network, head }, velocities, progress: Progress::default() }
    }

    /// The checkpoint's bytes.
    pub(crate) fn to_bytes(&self, model: &Model) -> Result<Vec<u8>, TrainingError> {
        let mut tensors: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        let mut velocities = self.velocities.iter();
        for (graph, values) in model.graphs().zip([&self.values.network, &self.values.head]) {
            for (spec, value) in graph.parameters().iter().zip(&values.parameters) {
                tensors.push((spec.path.clone(), spec.shape.clone(), host(value)));
            }
            for (spec, velocity) in graph.parameters().iter().zip(&mut velocities) {
                tensors.push((format!("{VELOCITY}{}", spec.path), spec.shape.clone(), host(velocity)));
            }
            for (id, moments) in batch_norms(graph).zip(&values.statistics) {
                let name = &graph.node(id).name;
                tensors.push((mean_path(name), moments.mean.dims().to_vec(), host(&moments.mean)));
                tensors.push((variance_path(name), moments.variance.dims().to_vec(), host(&moments.variance)));
            }
        }
        let progress = serde_json::to_string(&self.progress).map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
        Ok(seal(write_tensors(tensors, BTreeMap::from([(HEADER.to_owned(), progress)]))?))
    }

    /// Reads a checkpoint of the same model.
    pub(crate) fn read(model: &Model, bytes: &[u8], device: &B::Device) -> Result<Self, TrainingError> {
        check(bytes).map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
        let unreadable = |error: safetensors::SafeTensorError| TrainingError::Checkpoint(format!("it is not a safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let text = header.metadata().as_ref().and_then(|texts| texts.get(HEADER));
        let text = text.ok_or_else(|| TrainingError::Checkpoint(format!("its header has no `{HEADER}`")))?;
        let progress =
            serde_json::from_str(text).map_err(|error| TrainingError::Checkpoint(format!("its header cannot be read: {error}")))?;
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
        let mut read = |name: &str, shape: &[usize]| -> Result<Tensor<B, 1>, TrainingError> {
            let values = take(&mut tensors, name, shape).map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
            Ok(vector(values, device))
        };
        let mut velocities = Vec::new();
        let mut both = Vec::new();
        for graph in model.graphs() {
            let mut values = Values { parameters: Vec::new(), statistics: Vec::new() };
            for spec in graph.parameters() {
                values.parameters.push(read(&spec.path, &spec.shape)?);
                velocities.push(read(&format!("{VELOCITY}{}", spec.path), &spec.shape)?);
            }
            for id in batch_norms(graph) {
                let node = graph.node(id);
                let mean = read(&mean_path(&node.name), &[node.shape.channels])?;
                values.statistics.push(Moments { mean, variance: read(&variance_path(&node.name), &[node.shape.channels])? });
            }
            both.push(values);
        }
        let mut both = both.into_iter();
        let network = both.next().unwrap_or(Values { parameters: Vec::new(), statistics: Vec::new() });
        let head = both.next().unwrap_or(Values { parameters: Vec::new(), statistics: Vec::new() });
        Ok(Self { values: ModelValues { network, head }, velocities, progress })
    }

    /// The network without its head.
    pub(crate) fn weights(&self, graph: Arc<Graph>) -> Result<Weights, TrainingError> {
        let Values { parameters, statistics } = &self.values.network;
        let values = graph.parameters().iter().zip(parameters).map(|(spec, value)| (spec.path.clone(), host(value))).collect();
        let moments = |moments: &Moments<B>| RunningMoments { mean: host(&moments.mean), variance: host(&moments.variance) };
        let nodes = batch_norms(&graph).zip(statistics).map(|(id, own)| (id, moments(own))).collect();
        let network = Network::with_parameters(graph, &values).map_err(assay_weights::WeightsError::from)?;
        Ok(Weights { network, statistics: Some(RunningStatistics { nodes }) })
    }
}

fn vector<B: Backend>(values: Vec<f32>, device: &B::Device) -> Tensor<B, 1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

fn of_host<B: Backend>(moments: RunningMoments, device: &B::Device) -> Moments<B> {
    Moments { mean: vector(moments.mean, device), variance: vector(moments.variance, device) }
}

fn host<B: Backend>(tensor: &Tensor<B, 1>) -> Vec<f32> {
    tensor.clone().into_data().iter::<f32>().collect()
}
