//! One training and the requests that it answers, on its way.

use std::path::Path;
use std::time::{Duration, Instant};

use assay_core::plugin::{Request, SearchError};
use assay_core::score::Reading;
use assay_results::training::EpochRecord;
use assay_training::Observer as TrainingObserver;

use super::Checkpoints;
use crate::Observer;
use crate::bench::records::Record;

/// Between two checkpoints of a training that is not being judged or interrupted.
const PAUSE: Duration = Duration::from_secs(30);

/// A request, and the epochs after which it is answered.
#[derive(Clone, Copy)]
pub(super) struct Judged<'r> {
    pub(super) request: &'r Request,
    /// Its position among all requests.
    pub(super) position: usize,
    pub(super) epochs: usize,
    /// Epochs of the training that were paid for by earlier answers.
    pub(super) paid: usize,
}

/// Answers requests from the epochs of their training, as soon as they are over, and keeps checkpoints.
pub(super) struct Course<'a, 'r> {
    /// What it answers, the shortest first.
    pub(super) judged: &'a [Judged<'r>],
    /// With the positions of their requests.
    pub(super) records: Vec<(usize, Record)>,
    /// Sees each record as soon as it is there.
    pub(super) finished: &'a (dyn Fn(&[Record]) -> Result<(), SearchError> + Sync),
    pub(super) observer: &'a dyn Observer,
    pub(super) checkpoints: &'a Checkpoints,
    pub(super) file: &'a Path,
    /// Whether another request may go on from the end.
    pub(super) is_kept: bool,
    /// Threads of its steps: what it takes on one is reckoned by them.
    pub(super) threads: usize,
    /// Epochs that the progress was told of.
    pub(super) told: usize,
    pub(super) saved: Instant,
}

impl Course<'_, '_> {
    /// Answers what is judged by these epochs and was not answered yet.
    pub(super) fn answer(&mut self, curve: &[EpochRecord]) -> Result<(), SearchError> {
        while let Some(Judged { request, position, epochs, paid }) = self.judged.get(self.records.len()).copied() {
            let Some(last) = curve.get(epochs - 1) else { break };
            if last.test.images == 0 {
                let problem = format!("`{}` was not tested after epoch {epochs}; remove it to train anew", self.file.display());
                return Err(SearchError::Storage(problem));
            }
            let seconds: f64 = curve[paid.min(epochs)..epochs].iter().map(|epoch| epoch.seconds).sum();
            let reading = Reading::finite(100.0 * last.test.accuracy());
            self.keep(position, Record::new((*request).clone(), reading, seconds * self.threads as f64))?;
        }
        Ok(())
    }

    /// The rest of the answers, where the training cannot go on.
    pub(super) fn undefined(&mut self, because: &str, lacked_memory: bool) -> Result<(), SearchError> {
        while let Some(Judged { request, position, .. }) = self.judged.get(self.records.len()).copied() {
            let record = Record::new((*request).clone(), Reading::undefined(because), 0.0);
            self.keep(position, Record { lacked_memory, ..record })?;
        }
        Ok(())
    }

    fn keep(&mut self, position: usize, record: Record) -> Result<(), SearchError> {
        let Record { request: Request { label, subspace, parameters, .. }, reading, seconds, .. } = &record;
        tracing::debug!(%label, %subspace, %parameters, %reading, seconds, "trained");
        (self.finished)(std::slice::from_ref(&record))?;
        self.records.push((position, record));
        Ok(())
    }

    /// Tells the progress that so many epochs are over.
    pub(super) fn tell(&mut self, epochs: usize) {
        self.observer.advance(epochs.saturating_sub(self.told));
        self.told = self.told.max(epochs);
    }
}

impl TrainingObserver for Course<'_, '_> {
    fn is_interrupted(&self) -> bool {
        self.observer.is_interrupted()
    }

    fn expect(&mut self, steps: usize, done: usize) {
        tracing::debug!(steps, done, "training");
    }

    fn step(&mut self) {}

    fn epoch(&mut self, curve: &[EpochRecord]) -> Result<(), String> {
        self.tell(curve.len());
        self.answer(curve).map_err(|error| error.to_string())
    }

    fn checkpoint(&mut self, bytes: &[u8]) -> Result<(), String> {
        // Nothing is left to train when everything is answered and nothing longer can be asked for.
        let has_ended = self.records.len() == self.judged.len();
        let is_due = if has_ended { self.is_kept } else { self.saved.elapsed() >= PAUSE || self.observer.is_interrupted() };
        if !is_due {
            return Ok(());
        }
        self.saved = Instant::now();
        let stored = self.checkpoints.write(self.file, bytes);
        stored.map_err(|error| format!("the checkpoint `{}` cannot be written: {error}", self.file.display()))
    }
}
