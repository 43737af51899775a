
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
