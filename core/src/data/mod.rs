//! Images, and sequences of tokens: what a dataset is, and how minibatches are drawn from one.

mod content;
mod directory;
mod input;
mod memory;
mod minibatch;
pub mod pretext;
mod tokens;
mod variation;

pub use content::{Content, fingerprint};
pub use directory::{DATA_VARIABLE, user_data_directory};
pub use input::{READ_LIMIT_VARIABLE, Unpacked, open_file, read_file, read_limit, read_small_file, read_unpacked, title_of, unreadable};
pub use memory::InMemory;
pub use minibatch::{CropSource, Minibatch, MinibatchError};
pub use tokens::Tokens;
pub use variation::{Augmentation, Variation};

use crate::graph::Shape;

/// Mean and standard deviation of each channel, of pixels scaled to 0–1.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Normalisation {
    /// One mean a channel.
    pub mean: Vec<f32>,
    /// One standard deviation a channel, positive.
    pub deviation: Vec<f32>,
}

impl Normalisation {
    /// The normalised value of a pixel of one channel.
    #[must_use]
    pub fn apply(&self, channel: usize, byte: u8) -> f32 {
        (f32::from(byte) / 255.0 - self.mean[channel]) / self.deviation[channel]
    }
}

/// Why an image or a dataset cannot be read. The message names the file and where in it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DataError {
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl DataError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// An error caused by another one, whose text is appended.
    pub fn caused(message: impl std::fmt::Display, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { message: format!("{message}: {source}"), source: Some(Box::new(source)) }
    }
}

/// Labelled images of one size, or sequences of [tokens](Self::tokens) in their place. Reading the same index gives the same image every time, on any thread.
pub trait Dataset: Send + Sync {
    /// Channels, height and width of every image.
    fn shape(&self) -> Shape;
    /// How many classes the labels name.
    fn classes(&self) -> usize;
    /// The names of the classes, by label, where they have names.
    fn class_names(&self) -> Option<&[String]> {
        None
    }
    /// Numbers its classes as another dataset does whose classes have these names. Images of a class that is not among them
    /// are left out, and [`describe`](Self::describe) says so. A dataset whose classes have no names stays as it is.
    ///
    /// # Errors
    /// If no class is among them.
    fn adopt_classes(&mut self, names: &[String]) -> Result<(), DataError> {
        let _ = names;
        Ok(())
    }
    /// How many images there are.
    fn len(&self) -> usize;
    /// Whether there is no image.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Its sequences of tokens, where it holds such and no images. A sequence of n tokens has the shape n × 1 × 1, and is never varied
    /// as images are.
    fn tokens(&self) -> Option<&dyn Tokens> {
        None
    }
    /// How pixels are normalised before a network sees them.
    fn normalisation(&self) -> &Normalisation;
    /// One line for protocols: what it is, which split, how many images, from which files.
    fn describe(&self) -> String;
    /// Writes one image (channel planes, row-major, 0–255) to `pixels` and returns its label.
    ///
    /// # Errors
    /// If the image cannot be read, in which case the message names the file; or if these are tokens and no images.
    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<u32, DataError>;
    /// Adds what the images are to a [`fingerprint`]: equal images add the same wherever they lie, others add something else.
    /// Unless it is told otherwise every image is read, which takes long where images are decoded or made.
    ///
    /// # Errors
    /// If an image cannot be read.
    fn content(&self, content: &mut Content) -> Result<(), DataError> {
        content::add_all(self, content)
    }
}
