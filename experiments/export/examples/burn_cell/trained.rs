//! odds and ends
//! images of 3×7×9, 5 outputs, 173 parameters. Written by assay export for burn 0.21.
//!
//! Batch normalisation uses the running statistics of training.

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Gives the values of a parameter, by its path and shape.
pub type Read<'a> = dyn FnMut(&str, &[usize]) -> Option<Vec<f32>> + 'a;

/// Makes layers, with burn's initial values or with given ones.
struct Layers<'a, 'r, B: Backend> {
    device: &'a B::Device,
    read: Option<&'a mut Read<'r>>,
}

impl<B: Backend> Layers<'_, '_, B> {
    /// The values given for a tensor; `own` where none are given at all. The error is the path for which there are none.
    fn tensor<const D: usize>(&mut self, path: String, own: Tensor<B, D>) -> Result<Tensor<B, D>, String> {
        let Some(read) = &mut self.read else { return Ok(own) };
        let shape = own.dims();
        match read(&path, &shape) {
            Some(values) if values.len() == shape.iter().product::<usize>() => Ok(Tensor::from_data(TensorData::new(values, shape), self.device)),
            _ => Err(path),
        }
    }

    fn conv(&mut self, path: &str, config: Conv2dConfig) -> Result<Conv2d<B>, String> {
        let mut conv = config.init(self.device);
        conv.weight = Param::from_tensor(self.tensor(format!("{path}.weight"), conv.weight.val())?);
        if let Some(bias) = conv.bias {
            conv.bias = Some(Param::from_tensor(self.tensor(format!("{path}.bias"), bias.val())?));
        }
        Ok(conv)
    }

    fn norm(&mut self, path: &str, channels: usize, epsilon: f64) -> Result<BatchNorm<B>, String> {
        let mut norm = BatchNormConfig::new(channels).with_epsilon(epsilon).init(self.device);
        norm.gamma = Param::from_tensor(self.tensor(format!("{path}.weight"), norm.gamma.val())?);
        norm.beta = Param::from_tensor(self.tensor(format!("{path}.bias"), norm.beta.val())?);
        if !BATCH_STATISTICS {
            norm.running_mean = RunningState::new(self.tensor(format!("{path}.running_mean"), norm.running_mean.value())?);
            norm.running_var = RunningState::new(self.tensor(format!("{path}.running_var"), norm.running_var.value())?);
        }
        Ok(norm)
    }

    /// burn keeps a linear layer's weight as `[in, out]`, files as `[out, in]`.
    fn linear(&mut self, path: &str, config: LinearConfig) -> Result<Linear<B>, String> {
        let mut linear = config.init(self.device);
        linear.weight = Param::from_tensor(self.tensor(format!("{path}.weight"), linear.weight.val().transpose())?.transpose());
        if let Some(bias) = linear.bias {
            linear.bias = Some(Param::from_tensor(self.tensor(format!("{path}.bias"), bias.val())?));
        }
        Ok(linear)
    }
}

/// Whether batch normalisation uses the statistics of the batch outside of training too, as Assay's measurements of untrained
/// networks do. Set it to false once the network is trained.
pub const BATCH_STATISTICS: bool = false;

/// Batch normalisation, in training always by the statistics of the batch.
fn normalise<B: Backend>(norm: &BatchNorm<B>, values: Tensor<B, 4>) -> Tensor<B, 4> {
    if !BATCH_STATISTICS || B::ad_enabled(&values.device()) {
        return norm.forward(values);
    }
    let [images, channels, height, width] = values.dims();
    let rows = values.swap_dims(0, 1).reshape([channels, images * height * width]);
    let centred = rows.clone() - rows.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    let normalised = centred / (variance + norm.epsilon).sqrt();
    let scaled = normalised * norm.gamma.val().reshape([channels, 1]) + norm.beta.val().reshape([channels, 1]);
    scaled.reshape([channels, images, height, width]).swap_dims(0, 1)
}

/// The maps moved up and left; zeros come in.
fn shift<B: Backend>(values: Tensor<B, 4>, offset: usize) -> Tensor<B, 4> {
    let [_, _, height, width] = values.dims();
    let kept = values.narrow(2, offset, height - offset).narrow(3, offset, width - offset);
    kept.pad((0, offset, 0, offset), 0.0)
}

/// stem.
#[derive(Module, Debug)]
pub struct Stem<B: Backend> {
    conv: Conv2d<B>,
    bn: BatchNorm<B>,
}

impl<B: Backend> Stem<B> {
    fn new(layers: &mut Layers<'_, '_, B>, path: &str) -> Result<Self, String> {
        Ok(Self {
            conv: layers.conv(&format!("{path}.conv"), Conv2dConfig::new([3, 6], [3, 3]).with_stride([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_groups(3))?,
            bn: layers.norm(&format!("{path}.bn"), 6, 1e-3)?,
        })
    }

    fn forward(&self, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let conv = self.conv.forward(input);
        let zero = Tensor::zeros([conv.dims()[0], 6, 4, 5], &conv.device());
        let sum = conv.clone().mul_scalar(0.25_f32) + zero + conv.mul_scalar(-1.5_f32);
        normalise(&self.bn, sum)
    }
}

/// cells.0.
#[derive(Module, Debug)]
pub struct Cell0<B: Backend> {
    backend: core::marker::PhantomData<B>,
}

impl<B: Backend> Cell0<B> {
    fn new(_layers: &mut Layers<'_, '_, B>, _path: &str) -> Result<Self, String> {
        Ok(Self {
            backend: core::marker::PhantomData,
        })
    }

    fn forward(&self, stem_bn: Tensor<B, 4>) -> Tensor<B, 4> {
        let v_shift = shift(stem_bn.clone(), 2);
        let concat = Tensor::cat(vec![v_shift, stem_bn], 1);
        concat.narrow(1, 0, 7)
    }
}

/// Images `[batch, 3, 7, 9]` to outputs `[batch, 5]`.
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    stem: Stem<B>,
    cells_0: Cell0<B>,
    hidden: Linear<B>,
    classifier: Linear<B>,
}

impl<B: Backend> Network<B> {
    /// A network with burn's initial values.
    ///
    /// # Panics
    /// Never: there is nothing to be read.
    pub fn new(device: &B::Device) -> Self {
        Self::with_layers(&mut Layers { device, read: None }).expect("layers without given values can always be made")
    }

    /// A network with given values, as those of a safetensors file written by assay.
    ///
    /// # Errors
    /// The path of a parameter for which `read` gives nothing, or not as many values as its shape has.
    pub fn with_values(device: &B::Device, read: &mut Read<'_>) -> Result<Self, String> {
        Self::with_layers(&mut Layers { device, read: Some(read) })
    }

    fn with_layers(layers: &mut Layers<'_, '_, B>) -> Result<Self, String> {
        Ok(Self {
            stem: Stem::new(layers, "stem")?,
            cells_0: Cell0::new(layers, "cells.0")?,
            hidden: layers.linear("hidden", LinearConfig::new(7, 8).with_bias(false))?,
            classifier: layers.linear("classifier", LinearConfig::new(8, 5))?,
        })
    }

    /// The outputs for some images.
    pub fn forward(&self, images: Tensor<B, 4>) -> Tensor<B, 2> {
        let stem = self.stem.forward(images);
        let cells_0 = self.cells_0.forward(stem);
        let pool = cells_0.mean_dim(3).mean_dim(2);
        let hidden = self.hidden.forward(pool.flatten::<2>(1, 3)).unsqueeze_dim::<3>(2).unsqueeze_dim::<4>(3);
        let positive = relu(hidden);
        let classifier = self.classifier.forward(positive.flatten::<2>(1, 3)).unsqueeze_dim::<3>(2).unsqueeze_dim::<4>(3);
        classifier.flatten(1, 3)
    }
}
