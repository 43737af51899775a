//! Drawing minibatches and crops from a dataset.

use rand::RngExt;
use rand::seq::index;

use super::{Augmentation, DataError, Dataset, Variation};
use crate::graph::Shape;
use crate::stream::Stream;

/// Normalised images and their labels: one an image, or one a pixel. Sequences of tokens take the place of images: their numbers are
/// as they are, and there is a label a sequence, or one a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Minibatch {
    shape: Shape,
    images: usize,
    pixels: Vec<f32>,
    labels: Vec<u32>,
}

/// Why a minibatch cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum MinibatchError {
    /// The dataset holds fewer images than asked for.
    #[error("a batch of {asked} distinct images was asked for, but {dataset} holds only {held}")]
    TooFewImages {
        /// Images asked for.
        asked: usize,
        /// Images there are.
        held: usize,
        /// The dataset's description.
        dataset: String,
    },
    /// A crop is larger than the images.
    #[error("a crop of {size}×{size} pixels does not fit images of {shape} ({dataset})")]
    CropTooLarge {
        /// Side of the crop.
        size: usize,
        /// The images' shape.
        shape: Shape,
        /// The dataset's description.
        dataset: String,
    },
    /// An image cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// How many crops of what size and depth are drawn.
#[derive(Clone, Copy, Debug)]
pub struct CropSource {
    /// Crops drawn.
    pub count: usize,
    /// Side of each square crop.
    pub size: usize,
    /// Channels kept of each image, chosen at random, in ascending order.
    pub channels: usize,
}

impl Minibatch {
    /// A minibatch from normalised pixels `[batch, channels, height, width]`.
    ///
    /// # Panics
    /// If the pixels are not `labels.len()` images of `shape`.
    #[must_use]
    pub fn new(shape: Shape, pixels: Vec<f32>, labels: Vec<u32>) -> Self {
        assert_eq!(pixels.len(), labels.len() * shape.elements(), "pixels do not match batch × {shape}");
        Self { shape, images: labels.len(), pixels, labels }
    }

    /// A minibatch from normalised pixels `[batch, channels, height, width]` whose labels are those of pixels, `[batch, height, width]`.
    ///
    /// # Panics
    /// If they are not as many as there are pixels in whole images of `shape`.
    #[must_use]
    pub fn of_pixels(shape: Shape, pixels: Vec<f32>, labels: Vec<u32>) -> Self {
        let images = labels.len().checked_div(shape.area()).unwrap_or(0);
        assert_eq!(labels.len(), images * shape.area(), "labels are not those of whole images of {shape}");
        assert_eq!(pixels.len(), images * shape.elements(), "pixels do not match batch × {shape}");
        Self { shape, images, pixels, labels }
    }

    /// A minibatch of `sequences` sequences of tokens, `[batch, tokens]`, with one label a sequence or several.
    ///
    /// # Panics
    /// If the tokens are not so many sequences of `shape`, or the sequences do not have equally many labels.
    #[must_use]
    pub fn of_tokens(shape: Shape, sequences: usize, tokens: &[u32], labels: Vec<u32>) -> Self {
        assert_eq!(tokens.len(), sequences * shape.elements(), "tokens do not match batch × {shape}");
        assert_eq!(labels.len() % sequences.max(1), 0, "labels are not equally many a sequence");
        Self { shape, images: sequences, pixels: tokens.iter().map(|token| *token as f32).collect(), labels }
    }

    /// Draws `count` different images and normalises them; of a dataset of tokens as many different sequences, which stay as they are.
    ///
    /// # Errors
    /// If the dataset is too small or an image cannot be read.
    pub fn sample(dataset: &dyn Dataset, count: usize, augmentation: Augmentation, stream: &Stream) -> Result<Self, MinibatchError> {
        let shape = dataset.shape();
        let mut rng = stream.rng();
        if let Some(sequences) = dataset.tokens() {
            let (mut tokens, mut labels) = (vec![0; count * shape.elements()], Vec::with_capacity(count * sequences.labels()));
            for (index, sequence) in draw_indices(dataset, count, &mut rng)?.into_iter().zip(tokens.chunks_mut(shape.elements().max(1))) {
                sequences.read(index, sequence, &mut labels)?;
            }
            return Ok(Self::of_tokens(shape, count, &tokens, labels));
        }
        let mut raw = vec![0; shape.elements()];
        let mut pixels = Vec::with_capacity(count * shape.elements());
        let mut labels = Vec::with_capacity(count);
        for index in draw_indices(dataset, count, &mut rng)? {
            labels.push(dataset.read(index, &mut raw)?);
            Variation::draw(shape, augmentation, &mut rng).apply(&raw, dataset.normalisation(), &mut pixels);
        }
        Ok(Self::new(shape, pixels, labels))
    }

    /// Draws `source.count` random crops, keeping `source.channels` channels of each. Images are taken from a shuffled
    /// pass over the dataset; where it holds fewer images than crops, further passes follow.
    ///
    /// # Errors
    /// If a crop does not fit, the dataset is empty, or an image cannot be read.
    pub fn crops(dataset: &dyn Dataset, source: CropSource, stream: &Stream) -> Result<Self, MinibatchError> {
        let (whole, normalisation) = (dataset.shape(), dataset.normalisation());
        let CropSource { count, size, channels } = source;
        if size > whole.height.min(whole.width) {
            return Err(MinibatchError::CropTooLarge { size, shape: whole, dataset: dataset.describe() });
        }
        let mut raw = vec![0; whole.elements()];
        let mut pixels = Vec::with_capacity(count * channels * size * size);
        let mut labels = Vec::with_capacity(count);
        let mut rng = stream.rng();
        let mut images = Vec::with_capacity(count);
        while images.len() < count {
            let pass = (count - images.len()).min(dataset.len().max(1));
            images.extend(draw_indices(dataset, pass, &mut rng)?);
        }
        for index in images {
            labels.push(dataset.read(index, &mut raw)?);
            let top = rng.random_range(0..=whole.height - size);
            let left = rng.random_range(0..=whole.width - size);
            let mut kept = index::sample(&mut rng, whole.channels, channels.min(whole.channels)).into_vec();
            kept.sort_unstable();
            for channel in kept {
                for row in top..top + size {
                    let line = &raw[(channel * whole.height + row) * whole.width..][left..left + size];
                    pixels.extend(line.iter().map(|byte| normalisation.apply(channel, *byte)));
                }
            }
        }
        Ok(Self::new(Shape::new(channels.min(whole.channels), size, size), pixels, labels))
    }

    /// The shape of one image.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// Normalised pixels, `[batch, channels, height, width]`.
    #[must_use]
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// One label an image, or one a pixel; one a sequence, or one a token.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// How many labels an image has.
    #[must_use]
    pub fn labels_of_each(&self) -> usize {
        self.labels.len().checked_div(self.images).unwrap_or(0)
    }

    /// The images from `start`, `count` of them, as a batch of its own.
    #[must_use]
    pub fn part(&self, start: usize, count: usize) -> Self {
        let size = self.shape.elements();
        let pixels = self.pixels[start * size..(start + count) * size].to_vec();
        let each = self.labels_of_each();
        let labels = self.labels[start * each..(start + count) * each].to_vec();
        Self { shape: self.shape, images: count, pixels, labels }
    }
}

/// `count` different indices in random order.
fn draw_indices(dataset: &dyn Dataset, count: usize, rng: &mut impl rand::Rng) -> Result<Vec<usize>, MinibatchError> {
    if count > dataset.len() {
        return Err(MinibatchError::TooFewImages { asked: count, held: dataset.len(), dataset: dataset.describe() });
    }
    Ok(index::sample(rng, dataset.len(), count).into_vec())
}
