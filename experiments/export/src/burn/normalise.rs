
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
