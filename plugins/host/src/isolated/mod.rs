//! Proxies in child processes: one that ends its process costs its own scores only.
//!
//! The child is this program again, with the argument [`CHILD`]. It talks over a socket that is its standard input, so
//! that nothing a plugin prints gets in between; what it prints to standard output appears on standard error. Every thread
//! that measures has a child of its own for each proxy.

mod child;
mod wire;

use std::io::{self, BufReader, BufWriter};
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use assay_core::score::Reading;
use assay_plugin_sdk::abi::AssayPass;
pub use child::serve;

use crate::callee::{Callee, Fault};
use crate::description::Description;
use crate::error::{LoadError, LoadProblem};
use crate::source::Source;
use wire::{Answer, Event, Failure, Order};

/// The argument with which this program becomes a child that runs a plugin.
pub const CHILD: &str = "plugin-child";

/// A child process.
struct Child {
    process: std::process::Child,
    from: BufReader<UnixStream>,
    to: BufWriter<UnixStream>,
}

impl Child {
    fn spawn() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let process = Command::new(std::env::current_exe()?)
            .arg(CHILD)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?))
            // A terminal's Ctrl-C is for the parent, which lets measurements in flight end.
            .process_group(0)
            .spawn()?;
        Ok(Self { process, from: BufReader::new(ours.try_clone()?), to: BufWriter::new(ours) })
    }

    /// Gives an order and answers what the child asks meanwhile.
    fn obey(&mut self, order: &Order, source: Option<&dyn Source>) -> io::Result<Result<Answer, Failure>> {
        wire::send(&mut self.to, order)?;
        loop {
            match wire::receive(&mut self.from)? {
                Event::Done(outcome) => return Ok(outcome),
                Event::Query(query) => {
                    let answer = source.map_or_else(|| Err("there is no measurement".into()), |source| source.answer(&query));
                    wire::send_answer(&mut self.to, answer)?;
                }
            }
        }
    }

    /// Why the conversation broke off, as a clause.
    fn end(mut self, error: &io::Error) -> String {
        drop((self.from, self.to));
        match self.process.wait() {
            Ok(status) if status.success() => format!("ended its process in the middle of a call ({error})"),
            Ok(status) => format!("ended its process: {}", how(status)),
            Err(error) => format!("ended its process ({error})"),
        }
    }

    /// Lets the child end.
    fn dismiss(mut self) {
        drop((self.from, self.to));
        // It ends by itself as soon as the connection is closed; how it ends does not matter.
        drop(self.process.wait());
    }
}

fn how(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else { return status.to_string() };
    let name = match signal {
        4 => "illegal instruction",
        6 => "abort",
        7 => "bus error",
        8 => "arithmetic error",
        9 => "killed",
        11 => "segmentation fault",
        _ => "ended from outside",
    };
    format!("signal {signal} ({name})")
}

/// What a file declares, read by a child.
///
/// # Errors
/// As loading it here, and if the child ends over it.
pub(crate) fn describe(file: &Path) -> Result<Description, LoadError> {
    let fail = |problem| LoadError::new(file, problem);
    let mut child = Child::spawn().map_err(|error| fail(LoadProblem::Child(format!("it cannot be started: {error}"))))?;
    match child.obey(&Order::Open { file: file.to_owned() }, None) {
        Err(error) => Err(fail(LoadProblem::Child(format!("the plugin {}", child.end(&error))))),
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
    /// Those that no thread is using.
    idle: Mutex<Vec<Child>>,
}

impl Isolated {
    /// The proxy at this position of the file; a child makes one to see whether the settings are right.
    ///
    /// # Errors
    /// If the plugin refuses the settings, as a clause.
    pub(crate) fn new(file: &Path, proxy: usize, settings: &str) -> Result<Self, String> {
        let isolated = Self { file: file.to_owned(), proxy, settings: settings.to_owned(), idle: Mutex::new(Vec::new()) };
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
        let mut child = Child::spawn().map_err(|error| Fault::Failed(format!("cannot have a child process: {error}")))?;
        let orders = [Order::Open { file: self.file.clone() }, Order::Make { proxy: self.proxy, settings: self.settings.clone() }];
        for order in orders {
            match child.obey(&order, None) {
                Err(error) => return Err(Fault::Crashed(child.end(&error))),
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
            Err(error) => Err(Fault::Crashed(child.end(&error))),
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
