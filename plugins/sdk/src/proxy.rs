//! The contract of a proxy.

use crate::abi::{ASSAY_F32, ASSAY_F64, ASSAY_FLIP_AND_CROP, ASSAY_NO_AUGMENTATION, ASSAY_NORMAL_IMAGES, ASSAY_SAMPLED_IMAGES, AssayPass};
use crate::{Asking, Direction, Error, Measured, Reading, Setting, Settings};

/// Scores a network off passes over it. Called from several threads at once.
pub trait Proxy: Sized + Send + Sync + 'static {
    /// Its name in experiment files, in `kebab-case`.
    const NAME: &'static str;
    /// What it is, in one line, with its source.
    const SUMMARY: &'static str;
    /// Which end of the scale is better.
    const DIRECTION: Direction = Direction::HigherIsBetter;
    /// Its own settings.
    const SETTINGS: &'static [Setting] = &[];
    /// Whether users set channels, cells, batch, initialiser, precision and augmentation, as for the proxies that come with
    /// Assay.
    const PASS_SETTINGS: bool = true;

    /// Makes one.
    ///
    /// # Errors
    /// If settings contradict each other.
    fn new(settings: &Settings) -> Result<Self, Error>;

    /// What a score depends on beside the passes, for protocol lines.
    fn protocol(&self) -> String {
        String::new()
    }

    /// The passes it needs; each begins as `given`, which is what the users' settings or their defaults say.
    ///
    /// # Errors
    /// If there are none for these settings.
    fn passes(&self, given: Pass) -> Result<Vec<Pass>, Error> {
        Ok(vec![given])
    }

    /// Asks for what a pass is to compute. It is called more than once for a measurement, and must ask for the same.
    ///
    /// # Errors
    /// If the network lacks what the proxy reads.
    fn ask(&self, position: usize, pass: &Asking<'_>) -> Result<(), Error>;

    /// Reads the score. A quantity that does not exist for this network is [`Reading::Undefined`], not an error.
    ///
    /// # Errors
    /// On a fault.
    fn score(&self, passes: &[Measured<'_>]) -> Result<Reading, Error>;
}

/// One pass over a network: which network, which images, how precisely.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass(pub AssayPass);

impl Pass {
    /// With this number of channels in the first stage, and of cells (a stage, in spaces with stages).
    #[must_use]
    pub fn network(mut self, channels: u32, cells: u32) -> Self {
        (self.0.channels, self.0.cells) = (channels, cells);
        self
    }

    /// With a minibatch of this number of images.
    #[must_use]
    pub fn batch(mut self, images: u32) -> Self {
        self.0.batch = images;
        self
    }

    /// In 64-bit floats, or in 32-bit floats.
    #[must_use]
    pub fn double_precision(mut self, is_double: bool) -> Self {
        self.0.precision = if is_double { ASSAY_F64 } else { ASSAY_F32 };
        self
    }

    /// With images mirrored and cropped at random, or as they are.
    #[must_use]
    pub fn augmented(mut self, is_augmented: bool) -> Self {
        self.0.augmentation = if is_augmented { ASSAY_FLIP_AND_CROP } else { ASSAY_NO_AUGMENTATION };
        self
    }

    /// With pixels from the standard normal distribution, or with images of the dataset.
    #[must_use]
    pub fn noise(mut self, is_noise: bool) -> Self {
        self.0.images = if is_noise { ASSAY_NORMAL_IMAGES } else { ASSAY_SAMPLED_IMAGES };
        self
    }

    /// With another minibatch of the measurement than `draw` 0, which proxies share that need only one.
    #[must_use]
    pub fn draw(mut self, draw: u32) -> Self {
        self.0.draw = draw;
        self
    }
}
