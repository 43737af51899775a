//! The parent's side: a child process, what it is told, and how it ends.
#![allow(unsafe_code, reason = "a function of the C library")]

use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::wire::{self, Answer, Event, Failure, Order};
use crate::border;
use crate::callee::Fault;
use crate::source::Source;

/// The argument with which this program becomes a child that runs a plugin.
pub const CHILD: &str = "plugin-child";

/// The program of children and what stands before [`CHILD`], where that is not this program's file alone.
static PROGRAM: OnceLock<(PathBuf, Vec<OsString>)> = OnceLock::new();

/// From now on children are begun by this program with these arguments before [`CHILD`]: an interpreter that runs Assay as a
/// library is not Assay itself. What was said first counts.
pub fn begin_children_by(program: PathBuf, arguments: Vec<OsString>) {
    PROGRAM.get_or_init(|| (program, arguments));
}

/// A child process.
pub(super) struct Child {
    process: std::process::Child,
    from: BufReader<UnixStream>,
    to: BufWriter<UnixStream>,
    timeout: Option<Duration>,
}

/// Why a conversation with a child broke off.
pub(super) enum Broken {
    /// The child has ended, or talks nonsense.
    Ended(io::Error),
    /// It took longer than this for what is called so.
    Late(&'static str, Duration),
}

impl Child {
    pub(super) fn spawn(timeout: Option<Duration>) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = match PROGRAM.get() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            None => Command::new(std::env::current_exe()?),
        };
        let process = command
            .arg(CHILD)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?))
            // A terminal's Ctrl-C is for the parent, which lets measurements in flight end.
            .process_group(0)
            .spawn()?;
        Ok(Self { process, from: BufReader::new(ours.try_clone()?), to: BufWriter::new(ours), timeout })
    }

    /// Gives an order and answers what the child asks meanwhile. The time of the answers is not the child's.
    pub(super) fn obey(&mut self, order: &Order, source: Option<&dyn Source>) -> Result<Result<Answer, Failure>, Broken> {
        let mut left = self.timeout;
        let late = |error: io::Error, timeout: Option<Duration>| match (error.kind(), timeout) {
            // What a socket says whose time is up depends on the system.
            (io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut, Some(timeout)) => Broken::Late(order.function(), timeout),
            _ => Broken::Ended(error),
        };
        self.wait_for(left).and_then(|()| wire::send(&mut self.to, order)).map_err(|error| late(error, self.timeout))?;
        loop {
            let begun = Instant::now();
            let event = self.wait_for(left).and_then(|()| wire::receive(&mut self.from)).map_err(|error| late(error, self.timeout))?;
            left = left.map(|left| left.saturating_sub(begun.elapsed()));
            match event {
                Event::Done(outcome) => return Ok(outcome),
                Event::Query(query) => {
                    let answer = source.map_or_else(|| Err("there is no measurement".into()), |source| source.answer(&query));
                    let sent = self.wait_for(left).and_then(|()| wire::send_answer(&mut self.to, answer));
                    sent.map_err(|error| late(error, self.timeout))?;
                }
            }
        }
    }

    /// From now on reading and writing wait no longer than this.
    fn wait_for(&self, left: Option<Duration>) -> io::Result<()> {
        let Some(left) = left else { return Ok(()) };
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let socket = self.from.get_ref();
        socket.set_read_timeout(Some(left))?;
        socket.set_write_timeout(Some(left))
    }

    /// Why there is no answer, once the child has ended.
    pub(super) fn end(mut self, broken: Broken) -> Fault {
        if let Broken::Late(..) = broken {
            self.kill();
        }
        drop((self.from, self.to));
        let ended = self.process.wait();
        let error = match broken {
            Broken::Late(function, timeout) => {
                let problem = format!("did not return from `{function}` within {timeout:?} (plugins.timeout), so its process was ended");
                return Fault::Failed(problem);
            }
            Broken::Ended(error) => error,
        };
        Fault::Crashed(match ended {
            Ok(status) if status.success() => format!("ended its process in the middle of a call ({error})"),
            Ok(status) => format!("ended its process: {}", how(status)),
            Err(error) => format!("ended its process ({error})"),
        })
    }

    /// Ends the child and the processes that it began: they are one group.
    fn kill(&mut self) {
        if let Ok(group) = i32::try_from(self.process.id()) {
            // SAFETY: the child has not been waited for, so its number is still its own.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        // Where the group is gone already, so is the child.
        drop(self.process.kill());
    }

    /// Lets the child end.
    pub(super) fn dismiss(mut self) {
        drop((self.from, self.to));
        // It ends by itself as soon as the connection is closed; how it ends does not matter.
        drop(self.process.wait());
    }
}

fn how(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else { return status.to_string() };
    format!("signal {signal} ({})", border::name_of(signal))
}
