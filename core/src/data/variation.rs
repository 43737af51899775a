//! How an image is varied before a network sees it: mirrored, shifted, and a square of it cut out.

use rand::RngExt;

use super::Normalisation;
use crate::graph::Shape;

crate::words! {
    /// How an image is varied when it is drawn.
    #[derive(Hash)]
    pub enum Augmentation {
        /// As it is.
        None = "none" as "no augmentation",
        /// A mirror image half the time, then a crop of the original size out of the image padded by an eighth of its
        /// height with black: the standard augmentation of CIFAR and ImageNet16, which TE-NAS's loaders apply.
        FlipAndCrop = "flip-and-crop" as "flip and crop",
    }
}

/// How one image of a shape is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variation {
    shape: Shape,
    mirrored: bool,
    /// Rows and columns that the image moves by, up and to the left.
    shift: [isize; 2],
    /// First and last row and column (exclusive) of what is cut out.
    cut: [[usize; 2]; 2],
}

impl Variation {
    /// The image as it is.
    #[must_use]
    pub fn none(shape: Shape) -> Self {
        Self { shape, mirrored: false, shift: [0; 2], cut: [[0; 2]; 2] }
    }

    /// Draws how one image is varied. Without an augmentation, nothing is drawn.
    #[must_use]
    pub fn draw(shape: Shape, augmentation: Augmentation, rng: &mut impl rand::Rng) -> Self {
        match augmentation {
            Augmentation::None => Self::none(shape),
            Augmentation::FlipAndCrop => {
                let reach = (shape.height / 8) as i64;
                let mirrored = rng.random::<bool>();
                Self { mirrored, shift: [0; 2].map(|_: i64| rng.random_range(-reach..=reach) as isize), ..Self::none(shape) }
            }
        }
    }

    /// And draws a square of this side to cut out, around any pixel and as far as it lies within the image; 0 draws nothing.
    #[must_use]
    pub fn with_cutout(mut self, side: usize, rng: &mut impl rand::Rng) -> Self {
        if side > 0 {
            self.cut = [self.shape.height, self.shape.width].map(|size| {
                let centre = rng.random_range(0..size);
                [centre.saturating_sub(side / 2), (centre + side.div_ceil(2)).min(size)]
            });
        }
        self
    }

    /// Adds the varied and normalised image to `pixels`. `raw` is the image as a dataset gives it.
    ///
    /// What lies outside of the image is black, as PyTorch's loaders pad before they normalise; what is cut out is the mean.
    pub fn apply(&self, raw: &[u8], normalisation: &Normalisation, pixels: &mut Vec<f32>) {
        let Shape { channels, height, width, .. } = self.shape;
        for channel in 0..channels {
            let plane = &raw[channel * height * width..][..height * width];
            for row in 0..height {
                for column in 0..width {
                    let byte = self.source(row, column).map_or(0, |(y, x)| plane[y * width + x]);
                    let value = normalisation.apply(channel, byte);
                    pixels.push(if self.cuts(row, column) { 0.0 } else { value });
                }
            }
        }
    }

    /// The pixel of the image that is seen here, if there is one.
    fn source(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let Shape { height, width, .. } = self.shape;
        let y = row.checked_add_signed(self.shift[0]).filter(|y| *y < height)?;
        let x = column.checked_add_signed(self.shift[1]).filter(|x| *x < width)?;
        Some((y, if self.mirrored { width - 1 - x } else { x }))
    }

    fn cuts(&self, row: usize, column: usize) -> bool {
        let [rows, columns] = self.cut;
        (rows[0]..rows[1]).contains(&row) && (columns[0]..columns[1]).contains(&column)
    }
}
