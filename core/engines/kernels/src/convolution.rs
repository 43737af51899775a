//! Direct convolution: what is read, what is written, and what it starts from.

use crate::Number;

/// One tensor that a convolution reads. Distances are in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a, E> {
    /// The tile.
    pub data: &'a [E],
    /// Where the vector for output row 0, column 0 and tap offset 0 is; may lie outside as long as no tap reads there.
    pub origin: isize,
    /// From one output row to the next.
    pub row_step: usize,
    /// From one output column to the next.
    pub column_step: usize,
    /// Where each tap (input channel, kernel row, kernel column) lies from there.
    pub taps: &'a [isize],
    /// `[taps][output channels]`, or `[taps][output channels][lanes]` if `lane_weights`.
    pub weights: &'a [E],
    /// Whether every lane has weights of its own.
    pub lane_weights: bool,
}

/// Where results go. Distances are in vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Output channel 0, row 0, column 0.
    pub origin: usize,
    /// Output channels.
    pub channels: usize,
    /// From one channel to the next.
    pub channel_step: usize,
    /// Output rows.
    pub rows: usize,
    /// From one row to the next.
    pub row_step: usize,
    /// Output columns.
    pub columns: usize,
    /// From one column to the next.
    pub column_step: usize,
}

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub enum Init<'a, E> {
    /// Zero.
    Zero,
    /// What the output holds.
    Accumulate,
    /// One vector an output channel.
    Channels {
        /// `[output channels][lanes]`.
        values: &'a [E],
        /// Whether what the output holds is added too.
        accumulate: bool,
    },
}

/// The values whose signs decide where a convolution's sums count. Distances are in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a, E> {
    /// The tile.
    pub data: &'a [E],
    /// The value for output channel 0, row 0, column 0.
    pub origin: usize,
    /// From one output channel to the next.
    pub channel_step: usize,
    /// From one output row to the next.
    pub row_step: usize,
    /// From one output column to the next.
    pub column_step: usize,
}

/// `out[c, y, x] = init + Σ_source Σ_tap weights[tap, c] · source[y, x, tap]`, where a mask, if there is one, leaves the
/// sums only where it is positive.
#[derive(Debug)]
pub struct Convolution<'a, E> {
    /// What is read.
    pub sources: &'a [Source<'a, E>],
    /// What the sums start from.
    pub init: Init<'a, E>,
    /// Where the sums count.
    pub mask: Option<Mask<'a, E>>,
    /// The output tile.
    pub out: &'a mut [E],
    /// Where in it.
    pub target: Target,
}

impl<E: Number> Convolution<'_, E> {
    /// Panics unless every access lies inside its slice.
    pub(crate) fn check(&self, lanes: usize) {
        let t = &self.target;
        if t.rows == 0 || t.columns == 0 || t.channels == 0 {
            return;
        }
        let last = t.origin + (t.channels - 1) * t.channel_step + (t.rows - 1) * t.row_step + (t.columns - 1) * t.column_step;
        assert!((last + 1) * lanes <= self.out.len(), "the output of a convolution is too short");
        if let Init::Channels { values, .. } = self.init {
            assert!(values.len() >= t.channels * lanes, "a convolution needs one starting vector a channel");
        }
        if let Some(mask) = &self.mask {
            let last =
                mask.origin + (t.channels - 1) * mask.channel_step + (t.rows - 1) * mask.row_step + (t.columns - 1) * mask.column_step;
            assert!((last + 1) * lanes <= mask.data.len(), "the mask of a convolution is too short");
        }
        for source in self.sources {
            let width = if source.lane_weights { lanes } else { 1 };
            assert!(source.weights.len() >= source.taps.len() * t.channels * width, "a convolution has too few weights");
            let (Some(least), Some(most)) = (source.taps.iter().min(), source.taps.iter().max()) else { continue };
            let end = source.origin + most + ((t.rows - 1) * source.row_step + (t.columns - 1) * source.column_step) as isize;
            assert!(
                source.origin + least >= 0 && (end + 1) * lanes as isize <= source.data.len() as isize,
                "a tap lies outside of its source"
            );
        }
    }
}
