//! One part on one engine: the engine, the time that is left, and the file of what is found.

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assay_core::engine::{Engine, EngineFactory, Resources};
use assay_core::plugin::{Registry, Settings};
use miette::{IntoDiagnostic, WrapErr, miette};

use crate::line::{Begun, Compared, Line, Measured, Part};
use crate::memory::Memory;

/// How long a call is repeated.
const TURN: Duration = Duration::from_secs(2);

/// Why a case has no value.
pub(crate) type Problem = Box<dyn std::error::Error>;

/// What one call computed.
pub(crate) type Computed = Result<Option<f64>, Problem>;

/// A part that is being measured.
pub(crate) struct Bench {
    /// What measures.
    pub(crate) engine: Box<dyn Engine>,
    /// As it was asked for.
    pub(crate) name: String,
    /// Threads of the processor.
    pub(crate) threads: NonZeroUsize,
    /// Where oracles and images are.
    pub(crate) data: PathBuf,
    begin: Instant,
    limit: Duration,
    memory: Memory,
    output: File,
    /// Which cases the last measured one is like, and the seconds that an operation of it took.
    pace: Option<(String, f64)>,
}

/// What is timed.
pub(crate) struct Timed<'a> {
    /// What it is called.
    pub(crate) case: &'a str,
    /// How many things one call is for.
    pub(crate) items: f64,
    /// What cases have in common whose times are as their operations: how long one takes tells how long the next one will.
    pub(crate) like: &'a str,
    /// Multiply-adds of one call, up to a factor that cases like it share.
    pub(crate) operations: f64,
}

impl Bench {
    /// Makes the engine and begins the file.
    pub(crate) fn new(part: Part, name: &str, data: &Path, limit: Duration, output: &Path) -> miette::Result<Self> {
        let begin = Instant::now();
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let engine = engine(name, threads)?;
        let cannot = || format!("{} cannot be written", output.display());
        let file = File::create(output).into_diagnostic().wrap_err_with(cannot)?;
        let memory = Memory::of(name);
        let device = format!("{}, {}", engine.name(), memory.device());
        let mut bench =
            Self { engine, name: name.to_owned(), threads, data: data.to_owned(), begin, limit, memory, output: file, pace: None };
        let begun = Begun { part, engine: name.to_owned(), device, threads: threads.get(), limit_s: limit.as_secs_f64() };
        bench.write(&Line::Begun(begun))?;
        Ok(bench)
    }

    fn write(&mut self, line: &Line) -> miette::Result<()> {
        let mut text = serde_json::to_string(line).into_diagnostic()?;
        eprintln!("{:7.1} s  {text}", self.begin.elapsed().as_secs_f64());
        text.push('\n');
        // In one piece: the process may be killed at any moment.
        self.output.write_all(text.as_bytes()).into_diagnostic().wrap_err("what was found cannot be written")
    }

    /// Ends the file.
    pub(crate) fn end(mut self) -> miette::Result<()> {
        let seconds = self.begin.elapsed().as_secs_f64();
        self.write(&Line::Ended { seconds })
    }

    fn leave_out(&mut self, case: &str, because: impl Into<String>) -> miette::Result<()> {
        self.write(&Line::LeftOut { case: case.to_owned(), because: because.into() })
    }

    /// Compares what is found with an oracle, unless the time is up. `find` gives what was compared, how far it is off, and the most
    /// that it may be.
    pub(crate) fn compare(
        &mut self,
        case: &str,
        find: impl FnOnce(&dyn Engine) -> Result<Vec<(&'static str, f64, f64)>, Problem>,
    ) -> miette::Result<()> {
        if let Some(because) = self.too_late(None) {
            return self.leave_out(case, because);
        }
        let engine = self.engine.as_ref();
        match guarded(|| find(engine)) {
            Err(problem) => self.leave_out(case, problem),
            Ok(found) => found.into_iter().try_for_each(|(what, deviation, allowed)| {
                let deviation = deviation.is_finite().then_some(deviation);
                self.write(&Line::Compared(Compared { case: case.to_owned(), what: what.to_owned(), deviation, allowed }))
            }),
        }
    }

    /// Times a call: a first one, then further ones for a turn, unless the time is up. The last one's result counts.
    pub(crate) fn time(&mut self, timed: &Timed<'_>, mut call: impl FnMut(&dyn Engine) -> Computed) -> miette::Result<()> {
        let pace = self.pace.as_ref().filter(|(like, _)| like == timed.like);
        let expected = pace.map(|(_, pace)| pace * timed.operations);
        if let Some(because) = self.too_late(expected) {
            return self.leave_out(timed.case, because);
        }
        let once = |call: &mut dyn FnMut(&dyn Engine) -> Computed, engine: &dyn Engine| {
            let start = Instant::now();
            guarded(|| call(engine)).map(|result| (result, start.elapsed().as_secs_f64()))
        };
        let (mut result, first) = match once(&mut call, self.engine.as_ref()) {
            Ok(found) => found,
            Err(problem) => return self.leave_out(timed.case, problem),
        };
        let (mut calls, mut shortest, turn) = (1, f64::INFINITY, Instant::now());
        while (shortest.is_infinite() || turn.elapsed() < TURN) && self.too_late(Some(first.min(shortest))).is_none() {
            match once(&mut call, self.engine.as_ref()) {
                Ok((found, seconds)) => (result, calls, shortest) = (found, calls + 1, shortest.min(seconds)),
                Err(problem) => return self.leave_out(timed.case, problem),
            }
        }
        let seconds = shortest.min(first);
        self.pace = Some((timed.like.to_owned(), seconds / timed.operations));
        let (case, items, memory_mib) = (timed.case.to_owned(), timed.items, self.memory.most());
        self.write(&Line::Measured(Measured { case, items, seconds, first_s: first, calls, result, memory_mib }))
    }

    /// Why a case that takes so many seconds is not begun, if it is not.
    fn too_late(&self, expected: Option<f64>) -> Option<String> {
        let (limit, gone) = (self.limit.as_secs_f64(), self.begin.elapsed().as_secs_f64());
        match expected {
            _ if gone >= limit => Some(format!("the {limit:.0} s of this part were over")),
            Some(expected) if gone + expected > limit => {
                Some(format!("it would take about {expected:.0} s, and {:.0} s of this part were left", limit - gone))
            }
            _ => None,
        }
    }
}

/// The engine of this name, on so many threads where it can use several.
fn engine(name: &str, threads: NonZeroUsize) -> miette::Result<Box<dyn Engine>> {
    let engines = Registry::<dyn EngineFactory>::collect().into_diagnostic()?;
    let factory = engines.build(name, &Settings::none()).map_err(|error| {
        let names: Vec<&str> = engines.iter().map(|entry| entry.name).collect();
        miette!(help = "burn-cuda is there in a program that was built with the feature `cuda`", "{error}; engines: {}", names.join(", "))
    })?;
    let engine = factory.make(&Resources::default()).into_diagnostic()?;
    Ok(engine.on_threads(threads).unwrap_or(engine))
}

/// What `call` gives, or what went wrong in words. A backend that cannot do something may panic: that ends the case, not the part.
fn guarded<T>(call: impl FnOnce() -> Result<T, Problem>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(found) => found.map_err(|problem| format!("it failed: {problem}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            let line = text.and_then(|text| text.lines().find(|line| !line.trim().is_empty())).unwrap_or("without a word");
            Err(format!("the engine panicked: {}", line.trim()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_or_an_error_ends_a_case_with_its_reason() {
        assert_eq!(guarded(|| Ok(3)), Ok(3));
        assert_eq!(guarded::<()>(|| Err("no memory".into())), Err("it failed: no memory".into()));
        assert_eq!(guarded::<()>(|| panic!("\nno {}", "kernel")), Err("the engine panicked: no kernel".into()));
    }
}
