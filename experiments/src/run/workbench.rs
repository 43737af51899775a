//! Measures: a space, images, an engine and proxies, and threads to use them from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use assay_core::data::Dataset;
use assay_core::engine::Engine;
use assay_core::experiment::{OnError, PlannedProxy};
use assay_core::graph::GraphError;
use assay_core::plugin::{
    Draws, MacroNet, Outcome, PassProxy, ProxyError, Request, SearchError, SearchSpace, Skeleton, Structure, Subject, measure_together,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rayon::prelude::*;

use super::interrupt::Interrupt;
use super::journal::Record;

/// How the reason of a score begins that is undefined because its measurement failed.
pub(crate) const FAILED: &str = "measuring it failed: ";

/// Everything that measuring needs.
pub struct Workbench {
    /// The space that subspaces belong to.
    pub space: Box<dyn SearchSpace>,
    /// Where images come from.
    pub dataset: Box<dyn Dataset>,
    /// What measures networks.
    pub engine: Box<dyn Engine>,
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
        interrupt: &Interrupt,
        finished: &(dyn Fn(&[Record]) -> Result<(), SearchError> + Sync),
    ) -> Result<Vec<Record>, SearchError> {
        let failed = AtomicBool::new(false);
        let skeletons = self.skeletons();
        let jobs = self.jobs(requests, &skeletons);
        // The last jobs, if they are fewer than threads, share out all of them.
        let threads = self.threads.current_num_threads();
        let last = jobs.len() % threads;
        let shared = NonZeroUsize::new(threads.checked_div(last).unwrap_or(1)).filter(|share| share.get() > 1);
        let shared = shared.and_then(|share| self.engine.on_threads(share));
        let first_shared = jobs.len() - last;
        let one = |(position, job): (usize, Vec<usize>)| {
            if interrupt.is_asked() || failed.load(Ordering::Relaxed) {
                return (job, Err(SearchError::Interrupted));
            }
            let engine = shared.as_deref().filter(|_| position >= first_shared).unwrap_or(self.engine.as_ref());
            let asked: Vec<&Request> = job.iter().map(|position| requests[*position]).collect();
            let records = self.measure_job(&asked, engine, &skeletons).and_then(|records| finished(&records).map(|()| records));
            failed.fetch_or(records.is_err(), Ordering::Relaxed);
            (job, records)
        };
        // Begun in order, whoever has time, so that the last ones are begun last.
        let mut outcomes: Vec<Finished> = self.threads.install(|| jobs.into_iter().enumerate().par_bridge().map(one).collect());
        outcomes.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut records: Vec<Option<Record>> = requests.iter().map(|_| None).collect();
        let mut interrupted = false;
        for (job, outcome) in outcomes {
            match outcome {
                Ok(measured) => {
                    for (position, record) in job.into_iter().zip(measured) {
                        records[position] = Some(record);
                    }
                }
                // Also what is not begun because another measurement failed; that one's error says more.
                Err(SearchError::Interrupted) => interrupted = true,
                Err(error) => return Err(error),
            }
        }
        let all: Option<Vec<Record>> = records.into_iter().collect();
        all.filter(|_| !interrupted).ok_or(SearchError::Interrupted)
    }

    /// The positions of requests that are measured together, each job in the order of the requests and the jobs in the
    /// order of their first ones.
    fn jobs(&self, requests: &[&Request], skeletons: &Skeletons) -> Vec<Vec<usize>> {
        let mut jobs: Vec<Vec<usize>> = Vec::new();
        let mut job_of: HashMap<(Together, &Subspace), usize> = HashMap::new();
        for (position, &request) in requests.iter().enumerate() {
            let Some(together) = self.together(request, skeletons) else {
                jobs.push(vec![position]);
                continue;
            };
            match job_of.entry((together, &request.subspace)) {
                Entry::Occupied(job) => jobs[*job.get()].push(position),
                Entry::Vacant(job) => {
                    job.insert(jobs.len());
                    jobs.push(vec![position]);
                }
            }
        }
        jobs
    }

    /// What requests for one subspace must have in common to be measured together; nothing where that saves nothing.
    fn together<'r>(&self, request: &'r Request, skeletons: &Skeletons) -> Option<Together<'r>> {
        if let Some(network) = skeletons.network_of(&request.proxy) {
            return Some(Together::Network(network));
        }
        let passes = self.proxy(&request.proxy).ok()?.proxy.passes();
        passes.map(|_| Together::Draws(&request.parameters, &request.images))
    }

    /// The skeletons of all networks that structural proxies count in.
    fn skeletons(&self) -> Skeletons {
        let (mut networks, mut built): (Vec<(String, usize)>, Vec<Built>) = (Vec::new(), Vec::new());
        for planned in &self.proxies {
            let Some(structural) = planned.proxy.structural() else { continue };
            let net = structural.net(self.dataset.as_ref());
            let known = built.iter().position(|built| built.net == net);
            networks.push((planned.label.clone(), known.unwrap_or(built.len())));
            if known.is_none() {
                built.push(Built { net, skeleton: Skeleton::new(self.space.as_ref(), &net) });
            }
        }
        Skeletons { networks, built }
    }

    /// Measures one request, or several that are measured [together](Self::together).
    fn measure_job(&self, job: &[&Request], engine: &dyn Engine, skeletons: &Skeletons) -> Result<Vec<Record>, SearchError> {
        let [first, ..] = job else { return Ok(Vec::new()) };
        let start = Instant::now();
        let proxy = &self.proxy(&first.proxy)?.proxy;
        let readings = match (proxy.structural(), proxy.passes()) {
            (Some(_), _) => {
                let readings = match skeletons.build(self.space.as_ref(), first) {
                    Ok(structure) => job.iter().map(|request| self.read(request, &structure)).collect::<Result<Vec<_>, _>>()?,
                    Err(error) => job.iter().map(|request| self.failed(request, &error)).collect::<Result<_, _>>()?,
                };
                // Most of the time of a job goes into the network that its readings share.
                let seconds = start.elapsed().as_secs_f64() / job.len() as f64;
                readings.into_iter().map(|reading| (reading, seconds)).collect()
            }
            (None, Some(_)) => self.measure_passes(job, engine)?,
            (None, None) => {
                let one = |request: &&Request| {
                    let start = Instant::now();
                    self.measure_one(request, engine).map(|reading| (reading, start.elapsed().as_secs_f64()))
                };
                job.iter().map(one).collect::<Result<_, _>>()?
            }
        };
        let is_structural = proxy.structural().is_some();
        let record = |(request, (reading, seconds)): (&&Request, (Reading, f64))| {
            let Request { proxy, subspace, parameters, images } = request;
            if is_structural {
                // Counting takes less time than writing this down.
                tracing::trace!(%proxy, %subspace, %reading, seconds, "counted");
            } else {
                tracing::debug!(%proxy, %subspace, %parameters, %images, %reading, seconds, "measured");
            }
            Record { request: (*request).clone(), reading, seconds }
        };
        Ok(job.iter().zip(readings).map(record).collect())
    }

    /// Measures proxies that share passes, with the seconds that each took of them.
    fn measure_passes(&self, job: &[&Request], engine: &dyn Engine) -> Result<Vec<(Reading, f64)>, SearchError> {
        let [first, ..] = job else { return Ok(Vec::new()) };
        let proxies: Vec<&dyn PassProxy> = job.iter().filter_map(|request| self.proxy(&request.proxy).ok()?.proxy.passes()).collect();
        let draws = self.draws(first);
        let outcomes = measure_together(&proxies, &self.subject(first, engine, &draws));
        let reading = |(request, Outcome { reading, seconds }): (&&Request, Outcome)| {
            reading.or_else(|error| self.failed(request, &error)).map(|reading| (reading, seconds))
        };
        job.iter().zip(outcomes).map(reading).collect()
    }

    /// The reading of a structural proxy.
    fn read(&self, request: &Request, structure: &Structure) -> Result<Reading, SearchError> {
        let proxy = &self.proxy(&request.proxy)?.proxy;
        Ok(proxy.structural().map_or_else(|| Reading::undefined("the proxy reads more than structure"), |proxy| proxy.read(structure)))
    }

    fn measure_one(&self, request: &Request, engine: &dyn Engine) -> Result<Reading, SearchError> {
        let draws = self.draws(request);
        let measured = self.proxy(&request.proxy)?.proxy.measure(&self.subject(request, engine, &draws));
        measured.or_else(|error| self.failed(request, &error))
    }

    fn draws(&self, request: &Request) -> Draws {
        Draws {
            parameters: Stream::new(self.seed, "parameters").child(&request.parameters),
            images: Stream::new(self.seed, "images").child(&request.images),
        }
    }

    fn subject<'s>(&'s self, request: &'s Request, engine: &'s dyn Engine, draws: &'s Draws) -> Subject<'s> {
        let (space, dataset) = (self.space.as_ref(), self.dataset.as_ref());
        Subject { space, subspace: &request.subspace, dataset, engine, draws }
    }

    /// What a failed measurement is: an undefined score, or the end of the run.
    fn failed(&self, request: &Request, error: &ProxyError) -> Result<Reading, SearchError> {
        match self.on_error {
            OnError::Skip => Ok(Reading::undefined(format!("{FAILED}{error}"))),
            OnError::Stop => {
                let proxy = request.proxy.clone();
                Err(SearchError::Measurement { proxy, subspace: request.subspace.to_string(), problem: error.to_string() })
            }
        }
    }
}

/// The positions of the requests of a job, and what was measured.
type Finished = (Vec<usize>, Result<Vec<Record>, SearchError>);

/// What requests that are measured together have in common beside their subspace.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Together<'r> {
    /// The network whose structure is read, as [`Skeletons`] count them.
    Network(usize),
    /// The streams of weights and images, so that passes can be shared.
    Draws(&'r str, &'r str),
}

/// The networks whose structure is read.
struct Skeletons {
    /// By label of the proxy: the position of its network.
    networks: Vec<(String, usize)>,
    built: Vec<Built>,
}

/// One network with its skeleton, or why there is none.
struct Built {
    net: MacroNet,
    skeleton: Result<Skeleton, GraphError>,
}

impl Skeletons {
    /// The position of the network that a structural proxy reads.
    fn network_of(&self, label: &str) -> Option<usize> {
        self.networks.iter().find(|(own, _)| own == label).map(|(_, network)| *network)
    }

    /// The structure that a request for a structural proxy reads.
    fn build(&self, space: &dyn SearchSpace, request: &Request) -> Result<Structure, ProxyError> {
        let network = self.network_of(&request.proxy).and_then(|network| self.built.get(network));
        let Built { net, skeleton } = network.ok_or_else(|| ProxyError::Other("it reads no structure".into()))?;
        Ok(Structure::new(space, &request.subspace, net, skeleton.as_ref().map_err(GraphError::clone)?)?)
    }
}
