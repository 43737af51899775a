//! The child's side.
#![allow(unsafe_code, reason = "functions of the C library")]

use std::cell::RefCell;
use std::io::{self, BufReader, BufWriter};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use elsa::FrozenVec;

use super::wire::{self, Answer, Event, Failure, Order, Owned};
use crate::border;
use crate::callee::{Callee, Fault, Instance};
use crate::file::PluginFile;
use crate::source::{Lent, Query, Source};

/// The line to the parent.
struct Line {
    from: BufReader<UnixStream>,
    to: BufWriter<UnixStream>,
}

/// Answers what the proxy asks during one call by asking the parent.
struct Remote<'a> {
    line: &'a RefCell<Line>,
    received: FrozenVec<Box<Owned>>,
}

impl Source for Remote<'_> {
    fn answer(&self, query: &Query) -> Result<Lent<'_>, String> {
        let Line { from, to } = &mut *self.line.borrow_mut();
        let answer = wire::send(to, &Event::Query(query.clone())).and_then(|()| wire::receive_answer(from));
        let owned = answer.map_err(|error| format!("the parent process does not answer: {error}"))??;
        Ok(self.received.push_get(Box::new(owned)).lend())
    }
}

/// Runs a plugin for the process at the other end of standard input, until that hangs up.
///
/// # Errors
/// If standard input is not a socket to the parent, or the connection breaks.
pub fn serve() -> io::Result<()> {
    border::leave_to_the_system();
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let line = RefCell::new(Line { from: BufReader::new(socket.try_clone()?), to: BufWriter::new(socket) });
    watch_parent(line.borrow().from.get_ref().try_clone()?)?;
    let mut plugin = Plugin::default();
    loop {
        let order = match wire::receive::<Order>(&mut line.borrow_mut().from) {
            Ok(order) => order,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let outcome = plugin.obey(order, &line);
        wire::send(&mut line.borrow_mut().to, &Event::Done(outcome))?;
    }
}

/// Time to end by itself, once the parent has hung up.
const GRACE: Duration = Duration::from_secs(2);

/// Ends this process soon after the parent has ended, whatever the plugin is doing then.
fn watch_parent(line: UnixStream) -> io::Result<()> {
    let watch = move || {
        let mut watched = libc::pollfd { fd: line.as_raw_fd(), events: 0, revents: 0 };
        // That the other side hung up is told without being asked for.
        // SAFETY: one descriptor, which `line` keeps open.
        while unsafe { libc::poll(&raw mut watched, 1, -1) } < 0 {
            if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
        std::thread::sleep(GRACE);
        // SAFETY: ends the process, without the functions of a plugin that may be in the middle of something.
        unsafe { libc::_exit(1) }
    };
    std::thread::Builder::new().name("parent".into()).spawn(watch).map(drop)
}

#[derive(Default)]
struct Plugin {
    file: Option<Arc<PluginFile>>,
    proxy: Option<Instance>,
}

impl Plugin {
    fn obey(&mut self, order: Order, line: &RefCell<Line>) -> Result<Answer, Failure> {
        let remote = Remote { line, received: FrozenVec::new() };
        match order {
            Order::Open { file } => {
                let file = PluginFile::open(&file).map_err(|error| Failure::Load(error.problem))?;
                let description = file.description.clone();
                self.file = Some(file);
                Ok(Answer::Described(description))
            }
            Order::Make { proxy, settings } => {
                let file = self.file.as_ref().ok_or_else(|| Failure::Clause("was not opened".into()))?;
                self.proxy = Some(Instance::new(file, proxy, &settings).map_err(Failure::Clause)?);
                Ok(Answer::Nothing)
            }
            Order::Protocol => self.proxy()?.protocol().map(Answer::Text).map_err(failure),
            Order::Passes { given } => self.proxy()?.passes(given).map(Answer::Passes).map_err(failure),
            Order::Ask { pass } => self.proxy()?.ask(pass, &remote).map(|()| Answer::Nothing).map_err(failure),
            Order::Score => self.proxy()?.score(&remote).map(Answer::Reading).map_err(failure),
        }
    }

    fn proxy(&self) -> Result<&Instance, Failure> {
        self.proxy.as_ref().ok_or_else(|| Failure::Clause("was not made".into()))
    }
}

fn failure(fault: Fault) -> Failure {
    match fault {
        Fault::Failed(clause) | Fault::Crashed(clause) => Failure::Clause(clause),
    }
}
