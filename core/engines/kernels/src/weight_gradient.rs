//! Weight gradients: the correlation of an output gradient with the input, summed over pixels, lane by lane or over lanes, too.

use crate::Number;

/// Where the sums of a weight gradient go.
#[derive(Debug)]
pub enum Sums<'a, E> {
    /// A vector each, `[channels][offsets][taps][lanes]`.
    Lanes(&'a mut [E]),
    /// A number each, `[channels][offsets][taps]`: that of the first so many lanes, in this order. The others do not count.
    Totals(&'a mut [f64], usize, Order),
}

/// In which order a total is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Pixels in each lane, then lanes.
    PixelsFirst,
    /// Pixels and lanes together, which is faster where sums are many for what is added to each of them.
    Together,
}

/// `sums[c, r, k] += Σ_{y,x} gradient[c, y, x] · input[y, x, offsets[r] + k]`. Distances are in vectors.
#[derive(Debug)]
pub struct WeightGradient<'a, E> {
    /// The output gradient's tile.
    pub gradient: &'a [E],
    /// Where its first channel, row 0, column 0 is.
    pub gradient_origin: usize,
    /// From one of its channels to the next.
    pub gradient_channel_step: usize,
    /// From one of its rows to the next; columns follow each other.
    pub gradient_row_step: usize,
    /// Output channels.
    pub channels: usize,
    /// Output rows.
    pub rows: usize,
    /// Output columns.
    pub columns: usize,
    /// The input's tile.
    pub input: &'a [E],
    /// Where the vector for output row 0, column 0 and offset 0 is.
    pub input_origin: isize,
    /// From one output row to the next.
    pub input_row_step: usize,
    /// From one output column to the next.
    pub input_column_step: usize,
    /// Where each kernel row (input channel, kernel row) begins from there.
    pub offsets: &'a [isize],
    /// Columns of the kernel.
    pub taps: usize,
    /// From one kernel column to the next.
    pub tap_step: usize,
    /// What is added to.
    pub sums: Sums<'a, E>,
}

impl<E: Number> WeightGradient<'_, E> {
    /// Panics unless every access lies inside its slice.
    pub(crate) fn check(&self, lanes: usize) {
        let count = self.channels * self.offsets.len() * self.taps;
        let fits = match &self.sums {
            Sums::Lanes(sums) => sums.len() >= count * lanes,
            Sums::Totals(totals, counted, _) => totals.len() >= count && *counted <= lanes,
        };
        assert!(fits, "a weight gradient has too few sums");
        let (Some(least), Some(most)) = (self.offsets.iter().min(), self.offsets.iter().max()) else { return };
        if self.rows == 0 || self.columns == 0 || self.channels == 0 || self.taps == 0 {
            return;
        }
        let last = self.gradient_origin
            + (self.channels - 1) * self.gradient_channel_step
            + (self.rows - 1) * self.gradient_row_step
            + (self.columns - 1);
        assert!((last + 1) * lanes <= self.gradient.len(), "the output gradient of a weight gradient is too short");
        let reach = (self.rows - 1) * self.input_row_step + (self.columns - 1) * self.input_column_step + (self.taps - 1) * self.tap_step;
        let end = self.input_origin + most + reach as isize;
        assert!(
            self.input_origin + least >= 0 && (end + 1) * lanes as isize <= self.input.len() as isize,
            "a weight gradient reads outside of its input"
        );
    }
}
