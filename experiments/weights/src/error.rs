//! What can be wrong with a file of weights.

use assay_core::network::ParameterError;
use safetensors::SafeTensorError;

/// Why weights cannot be read or written. The message names the tensor.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The bytes are not a safetensors file.
    #[error("this is not a safetensors file that can be read ({0}); write one with `assay export` or with safetensors.torch.save_file")]
    File(#[from] SafeTensorError),
    /// The file has a checksum that it does not fit.
    #[error("it is damaged: it does not fit its checksum")]
    Damaged,
    /// The network has a tensor that the file lacks.
    #[error("there is no tensor `{tensor}`, which the network has: the file is of another architecture or size of network")]
    Missing {
        /// Its name.
        tensor: String,
    },
    /// The file has a tensor that the network lacks.
    #[error(
        "the network has no tensor `{tensor}` (nor {others} others of the file): the file is of another architecture or size of network"
    )]
    Unknown {
        /// The first such tensor.
        tensor: String,
        /// How many more there are.
        others: usize,
    },
    /// A tensor of another shape.
    #[error("tensor `{tensor}` has shape {given:?}, but the network's has {expected:?}")]
    Shape {
        /// Its name.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        given: Vec<usize>,
    },
    /// A tensor of another type of number.
    #[error("tensor `{tensor}` holds {given}; convert it to F32")]
    Type {
        /// Its name.
        tensor: String,
        /// The type.
        given: String,
    },
    /// The values do not fit the graph.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}
