//! The network that is trained: the architecture's graph and, in training, its auxiliary head.

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::experiment::Training;
use assay_core::graph::Graph;
use assay_core::stream::Stream;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{FloatDType, Tensor, TensorData};

use crate::TrainingError;
use crate::auxiliary::{Auxiliary, auxiliary};
use crate::drop_path;
use crate::forward::{Dropping, Outputs, Pass, Values};
use crate::loss::{correct, cross_entropy, targets};

/// The graphs, and what is needed to run them.
pub(crate) struct Model {
    pub(crate) graph: Arc<Graph>,
    pub(crate) auxiliary: Option<Auxiliary>,
    droppable: Vec<bool>,
    classes: usize,
    smoothing: f64,
    auxiliary_weight: f64,
    precision: FloatDType,
}

/// Parameters and running statistics of both graphs; those of the head are empty where there is none.
#[derive(Clone, Debug)]
pub(crate) struct ModelValues<B: Backend> {
    pub(crate) network: Values<B>,
    pub(crate) head: Values<B>,
}

/// What one step found.
pub(crate) struct Step<B: Backend> {
    /// The gradient of each parameter of the network, then of the head; none for those that the loss does not depend on.
    pub(crate) gradients: Vec<Option<Tensor<B, 1>>>,
    /// The running statistics after it.
    pub(crate) values: ModelValues<B>,
    /// The network's loss, without the head's.
    pub(crate) loss: f64,
    /// The loss that was differentiated: the head's too.
    pub(crate) total: f64,
    /// Images classified correctly.
    pub(crate) correct: usize,
}

impl Model {
    pub(crate) fn new(recipe: &Training, graph: Arc<Graph>) -> Result<Self, TrainingError> {
        let classes = graph.node(graph.output()).shape.elements();
        let auxiliary = if recipe.auxiliary > 0.0 { Some(auxiliary(&graph, classes)?) } else { None };
        let droppable = drop_path::droppable(&graph);
        if recipe.drop_path > 0.0 && !droppable.contains(&true) {
            return Err(TrainingError::Recipe("this network has no operators on edges that could be dropped; set drop_path = 0".into()));
        }
        let precision = if recipe.mixed_precision { FloatDType::BF16 } else { FloatDType::F32 };
        Ok(Self { graph, auxiliary, droppable, classes, smoothing: recipe.label_smoothing, auxiliary_weight: recipe.auxiliary, precision })
    }

    /// Both graphs, the network first.
    pub(crate) fn graphs(&self) -> impl Iterator<Item = &Graph> {
        std::iter::once(self.graph.as_ref()).chain(self.auxiliary.as_ref().map(|auxiliary| &auxiliary.head))
    }

    /// The loss of a batch, its gradients, and what batch normalisation saw.
    pub(crate) fn step<B: AutodiffBackend>(
        &self,
        values: &ModelValues<B::InnerBackend>,
        batch: &Minibatch,
        drop_probability: f64,
        stream: &Stream,
        device: &B::Device,
    ) -> Step<B::InnerBackend> {
        let tracked = ModelValues { network: track::<B>(&values.network), head: track::<B>(&values.head) };
        let dropping = Dropping { droppable: &self.droppable, probability: drop_probability, stream };
        let pass = Pass { graph: &self.graph, values: &tracked.network, precision: self.precision, training: Some(dropping) };
        let tap = self.auxiliary.as_ref().map(|auxiliary| auxiliary.after);
        let Outputs { logits, tap, moments } = pass.run(tensor(batch, device), tap);
        let expected = targets::<B>(batch.labels(), self.classes, self.smoothing, device);
        let scores: Vec<f32> = logits.clone().into_data().iter::<f32>().collect();
        let loss = cross_entropy(logits, expected.clone());
        let own_loss: f64 = loss.clone().into_data().iter::<f64>().sum();
        let mut updated = values.clone();
        update(&mut updated.network, moments);
        let total = match (&self.auxiliary, tap) {
            (Some(auxiliary), Some(features)) => {
                let none = vec![false; auxiliary.head.nodes().len()];
                let dropping = Dropping { droppable: &none, ..dropping };
                let pass = Pass { graph: &auxiliary.head, values: &tracked.head, precision: self.precision, training: Some(dropping) };
                let Outputs { logits, moments, .. } = pass.run(features, None);
                update(&mut updated.head, moments);
                loss + cross_entropy(logits, expected) * self.auxiliary_weight
            }
            _ => loss,
        };
        let total_loss = total.clone().into_data().iter::<f64>().sum();
        let gradients = total.backward();
        let parameters = tracked.network.parameters.iter().chain(&tracked.head.parameters);
        Step {
            gradients: parameters.map(|parameter| parameter.grad(&gradients)).collect(),
            values: updated,
            loss: own_loss,
            total: total_loss,
            correct: correct(&scores, batch.labels()),
        }
    }

    /// The mean cross-entropy of a batch by running statistics, and how many of its images are classified correctly.
    pub(crate) fn test<B: Backend>(&self, values: &ModelValues<B>, batch: &Minibatch, device: &B::Device) -> (f64, usize) {
        let pass = Pass { graph: &self.graph, values: &values.network, precision: self.precision, training: None };
        let logits = pass.run(tensor(batch, device), None).logits;
        let scores: Vec<f32> = logits.clone().into_data().iter::<f32>().collect();
        let loss = cross_entropy(logits, targets(batch.labels(), self.classes, 0.0, device));
        (loss.into_data().iter::<f64>().sum(), correct(&scores, batch.labels()))
    }
}

/// The images, `[batch, channels, height, width]`.
fn tensor<B: Backend>(batch: &Minibatch, device: &B::Device) -> Tensor<B, 4> {
    let shape = batch.shape();
    let data = TensorData::new(batch.pixels().to_vec(), [batch.len(), shape.channels, shape.height, shape.width]);
    Tensor::from_data(data, device)
}

/// The same values, with parameters to differentiate by.
fn track<B: AutodiffBackend>(values: &Values<B::InnerBackend>) -> Values<B> {
    let parameters = values.parameters.iter().map(|parameter| Tensor::from_inner(parameter.clone()).require_grad()).collect();
    // A training pass does not read running statistics.
    Values { parameters, statistics: Vec::new() }
}

/// Mixes a step's moments into the running ones.
fn update<B: AutodiffBackend>(values: &mut Values<B::InnerBackend>, moments: Vec<(usize, crate::norm::Moments<B>)>) {
    for (number, own) in moments {
        let own = crate::norm::Moments { mean: own.mean.inner(), variance: own.variance.inner() };
        values.statistics[number] = values.statistics[number].updated(&own);
    }
}
