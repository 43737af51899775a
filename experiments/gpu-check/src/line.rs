//! What is found, a line of JSON each. `pack/pytorch.py` writes the same lines.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Logits, Gram matrices, κ, linear regions, gradients and training steps, against those of published implementations
    Oracles,
    /// Seconds of κ, of TE-NAS's supernets and of a network of 16 channels by the size of the batch
    Kappa,
    /// Images a second of training
    Training,
    /// Architectures a second of proxies
    Proxies,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The first.
    Begun(Begun),
    /// A comparison with an oracle.
    Compared(Compared),
    /// A measurement.
    Measured(Measured),
    /// What was not measured, and why.
    LeftOut {
        /// What.
        case: String,
        /// Why, as a clause.
        because: String,
    },
    /// The last, unless the process was killed.
    Ended {
        /// Seconds since the beginning.
        seconds: f64,
    },
}

/// Who measured what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// What is measured.
    pub(crate) part: Part,
    /// By what: an engine's name in experiment files, or PyTorch.
    pub(crate) engine: String,
    /// The engine with what it found out about the machine, and the device.
    pub(crate) device: String,
    /// Threads of the processor.
    pub(crate) threads: usize,
    /// Seconds after which nothing more is begun.
    pub(crate) limit_s: f64,
}

/// How far an engine is from an oracle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// The oracle and the number of its case.
    pub(crate) case: String,
    /// What was compared: `logits`, `κ`.
    pub(crate) what: String,
    /// The largest difference as a part of the largest expected value. Nothing where there is none that is finite.
    pub(crate) deviation: Option<f64>,
    /// The most that it may be.
    pub(crate) allowed: f64,
}

impl Compared {
    /// Whether it is as it should be.
    pub(crate) fn holds(&self) -> bool {
        self.deviation.is_some_and(|deviation| deviation <= self.allowed)
    }
}

/// How long something takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// What.
    pub(crate) case: String,
    /// How many things one call is for: images of a step, architectures, one κ.
    pub(crate) items: f64,
    /// The shortest call.
    pub(crate) seconds: f64,
    /// The first call, in which kernels may be compiled and chosen.
    pub(crate) first_s: f64,
    /// How many calls there were. If there was one, it is the shortest too.
    pub(crate) calls: usize,
    /// What was computed (κ, a loss, a score), so that engines can be compared. Nothing where it is undefined.
    pub(crate) result: Option<f64>,
    /// The most memory so far, in MiB: the graphics card's for an engine on it, else the process's. Nothing where it is not known.
    pub(crate) memory_mib: Option<f64>,
}
