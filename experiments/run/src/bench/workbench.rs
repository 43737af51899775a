//! Measures: a space, images, an engine and proxies, and threads to use them from.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use assay_core::data::Dataset;
use assay_core::engine::profile::Profile;
use assay_core::engine::{Engine, Resources};
use assay_core::experiment::{Assembly, Experiment, OnError, PlannedProxy, Plugins};
use assay_core::graph::GraphError;
use assay_core::plugin::{
    Draws, MacroNet, Outcome, PassProxy, Proxy, ProxyError, RecordedColumn, Request, SearchError, SearchSpace, Skeleton, StructuralProxy,
    Structure, Subject, ZeroCostProxy, called, measure_together,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_results::Provenance;
use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::engines::Engines;
use super::records::Record;
use super::timed;
use crate::{Observer, RunError, machine, provenance};

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
        Ok(Self { space, dataset, engines, proxies, seed: experiment.seed, on_error: experiment.on_error, threads })
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

    /// Measures every request, in parallel, and gives the records in the order of the requests. `finished` sees
    /// records as soon as they are there, in any order; those that are measured together at once.
    ///
    /// # Errors
    /// Of the failures that were met, the one of the first request; or that the user interrupted.
    pub fn measure(
        &self,
        requests: &[&Request],
        observer: &dyn Observer,
        finished: &(dyn Fn(&[Record]) -> Result<(), SearchError> + Sync),
    ) -> Result<Vec<Record>, SearchError> {
        let failed = AtomicBool::new(false);
        let (jobs, networks) = self.jobs(requests)?;
        // The last jobs, if they are fewer than threads, share out all of them.
        let threads = self.threads.current_num_threads();
        let last = jobs.len() % threads;
        let shared = NonZeroUsize::new(threads.checked_div(last).unwrap_or(1)).filter(|share| share.get() > 1);
        let shared = shared.and_then(|share| self.engine().on_threads(share));
        let first_shared = jobs.len() - last;
        // What stays after a job lies here and in no block of its thread: among the many blocks that a measurement takes and gives
        // back, small ones that stay would keep free memory from being used again.
        let answers: Vec<OnceLock<(Reading, f64)>> = requests.iter().map(|_| OnceLock::new()).collect();
        let one = |(position, job): (usize, Job<'_>)| {
            if observer.is_interrupted() || failed.load(Ordering::Relaxed) {
                return Some((job.first(), SearchError::Interrupted));
            }
            let engine = shared.as_deref().filter(|_| position >= first_shared).unwrap_or(self.engine());
            let records = self.measure_job(&job, requests, engine, &networks).and_then(|records| finished(&records).map(|()| records));
            failed.fetch_or(records.is_err(), Ordering::Relaxed);
            match records {
                Ok(records) => {
                    for (position, Record { reading, seconds, .. }) in job.positions().into_iter().zip(records) {
                        answers[position].get_or_init(|| (reading, seconds));
                    }
                    None
                }
                Err(error) => Some((job.first(), error)),
            }
        };
        // Begun in order, whoever has time, so that the last ones are begun last.
        let mut problems: Vec<Problem> = self.threads.install(|| jobs.into_iter().enumerate().par_bridge().filter_map(one).collect());
        problems.sort_by_key(|(first, _)| *first);
        // Measurements that were not begun because another one failed are interrupted too, and the failure says more.
        if let Some((_, error)) = problems.into_iter().find(|(_, error)| !matches!(error, SearchError::Interrupted)) {
            return Err(error);
        }
        let record = |(request, answer): (&&Request, OnceLock<(Reading, f64)>)| {
            let (reading, seconds) = answer.into_inner()?;
            Some(Record { request: (*request).clone(), reading, seconds })
        };
        requests.iter().zip(answers).map(record).collect::<Option<_>>().ok_or(SearchError::Interrupted)
    }

    /// What is measured together, each job in the order of the requests and the jobs in the order of their first ones, behind one of
    /// each kind; and the networks whose structure is read.
    fn jobs<'b>(&'b self, requests: &[&Request]) -> Result<(Vec<Job<'b>>, Vec<Built>), SearchError> {
        let (mut jobs, mut networks): (Vec<Job<'b>>, Vec<Built>) = (Vec::new(), Vec::new());
        // Positions of jobs, by what their requests have in common.
        let mut of_network: HashMap<(usize, &Subspace), usize, RandomState> = HashMap::default();
        let mut of_draws: HashMap<(&str, &str, &Subspace), usize, RandomState> = HashMap::default();
        for (position, &request) in requests.iter().enumerate() {
            let new = jobs.len();
            match self.proxy(&request.label)?.proxy.as_ref() {
                Proxy::Structure(proxy) => {
                    let network = self.network(proxy.net(self.dataset.as_ref()), &mut networks);
                    let job = *of_network.entry((network, &request.subspace)).or_insert(new);
                    match jobs.get_mut(job) {
                        Some(Job::Structure(_, members)) => members.push((position, proxy.as_ref())),
                        _ => jobs.push(Job::Structure(network, vec![(position, proxy.as_ref())])),
                    }
                }
                Proxy::Passes(proxy) => {
                    let job = *of_draws.entry((&request.parameters, &request.images, &request.subspace)).or_insert(new);
                    match jobs.get_mut(job) {
                        Some(Job::Passes(members)) => members.push((position, proxy.as_ref())),
                        _ => jobs.push(Job::Passes(vec![(position, proxy.as_ref())])),
                    }
                }
                Proxy::Recorded(column) => jobs.push(Job::Recorded(position, column)),
                Proxy::Own(proxy) => jobs.push(Job::Own(position, proxy.as_ref())),
            }
        }
        // One of each kind first: together they tell early how long all take.
        let mut begun: HashSet<&str, RandomState> = HashSet::default();
        let is_new = |job: &Job<'_>| job.first().is_some_and(|position| begun.insert(&requests[position].label));
        let (mut ordered, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(is_new);
        ordered.extend(others);
        Ok((ordered, networks))
    }

    /// The position of this network, whose skeleton is built the first time.
    fn network(&self, net: MacroNet, networks: &mut Vec<Built>) -> usize {
        networks.iter().position(|built| built.net == net).unwrap_or_else(|| {
            networks.push(Built { net, skeleton: Skeleton::new(self.space.as_ref(), &net) });
            networks.len() - 1
        })
    }

    fn measure_job(
        &self,
        job: &Job<'_>,
        requests: &[&Request],
        engine: &dyn Engine,
        networks: &[Built],
    ) -> Result<Vec<Record>, SearchError> {
        let start = Instant::now();
        match job {
            Job::Structure(network, members) => {
                let [(first, _), ..] = members[..] else { return Ok(Vec::new()) };
                let readings: Vec<Reading> = match networks[*network].structure(self.space.as_ref(), &requests[first].subspace) {
                    Ok(structure) => members.iter().map(|(_, proxy)| proxy.read(&structure)).collect(),
                    Err(error) => members.iter().map(|(position, _)| self.failed(requests[*position], &error)).collect::<Result<_, _>>()?,
                };
                // Most of the time of a job goes into the network that its readings share.
                let seconds = start.elapsed().as_secs_f64() / members.len() as f64;
                let record = |((position, _), reading): (&(usize, _), Reading)| {
                    let Request { label, subspace, .. } = requests[*position];
                    // Counting takes less time than writing this down.
                    tracing::trace!(proxy = %label, %subspace, %reading, seconds, "counted");
                    Record { request: requests[*position].clone(), reading, seconds }
                };
                Ok(members.iter().zip(readings).map(record).collect())
            }
            Job::Passes(members) => {
                let [(first, _), ..] = members[..] else { return Ok(Vec::new()) };
                let proxies: Vec<&dyn PassProxy> = members.iter().map(|(_, proxy)| *proxy).collect();
                let draws = self.draws(requests[first]);
                let outcomes = measure_together(&proxies, &self.subject(requests[first], engine, &draws));
                let record = |((position, _), outcome): (&(usize, _), Outcome)| self.record(requests[*position], outcome);
                members.iter().zip(outcomes).map(record).collect()
            }
            Job::Recorded(position, column) => {
                let request = requests[*position];
                let reading = column.read(self.space.as_ref(), &request.subspace);
                Ok(vec![self.record(request, Outcome { reading, seconds: start.elapsed().as_secs_f64() })?])
            }
            Job::Own(position, proxy) => {
                let request = requests[*position];
                let draws = self.draws(request);
                let reading = proxy.measure(&self.subject(request, engine, &draws)).or_else(ProxyError::into_reading);
                Ok(vec![self.record(request, Outcome { reading, seconds: start.elapsed().as_secs_f64() })?])
            }
        }
    }

    /// What was measured, or what a failure of it is.
    fn record(&self, request: &Request, outcome: Outcome) -> Result<Record, SearchError> {
        let Outcome { reading, seconds } = outcome;
        let reading = reading.or_else(|error| self.failed(request, &error))?;
        let Request { label, subspace, parameters, images } = request;
        tracing::debug!(proxy = %label, %subspace, %parameters, %images, %reading, seconds, "measured");
        Ok(Record { request: request.clone(), reading, seconds })
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

/// The position of the first request of a job, and why it has no answer.
type Problem = (Option<usize>, SearchError);

/// What is measured together: the positions of the requests, each with the proxy that it asks for.
enum Job<'b> {
    /// They read the structure of one network, the one at this position.
    Structure(usize, Vec<(usize, &'b dyn StructuralProxy)>),
    /// They read passes with the same draws, and share those that they have in common.
    Passes(Vec<(usize, &'b dyn PassProxy)>),
    /// One that is looked up.
    Recorded(usize, &'b RecordedColumn),
    /// One that shares nothing.
    Own(usize, &'b dyn ZeroCostProxy),
}

impl Job<'_> {
    /// The position of its first request.
    fn first(&self) -> Option<usize> {
        match self {
            Self::Structure(_, members) => members.first().map(|(position, _)| *position),
            Self::Passes(members) => members.first().map(|(position, _)| *position),
            Self::Recorded(position, _) | Self::Own(position, _) => Some(*position),
        }
    }

    fn positions(&self) -> Vec<usize> {
        match self {
            Self::Structure(_, members) => members.iter().map(|(position, _)| *position).collect(),
            Self::Passes(members) => members.iter().map(|(position, _)| *position).collect(),
            Self::Recorded(position, _) | Self::Own(position, _) => vec![*position],
        }
    }
}

/// A network whose structure is read, with its skeleton, or why there is none.
struct Built {
    net: MacroNet,
    skeleton: Result<Skeleton, GraphError>,
}

impl Built {
    /// The structure of one architecture's network.
    fn structure(&self, space: &dyn SearchSpace, subspace: &Subspace) -> Result<Structure, ProxyError> {
        Ok(Structure::new(space, subspace, &self.net, self.skeleton.as_ref().map_err(GraphError::clone)?)?)
    }
}
