//! Readers of oracles: values that published implementations computed, with the networks and images that they computed them from.
//!
//! An oracle is a file of scalars, `NAME.json`, with one of tensors beside it, `NAME.safetensors`. Tests of engines compare with
//! oracles.

mod file;
pub mod tenas;

use std::path::PathBuf;

pub use file::OracleFile;

/// The folder of the oracles: the one that `ASSAY_ORACLES` names, `oracles` in that of `ASSAY_SHARED`, or that beside the repository.
#[must_use]
pub fn folder() -> PathBuf {
    let shared = || std::env::var_os("ASSAY_SHARED").unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    std::env::var_os("ASSAY_ORACLES").map_or_else(|| PathBuf::from(shared()).join("oracles"), PathBuf::from)
}

/// Why an oracle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// A file or folder cannot be read, or is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A tensor is missing, or of another type than expected.
    #[error("{}: tensor `{name}`: {problem}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The largest difference between what was found and what was expected, as a part of the largest of the expected. Infinite where
/// their numbers differ, or where what was found is not finite.
#[must_use]
pub fn deviation(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() || found.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let largest = expected.iter().fold(f64::MIN_POSITIVE, |largest: f64, value| largest.max(value.abs()));
    found.iter().zip(expected).fold(0.0, |most: f64, (found, expected)| most.max((found - expected).abs() / largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_is_relative_to_the_largest_and_infinite_where_nothing_can_be_compared() {
        assert_eq!(deviation(&[1.0, -4.0], &[1.0, -4.0]), 0.0);
        assert_eq!(deviation(&[1.5, -4.0], &[1.0, -4.0]), 0.125);
        for wrong in [&[1.0][..], &[1.0, f64::NAN], &[1.0, f64::INFINITY]] {
            assert_eq!(deviation(wrong, &[1.0, -4.0]), f64::INFINITY);
        }
    }
}
