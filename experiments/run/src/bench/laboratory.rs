//! The laboratory of a run: answers from records, measures what is missing, journals what it measures.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use assay_core::plugin::{Benchmark, Columns, Laboratory, Request, SearchError, SearchSpace, Step, Workshop, called};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_results::{Times, files};
use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::clock::Clock;
use super::forecast::{Ahead, Forecast};
use super::journal::{Damage, Damages, Journal, lines};
use super::records::{Record, Records};
use super::spent::Made;
use super::stored::Stored;
use super::trained::{Answered, Checkpoints, Trainings, With};
use super::workbench::Workbench;
use crate::folder::RunFolder;
use crate::{Observer, RunError, VERSION};

/// What a strategy searches with.
pub(crate) struct RunLaboratory<'a> {
    pub(super) workbench: &'a Workbench,
    pub(super) run: &'a RunFolder,
    /// What is looked up instead of measured.
    columns: Option<&'a Columns>,
    /// What is read in place of being measured.
    stored: Option<&'a Stored>,
    /// What is trained instead of measured.
    trainings: Option<&'a Trainings>,
    /// What is noted beside the steps of a search that is about one architecture each.
    benchmark: Option<&'a dyn Benchmark>,
    pub(super) supernet: Made,
    checkpoints: Checkpoints,
    answered: Answered,
    journal: Mutex<Journal>,
    /// Everything measured, in this session or an earlier one.
    records: Records,
    /// By position in the records: whether this search asked for it.
    asked: Vec<bool>,
    steps: Vec<Step>,
    pub(super) observer: &'a dyn Observer,
    clock: Clock,
    forecast: Forecast,
    ahead: Ahead,
}

/// Says a line that is worth keeping.
fn say(observer: &dyn Observer, line: &str) {
    tracing::info!("{line}");
    observer.say(line);
}

/// What is said of a journal with damaged lines.
fn told(folder: &Path, damages: &Damages) -> Option<String> {
    let journal = folder.join(files::JOURNAL);
    let first = |damage: &Damage| format!("line {}: {}", damage.line, damage.problem);
    let some: Vec<String> = damages.first.iter().map(first).collect();
    let more = if damages.more > 0 { format!("; {} more", damages.more) } else { String::new() };
    let said = format!(
        "`{}` is damaged ({}{more}): what was measured there is measured again; the damaged lines are kept in {}",
        journal.display(),
        some.join("; "),
        files::DAMAGED
    );
    (!damages.is_empty()).then_some(said)
}

/// Waits until a journal is on the disk.
fn end(journal: Mutex<Journal>, folder: &Path) -> Result<(), RunError> {
    let journal = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
    journal.close().map_err(|error| RunError::Journal { folder: folder.to_owned(), error })
}

/// What a search leaves behind.
pub(crate) struct Findings {
    /// Every measurement that the search asked for, in the order of proxy, subspace text and streams.
    pub(crate) records: Vec<Record>,
    /// The trajectory.
    pub(crate) steps: Vec<Step>,
    /// Where time went.
    pub(crate) clock: Clock,
}

impl<'a> RunLaboratory<'a> {
    /// A laboratory that continues from what the journal in this folder holds.
    ///
    /// # Errors
    /// If the journal cannot be read or written.
    pub(crate) fn open(workbench: &'a Workbench, folder: &'a RunFolder, observer: &'a dyn Observer) -> Result<Self, RunError> {
        let opened = Journal::open(folder.path(), folder.pending());
        let (journal, mut records, damages) = opened.map_err(|error| RunError::Journal { folder: folder.path().to_owned(), error })?;
        records.forget_lacking();
        if let Some(told) = told(folder.path(), &damages) {
            tracing::warn!("{told}");
            observer.warn(&told);
        }
        workbench.told().iter().for_each(|line| say(observer, line));
        let threads = workbench.threads.current_num_threads();
        tracing::info!(version = VERSION, threads, measured_before = records.len(), "run begins");
        let asked = vec![false; records.len()];
        let (journal, steps, clock) = (Mutex::new(journal), Vec::new(), Clock::default());
        let (columns, stored, trainings, answered) = (None, None, None, Answered::default());
        let (benchmark, supernet) = (None, Made::default());
        let (checkpoints, run) = (Checkpoints::of(folder.path()), folder);
        let (forecast, ahead) = (workbench.forecast(), Ahead::Unknown);
        Ok(Self {
            workbench,
            run,
            columns,
            stored,
            trainings,
            benchmark,
            supernet,
            checkpoints,
            answered,
            journal,
            records,
            asked,
            steps,
            observer,
            clock,
            forecast,
            ahead,
        })
    }

    /// With these tables beside the workbench's proxies.
    #[must_use]
    pub(crate) fn with_columns(mut self, columns: &'a Columns) -> Self {
        self.columns = Some(columns);
        self
    }

    /// With this table of scores in place of measuring what it holds.
    #[must_use]
    pub(crate) fn with_stored(mut self, stored: Option<&'a Stored>) -> Self {
        self.stored = stored;
        self
    }

    /// With these trainings beside the workbench's proxies.
    #[must_use]
    pub(crate) fn with_trainings(mut self, trainings: Option<&'a Trainings>) -> Self {
        self.trainings = trainings;
        self
    }

    /// With this benchmark's records noted beside steps.
    #[must_use]
    pub(crate) fn with_benchmark(mut self, benchmark: Option<&'a dyn Benchmark>) -> Self {
        self.benchmark = benchmark;
        self
    }

    /// Ends the search, and waits until what it measured is on the disk.
    ///
    /// # Errors
    /// If that cannot reach the disk.
    pub(crate) fn close(self) -> Result<Findings, RunError> {
        end(self.journal, self.run.path())?;
        let mut records: Vec<Record> =
            self.records.into_vec().into_iter().zip(self.asked).filter_map(|(record, asked)| asked.then_some(record)).collect();
        records.sort_by_cached_key(|record| {
            let Request { label, subspace, parameters, images } = record.request.clone();
            (label, subspace.to_string(), parameters, images)
        });
        let mut clock = self.clock;
        clock.add_phase(Times::SUPERNET, self.supernet.phase(self.workbench.threads.current_num_threads()));
        Ok(Findings { records, steps: self.steps, clock })
    }

    /// Ends measuring without a search, and waits as [`close`](Self::close) does: where the time went.
    ///
    /// # Errors
    /// If what was measured cannot reach the disk.
    pub(crate) fn into_clock(self) -> Result<Clock, RunError> {
        end(self.journal, self.run.path())?;
        Ok(self.clock)
    }

    /// Begins to bring to the disk what was measured, because it will be all.
    pub(crate) fn hasten(&self) {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).hasten();
    }

    /// Says that so many measurements are to come, whatever was trained before.
    pub(crate) fn expect_measurements(&mut self, measurements: usize) {
        self.ahead = Ahead::Measurements(measurements);
        self.observer.expect(measurements);
    }

    /// Measures what is not recorded yet.
    ///
    /// # Errors
    /// If a measurement fails, or the user interrupts.
    pub(crate) fn complete(&mut self, requests: &[&Request]) -> Result<(), SearchError> {
        let mut replayed = 0;
        // In the order asked, each once.
        let mut missing: IndexSet<&Request, RandomState> = IndexSet::default();
        for &request in requests {
            match self.records.position(request) {
                Some(position) if self.asked[position] => {}
                Some(position) => {
                    self.asked[position] = true;
                    self.clock.replayed(self.records.at(position));
                    let epochs = self.trainings.and_then(|trainings| trainings.epochs(&request.label));
                    replayed += epochs.map_or(1, |epochs| self.answered.note(request, epochs));
                }
                None => drop(missing.insert(request)),
            }
        }
        self.observer.replay(replayed);
        self.ahead = self.ahead.less(replayed);
        if !missing.is_empty() {
            self.measure_missing(&Vec::from_iter(missing))?;
        }
        if self.observer.is_interrupted() {
            return Err(SearchError::Interrupted);
        }
        Ok(())
    }

    /// All that is known of these measurements, which were [completed](Self::complete).
    ///
    /// # Errors
    /// If one was not.
    pub(crate) fn records_of(&self, requests: &[&Request]) -> Result<Vec<&Record>, SearchError> {
        let answers: Option<Vec<&Record>> = requests.iter().map(|request| self.records.get(request)).collect();
        answers.ok_or_else(|| SearchError::Impossible("a measurement is neither recorded nor measured".into()))
    }

    fn measure_missing(&mut self, missing: &[&Request]) -> Result<(), SearchError> {
        let (journal, observer, forecast) = (&self.journal, self.observer, &self.forecast);
        let store = |records: &[Record]| {
            // Written down before it is this thread's turn.
            let stored = lines(records).and_then(|lines| journal.lock().unwrap_or_else(PoisonError::into_inner).append(&lines));
            stored.map_err(|error| SearchError::Storage(error.to_string()))
        };
        let keep = |records: &[Record]| {
            let stored = store(records);
            observer.advance(records.len());
            if let Some(line) = forecast.measured(records) {
                say(observer, &line);
            }
            stored
        };
        let start = Instant::now();
        let (mut records, measured) = self.look_up(missing)?;
        store(&records)?;
        observer.advance(records.len());
        let is_trained = |request: &&Request| self.trainings.is_some_and(|trainings| trainings.epochs(&request.label).is_some());
        let (trained, measured): (Vec<&Request>, Vec<&Request>) = measured.into_iter().partition(is_trained);
        if let Some(trainings) = self.trainings.filter(|_| !trained.is_empty()) {
            let Self { workbench, ref checkpoints, ref answered, .. } = *self;
            records.extend(trainings.answer(&trained, With { workbench, checkpoints, answered, observer, finished: &store })?);
        }
        if !measured.is_empty() {
            if let Some(line) = self.workbench.foretell(forecast, &measured, self.ahead) {
                say(observer, &line);
            }
            records.extend(self.workbench.measure(&measured, self.observer, &keep)?);
        }
        for record in &records {
            if let Some(epochs) = self.trainings.and_then(|trainings| trainings.epochs(&record.request.label)) {
                self.answered.note(&record.request, epochs);
            }
        }
        self.clock.measured(&records, start.elapsed());
        self.ahead = self.ahead.less(records.len());
        self.records.extend(records);
        self.asked.resize(self.records.len(), true);
        Ok(())
    }

    /// Looks up what stands in a table; the other requests are left over.
    fn look_up<'r>(&self, requests: &[&'r Request]) -> Result<(Vec<Record>, Vec<&'r Request>), SearchError> {
        let (mut records, mut others) = (Vec::new(), Vec::new());
        for &request in requests {
            let start = Instant::now();
            let read = || self.columns.and_then(|columns| columns.read(self.workbench.space.as_ref(), request));
            match read().or_else(|| self.workbench.stored(self.stored?, request)) {
                Some(reading) => {
                    records.push(Record::new(request.clone(), reading?, start.elapsed().as_secs_f64()));
                }
                None => others.push(request),
            }
        }
        Ok((records, others))
    }
}

impl Laboratory for RunLaboratory<'_> {
    fn space(&self) -> &dyn SearchSpace {
        self.workbench.space.as_ref()
    }

    fn direction(&self, proxy: &str) -> Result<Direction, SearchError> {
        if self.trainings.is_some_and(|trainings| trainings.epochs(proxy).is_some()) {
            return Ok(Direction::HigherIsBetter);
        }
        match self.columns.and_then(|columns| columns.direction(proxy)) {
            Some(direction) => Ok(direction),
            None => self.workbench.proxy(proxy).map(|planned| planned.proxy.direction()),
        }
    }

    fn measure(&mut self, requests: &[Request]) -> Result<Vec<Reading>, SearchError> {
        let requests = Vec::from_iter(requests);
        self.complete(&requests)?;
        let records = self.records_of(&requests)?;
        if let Some(record) = records.first().filter(|_| self.records.iter().all(|record| record.lacked_memory)) {
            // There is nothing to search by.
            let Request { label, subspace, .. } = &record.request;
            let what = format!("`{label}` of {}", called(self.space(), subspace));
            return Err(SearchError::Impossible(format!("{what} is {}", record.reading)));
        }
        Ok(records.into_iter().map(|record| record.reading.clone()).collect())
    }

    fn seconds(&self, request: &Request) -> Option<f64> {
        self.records.get(request).map(|record| record.seconds)
    }

    fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.workbench.seed, "strategy").child(purpose)
    }

    fn expect(&mut self, measurements: usize) {
        // Where architectures are trained, these are epochs.
        self.ahead = if self.trainings.is_some() { Ahead::Unknown } else { Ahead::Measurements(measurements) };
        self.observer.expect(measurements);
    }

    fn record(&mut self, step: Step) -> Result<(), SearchError> {
        tracing::info!(before = %step.before, after = %step.after, "{}", step.title);
        self.observer.phase(&format!("after {}", step.title));
        self.steps.push(step);
        Ok(())
    }

    fn record_of(&mut self, mut step: Step, architecture: &Subspace) -> Result<(), SearchError> {
        // What no table holds is not noted: the run has said by now if it has none.
        let text = self.benchmark.and_then(|benchmark| Some((benchmark, self.space().write(architecture).ok()?)));
        let known = text.and_then(|(benchmark, text)| benchmark.accuracies(&text).ok()).unwrap_or_default();
        step.readings.extend(known.iter().map(|accuracy| (accuracy.label(), Reading::finite(accuracy.percent))));
        self.record(step)
    }

    fn workshop(&self) -> Result<&dyn Workshop, SearchError> {
        Ok(self)
    }
}
