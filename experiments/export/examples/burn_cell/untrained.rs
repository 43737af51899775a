//! darts Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_5x5', 0), ('dil_conv_5x5', 1), ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6)) with 4 channels and 2 cells
//! images of 3×8×8, 10 outputs, 2134 parameters. Written by assay export for burn 0.21.
//!
//! The network was not trained: batch normalisation uses the statistics of the batch itself, as Assay's measurements do.

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::module::{avg_pool2d, max_pool2d};
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
pub const BATCH_STATISTICS: bool = true;

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
            conv: layers.conv(&format!("{path}.conv"), Conv2dConfig::new([3, 12], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_bias(false))?,
            bn: layers.norm(&format!("{path}.bn"), 12, 1e-5)?,
        })
    }

    fn forward(&self, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let conv = self.conv.forward(input);
        normalise(&self.bn, conv)
    }
}

/// cells.0.
#[derive(Module, Debug)]
pub struct Cell0<B: Backend> {
    preprocess0_conv: Conv2d<B>,
    preprocess0_bn: BatchNorm<B>,
    preprocess1_conv: Conv2d<B>,
    preprocess1_bn: BatchNorm<B>,
    edges_0_from_0_sep_conv_3x3_a_depthwise: Conv2d<B>,
    edges_0_from_0_sep_conv_3x3_a_pointwise: Conv2d<B>,
    edges_0_from_0_sep_conv_3x3_a_bn: BatchNorm<B>,
    edges_0_from_0_sep_conv_3x3_b_depthwise: Conv2d<B>,
    edges_0_from_0_sep_conv_3x3_b_pointwise: Conv2d<B>,
    edges_0_from_0_sep_conv_3x3_b_bn: BatchNorm<B>,
    edges_1_from_0_sep_conv_5x5_a_depthwise: Conv2d<B>,
    edges_1_from_0_sep_conv_5x5_a_pointwise: Conv2d<B>,
    edges_1_from_0_sep_conv_5x5_a_bn: BatchNorm<B>,
    edges_1_from_0_sep_conv_5x5_b_depthwise: Conv2d<B>,
    edges_1_from_0_sep_conv_5x5_b_pointwise: Conv2d<B>,
    edges_1_from_0_sep_conv_5x5_b_bn: BatchNorm<B>,
    edges_1_from_1_dil_conv_5x5_depthwise: Conv2d<B>,
    edges_1_from_1_dil_conv_5x5_pointwise: Conv2d<B>,
    edges_1_from_1_dil_conv_5x5_bn: BatchNorm<B>,
    edges_3_from_2_dil_conv_3x3_depthwise: Conv2d<B>,
    edges_3_from_2_dil_conv_3x3_pointwise: Conv2d<B>,
    edges_3_from_2_dil_conv_3x3_bn: BatchNorm<B>,
}

impl<B: Backend> Cell0<B> {
    fn new(layers: &mut Layers<'_, '_, B>, path: &str) -> Result<Self, String> {
        Ok(Self {
            preprocess0_conv: layers.conv(&format!("{path}.preprocess0.conv"), Conv2dConfig::new([12, 4], [1, 1]).with_bias(false))?,
            preprocess0_bn: layers.norm(&format!("{path}.preprocess0.bn"), 4, 1e-5)?,
            preprocess1_conv: layers.conv(&format!("{path}.preprocess1.conv"), Conv2dConfig::new([12, 4], [1, 1]).with_bias(false))?,
            preprocess1_bn: layers.norm(&format!("{path}.preprocess1.bn"), 4, 1e-5)?,
            edges_0_from_0_sep_conv_3x3_a_depthwise: layers.conv(&format!("{path}.edges.0<-0.sep_conv_3x3.a.depthwise"), Conv2dConfig::new([4, 4], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_groups(4).with_bias(false))?,
            edges_0_from_0_sep_conv_3x3_a_pointwise: layers.conv(&format!("{path}.edges.0<-0.sep_conv_3x3.a.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_0_from_0_sep_conv_3x3_a_bn: layers.norm(&format!("{path}.edges.0<-0.sep_conv_3x3.a.bn"), 4, 1e-5)?,
            edges_0_from_0_sep_conv_3x3_b_depthwise: layers.conv(&format!("{path}.edges.0<-0.sep_conv_3x3.b.depthwise"), Conv2dConfig::new([4, 4], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_groups(4).with_bias(false))?,
            edges_0_from_0_sep_conv_3x3_b_pointwise: layers.conv(&format!("{path}.edges.0<-0.sep_conv_3x3.b.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_0_from_0_sep_conv_3x3_b_bn: layers.norm(&format!("{path}.edges.0<-0.sep_conv_3x3.b.bn"), 4, 1e-5)?,
            edges_1_from_0_sep_conv_5x5_a_depthwise: layers.conv(&format!("{path}.edges.1<-0.sep_conv_5x5.a.depthwise"), Conv2dConfig::new([4, 4], [5, 5]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).with_groups(4).with_bias(false))?,
            edges_1_from_0_sep_conv_5x5_a_pointwise: layers.conv(&format!("{path}.edges.1<-0.sep_conv_5x5.a.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_1_from_0_sep_conv_5x5_a_bn: layers.norm(&format!("{path}.edges.1<-0.sep_conv_5x5.a.bn"), 4, 1e-5)?,
            edges_1_from_0_sep_conv_5x5_b_depthwise: layers.conv(&format!("{path}.edges.1<-0.sep_conv_5x5.b.depthwise"), Conv2dConfig::new([4, 4], [5, 5]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).with_groups(4).with_bias(false))?,
            edges_1_from_0_sep_conv_5x5_b_pointwise: layers.conv(&format!("{path}.edges.1<-0.sep_conv_5x5.b.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_1_from_0_sep_conv_5x5_b_bn: layers.norm(&format!("{path}.edges.1<-0.sep_conv_5x5.b.bn"), 4, 1e-5)?,
            edges_1_from_1_dil_conv_5x5_depthwise: layers.conv(&format!("{path}.edges.1<-1.dil_conv_5x5.depthwise"), Conv2dConfig::new([4, 4], [5, 5]).with_padding(PaddingConfig2d::Explicit(4, 4, 4, 4)).with_dilation([2, 2]).with_groups(4).with_bias(false))?,
            edges_1_from_1_dil_conv_5x5_pointwise: layers.conv(&format!("{path}.edges.1<-1.dil_conv_5x5.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_1_from_1_dil_conv_5x5_bn: layers.norm(&format!("{path}.edges.1<-1.dil_conv_5x5.bn"), 4, 1e-5)?,
            edges_3_from_2_dil_conv_3x3_depthwise: layers.conv(&format!("{path}.edges.3<-2.dil_conv_3x3.depthwise"), Conv2dConfig::new([4, 4], [3, 3]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).with_dilation([2, 2]).with_groups(4).with_bias(false))?,
            edges_3_from_2_dil_conv_3x3_pointwise: layers.conv(&format!("{path}.edges.3<-2.dil_conv_3x3.pointwise"), Conv2dConfig::new([4, 4], [1, 1]).with_bias(false))?,
            edges_3_from_2_dil_conv_3x3_bn: layers.norm(&format!("{path}.edges.3<-2.dil_conv_3x3.bn"), 4, 1e-5)?,
        })
    }

    fn forward(&self, stem_bn: Tensor<B, 4>) -> Tensor<B, 4> {
        let preprocess0_relu = relu(stem_bn.clone());
        let preprocess0_conv = self.preprocess0_conv.forward(preprocess0_relu);
        let preprocess0_bn = normalise(&self.preprocess0_bn, preprocess0_conv);
        let preprocess1_relu = relu(stem_bn);
        let preprocess1_conv = self.preprocess1_conv.forward(preprocess1_relu);
        let preprocess1_bn = normalise(&self.preprocess1_bn, preprocess1_conv);
        let edges_0_from_0_sep_conv_3x3_a_relu = relu(preprocess0_bn.clone());
        let edges_0_from_0_sep_conv_3x3_a_depthwise = self.edges_0_from_0_sep_conv_3x3_a_depthwise.forward(edges_0_from_0_sep_conv_3x3_a_relu);
        let edges_0_from_0_sep_conv_3x3_a_pointwise = self.edges_0_from_0_sep_conv_3x3_a_pointwise.forward(edges_0_from_0_sep_conv_3x3_a_depthwise);
        let edges_0_from_0_sep_conv_3x3_a_bn = normalise(&self.edges_0_from_0_sep_conv_3x3_a_bn, edges_0_from_0_sep_conv_3x3_a_pointwise);
        let edges_0_from_0_sep_conv_3x3_b_relu = relu(edges_0_from_0_sep_conv_3x3_a_bn);
        let edges_0_from_0_sep_conv_3x3_b_depthwise = self.edges_0_from_0_sep_conv_3x3_b_depthwise.forward(edges_0_from_0_sep_conv_3x3_b_relu);
        let edges_0_from_0_sep_conv_3x3_b_pointwise = self.edges_0_from_0_sep_conv_3x3_b_pointwise.forward(edges_0_from_0_sep_conv_3x3_b_depthwise);
        let edges_0_from_0_sep_conv_3x3_b_bn = normalise(&self.edges_0_from_0_sep_conv_3x3_b_bn, edges_0_from_0_sep_conv_3x3_b_pointwise);
        let nodes_0 = edges_0_from_0_sep_conv_3x3_b_bn + preprocess1_bn.clone();
        let edges_1_from_0_sep_conv_5x5_a_relu = relu(preprocess0_bn.clone());
        let edges_1_from_0_sep_conv_5x5_a_depthwise = self.edges_1_from_0_sep_conv_5x5_a_depthwise.forward(edges_1_from_0_sep_conv_5x5_a_relu);
        let edges_1_from_0_sep_conv_5x5_a_pointwise = self.edges_1_from_0_sep_conv_5x5_a_pointwise.forward(edges_1_from_0_sep_conv_5x5_a_depthwise);
        let edges_1_from_0_sep_conv_5x5_a_bn = normalise(&self.edges_1_from_0_sep_conv_5x5_a_bn, edges_1_from_0_sep_conv_5x5_a_pointwise);
        let edges_1_from_0_sep_conv_5x5_b_relu = relu(edges_1_from_0_sep_conv_5x5_a_bn);
        let edges_1_from_0_sep_conv_5x5_b_depthwise = self.edges_1_from_0_sep_conv_5x5_b_depthwise.forward(edges_1_from_0_sep_conv_5x5_b_relu);
        let edges_1_from_0_sep_conv_5x5_b_pointwise = self.edges_1_from_0_sep_conv_5x5_b_pointwise.forward(edges_1_from_0_sep_conv_5x5_b_depthwise);
        let edges_1_from_0_sep_conv_5x5_b_bn = normalise(&self.edges_1_from_0_sep_conv_5x5_b_bn, edges_1_from_0_sep_conv_5x5_b_pointwise);
        let edges_1_from_1_dil_conv_5x5_relu = relu(preprocess1_bn.clone());
        let edges_1_from_1_dil_conv_5x5_depthwise = self.edges_1_from_1_dil_conv_5x5_depthwise.forward(edges_1_from_1_dil_conv_5x5_relu);
        let edges_1_from_1_dil_conv_5x5_pointwise = self.edges_1_from_1_dil_conv_5x5_pointwise.forward(edges_1_from_1_dil_conv_5x5_depthwise);
        let edges_1_from_1_dil_conv_5x5_bn = normalise(&self.edges_1_from_1_dil_conv_5x5_bn, edges_1_from_1_dil_conv_5x5_pointwise);
        let nodes_1 = edges_1_from_0_sep_conv_5x5_b_bn + edges_1_from_1_dil_conv_5x5_bn;
        let edges_2_from_1_max_pool_3x3 = max_pool2d(preprocess1_bn, [3, 3], [1, 1], [1, 1], [1, 1], false);
        let nodes_2 = preprocess0_bn.clone() + edges_2_from_1_max_pool_3x3;
        let edges_3_from_0_avg_pool_3x3 = avg_pool2d(preprocess0_bn, [3, 3], [1, 1], [1, 1], false, false);
        let edges_3_from_2_dil_conv_3x3_relu = relu(nodes_0.clone());
        let edges_3_from_2_dil_conv_3x3_depthwise = self.edges_3_from_2_dil_conv_3x3_depthwise.forward(edges_3_from_2_dil_conv_3x3_relu);
        let edges_3_from_2_dil_conv_3x3_pointwise = self.edges_3_from_2_dil_conv_3x3_pointwise.forward(edges_3_from_2_dil_conv_3x3_depthwise);
        let edges_3_from_2_dil_conv_3x3_bn = normalise(&self.edges_3_from_2_dil_conv_3x3_bn, edges_3_from_2_dil_conv_3x3_pointwise);
        let nodes_3 = edges_3_from_0_avg_pool_3x3 + edges_3_from_2_dil_conv_3x3_bn;
        Tensor::cat(vec![nodes_0, nodes_1, nodes_2, nodes_3], 1)
    }
}

/// cells.1.
#[derive(Module, Debug)]
pub struct Cell1<B: Backend> {
    preprocess0_conv: Conv2d<B>,
    preprocess0_bn: BatchNorm<B>,
    preprocess1_conv: Conv2d<B>,
    preprocess1_bn: BatchNorm<B>,
    edges_0_from_1_skip_connect_even: Conv2d<B>,
    edges_0_from_1_skip_connect_odd: Conv2d<B>,
    edges_0_from_1_skip_connect_bn: BatchNorm<B>,
    edges_1_from_1_sep_conv_3x3_a_depthwise: Conv2d<B>,
    edges_1_from_1_sep_conv_3x3_a_pointwise: Conv2d<B>,
    edges_1_from_1_sep_conv_3x3_a_bn: BatchNorm<B>,
    edges_1_from_1_sep_conv_3x3_b_depthwise: Conv2d<B>,
    edges_1_from_1_sep_conv_3x3_b_pointwise: Conv2d<B>,
    edges_1_from_1_sep_conv_3x3_b_bn: BatchNorm<B>,
    edges_2_from_0_dil_conv_3x3_depthwise: Conv2d<B>,
    edges_2_from_0_dil_conv_3x3_pointwise: Conv2d<B>,
    edges_2_from_0_dil_conv_3x3_bn: BatchNorm<B>,
}

impl<B: Backend> Cell1<B> {
    fn new(layers: &mut Layers<'_, '_, B>, path: &str) -> Result<Self, String> {
        Ok(Self {
            preprocess0_conv: layers.conv(&format!("{path}.preprocess0.conv"), Conv2dConfig::new([12, 8], [1, 1]).with_bias(false))?,
            preprocess0_bn: layers.norm(&format!("{path}.preprocess0.bn"), 8, 1e-5)?,
            preprocess1_conv: layers.conv(&format!("{path}.preprocess1.conv"), Conv2dConfig::new([16, 8], [1, 1]).with_bias(false))?,
            preprocess1_bn: layers.norm(&format!("{path}.preprocess1.bn"), 8, 1e-5)?,
            edges_0_from_1_skip_connect_even: layers.conv(&format!("{path}.edges.0<-1.skip_connect.even"), Conv2dConfig::new([8, 4], [1, 1]).with_stride([2, 2]).with_bias(false))?,
            edges_0_from_1_skip_connect_odd: layers.conv(&format!("{path}.edges.0<-1.skip_connect.odd"), Conv2dConfig::new([8, 4], [1, 1]).with_stride([2, 2]).with_bias(false))?,
            edges_0_from_1_skip_connect_bn: layers.norm(&format!("{path}.edges.0<-1.skip_connect.bn"), 8, 1e-5)?,
            edges_1_from_1_sep_conv_3x3_a_depthwise: layers.conv(&format!("{path}.edges.1<-1.sep_conv_3x3.a.depthwise"), Conv2dConfig::new([8, 8], [3, 3]).with_stride([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_groups(8).with_bias(false))?,
            edges_1_from_1_sep_conv_3x3_a_pointwise: layers.conv(&format!("{path}.edges.1<-1.sep_conv_3x3.a.pointwise"), Conv2dConfig::new([8, 8], [1, 1]).with_bias(false))?,
            edges_1_from_1_sep_conv_3x3_a_bn: layers.norm(&format!("{path}.edges.1<-1.sep_conv_3x3.a.bn"), 8, 1e-5)?,
            edges_1_from_1_sep_conv_3x3_b_depthwise: layers.conv(&format!("{path}.edges.1<-1.sep_conv_3x3.b.depthwise"), Conv2dConfig::new([8, 8], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_groups(8).with_bias(false))?,
            edges_1_from_1_sep_conv_3x3_b_pointwise: layers.conv(&format!("{path}.edges.1<-1.sep_conv_3x3.b.pointwise"), Conv2dConfig::new([8, 8], [1, 1]).with_bias(false))?,
            edges_1_from_1_sep_conv_3x3_b_bn: layers.norm(&format!("{path}.edges.1<-1.sep_conv_3x3.b.bn"), 8, 1e-5)?,
            edges_2_from_0_dil_conv_3x3_depthwise: layers.conv(&format!("{path}.edges.2<-0.dil_conv_3x3.depthwise"), Conv2dConfig::new([8, 8], [3, 3]).with_stride([2, 2]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).with_dilation([2, 2]).with_groups(8).with_bias(false))?,
            edges_2_from_0_dil_conv_3x3_pointwise: layers.conv(&format!("{path}.edges.2<-0.dil_conv_3x3.pointwise"), Conv2dConfig::new([8, 8], [1, 1]).with_bias(false))?,
            edges_2_from_0_dil_conv_3x3_bn: layers.norm(&format!("{path}.edges.2<-0.dil_conv_3x3.bn"), 8, 1e-5)?,
        })
    }

    fn forward(&self, stem_bn: Tensor<B, 4>, cells_0_concat: Tensor<B, 4>) -> Tensor<B, 4> {
        let preprocess0_relu = relu(stem_bn);
        let preprocess0_conv = self.preprocess0_conv.forward(preprocess0_relu);
        let preprocess0_bn = normalise(&self.preprocess0_bn, preprocess0_conv);
        let preprocess1_relu = relu(cells_0_concat);
        let preprocess1_conv = self.preprocess1_conv.forward(preprocess1_relu);
        let preprocess1_bn = normalise(&self.preprocess1_bn, preprocess1_conv);
        let edges_0_from_0_max_pool_3x3 = max_pool2d(preprocess0_bn.clone(), [3, 3], [2, 2], [1, 1], [1, 1], false);
        let edges_0_from_1_skip_connect_relu = relu(preprocess1_bn.clone());
        let edges_0_from_1_skip_connect_even = self.edges_0_from_1_skip_connect_even.forward(edges_0_from_1_skip_connect_relu.clone());
        let edges_0_from_1_skip_connect_shift = shift(edges_0_from_1_skip_connect_relu, 1);
        let edges_0_from_1_skip_connect_odd = self.edges_0_from_1_skip_connect_odd.forward(edges_0_from_1_skip_connect_shift);
        let edges_0_from_1_skip_connect_concat = Tensor::cat(vec![edges_0_from_1_skip_connect_even, edges_0_from_1_skip_connect_odd], 1);
        let edges_0_from_1_skip_connect_bn = normalise(&self.edges_0_from_1_skip_connect_bn, edges_0_from_1_skip_connect_concat);
        let nodes_0 = edges_0_from_0_max_pool_3x3 + edges_0_from_1_skip_connect_bn;
        let edges_1_from_1_sep_conv_3x3_a_relu = relu(preprocess1_bn.clone());
        let edges_1_from_1_sep_conv_3x3_a_depthwise = self.edges_1_from_1_sep_conv_3x3_a_depthwise.forward(edges_1_from_1_sep_conv_3x3_a_relu);
        let edges_1_from_1_sep_conv_3x3_a_pointwise = self.edges_1_from_1_sep_conv_3x3_a_pointwise.forward(edges_1_from_1_sep_conv_3x3_a_depthwise);
        let edges_1_from_1_sep_conv_3x3_a_bn = normalise(&self.edges_1_from_1_sep_conv_3x3_a_bn, edges_1_from_1_sep_conv_3x3_a_pointwise);
        let edges_1_from_1_sep_conv_3x3_b_relu = relu(edges_1_from_1_sep_conv_3x3_a_bn);
        let edges_1_from_1_sep_conv_3x3_b_depthwise = self.edges_1_from_1_sep_conv_3x3_b_depthwise.forward(edges_1_from_1_sep_conv_3x3_b_relu);
        let edges_1_from_1_sep_conv_3x3_b_pointwise = self.edges_1_from_1_sep_conv_3x3_b_pointwise.forward(edges_1_from_1_sep_conv_3x3_b_depthwise);
        let edges_1_from_1_sep_conv_3x3_b_bn = normalise(&self.edges_1_from_1_sep_conv_3x3_b_bn, edges_1_from_1_sep_conv_3x3_b_pointwise);
        let nodes_1 = edges_1_from_1_sep_conv_3x3_b_bn + nodes_0.clone();
        let edges_2_from_0_dil_conv_3x3_relu = relu(preprocess0_bn);
        let edges_2_from_0_dil_conv_3x3_depthwise = self.edges_2_from_0_dil_conv_3x3_depthwise.forward(edges_2_from_0_dil_conv_3x3_relu);
        let edges_2_from_0_dil_conv_3x3_pointwise = self.edges_2_from_0_dil_conv_3x3_pointwise.forward(edges_2_from_0_dil_conv_3x3_depthwise);
        let edges_2_from_0_dil_conv_3x3_bn = normalise(&self.edges_2_from_0_dil_conv_3x3_bn, edges_2_from_0_dil_conv_3x3_pointwise);
        let edges_2_from_2_avg_pool_3x3 = avg_pool2d(nodes_0.clone(), [3, 3], [1, 1], [1, 1], false, false);
        let nodes_2 = edges_2_from_0_dil_conv_3x3_bn + edges_2_from_2_avg_pool_3x3;
        let edges_3_from_1_avg_pool_3x3 = avg_pool2d(preprocess1_bn, [3, 3], [2, 2], [1, 1], false, false);
        let nodes_3 = edges_3_from_1_avg_pool_3x3 + nodes_0.clone();
        Tensor::cat(vec![nodes_0, nodes_1, nodes_2, nodes_3], 1)
    }
}

/// Images `[batch, 3, 8, 8]` to outputs `[batch, 10]`.
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    stem: Stem<B>,
    cells_0: Cell0<B>,
    cells_1: Cell1<B>,
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
            cells_1: Cell1::new(layers, "cells.1")?,
            classifier: layers.linear("classifier", LinearConfig::new(32, 10))?,
        })
    }

    /// The outputs for some images.
    pub fn forward(&self, images: Tensor<B, 4>) -> Tensor<B, 2> {
        let stem = self.stem.forward(images);
        let cells_0 = self.cells_0.forward(stem.clone());
        let cells_1 = self.cells_1.forward(stem, cells_0);
        let pool = cells_1.mean_dim(3).mean_dim(2);
        let classifier = self.classifier.forward(pool.flatten::<2>(1, 3)).unsqueeze_dim::<3>(2).unsqueeze_dim::<4>(3);
        classifier.flatten(1, 3)
    }
}
