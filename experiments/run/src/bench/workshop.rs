//! What a run lends to a strategy that trains a network: its images and engine, and a file for the state.

use std::io::ErrorKind;

use assay_core::data::{Dataset, read_file};
use assay_core::engine::learner::{Learner, LearnerState, Rules};
use assay_core::graph::Graph;
use assay_core::network::Network;
use assay_core::plugin::{Bookmark, SearchError, Workshop};
use assay_results::files;
use assay_weights::{SupernetHeader, read_learner, read_supernet_header, write_supernet};
use serde_json::Value;

use super::laboratory::RunLaboratory;

impl RunLaboratory<'_> {
    /// Why the state in this run's folder cannot be continued, and what to do.
    fn refused(&self, problem: impl std::fmt::Display) -> SearchError {
        let file = self.run.path().join(files::SUPERNET);
        SearchError::Storage(format!(
            "`{}` cannot be continued: {problem}; put a copy of it in its place, or remove it and train from the beginning",
            file.display()
        ))
    }
}

impl Workshop for RunLaboratory<'_> {
    fn images(&self) -> &dyn Dataset {
        self.workbench.dataset.as_ref()
    }

    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, SearchError> {
        let threads = std::num::NonZeroUsize::new(self.workbench.threads.current_num_threads());
        let shared = threads.and_then(|threads| self.workbench.engine().on_threads(threads));
        let engine = shared.as_deref().unwrap_or(self.workbench.engine());
        engine.learner(network, rules).map_err(|error| SearchError::Supernet(error.into()))
    }

    fn kept(&self, of: &Value, graph: &Graph, rules: &Rules) -> Result<Option<(Bookmark, LearnerState)>, SearchError> {
        let bytes = match read_file(&self.run.path().join(files::SUPERNET)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.refused(error)),
        };
        let SupernetHeader { seed, updates, bookmark, .. } = read_supernet_header(&bytes).map_err(|error| self.refused(error))?;
        if seed != self.workbench.seed {
            return Err(self.refused(format!("it is of seed {seed}, this search of {}", self.workbench.seed)));
        }
        if bookmark.of != *of {
            return Err(self.refused(difference(&bookmark.of, of)));
        }
        let state = read_learner(&bytes, graph, rules, updates).map_err(|error| self.refused(error))?;
        tracing::info!("training of the supernet continues");
        // The seconds stand beside the state, which is the same whatever machine made it. Nothing but times depends on them.
        let seconds = read_file(&self.run.path().join(files::SUPERNET_SECONDS)).ok();
        let seconds = seconds.and_then(|bytes| String::from_utf8(bytes).ok()?.trim().parse::<f64>().ok());
        match seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0) {
            Some(seconds) => self.supernet.continues_after(seconds),
            None => tracing::warn!("how long earlier sessions trained is not known"),
        }
        Ok(Some((bookmark, state)))
    }

    fn keep(&self, bookmark: &Bookmark, graph: &Graph, state: &LearnerState) -> Result<(), SearchError> {
        let stored = |error: &dyn std::fmt::Display| SearchError::Storage(error.to_string());
        let bytes = write_supernet(graph, state, self.workbench.seed, bookmark).map_err(|error| stored(&error))?;
        self.run.save(files::SUPERNET, &bytes).map_err(|error| stored(&error))?;
        let seconds = format!("{}\n", self.supernet.seconds());
        self.run.save(files::SUPERNET_SECONDS, seconds.as_bytes()).map_err(|error| stored(&error))
    }

    fn expect(&self, steps: usize, done: usize) {
        self.supernet.expect(done);
        self.observer.expect(steps);
        self.observer.replay(done);
    }

    fn advance(&self, steps: usize) {
        self.supernet.advance(steps);
        self.observer.advance(steps);
    }

    fn say(&self, line: &str) {
        tracing::info!("{line}");
        self.observer.say(line);
    }

    fn is_interrupted(&self) -> bool {
        self.observer.is_interrupted()
    }
}

/// Where two descriptions of a search differ: the first setting that does, by its name.
fn difference(theirs: &Value, own: &Value) -> String {
    match (theirs, own) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            let differs = |name: &&String| one.get(*name) != other.get(*name);
            names.into_iter().find(differs).map_or_else(String::new, |name| {
                let inner = difference(one.get(name).unwrap_or(&Value::Null), other.get(name).unwrap_or(&Value::Null));
                if one.get(name).is_some_and(Value::is_object) { inner } else { format!("its `{name}` {inner}") }
            })
        }
        _ => format!("is {theirs}, that of this search {own}"),
    }
}
