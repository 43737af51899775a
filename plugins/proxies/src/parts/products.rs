//! Inner products of channels over all images and positions.

use nalgebra::{DMatrix, DMatrixView};

/// Maps of a batch: `[batch, channels, positions]`.
#[derive(Clone, Copy)]
pub(crate) struct Maps<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) channels: usize,
    pub(crate) positions: usize,
}

impl<'a> Maps<'a> {
    /// The images, each `[channels, positions]`.
    fn images(self) -> impl Iterator<Item = &'a [f64]> {
        self.values.chunks_exact(self.channels * self.positions)
    }
}

/// For each pair of channels, Σ over images and positions of left · right: `[left channels, right channels]`.
pub(crate) fn products(left: Maps<'_>, right: Maps<'_>) -> DMatrix<f64> {
    let mut sums = DMatrix::zeros(left.channels, right.channels);
    for (left_image, right_image) in left.images().zip(right.images()) {
        // A column a channel. The left one is copied: `gemm` of nalgebra 0.35 reads out of bounds on views whose rows lie apart.
        let rows = DMatrixView::from_slice(left_image, left.positions, left.channels).transpose();
        let columns = DMatrixView::from_slice(right_image, right.positions, right.channels);
        sums.gemm(1.0, &rows, &columns, 1.0);
    }
    sums
}

/// The sum of each channel over all images and positions.
pub(crate) fn sums(maps: Maps<'_>) -> Vec<f64> {
    let mut sums = vec![0.0; maps.channels];
    for image in maps.images() {
        for (sum, map) in sums.iter_mut().zip(image.chunks_exact(maps.positions)) {
            *sum += map.iter().sum::<f64>();
        }
    }
    sums
}
