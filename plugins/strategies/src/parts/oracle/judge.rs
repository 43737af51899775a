//! Who judges: a proxy, an aggregate of proxies, a table, or a training.

use assay_core::plugin::{Aggregate, ColumnContent, ColumnUse, ProxyUse, Request, Settings, TrainingUse};
use assay_core::subspace::Subspace;

/// What an oracle reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Judge {
    /// A registered proxy.
    Proxy {
        /// Its name.
        proxy: String,
        /// Measurements of each architecture, whose mean counts.
        repeats: usize,
    },
    /// Several proxies, compared over all architectures evaluated so far.
    Aggregate {
        /// The proxies, and how they are joined.
        aggregate: Aggregate,
        /// Measurements of each architecture by each proxy, whose mean counts.
        repeats: usize,
    },
    /// Recorded accuracies.
    Table {
        /// The trainings that are recorded, the shortest first.
        trainings: Vec<RecordedTraining>,
        /// The column of what the training of an architecture costs, in GPU seconds.
        cost: Option<String>,
    },
    /// Trainings that are made when they are asked for.
    Training {
        /// What is asked for, the shortest first. Each goes on from the one before it.
        stages: Vec<Stage>,
    },
}

/// What is asked for of a training that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The label of its accuracy.
    pub label: String,
    /// How long it is, and how often it is made.
    pub used: TrainingUse,
}

/// A recorded training.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedTraining {
    /// The column of the accuracy it ends with.
    pub column: String,
    /// How long it is.
    pub epochs: Option<f64>,
    /// What the recorded cost is multiplied by: the cost is proportional to the epochs, and every training begins from
    /// the first epoch.
    pub scale: f64,
}

impl Judge {
    /// One proxy, measured once.
    #[must_use]
    pub fn proxy(name: &str) -> Self {
        Self::Proxy { proxy: name.to_owned(), repeats: 1 }
    }

    /// These trainings, the shortest first.
    #[must_use]
    pub fn training(uses: Vec<TrainingUse>) -> Self {
        Self::Training { stages: uses.into_iter().map(|used| Stage { label: used.label(), used }).collect() }
    }

    /// How many trainings there are to choose from; 1 for proxies.
    #[must_use]
    pub fn trainings(&self) -> usize {
        match self {
            Self::Table { trainings, .. } => trainings.len(),
            Self::Training { stages } => stages.len(),
            Self::Proxy { .. } | Self::Aggregate { .. } => 1,
        }
    }

    /// The proxies to measure.
    #[must_use]
    pub fn proxies(&self) -> Vec<ProxyUse> {
        let proxies = if matches!(self, Self::Table { .. } | Self::Training { .. }) { Vec::new() } else { self.labels(0) };
        let plain = |name: &str| ProxyUse { label: name.to_owned(), proxy: name.to_owned(), settings: Settings::none() };
        proxies.into_iter().map(plain).collect()
    }

    /// The columns to look up.
    #[must_use]
    pub fn columns(&self) -> Vec<ColumnUse> {
        let Self::Table { trainings, .. } = self else { return Vec::new() };
        trainings.iter().map(accuracy).chain(self.cost(0).map(|(column, _)| column)).collect()
    }

    /// The trainings to make.
    #[must_use]
    pub fn made(&self) -> Vec<TrainingUse> {
        let Self::Training { stages } = self else { return Vec::new() };
        stages.iter().map(|stage| stage.used.clone()).collect()
    }

    /// Epochs that are trained for an evaluation after one training, where the same architecture was evaluated last after another
    /// one: from where that ended if it was shorter, else from the start; all repeats together. Nothing where none is trained.
    pub(super) fn epochs(&self, training: usize, last: Option<usize>) -> Option<usize> {
        let Self::Training { stages } = self else { return None };
        let begun = last.filter(|last| *last < training).and_then(|last| stages.get(last)).map_or(0, |stage| stage.used.epochs);
        stages.get(training).map(|Stage { used, .. }| (used.epochs - begun) * used.repeats)
    }

    /// What is read after a training.
    pub(super) fn labels(&self, training: usize) -> Vec<&str> {
        match self {
            Self::Proxy { proxy, .. } => vec![proxy],
            Self::Aggregate { aggregate, .. } => aggregate.components().iter().map(|component| component.proxy.as_str()).collect(),
            Self::Table { trainings, .. } => trainings.get(training).map(|training| training.column.as_str()).into_iter().collect(),
            Self::Training { stages } => stages.get(training).map(|stage| stage.label.as_str()).into_iter().collect(),
        }
    }

    pub(super) fn repeats(&self) -> usize {
        match self {
            Self::Proxy { repeats, .. } | Self::Aggregate { repeats, .. } => *repeats,
            Self::Table { .. } => 1,
            Self::Training { stages } => stages.first().map_or(1, |stage| stage.used.repeats),
        }
    }

    /// Different measurements that an evaluation takes, or epochs where it is a training.
    pub(super) fn measurements(&self) -> usize {
        if let Some(epochs) = self.epochs(0, None) {
            return epochs;
        }
        self.labels(0).len() * self.repeats() + usize::from(self.cost(0).is_some())
    }

    /// The column of what a training costs, and what it is multiplied by.
    pub(super) fn cost(&self, training: usize) -> Option<(ColumnUse, f64)> {
        let Self::Table { trainings, cost: Some(column) } = self else { return None };
        let scale = trainings.get(training).map(|training| training.scale)?;
        Some((ColumnUse { column: column.clone(), content: ColumnContent::TrainingCost }, scale))
    }

    /// For each label, and each repeat of it, the request. All architectures and proxies see the same draws in a repeat, so
    /// that proxies which can share a pass do.
    pub(super) fn requests(&self, training: usize, architecture: &Subspace) -> Vec<Request> {
        if let Self::Table { trainings, .. } = self {
            return trainings.get(training).map(|training| accuracy(training).request(architecture)).into_iter().collect();
        }
        if let Self::Training { stages } = self {
            let of = |Stage { used, .. }: &Stage| (1..=used.repeats).map(|repeat| used.request(architecture, repeat)).collect();
            return stages.get(training).map_or_else(Vec::new, of);
        }
        let request = |label: &str, repeat: usize| {
            let draws = format!("oracle/repeat {repeat}");
            Request { label: label.to_owned(), subspace: architecture.clone(), parameters: draws.clone(), images: draws }
        };
        let repeats = self.repeats();
        self.labels(0).into_iter().flat_map(|label| (1..=repeats).map(move |repeat| request(label, repeat))).collect()
    }
}

fn accuracy(training: &RecordedTraining) -> ColumnUse {
    ColumnUse { column: training.column.clone(), content: ColumnContent::Accuracy }
}

/// For protocols: `rank-sum of snip, synflow (3 repeats)`.
impl std::fmt::Display for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Proxy { proxy, .. } => f.write_str(proxy)?,
            Self::Aggregate { aggregate, .. } => f.write_str(&aggregate.protocol())?,
            Self::Training { stages } => {
                let epochs: Vec<String> = stages.iter().map(|stage| stage.used.epochs.to_string()).collect();
                write!(f, "training for {} epochs", epochs.join(" and "))?;
            }
            Self::Table { trainings, cost } => {
                for (position, RecordedTraining { column, epochs, scale }) in trainings.iter().enumerate() {
                    f.write_str(if position == 0 { "" } else { " and " })?;
                    f.write_str(column)?;
                    if let Some(epochs) = epochs {
                        write!(f, " after {epochs} epochs")?;
                    }
                    match cost {
                        Some(cost) if *scale == 1.0 => write!(f, " at {cost} each")?,
                        Some(cost) => write!(f, " at {scale:.4} × {cost} each")?,
                        None => {}
                    }
                }
            }
        }
        match self.repeats() {
            1 => Ok(()),
            repeats if matches!(self, Self::Training { .. }) => write!(f, " ({repeats} trainings of each)"),
            repeats => write!(f, " ({repeats} repeats)"),
        }
    }
}
