//! Measuring: side by side, and what is too large for that one after the other.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use assay_core::engine::Engine;
use assay_core::plugin::{Outcome, PassProxy, ProxyError, Request, SearchError, called, measure_together};
use assay_core::score::Reading;
use rayon::prelude::*;

use super::jobs::{Built, Job, Jobs};
use super::lacking::Lacking;
use super::records::Record;
use super::workbench::Workbench;
use crate::Observer;

/// Sees records as soon as they are there.
type Finished<'r> = dyn Fn(&[Record]) -> Result<(), SearchError> + Sync + 'r;

/// The position of the first request of a job, and why it has no answer.
type Problem = (Option<usize>, SearchError);

/// What is known of one request.
struct Answer {
    reading: Reading,
    seconds: f64,
    lacked_memory: bool,
}

/// What came of a job.
#[derive(Default)]
struct Made {
    positions: Vec<usize>,
    /// One a position.
    records: Vec<Record>,
    lacking: Vec<(usize, Lacking)>,
}

/// Requests that were measured together, and for which there was too little memory.
struct Large {
    lacking: Vec<(usize, Lacking)>,
    /// With how many others they were measured, themselves among them.
    together: usize,
}

impl Large {
    fn first(&self) -> Option<usize> {
        self.lacking.first().map(|(position, _)| *position)
    }
}

/// Requests that are being measured.
struct Round<'r> {
    workbench: &'r Workbench,
    requests: &'r [&'r Request],
    observer: &'r dyn Observer,
    finished: &'r Finished<'r>,
    /// What stays after a job lies here and in no block of its thread: among the many blocks that a measurement takes and gives
    /// back, small ones that stay would keep free memory from being used again.
    answers: Vec<OnceLock<Answer>>,
    /// The engine for one call at a time, with all threads, if it is another.
    alone: OnceLock<Option<Box<dyn Engine>>>,
}

impl Workbench {
    /// Measures every request, in parallel, and gives the records in the order of the requests. `finished` sees
    /// records as soon as they are there, in any order; those that are measured together at once.
    ///
    /// What needs too much memory to be measured beside others is measured while nothing else is, and gives the same. What
    /// does not fit then is undefined, because it [lacks memory](Record::lacked_memory).
    ///
    /// # Errors
    /// Of the failures that were met, the one of the first request; or that the user interrupted.
    pub fn measure(&self, requests: &[&Request], observer: &dyn Observer, finished: &Finished<'_>) -> Result<Vec<Record>, SearchError> {
        let answers = requests.iter().map(|_| OnceLock::new()).collect();
        let round = Round { workbench: self, requests, observer, finished, answers, alone: OnceLock::new() };
        for large in round.side_by_side()? {
            round.again(&large, false)?;
        }
        let record = |(request, answer): (&&Request, OnceLock<Answer>)| {
            let Answer { reading, seconds, lacked_memory } = answer.into_inner()?;
            Some(Record { lacked_memory, ..Record::new((*request).clone(), reading, seconds) })
        };
        requests.iter().zip(round.answers).map(record).collect::<Option<_>>().ok_or(SearchError::Interrupted)
    }

    fn measure_job(&self, job: &Job<'_>, requests: &[&Request], engine: &dyn Engine, networks: &[Built]) -> Result<Made, SearchError> {
        let start = Instant::now();
        let mut made = Made::default();
        match job {
            Job::Structure(network, members) => {
                let [(first, _), ..] = members[..] else { return Ok(made) };
                let readings: Vec<Reading> = match networks[*network].structure(self.space.as_ref(), &requests[first].subspace) {
                    Ok(structure) => members.iter().map(|(_, proxy)| proxy.read(&structure)).collect(),
                    Err(error) => members.iter().map(|(position, _)| self.failed(requests[*position], &error)).collect::<Result<_, _>>()?,
                };
                // Most of the time of a job goes into the network that its readings share.
                let seconds = start.elapsed().as_secs_f64() / members.len() as f64;
                for ((position, _), reading) in members.iter().zip(readings) {
                    let Request { label, subspace, .. } = requests[*position];
                    // Counting takes less time than writing this down.
                    tracing::trace!(proxy = %label, %subspace, %reading, seconds, "counted");
                    made.add(*position, Record::new(requests[*position].clone(), reading, seconds));
                }
            }
            Job::Passes(members) => {
                let [(first, _), ..] = members[..] else { return Ok(made) };
                let proxies: Vec<&dyn PassProxy> = members.iter().map(|(_, proxy)| *proxy).collect();
                let draws = self.draws(requests[first]);
                let outcomes = measure_together(&proxies, &self.subject(requests[first], engine, &draws));
                for ((position, _), outcome) in members.iter().zip(outcomes) {
                    self.take(&mut made, *position, requests, outcome)?;
                }
            }
            Job::Recorded(position, column) => {
                let reading = column.read(self.space.as_ref(), &requests[*position].subspace);
                self.take(&mut made, *position, requests, Outcome { reading, seconds: start.elapsed().as_secs_f64() })?;
            }
            Job::Own(position, proxy) => {
                let draws = self.draws(requests[*position]);
                let reading = proxy.measure(&self.subject(requests[*position], engine, &draws)).or_else(ProxyError::into_reading);
                self.take(&mut made, *position, requests, Outcome { reading, seconds: start.elapsed().as_secs_f64() })?;
            }
        }
        Ok(made)
    }

    /// Takes up what was measured, or what a failure of it is.
    fn take(&self, made: &mut Made, position: usize, requests: &[&Request], outcome: Outcome) -> Result<(), SearchError> {
        let (request, Outcome { reading, seconds }) = (requests[position], outcome);
        if let Some(lacking) = reading.as_ref().err().and_then(Lacking::of) {
            made.lacking.push((position, lacking));
            return Ok(());
        }
        let reading = reading.or_else(|error| self.failed(request, &error))?;
        let Request { label, subspace, parameters, images } = request;
        tracing::debug!(proxy = %label, %subspace, %parameters, %images, %reading, seconds, "measured");
        made.add(position, Record::new(request.clone(), reading, seconds));
        Ok(())
    }
}

impl Made {
    fn add(&mut self, position: usize, record: Record) {
        self.positions.push(position);
        self.records.push(record);
    }
}

impl Round<'_> {
    /// Measures all requests in parallel, and gives those for which there was too little memory, in their order.
    fn side_by_side(&self) -> Result<Vec<Large>, SearchError> {
        let failed = AtomicBool::new(false);
        let Jobs { jobs, networks } = self.workbench.jobs(0..self.requests.len(), self.requests)?;
        // The last jobs, if they are fewer than threads, share out all of them.
        let threads = self.workbench.threads.current_num_threads();
        let last = jobs.len() % threads;
        let shared = NonZeroUsize::new(threads.checked_div(last).unwrap_or(1)).filter(|share| share.get() > 1);
        let shared = shared.and_then(|share| self.workbench.engine().on_threads(share));
        let first_shared = jobs.len() - last;
        let one = |(position, job): (usize, Job<'_>)| {
            if self.observer.is_interrupted() || failed.load(Ordering::Relaxed) {
                return Some(Err((job.first(), SearchError::Interrupted)));
            }
            let engine = shared.as_deref().filter(|_| position >= first_shared).unwrap_or(self.workbench.engine());
            let made = self.run(&job, engine, &networks);
            failed.fetch_or(made.is_err(), Ordering::Relaxed);
            made.transpose()
        };
        // Begun in order, whoever has time, so that the last ones are begun last.
        let outcomes: Vec<Result<Large, Problem>> =
            self.workbench.threads.install(|| jobs.into_iter().enumerate().par_bridge().filter_map(one).collect());
        let (mut large, mut problems) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(found) => large.push(found),
                Err(problem) => problems.push(problem),
            }
        }
        problems.sort_by_key(|(first, _)| *first);
        // Measurements that were not begun because another one failed are interrupted too, and the failure says more.
        if let Some((_, error)) = problems.into_iter().find(|(_, error)| !matches!(error, SearchError::Interrupted)) {
            return Err(error);
        }
        large.sort_by_key(Large::first);
        Ok(large)
    }

    /// Runs a job, keeps what it gives, and gives back what there was too little memory for.
    fn run(&self, job: &Job<'_>, engine: &dyn Engine, networks: &[Built]) -> Result<Option<Large>, Problem> {
        let run = || {
            let Made { positions, records, lacking } = self.workbench.measure_job(job, self.requests, engine, networks)?;
            if !records.is_empty() {
                self.keep(positions, records)?;
            }
            Ok(Some(Large { lacking, together: job.len() }).filter(|large| !large.lacking.is_empty()))
        };
        run().map_err(|error| (job.first(), error))
    }

    fn keep(&self, positions: Vec<usize>, records: Vec<Record>) -> Result<(), SearchError> {
        (self.finished)(&records)?;
        for (position, Record { reading, seconds, lacked_memory, .. }) in positions.into_iter().zip(records) {
            self.answers[position].get_or_init(|| Answer { reading, seconds, lacked_memory });
        }
        Ok(())
    }

    /// Measures requests again that were too large, while nothing else is measured: those together that fit, and else each by itself.
    /// What was measured by itself and does not fit is undefined.
    fn again(&self, large: &Large, were_alone: bool) -> Result<(), SearchError> {
        let fit = !were_alone && large.lacking.iter().all(|(_, lacking)| lacking.fits_alone());
        let positions: Vec<usize> = large.lacking.iter().map(|(position, _)| *position).collect();
        let groups: Vec<&[usize]> = match (fit, large.together) {
            (true, _) => vec![&positions],
            (false, 1) => Vec::new(),
            (false, _) => positions.chunks(1).collect(),
        };
        if groups.is_empty() {
            return large.lacking.iter().try_for_each(|(position, lacking)| self.give_up(*position, lacking));
        }
        if let Some((position, lacking)) = large.lacking.first().filter(|_| fit) {
            self.tell(*position, lacking);
        }
        for group in groups {
            let Jobs { jobs, networks } = self.workbench.jobs(group.iter().copied(), self.requests)?;
            for job in &jobs {
                if self.observer.is_interrupted() {
                    return Err(SearchError::Interrupted);
                }
                let left = self.workbench.threads.install(|| self.run(job, self.alone(), &networks)).map_err(|(_, error)| error)?;
                if let Some(left) = left {
                    self.again(&left, true)?;
                }
            }
        }
        Ok(())
    }

    /// The engine for one call at a time.
    fn alone(&self) -> &dyn Engine {
        let own = self.workbench.engine();
        let threads = NonZeroUsize::new(self.workbench.threads.current_num_threads()).unwrap_or(NonZeroUsize::MIN);
        self.alone.get_or_init(|| own.alone(threads)).as_deref().unwrap_or(own)
    }

    /// How messages call what a request asks for, and the name that settings of its proxy have.
    fn named(&self, position: usize) -> (String, &str) {
        let Request { label, subspace, .. } = self.requests[position];
        let name = self.workbench.proxy(label).map_or(label.as_str(), |planned| planned.name.as_str());
        (format!("`{label}` of {}", called(self.workbench.space.as_ref(), subspace)), name)
    }

    /// Says once that measurements are not made side by side.
    fn tell(&self, position: usize, lacking: &Lacking) {
        if !self.workbench.tells_of_large.swap(false, Ordering::Relaxed) {
            return;
        }
        let told = lacking.told(&self.named(position).0);
        tracing::info!("{told}");
        self.observer.say(&told);
    }

    /// Keeps why the score does not exist.
    fn give_up(&self, position: usize, lacking: &Lacking) -> Result<(), SearchError> {
        let (what, proxy) = self.named(position);
        let reading = Reading::undefined(lacking.reason(proxy));
        tracing::warn!(%reading, "{what} was not measured");
        let record = Record { lacked_memory: true, ..Record::new(self.requests[position].clone(), reading, 0.0) };
        self.keep(vec![position], vec![record])
    }
}
