//! What a search may spend, and what it has spent.

assay_core::settings! {
    /// What a search may spend. It ends where the first limit is reached; without any, where the strategy has nothing left to
    /// evaluate.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Budget {
        /// evaluations; one of an architecture that was evaluated before counts again
        pub evaluations: Option<usize>, otherwise "no limit", in 1..=1_000_000_000;
        /// seconds of measuring or training, added over threads: what one core would take. A run depends on how fast its machine is; continued, it decides by what it took then
        pub seconds: Option<f64>, otherwise "no limit", in 1e-3..=1e9;
        /// simulated GPU seconds, by the oracle's `cost`: what the trainings that are looked up took when they were recorded
        pub gpu_seconds: Option<f64>, otherwise "no limit", in 1e-3..=1e12;
        /// epochs of training; those of a training that goes on from an earlier evaluation count once
        pub epochs: Option<usize>, otherwise "no limit", in 1..=1_000_000_000;
    }
}

/// What was spent of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Evaluations, repeated ones included.
    pub evaluations: usize,
    /// Σ over evaluations of the time that measuring took, each on its thread.
    pub seconds: f64,
    /// Simulated GPU seconds.
    pub gpu_seconds: f64,
    /// Epochs of training.
    pub epochs: usize,
}

impl Budget {
    /// This many evaluations.
    #[must_use]
    pub fn of_evaluations(limit: usize) -> Self {
        Self { evaluations: Some(limit), ..Self::default() }
    }

    /// Whether a limit is reached.
    pub(super) fn is_spent(&self, spent: &Spent) -> bool {
        self.evaluations.is_some_and(|limit| spent.evaluations >= limit)
            || self.seconds.is_some_and(|limit| spent.seconds >= limit)
            || self.gpu_seconds.is_some_and(|limit| spent.gpu_seconds >= limit)
            || self.epochs.is_some_and(|limit| spent.epochs >= limit)
    }

    /// The part that was spent, by the limit that is nearest; 0 without one.
    pub(super) fn fraction(&self, spent: &Spent) -> f64 {
        let parts = [
            self.evaluations.map(|limit| spent.evaluations as f64 / limit as f64),
            self.seconds.map(|limit| spent.seconds / limit),
            self.gpu_seconds.map(|limit| spent.gpu_seconds / limit),
            self.epochs.map(|limit| spent.epochs as f64 / limit as f64),
        ];
        parts.into_iter().flatten().fold(0.0, f64::max)
    }
}

/// For protocols: `500 evaluations and 60 s of measuring`.
impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let limits = [
            self.evaluations.map(|limit| format!("{limit} evaluations")),
            self.seconds.map(|limit| format!("{limit} s of measuring")),
            self.gpu_seconds.map(|limit| format!("{limit} simulated GPU s")),
            self.epochs.map(|limit| format!("{limit} epochs of training")),
        ];
        f.write_str(&limits.into_iter().flatten().collect::<Vec<_>>().join(" and "))
    }
}
