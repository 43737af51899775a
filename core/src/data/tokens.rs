//! Sequences of whole numbers, which networks that look their input up in a table read in place of images.

use super::DataError;

/// Sequences of tokens. Each sequence is as long as the [shape](super::Dataset::shape) of the dataset has elements. Reading the same
/// index gives the same sequence every time, on any thread.
pub trait Tokens: Send + Sync {
    /// How many different tokens there are: they are the numbers from 0 to one less.
    fn vocabulary(&self) -> usize;

    /// How many labels a sequence has: one, or one a token.
    fn labels(&self) -> usize;

    /// Writes the tokens of one sequence to `tokens`, and adds its labels.
    ///
    /// # Errors
    /// If the sequence cannot be read.
    fn read(&self, index: usize, tokens: &mut [u32], labels: &mut Vec<u32>) -> Result<(), DataError>;
}
