//! Cross-entropy with label smoothing.

use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Targets `[batch, classes]`: 1 − ε for the label, and ε spread over all classes (Szegedy et al., CVPR 2016).
pub(crate) fn targets<B: Backend>(labels: &[u32], classes: usize, smoothing: f64, device: &B::Device) -> Tensor<B, 2> {
    let mut values = vec![(smoothing / classes as f64) as f32; labels.len() * classes];
    for (row, label) in values.chunks_mut(classes).zip(labels) {
        row[*label as usize] += (1.0 - smoothing) as f32;
    }
    Tensor::from_data(TensorData::new(values, [labels.len(), classes]), device)
}

/// Mean over the batch of −Σ target · log softmax(logits).
pub(crate) fn cross_entropy<B: Backend>(logits: Tensor<B, 2>, targets: Tensor<B, 2>) -> Tensor<B, 1> {
    let images = logits.dims()[0];
    (log_softmax(logits, 1) * targets).sum() / -(images as f64)
}

/// How many rows have their largest value at their label. Of equal values the first counts.
pub(crate) fn correct(logits: &[f32], labels: &[u32]) -> usize {
    let classes = logits.len() / labels.len().max(1);
    let first_largest = |row: &[f32]| (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best });
    logits.chunks(classes.max(1)).zip(labels).filter(|(row, label)| first_largest(row) == **label as usize).count()
}
