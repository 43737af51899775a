//! Batch normalisation by a batch's own statistics and by running ones, in rows `[batch · channels, height · width]`.

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use crate::axes::channel_rows;

/// The mean and the unbiased variance of each channel.
#[derive(Clone, Debug)]
pub(super) struct Moments<B: Backend> {
    /// `[channels]`.
    pub(super) mean: Tensor<B, 1>,
    /// `[channels]`.
    pub(super) variance: Tensor<B, 1>,
}

impl<B: Backend> Moments<B> {
    /// With `share` of a batch's moments mixed in.
    pub(super) fn mixed(&self, batch: &Self, share: f64) -> Self {
        let mix = |old: &Tensor<B, 1>, new: &Tensor<B, 1>| old.clone() * (1.0 - share) + new.clone() * share;
        Self { mean: mix(&self.mean, &batch.mean), variance: mix(&self.variance, &batch.variance) }
    }
}

/// By the batch's own statistics (biased variance), which are returned with unbiased variance.
pub(super) fn by_batch<B: Backend>(input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> (Tensor<B, 4>, Moments<B>) {
    let shape = input.dims();
    let [images, channels, height, width] = shape;
    let count = (images * height * width) as f64;
    let rows = input.reshape([images * channels, height * width]);
    // The mean of each channel over images and maps, `[channels]`.
    let mean = |rows: Tensor<B, 2>| (rows.sum_dim(1).reshape([images, channels]).sum_dim(0) / count).reshape([channels]);
    let centre = mean(rows.clone());
    let centred = rows - channel_rows(centre.clone(), images);
    let variance = mean(centred.clone() * centred.clone());
    let slope = (variance.clone() + epsilon).sqrt().recip();
    let value = match scale {
        Some([gamma, beta]) => centred * channel_rows(slope * gamma, images) + channel_rows(beta, images),
        None => centred * channel_rows(slope, images),
    };
    // PyTorch refuses a single value a channel; here its variance counts as 0.
    let unbiased = variance.detach() * (count / (count - 1.0).max(1.0));
    (value.reshape(shape), Moments { mean: centre.detach(), variance: unbiased })
}

/// By running statistics.
pub(super) fn by_running<B: Backend>(
    input: Tensor<B, 4>,
    scale: Option<[Tensor<B, 1>; 2]>,
    moments: &Moments<B>,
    epsilon: f64,
) -> Tensor<B, 4> {
    let shape = input.dims();
    let [images, channels, height, width] = shape;
    let slope = (moments.variance.clone() + epsilon).sqrt().recip();
    let (slope, offset) = match scale {
        Some([gamma, beta]) => {
            let slope = slope * gamma;
            (slope.clone(), beta - moments.mean.clone() * slope)
        }
        None => (slope.clone(), -(moments.mean.clone() * slope)),
    };
    let rows = input.reshape([images * channels, height * width]);
    (rows * channel_rows(slope, images) + channel_rows(offset, images)).reshape(shape)
}
