//! Correlations that papers print, as a study keeps them beside its own. One source is one column, with its own protocol;
//! figures of different sources are never averaged, and never share a column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::correlation::Correlation;

/// A table or figure of a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What its columns are called in data files.
    pub id: String,
    /// What its columns are called in tables.
    pub label: String,
    /// Authors, title, place, and where in the paper.
    pub paper: String,
    /// What is printed.
    pub statistic: Statistic,
    /// The search space, by its name in experiment files.
    pub space: String,
    /// Which of its architectures.
    pub architectures: String,
    /// Against what.
    pub targets: String,
    /// What is printed of each proxy.
    pub figures: Vec<Figure>,
}

/// What a paper says of one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The proxy's name here.
    pub proxy: String,
    /// Its name there.
    pub printed_as: String,
    /// As printed, in [−1, 1], by the benchmark's column.
    pub values: BTreeMap<String, f64>,
    /// Whether the figure is that of a raw score whose lower values are better.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lower_is_better: bool,
    /// The paper's time of one architecture, on the paper's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<f64>,
}

/// A statistic that papers print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// Kendall's τ. Papers rarely say which; all of them use SciPy, whose default is τ-b.
    KendallTau,
    /// Spearman's ρ.
    SpearmanRho,
}

impl Statistic {
    /// As tables write it.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::KendallTau => "τ",
            Self::SpearmanRho => "ρ",
        }
    }

    /// Ours, to be compared with it.
    #[must_use]
    pub fn of(self, ours: &Correlation) -> Option<f64> {
        match self {
            Self::KendallTau => ours.tau_b,
            Self::SpearmanRho => ours.rho,
        }
    }
}

impl Figure {
    /// The value for this target, larger being better on both sides as in our statistics.
    #[must_use]
    pub fn value(&self, target: &str) -> Option<f64> {
        self.values.get(target).map(|value| if self.lower_is_better { -value } else { *value })
    }
}

impl Source {
    /// The value for this proxy and target, larger being better on both sides.
    #[must_use]
    pub fn value(&self, proxy: &str, target: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.proxy == proxy)?.value(target)
    }

    /// The name of its column in data files: `published_az_nas_tau`.
    #[must_use]
    pub fn column(&self) -> String {
        let statistic = match self.statistic {
            Statistic::KendallTau => "tau",
            Statistic::SpearmanRho => "rho",
        };
        format!("published_{}_{statistic}", self.id)
    }

    /// Under which conditions its figures hold, as far as the paper tells, in one line.
    #[must_use]
    pub fn protocol(&self) -> String {
        let statistic = match self.statistic {
            Statistic::KendallTau => "Kendall τ",
            Statistic::SpearmanRho => "Spearman ρ",
        };
        let turned: Vec<&str> =
            self.figures.iter().filter(|figure| figure.lower_is_better).map(|figure| figure.printed_as.as_str()).collect();
        let turned = if turned.is_empty() { String::new() } else { format!("; sign turned, lower being better: {}", turned.join(", ")) };
        format!("{statistic}, space {} ({}), {}{turned}; {}", self.space, self.architectures, self.targets, self.paper)
    }
}
