//! Making and reading tensors of one device and precision.

use burn_tensor::backend::Backend;
use burn_tensor::{DType, Tensor, TensorData, TensorPrimitive};

/// Where tensors are made, and of which floating-point type.
#[derive(Clone, Debug)]
pub(super) struct Tensors<B: Backend> {
    device: B::Device,
    dtype: DType,
}

impl<B: Backend> Tensors<B> {
    pub(super) fn new(device: B::Device, dtype: DType) -> Self {
        Self { device, dtype }
    }

    pub(super) fn of_f32<const D: usize>(&self, values: &[f32], shape: [usize; D]) -> Tensor<B, D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape).convert_dtype(self.dtype), (&self.device, self.dtype))
    }

    pub(super) fn of_f64<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Tensor<B, D> {
        Tensor::from_data(TensorData::new(values, shape).convert_dtype(self.dtype), (&self.device, self.dtype))
    }

    pub(super) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(super) fn zeros<const D: usize>(&self, shape: [usize; D]) -> Tensor<B, D> {
        Tensor::zeros(shape, (&self.device, self.dtype))
    }
}

/// A tensor's elements, row-major.
pub(super) fn to_host<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Calls a backend operation that burn's tensor interface does not offer.
pub(super) fn primitive<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> B::FloatTensorPrimitive {
    tensor.into_primitive().tensor()
}

/// The counterpart of [`primitive`].
pub(super) fn wrap<B: Backend, const D: usize>(value: B::FloatTensorPrimitive) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(value))
}
