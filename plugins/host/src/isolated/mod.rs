//! Proxies in child processes: one that ends its process costs its own scores only.
//!
//! The child is this program again, with the argument [`CHILD`]. It talks over a socket that is its standard input, so
//! that nothing a plugin prints gets in between; what it prints to standard output appears on standard error. Every thread
//! that measures has a child of its own for each proxy.

mod child;
mod process;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use assay_core::score::Reading;
use assay_plugin_sdk::abi::AssayPass;
pub use child::serve;

use crate::callee::{Callee, Fault};
use crate::description::Description;
use crate::error::{LoadError, LoadProblem};
use crate::source::Source;
use process::Child;
pub use process::{CHILD, begin_children_by};
use wire::{Answer, Failure, Order};

/// What a file declares, read by a child.
///
/// # Errors
/// As loading it here, and if the child ends over it or takes longer than it may.
pub(crate) fn describe(file: &Path, timeout: Option<Duration>) -> Result<Description, LoadError> {
    let fail = |problem| LoadError::new(file, problem);
    let mut child = Child::spawn(timeout).map_err(|error| fail(LoadProblem::Child(format!("it cannot be started: {error}"))))?;
    match child.obey(&Order::Open { file: file.to_owned() }, None) {
        Err(broken) => {
            let (Fault::Failed(clause) | Fault::Crashed(clause)) = child.end(broken);
            Err(fail(LoadProblem::Child(format!("the plugin {clause}"))))
        }
        Ok(outcome) => {
            child.dismiss();
            match outcome {
                Ok(Answer::Described(description)) => Ok(description),
                Ok(other) => Err(fail(LoadProblem::Child(format!("it answered {other:?}")))),
                Err(Failure::Load(problem)) => Err(fail(problem)),
                Err(Failure::Clause(clause)) => Err(fail(LoadProblem::Child(clause))),
            }
        }
    }
}

/// A proxy in child processes.
pub(crate) struct Isolated {
    file: PathBuf,
    proxy: usize,
    settings: String,
    timeout: Option<Duration>,
    /// Those that no thread is using.
    idle: Mutex<Vec<Child>>,
}

impl Isolated {
    /// The proxy at this position of the file; a child makes one to see whether the settings are right.
    ///
    /// # Errors
    /// If the plugin refuses the settings, as a clause.
    pub(crate) fn new(file: &Path, timeout: Option<Duration>, proxy: usize, settings: &str) -> Result<Self, String> {
        let isolated = Self { file: file.to_owned(), proxy, settings: settings.to_owned(), timeout, idle: Mutex::new(Vec::new()) };
        let child = isolated.take().map_err(|fault| match fault {
            Fault::Failed(clause) | Fault::Crashed(clause) => clause,
        })?;
        isolated.give(child);
        Ok(isolated)
    }

    fn give(&self, child: Child) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    }

    fn take(&self) -> Result<Child, Fault> {
        if let Some(child) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(child);
        }
        let mut child = Child::spawn(self.timeout).map_err(|error| Fault::Failed(format!("cannot have a child process: {error}")))?;
        let orders = [Order::Open { file: self.file.clone() }, Order::Make { proxy: self.proxy, settings: self.settings.clone() }];
        for order in orders {
            match child.obey(&order, None) {
                Err(broken) => return Err(child.end(broken)),
                Ok(Err(failure)) => {
                    child.dismiss();
                    return Err(fault(failure));
                }
                Ok(Ok(_)) => {}
            }
        }
        Ok(child)
    }

    fn call(&self, order: &Order, source: Option<&dyn Source>) -> Result<Answer, Fault> {
        let mut child = self.take()?;
        match child.obey(order, source) {
            Err(broken) => Err(child.end(broken)),
            Ok(outcome) => {
                self.give(child);
                outcome.map_err(fault)
            }
        }
    }
}

fn fault(failure: Failure) -> Fault {
    Fault::Failed(match failure {
        Failure::Load(problem) => problem.to_string(),
        Failure::Clause(clause) => clause,
    })
}

fn other(answer: &Answer) -> Fault {
    Fault::Failed(format!("was answered for with {answer:?}"))
}

impl Callee for Isolated {
    fn protocol(&self) -> Result<String, Fault> {
        match self.call(&Order::Protocol, None)? {
            Answer::Text(text) => Ok(text),
            answer => Err(other(&answer)),
        }
    }

    fn passes(&self, given: AssayPass) -> Result<Vec<AssayPass>, Fault> {
        match self.call(&Order::Passes { given }, None)? {
            Answer::Passes(passes) => Ok(passes),
            answer => Err(other(&answer)),
        }
    }

    fn ask(&self, pass: u32, source: &dyn Source) -> Result<(), Fault> {
        self.call(&Order::Ask { pass }, Some(source)).map(drop)
    }

    fn score(&self, source: &dyn Source) -> Result<Reading, Fault> {
        match self.call(&Order::Score, Some(source))? {
            Answer::Reading(reading) => Ok(reading),
            answer => Err(other(&answer)),
        }
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        let idle = std::mem::take(self.idle.get_mut().unwrap_or_else(PoisonError::into_inner));
        idle.into_iter().for_each(Child::dismiss);
    }
}
