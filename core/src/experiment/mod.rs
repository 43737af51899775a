//! Experiment files: what they may say, how their layers are merged, and how plugins are made from them.
//!
//! Three layers, each over the one before: the file, the environment (`ASSAY_SET_SEED=1`,
//! `ASSAY_SET_STRATEGY__PAIRING=common`), and `--set key=value`. Everything is checked before anything runs, and every
//! [`Problem`] knows where its value came from. The merged [`Experiment`] can be written out and run again.
//!
//! ```toml
//! version = 1
//! name = "quickstart"        # default: the file's name
//! seed = 0
//! threads = 2                # default: all cores
//! output = "results"         # where run folders are made
//! on_error = "stop"          # or "skip": a failed measurement becomes an undefined score
//!
//! [space]
//! name = "nas-bench-201"
//!
//! [dataset]
//! name = "synthetic"
//!
//! [strategy]
//! name = "te-nas"
//!
//! [proxies.ntk-condition]    # settings of a proxy that the strategy leaves open
//! precision = "f64"
//!
//! [benchmark]                # optional: ground truth for the result, or for a study's scores
//! name = "nas-bench-201"
//!
//! [engine]
//! name = "cpu"
//!
//! [plugins]                  # plugins that are loaded at run time
//! path = ["plugins"]         # files, and folders of files
//! isolate = true             # their proxies run in child processes
//! timeout = "30 s"           # how long one call of them may take; default: as long as it likes
//!
//! [study]                    # instead of a strategy: correlate proxies with the benchmark
//! proxies = ["ntk-condition"]
//! sample = 1000              # default: all architectures of the space
//! # architectures = "best.txt"   # or these: a file with one a line, or a list of texts
//!
//! [training]                 # how architectures are trained: instead of a strategy one of them, or those that one judges so
//! architecture = "…"
//! recipe = "nas-bench-201"    # default: DARTS's
//!
//! [test]                     # the images that a trained network is tested on
//! name = "cifar10"
//! split = "test"
//! ```
//!
//! Relative paths are relative to the working directory, those of plugins and of lists of architectures to the experiment file.

mod assemble;
mod check;
mod environment;
mod form;
mod layers;
mod list;
mod merged;
mod nesting;
mod plugin_files;
mod plugins;
mod problem;
mod recipe;
mod settings;
mod study;
#[cfg(test)]
mod tests;
mod time_limit;
mod training;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use assemble::{Assembly, PlannedProxy};
pub use environment::ENVIRONMENT_PREFIX;
pub use form::{KEYS, OTHER_SECTIONS, PLUGIN_SECTIONS, SectionForm};
pub use layers::Layers;
pub use list::{ArchitectureList, ListError};
use merged::Merged;
pub use plugin_files::PluginFiles;
pub use plugins::Plugins;
pub use problem::{ExperimentError, Place, Problem};
use serde::Serialize;
pub use study::{Half, Isomorphic, Shard, ShardError, Study, Unreachable};
pub use time_limit::{TimeLimit, TimeLimitError};
pub use training::{DecayedParameters, RateSchedule, Training, TrainingBackend, TrainingOptimiser, TrainingRecipe};

use crate::plugin::Settings;

/// The version of the experiment file's form that this library reads and writes.
pub const VERSION: i64 = 1;

/// What an experiment is needed for, and hence which sections must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A search: `[space]`, `[dataset]` and `[strategy]`.
    Search,
    /// Scoring given architectures: `[space]` and `[dataset]`; the strategy, if any, is not looked at.
    Score,
    /// A correlation study: `[space]`, `[dataset]` and `[study]`; the strategy, if any, is not looked at.
    Study,
    /// Training an architecture: `[space]`, `[dataset]`, `[test]` and `[training]`; the strategy, if any, is not looked at.
    Training,
}

crate::words! {
    /// What happens when a measurement fails with a fault of the run.
    #[derive(Default)]
    pub enum OnError {
        /// The run stops with the error.
        #[default]
        Stop = "stop",
        /// The score becomes undefined, with the error as its reason.
        Skip = "skip",
    }
}

/// A plugin asked for by name, with its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// The registered name.
    pub name: String,
    /// Everything else in the section.
    #[serde(flatten)]
    pub settings: Settings,
}

/// A checked experiment: every name is registered, every setting known and of the right type and range.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What runs of it are called.
    pub name: String,
    /// Seeds every random stream.
    pub seed: u64,
    /// Worker threads; `None` for all cores.
    pub threads: Option<usize>,
    /// Where run folders are made.
    pub output: PathBuf,
    /// What a failed measurement does.
    pub on_error: OnError,
    /// Plugins that are loaded at run time.
    pub plugins: PluginFiles,
    /// The engine.
    pub engine: Section,
    /// The search space.
    pub space: Section,
    /// The images.
    pub dataset: Section,
    /// The strategy; always there for [`Purpose::Search`].
    pub strategy: Option<Section>,
    /// Settings of proxies, by registered name.
    pub proxies: BTreeMap<String, Settings>,
    /// The ground truth, if wanted.
    pub benchmark: Option<Section>,
    /// What to correlate; always there for [`Purpose::Study`].
    pub study: Option<Study>,
    /// The list that the study's architectures were read from, if they were. They stand in the study too, so that what is written
    /// out needs no other file.
    pub listed: Option<ArchitectureList>,
    /// What to train and how; always there for [`Purpose::Training`].
    pub training: Option<Training>,
    /// The images that a trained network is tested on; always there for [`Purpose::Training`].
    pub test: Option<Section>,
    /// Where each value came from.
    merged: Merged,
}

/// The written form; the order of its fields is the order in the file.
#[derive(Serialize)]
struct Written<'a> {
    version: i64,
    name: &'a str,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a PathBuf>,
    on_error: OnError,
    #[serde(skip_serializing_if = "PluginFiles::is_default")]
    plugins: &'a PluginFiles,
    engine: &'a Section,
    space: &'a Section,
    dataset: &'a Section,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<&'a Section>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    proxies: &'a BTreeMap<String, Settings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    benchmark: Option<&'a Section>,
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<&'a Study>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<&'a Training>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a Section>,
}

impl Experiment {
    fn written(&self) -> Written<'_> {
        Written {
            version: VERSION,
            name: &self.name,
            seed: self.seed,
            threads: self.threads,
            output: Some(&self.output),
            on_error: self.on_error,
            plugins: &self.plugins,
            engine: &self.engine,
            space: &self.space,
            dataset: &self.dataset,
            strategy: self.strategy.as_ref(),
            proxies: &self.proxies,
            benchmark: self.benchmark.as_ref(),
            study: self.study.as_ref(),
            training: self.training.as_ref(),
            test: self.test.as_ref(),
        }
    }

    /// The experiment with all layers merged, as a file that can be run again.
    ///
    /// # Errors
    /// If a setting cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ExperimentError> {
        written_as_toml(&self.written())
    }

    /// The whole study of which this is a shard, or this experiment if it is not a shard.
    #[must_use]
    pub fn without_shard(mut self) -> Self {
        if let Some(study) = &mut self.study {
            study.shard = None;
        }
        self
    }

    /// Like [`to_toml`](Self::to_toml), without what does not change the result: threads and output folder.
    /// Two experiments with equal texts compute the same.
    ///
    /// # Errors
    /// If a setting cannot be written as TOML.
    pub fn identity(&self) -> Result<String, ExperimentError> {
        written_as_toml(&Written { threads: None, output: None, ..self.written() })
    }
}

fn written_as_toml(written: &Written<'_>) -> Result<String, ExperimentError> {
    toml_edit::ser::to_string_pretty(written)
        .map_err(|error| Problem::elsewhere(format!("the experiment cannot be written as TOML: {error}")).into())
}
