//! The statistics of one proxy against one target.

pub use assay_structure::estimate::{Interval, Spread};
use serde::{Deserialize, Serialize};

/// What random choice is called in tables.
pub const RANDOM: &str = "random choice";

/// How far one proxy orders architectures as their accuracies do, or as a cost of theirs does, of which less is better. `None`
/// is undefined: the scores do not determine it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// The proxy.
    pub proxy: String,
    /// The benchmark's column.
    pub target: String,
    /// The target's name for people.
    pub title: String,
    /// Architectures with a score and a value of the target; all others are left out of this row.
    pub architectures: usize,
    /// Architectures with a value of the target whose score is undefined.
    pub undefined: usize,
    /// Kendall's τ-b.
    pub tau_b: Option<f64>,
    /// The bootstrap interval of τ-b, if one was asked for.
    pub tau_b_interval: Option<Interval>,
    /// τ-b of the single repeats, if there are several.
    pub tau_b_spread: Option<Spread>,
    /// Spearman's ρ.
    pub rho: Option<f64>,
    /// Vigna's weighted τ.
    pub weighted_tau: Option<f64>,
    /// Pearson's r.
    pub pearson: Option<f64>,
    /// τ-b among the truly best 10 %.
    pub tau_b_top_10_percent: Option<f64>,
    /// τ-b among the truly best 1 %.
    pub tau_b_top_1_percent: Option<f64>,
    /// The share of the k best by score among the k best by accuracy.
    pub precision_at_k: Option<f64>,
    /// NDCG of the k best by score.
    pub ndcg_at_k: Option<f64>,
    /// The highest accuracy less that of the architecture of the best score, in per cent; undefined of a cost.
    pub regret: Option<f64>,
    /// Partial τ-b given `live-params`.
    pub partial_tau_b: Option<f64>,
}

impl Correlation {
    /// So many architectures have an interval. Of two, every resample that has a τ-b has the same one, which says nothing of how
    /// far it could have come out otherwise.
    pub const LEAST_WITH_INTERVAL: usize = 3;

    /// The interval of τ-b, where there is one that says something: earlier versions stored one of two architectures too.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.tau_b_interval.filter(|_| self.architectures >= Self::LEAST_WITH_INTERVAL)
    }
}
