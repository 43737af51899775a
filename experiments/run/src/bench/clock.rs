//! Adds up where the time of a run goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use assay_results::{Phase, Times};

use super::records::Record;

/// Adds up times by proxy.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    phases: BTreeMap<String, Phase>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now(), phases: BTreeMap::new() }
    }
}

impl Clock {
    /// With the time since `start` counted too.
    #[must_use]
    pub(crate) fn since(mut self, start: Instant) -> Self {
        self.start = start;
        self
    }

    /// These were measured together, in this wall time.
    pub(crate) fn measured(&mut self, records: &[Record], wall: Duration) {
        let together: f64 = records.iter().map(|record| record.seconds).sum();
        for record in records {
            let phase = self.phases.entry(record.request.label.clone()).or_default();
            phase.measured += 1;
            phase.thread_seconds += record.seconds;
            if together > 0.0 {
                phase.wall_seconds += wall.as_secs_f64() * record.seconds / together;
            }
        }
    }

    /// These were taken from the journal.
    pub(crate) fn replayed<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>) {
        for record in records {
            let phase = self.phases.entry(record.request.label.clone()).or_default();
            phase.replayed += 1;
            phase.replayed_thread_seconds += record.seconds;
        }
    }

    /// Adds a phase that was timed elsewhere, unless nothing was done in it.
    pub(crate) fn add_phase(&mut self, label: &str, phase: Phase) {
        if phase.measurements() > 0 {
            self.phases.insert(label.to_owned(), phase);
        }
    }

    /// The times until now.
    #[must_use]
    pub(crate) fn stop(self, cpu_seconds: Option<f64>) -> Times {
        let total_wall_seconds = self.start.elapsed().as_secs_f64();
        let measuring: f64 = self.phases.values().map(|phase| phase.wall_seconds).sum();
        Times { phases: self.phases, rest_wall_seconds: (total_wall_seconds - measuring).max(0.0), total_wall_seconds, cpu_seconds }
    }
}
