//! Activation patterns: which ReLUs are on, one bit a unit, one row a sample.

use std::collections::HashSet;

/// Bit rows, one a sample. Bits of a row are packed little-endian into words; unused bits are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    samples: usize,
    units: usize,
    words: usize,
    bits: Vec<u64>,
}

impl Patterns {
    /// All units off.
    #[must_use]
    pub fn new(samples: usize, units: usize) -> Self {
        let words = units.div_ceil(64);
        Self { samples, units, words, bits: vec![0; samples * words] }
    }

    /// Samples (rows).
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// ReLU units (bits a row).
    #[must_use]
    pub fn units(&self) -> usize {
        self.units
    }

    /// Switches a unit on.
    pub fn set(&mut self, sample: usize, unit: usize) {
        debug_assert!(unit < self.units);
        self.bits[sample * self.words + unit / 64] |= 1 << (unit % 64);
    }

    /// Switches on those of 64 units from `64 · word` whose bits are set.
    pub fn set_word(&mut self, sample: usize, word: usize, bits: u64) {
        self.bits[sample * self.words + word] |= bits;
    }

    /// One sample's packed bits.
    #[must_use]
    pub fn row(&self, sample: usize) -> &[u64] {
        &self.bits[sample * self.words..][..self.words]
    }

    /// All packed bits, one row a sample after the other.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.bits
    }

    /// Adds another batch's samples below these.
    ///
    /// # Panics
    /// If the two have different units.
    pub fn extend(&mut self, other: &Self) {
        assert_eq!(self.units, other.units, "patterns of different networks cannot be joined");
        self.bits.extend_from_slice(&other.bits);
        self.samples += other.samples;
    }

    /// How many different rows there are: the linear regions that the samples fall into.
    #[must_use]
    pub fn distinct(&self) -> usize {
        if self.words == 0 {
            return self.samples.min(1);
        }
        self.bits.chunks_exact(self.words).collect::<HashSet<_>>().len()
    }
}
