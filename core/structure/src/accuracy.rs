//! What training an architecture reached.

use serde::{Deserialize, Serialize};

/// One recorded accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The column of the table: `test_cifar10`.
    pub target: String,
    /// A name for people: `CIFAR-10`.
    pub title: String,
    /// Per cent.
    pub percent: f64,
}

impl Accuracy {
    /// A name for lines and readings: `CIFAR-10 (test_cifar10), %`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({}), %", self.title, self.target)
    }
}
