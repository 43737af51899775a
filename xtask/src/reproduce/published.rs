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

/// An accuracy on CIFAR-100 alone, mean (standard deviation).
#[derive(Debug)]
pub(crate) struct Ablation {
    pub(crate) method: &'static str,
    pub(crate) cifar100: &'static str,
}

const fn row(method: &'static str, accuracies: [&'static str; 3], cost_seconds: &'static str, device: &'static str) -> Row {
    Row { method, accuracies, cost_seconds, device }
}

/// The paper of everything here but [`BUDGETED`].
pub(crate) const TE_NAS_PAPER: &str =
    "Chen, Gong & Wang, “Neural Architecture Search on ImageNet in Four GPU Hours” (ICLR 2021, arXiv 2102.11535)";

const GTX: &str = "GTX 1080 Ti";

/// Test accuracy, mean (standard deviation) over four seeds, each search run on its own dataset.
pub(crate) const TE_NAS: Row = row("TE-NAS", ["93.9 (0.47)", "71.24 (0.56)", "42.38 (0.46)"], "1558", GTX);

/// The other search without accuracies.
pub(crate) const NASWOT: Row = row("NAS w.o. Training, 25 sampled", ["91.78 (1.45)", "67.05 (2.89)", "37.07 (6.39)"], "4.8", GTX);

/// Searches that train.
pub(crate) const TRAINING: [Row; 5] = [
    row("RSPS", ["87.66 (1.69)", "58.33 (4.34)", "31.14 (3.88)"], "8007.13", GTX),
    row("ENAS", ["54.30 (0.00)", "15.61 (0.00)", "16.32 (0.00)"], "13314.51", GTX),
    row("DARTS (1st order)", ["54.30 (0.00)", "15.61 (0.00)", "16.32 (0.00)"], "10889.87", GTX),
    row("DARTS (2nd order)", ["54.30 (0.00)", "15.61 (0.00)", "16.32 (0.00)"], "29901.67", GTX),
    row("GDAS", ["93.61 (0.09)", "70.70 (0.30)", "41.84 (0.90)"], "28925.91", GTX),
];

/// A network that nobody searched for.
pub(crate) const RESNET: Row = row("ResNet", ["93.97", "70.86", "43.63"], "–", "–");

/// The best architectures of the space.
pub(crate) const OPTIMAL: Row = row("optimal", ["94.37", "73.51", "47.31"], "–", "–");

/// Where [`BUDGETED`] is from.
pub(crate) const NAS_BENCH_201_PAPER: &str =
    "Dong & Yang, “NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search” (ICLR 2020), table 5";

/// Searches by the accuracy after 12 epochs on CIFAR-10, 12,000 GPU seconds, 500 seeds: means.
pub(crate) const BUDGETED: [Row; 3] = [
    row("REA", ["93.92", "71.84", "45.15"], "12000", "simulated"),
    row("random search", ["93.70", "71.04", "44.57"], "12000", "simulated"),
    row("REINFORCE", ["93.85", "71.71", "45.24"], "12000", "simulated"),
];

/// Table 4: by which indicator.
pub(crate) const TABLE_4: [Ablation; 3] = [
    Ablation { method: "only κ", cifar100: "69.25 (1.29)" },
    Ablation { method: "only R̂", cifar100: "70.48 (0.29)" },
    Ablation { method: "both", cifar100: "71.24 (0.56)" },
];

/// Table 5: how the two are joined.
pub(crate) const TABLE_5: [Ablation; 4] = [
    Ablation { method: "min(s_κ, s_R)", cifar100: "70.75 (0.73)" },
    Ablation { method: "max(s_κ, s_R)", cifar100: "70.33 (1.09)" },
    Ablation { method: "Δκ + ΔR̂ (numeric sum)", cifar100: "70.47 (0.68)" },
    Ablation { method: "s_κ + s_R (rank sum)", cifar100: "71.24 (0.56)" },
];
