//! What a search took that trains a network itself: its steps and seconds, of all sessions.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use assay_results::Phase;

/// What training a network took: steps, those of candidates that it judges among them, and seconds.
#[derive(Default)]
pub(crate) struct Made(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    began: Option<Instant>,
    steps: usize,
    earlier_steps: usize,
    earlier_seconds: f64,
}

impl Made {
    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An earlier session trained for so long.
    pub(super) fn continues_after(&self, seconds: f64) {
        self.lock().earlier_seconds = seconds;
    }

    /// Steps begin, of which an earlier session made so many.
    pub(super) fn expect(&self, done: usize) {
        let mut spent = self.lock();
        spent.began.get_or_insert_with(Instant::now);
        spent.earlier_steps += done;
    }

    /// So many more were made.
    pub(super) fn advance(&self, steps: usize) {
        self.lock().steps += steps;
    }

    /// Seconds of all sessions.
    pub(super) fn seconds(&self) -> f64 {
        let spent = self.lock();
        spent.earlier_seconds + spent.began.map_or(0.0, |began| began.elapsed().as_secs_f64())
    }

    /// For the times of the run: each step was made by so many threads.
    pub(super) fn phase(&self, threads: usize) -> Phase {
        let spent = self.lock();
        let seconds = spent.began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        Phase {
            measured: spent.steps,
            replayed: spent.earlier_steps,
            thread_seconds: seconds * threads as f64,
            wall_seconds: seconds,
            replayed_thread_seconds: spent.earlier_seconds * threads as f64,
        }
    }
}
