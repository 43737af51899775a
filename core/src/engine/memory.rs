//! How much memory the calls of an engine may take, for engines that know what a call takes before it begins.

use super::EngineError;
use crate::network::Network;

const MIB: usize = 1 << 20;

/// What calls may take.
#[derive(Clone, Copy, Debug)]
pub enum MemoryLimit {
    /// As many bytes beside the network and the images.
    Beside(usize),
    /// So many bytes, shared by so many calls at once, each with a network and images of its own.
    Shared {
        /// Of all calls together.
        bytes: usize,
        /// How many calls.
        calls: usize,
    },
}

/// What one call may take.
#[derive(Clone, Copy, Debug)]
pub struct MemoryBudget {
    limit: MemoryLimit,
    /// What network and images take.
    held: usize,
}

impl MemoryLimit {
    /// As much as a call wants.
    pub const NONE: Self = Self::Beside(usize::MAX);

    /// The same for calls that are made one after the other.
    #[must_use]
    pub fn of_one_call(self) -> Self {
        match self {
            Self::Beside(_) => self,
            Self::Shared { bytes, .. } => Self::Shared { bytes, calls: 1 },
        }
    }

    /// For a call on this network and so many images.
    #[must_use]
    pub fn budget(self, network: &Network, images: usize) -> MemoryBudget {
        let images = images.saturating_mul(network.graph().input_shape().elements()).saturating_mul(size_of::<f32>());
        self.holding(network.bytes().saturating_add(images))
    }

    /// For a call whose network and images take so many bytes.
    #[must_use]
    pub fn holding(self, held: usize) -> MemoryBudget {
        MemoryBudget { limit: self, held }
    }

    /// Whether network and images of so many bytes may be made.
    ///
    /// # Errors
    /// If they may not.
    pub fn room(self, bytes: usize) -> Result<(), EngineError> {
        match self {
            Self::Shared { .. } => self.holding(bytes).check(0),
            Self::Beside(_) => Ok(()),
        }
    }

    /// The bytes that a call on this network and so many images takes beside them, where `needed` says it for any number of images.
    ///
    /// # Errors
    /// If the call may not take so many; the error also says what one image takes.
    pub fn check(self, network: &Network, images: usize, needed: impl Fn(usize) -> usize) -> Result<usize, EngineError> {
        let bytes = needed(images);
        let of_one = || self.budget(network, 1).needed(needed(1));
        self.budget(network, images).check(bytes).map(|()| bytes).map_err(|error| error.with_one_image(images, of_one))
    }
}

impl MemoryBudget {
    /// Bytes beside the network and the images.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self.limit {
            MemoryLimit::Beside(bytes) => bytes,
            MemoryLimit::Shared { bytes, calls } => (bytes / calls.max(1)).saturating_sub(self.held),
        }
    }

    /// Whether the call may take so many bytes beside the network and the images.
    ///
    /// # Errors
    /// If it may not.
    pub fn check(self, needed: usize) -> Result<(), EngineError> {
        let held_fits = !matches!(self.limit, MemoryLimit::Shared { bytes, calls } if self.held > bytes / calls.max(1));
        if held_fits && needed <= self.bytes() { Ok(()) } else { Err(self.too_large(needed)) }
    }

    /// The error of a call that needs more bytes than it may take.
    #[must_use]
    pub fn too_large(self, needed: usize) -> EngineError {
        let (available, calls) = match self.limit {
            MemoryLimit::Beside(bytes) => (bytes, 1),
            MemoryLimit::Shared { bytes, calls } => (bytes, calls),
        };
        let needed_mib = self.needed(needed).div_ceil(MIB);
        EngineError::Memory { needed_mib, available_mib: available / MIB, calls, one_image_mib: None }
    }

    /// What counts against the limit where a call takes so many bytes beside the network and the images.
    #[must_use]
    pub fn needed(self, bytes: usize) -> usize {
        match self.limit {
            MemoryLimit::Beside(_) => bytes,
            MemoryLimit::Shared { .. } => bytes.saturating_add(self.held),
        }
    }
}

impl EngineError {
    /// With what a call on one image takes, in bytes, where memory is what is missing and more images were given.
    #[must_use]
    pub fn with_one_image(mut self, images: usize, bytes: impl FnOnce() -> usize) -> Self {
        if let Self::Memory { one_image_mib, .. } = &mut self
            && images > 1
        {
            *one_image_mib = Some(bytes().div_ceil(MIB));
        }
        self
    }
}
