//! A network's weights as a [safetensors] file, in both directions.
//!
//! A file holds one tensor a parameter, named by its path (`cells.0.edges.1<-0.nor_conv_3x3.conv.weight`) and of its shape.
//! A trained network's file also holds what batch normalisation saw on average in training, as PyTorch names it:
//! `….bn.running_mean` and `….bn.running_var` of every batch normalisation. With them the network is run on one image at a
//! time; without them it normalises by the statistics of the batch, as all of Assay's measurements at initialisation do.
//!
//! Reading checks every name and shape, and that nothing is left over; what is wrong names the tensor.
//!
//! [safetensors]: https://huggingface.co/docs/safetensors

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod learner;
mod seal;
mod supernet;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::graph::{Graph, NodeId};
use assay_core::network::Network;
pub use assay_core::network::{RunningMoments, RunningStatistics, batch_norms};
pub use error::WeightsError;
pub use learner::{header_text, read_learner, write_learner};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, View};
pub use seal::{check, seal, seal_of};
pub use supernet::{SupernetFileError, SupernetHeader, read_supernet_header, write_supernet};

/// A network and, if it was trained, its running statistics.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The graph with the values of its parameters.
    pub network: Network,
    /// What inference normalises by; `None` for a network that was never trained.
    pub statistics: Option<RunningStatistics>,
}

impl Weights {
    /// Of a network that was never trained.
    #[must_use]
    pub fn untrained(network: Network) -> Self {
        Self { network, statistics: None }
    }

    /// Every tensor: its name, shape and values. Parameters in the graph's order, then running statistics.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<usize>, &[f32])> {
        let graph = self.network.graph();
        let parameters = graph.parameters().iter().enumerate();
        let mut tensors: Vec<_> =
            parameters.map(|(position, spec)| (spec.path.clone(), spec.shape.clone(), self.network.parameter(position))).collect();
        for (id, moments) in self.statistics.iter().flat_map(|statistics| &statistics.nodes) {
            let name = &graph.node(*id).name;
            tensors.push((mean_path(name), vec![moments.mean.len()], &moments.mean));
            tensors.push((variance_path(name), vec![moments.variance.len()], &moments.variance));
        }
        tensors
    }

    /// The file's bytes: 32-bit floats, little-endian.
    ///
    /// # Errors
    /// If the file's header cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        write_tensors(self.tensors(), BTreeMap::new())
    }

    /// Reads the weights of `graph`. 64-bit floats are rounded; PyTorch's counters `num_batches_tracked` are passed over.
    ///
    /// # Errors
    /// If the bytes are not a safetensors file, or its tensors are not exactly those of the graph; the error names the tensor.
    pub fn read(graph: Arc<Graph>, bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes)?;
        let mut tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
        let mut values = BTreeMap::new();
        for spec in graph.parameters() {
            values.insert(spec.path.clone(), take(&mut tensors, &spec.path, &spec.shape)?);
        }
        let norms: Vec<NodeId> = batch_norms(&graph).collect();
        let has_statistics = norms.iter().any(|id| tensors.contains_key(mean_path(&graph.node(*id).name).as_str()));
        let mut nodes = BTreeMap::new();
        for id in norms {
            let node = graph.node(id);
            if has_statistics {
                let mean = take(&mut tensors, &mean_path(&node.name), &[node.shape.channels])?;
                let variance = take(&mut tensors, &variance_path(&node.name), &[node.shape.channels])?;
                nodes.insert(id, RunningMoments { mean, variance });
            }
            tensors.remove(format!("{}.num_batches_tracked", node.name).as_str());
        }
        if let Some(name) = tensors.keys().next() {
            return Err(WeightsError::Unknown { tensor: (*name).to_owned(), others: tensors.len() - 1 });
        }
        let network = Network::with_parameters(graph, &values)?;
        Ok(Self { network, statistics: has_statistics.then_some(RunningStatistics { nodes }) })
    }
}

/// What the running mean of a batch normalisation is called.
#[must_use]
pub fn mean_path(node: &str) -> String {
    format!("{node}.running_mean")
}

/// What the running variance of a batch normalisation is called.
#[must_use]
pub fn variance_path(node: &str) -> String {
    format!("{node}.running_var")
}

/// A safetensors file of 32-bit floats, with texts in its header. Equal tensors and texts give equal bytes.
///
/// # Errors
/// If the file's header cannot be written.
pub fn write_tensors<N: AsRef<str>>(
    tensors: impl IntoIterator<Item = (N, Vec<usize>, impl AsRef<[f32]>)>,
    texts: BTreeMap<String, String>,
) -> Result<Vec<u8>, WeightsError> {
    let tensors: Vec<(N, Tensor<_>)> = tensors.into_iter().map(|(name, shape, values)| (name, Tensor { shape, values })).collect();
    let views = tensors.iter().map(|(name, tensor)| (name.as_ref(), tensor));
    // One text at the most, or their order in the header would be any.
    let texts = (!texts.is_empty()).then(|| texts.into_iter().collect());
    Ok(safetensors::serialize(views, texts)?)
}

/// A tensor whose bytes are made when it is written, so that a file of any size needs no second copy of all of them.
struct Tensor<V> {
    shape: Vec<usize>,
    values: V,
}

impl<V: AsRef<[f32]>> View for &Tensor<V> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.as_ref().iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values.as_ref())
    }
}

/// The tensor of this name and shape, as 32-bit floats, which is then gone from `tensors`.
///
/// # Errors
/// If there is no such tensor, or its shape or type differs.
pub fn take(tensors: &mut BTreeMap<&str, TensorView<'_>>, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
    let tensor = tensors.remove(name).ok_or_else(|| WeightsError::Missing { tensor: name.to_owned() })?;
    if tensor.shape() != shape {
        return Err(WeightsError::Shape { tensor: name.to_owned(), expected: shape.to_vec(), given: tensor.shape().to_vec() });
    }
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Ok(data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
        Dtype::F64 => Ok(data.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()),
        other => Err(WeightsError::Type { tensor: name.to_owned(), given: format!("{other:?}") }),
    }
}

#[cfg(test)]
mod tests;
