//! Published figures, each with its source. The only place where they are written down.

pub(super) mod darts;

/// A row of a table of accuracies on the datasets of NAS-Bench-201: CIFAR-10, CIFAR-100, ImageNet16-120, in that order.
/// Kept as printed, with the printed number of digits.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) accuracies: [&'static str; 3],
    pub(crate) cost_seconds: &'static str,
    pub(crate) device: &'static str,
}

/// Where [`TE_NAS`] and [`OPTIMAL`] are from.
pub(crate) const TABLE_1: &str =
    "Table 1 of Chen, Gong & Wang, “Neural Architecture Search on ImageNet in Four GPU Hours” (ICLR 2021, arXiv 2102.11535)";

/// Test accuracy, mean (standard deviation) over four seeds, each search run on its own dataset.
pub(crate) const TE_NAS: Row =
    Row { method: "TE-NAS", accuracies: ["93.9 (0.47)", "71.24 (0.56)", "42.38 (0.46)"], cost_seconds: "1558", device: "GTX 1080 Ti" };

/// The best architectures of the space.
pub(crate) const OPTIMAL: Row = Row { method: "optimal", accuracies: ["94.37", "73.51", "47.31"], cost_seconds: "–", device: "–" };
