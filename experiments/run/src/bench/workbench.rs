//! Measures: a space, images, an engine and proxies, and threads to use them from.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use assay_core::data::Dataset;
use assay_core::engine::profile::Profile;
use assay_core::engine::{Engine, Resources};
use assay_core::experiment::{Assembly, Experiment, OnError, PlannedProxy, Plugins};
use assay_core::plugin::{Draws, Proxy, ProxyError, Request, SearchError, SearchSpace, Subject, called};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_results::Provenance;

use super::engines::Engines;
use super::timed;
use crate::{RunError, machine, provenance};

/// How the reason of a score begins that is undefined because its measurement failed.
pub(crate) const FAILED: &str = "measuring it failed: ";

/// Everything that measuring needs.
pub struct Workbench {
    /// The space that subspaces belong to.
    pub space: Box<dyn SearchSpace>,
    /// Where images come from.
    pub dataset: Box<dyn Dataset>,
    engines: Engines,
    /// What can be asked for.
    pub proxies: Vec<PlannedProxy>,
    /// Seeds every draw.
    pub seed: u64,
    /// What a failed measurement does.
    pub on_error: OnError,
    /// One measurement runs on one of its threads; fewer measurements than threads share them out.
    pub threads: rayon::ThreadPool,
    /// Whether it was not said yet that some measurements are too large to be made side by side.
    pub(super) tells_of_large: AtomicBool,
}

impl Workbench {
    /// The workbench of an experiment: its images, its engine, its seed and its threads, and of the space and the proxies those
    /// that the kind of run takes. The times of the work are added to the profile, if there is one.
    ///
    /// # Errors
    /// If the images or the engine cannot be had, or the system refuses the threads.
    pub fn of(
        experiment: &Experiment,
        assembly: &Assembly<'_>,
        space: Box<dyn SearchSpace>,
        proxies: Vec<PlannedProxy>,
        profile: Option<&Arc<Profile>>,
    ) -> Result<Self, RunError> {
        let dataset = timed::dataset(assembly.dataset()?, profile);
        for PlannedProxy { name, proxy, .. } in &proxies {
            let checked = proxy.check(space.as_ref(), dataset.as_ref());
            checked.map_err(|error| assembly.problem(&["proxies", name], format!("[proxies.{name}]: {error}")))?;
        }
        let threads = pool(experiment.threads)?;
        let resources = Resources { calls: threads.current_num_threads(), memory: machine::available_memory(), profile: profile.cloned() };
        let engines = Engines::of(assembly, &resources, space.as_ref(), dataset.as_ref())?;
        let (seed, on_error) = (experiment.seed, experiment.on_error);
        Ok(Self { space, dataset, engines, proxies, seed, on_error, threads, tells_of_large: AtomicBool::new(true) })
    }

    /// What measures networks.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        self.engines.engine.as_ref()
    }

    /// The name of the engine that measures this architecture, where it is not the experiment's.
    #[must_use]
    pub fn other_engine_of(&self, architecture: &Subspace) -> Option<&str> {
        self.engines.other_of(architecture)
    }

    /// The name of the engine that measures what a request asks for, where it is not the experiment's and the measurement takes one.
    #[must_use]
    pub(crate) fn other_engine_for(&self, request: &Request) -> Option<&str> {
        let planned = self.proxies.iter().find(|planned| planned.label == request.label)?;
        planned.proxy.is_drawn().then(|| self.other_engine_of(&request.subspace)).flatten()
    }

    /// What its user has to know before it measures, a line each.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        self.engines.told().into_iter().collect()
    }

    /// The conditions of its measurements, in one line: by which rule the space leaves out architectures, if it does; the networks where
    /// they were given to the space, images, proxies, seed, engine.
    #[must_use]
    pub fn protocol(&self) -> String {
        let filter = self.space.filter().map_or_else(String::new, |filter| format!("architectures kept by {filter}; "));
        let networks = self.space.protocol().map_or_else(String::new, |networks| format!("{networks}; "));
        let proxies: String = self.proxies.iter().map(|planned| format!("; {}", planned.proxy.protocol())).collect();
        format!("{filter}{networks}images {}{proxies}; seed {}; engine {}", self.dataset.describe(), self.seed, self.engines.describe())
    }

    /// What its measurements belong to.
    pub(crate) fn provenance(&self, experiment: &Experiment, plugins: &Plugins) -> Result<Provenance, RunError> {
        let mut provenance = provenance::of(experiment, plugins, &[("dataset", self.dataset.as_ref())])?;
        provenance.measured_by.insert("the engine".into(), self.engines.describe());
        provenance.measured_by.extend(self.space.protocol().map(|networks| ("the networks".to_owned(), networks)));
        provenance.measured_by.extend(self.space.filter().map(|filter| ("the filter of the space".to_owned(), filter)));
        let proxies = self.proxies.iter().map(|planned| (format!("the proxy `{}`", planned.label), planned.proxy.protocol()));
        provenance.measured_by.extend(proxies);
        for planned in &self.proxies {
            if let Proxy::Recorded(column) = planned.proxy.as_ref() {
                let table = provenance::of_table(column.benchmark(), self.space.as_ref())?;
                provenance.tables.extend(table.map(|table| (format!("proxies.{}", planned.name), table)));
            }
        }
        Ok(provenance)
    }

    /// The proxy of this label.
    ///
    /// # Errors
    /// If there is none.
    pub fn proxy(&self, label: &str) -> Result<&PlannedProxy, SearchError> {
        self.proxies.iter().find(|proxy| proxy.label == label).ok_or_else(|| SearchError::UnknownProxy(label.to_owned()))
    }

    pub(super) fn draws(&self, request: &Request) -> Draws {
        Draws {
            parameters: Stream::new(self.seed, "parameters").child(&request.parameters),
            images: Stream::new(self.seed, "images").child(&request.images),
        }
    }

    pub(super) fn subject<'s>(&'s self, request: &'s Request, engine: &'s dyn Engine, draws: &'s Draws) -> Subject<'s> {
        let (space, dataset) = (self.space.as_ref(), self.dataset.as_ref());
        Subject { space, subspace: &request.subspace, dataset, engine, draws }
    }

    /// What a failed measurement is: an undefined score, or the end of the run.
    pub(super) fn failed(&self, request: &Request, error: &ProxyError) -> Result<Reading, SearchError> {
        match self.on_error {
            OnError::Skip => Ok(Reading::undefined(format!("{FAILED}{error}"))),
            OnError::Stop => {
                let proxy = request.label.clone();
                let subspace = called(self.space.as_ref(), &request.subspace);
                Err(SearchError::Measurement { proxy, subspace, problem: error.to_string() })
            }
        }
    }
}

/// A pool of this many threads, or of one a core.
fn pool(wanted: Option<usize>) -> Result<rayon::ThreadPool, RunError> {
    let count = wanted.unwrap_or_else(|| machine::cores().get());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|index| format!("measure-{index}")).build();
    let more = "use fewer with --threads, or let this user have more threads and processes (ulimit -u)";
    pool.map_err(|error| RunError::Machine(format!("{count} threads cannot be started ({error}): {more}")))
}

/// One request a repeat, each with draws of its own; architectures share them.
#[must_use]
pub fn repeats(label: &str, subspace: &Subspace, purpose: &str, count: usize) -> Vec<Request> {
    (0..count).map(|repeat| repeated(label, subspace, purpose, repeat)).collect()
}

/// The request of one repeat.
#[must_use]
pub fn repeated(label: &str, subspace: &Subspace, purpose: &str, repeat: usize) -> Request {
    let path = format!("{purpose}/{repeat}");
    Request { label: label.to_owned(), subspace: subspace.clone(), parameters: path.clone(), images: path }
}
