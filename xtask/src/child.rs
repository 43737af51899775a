//! Runs a program, shows what it says as it says it, and tells how it ended.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use assay_results::exit;
use miette::{IntoDiagnostic, WrapErr};

/// The exit code of an interrupted program.
pub(crate) const INTERRUPTED: i32 = exit::INTERRUPTED as i32;
/// The exit code of `assay` where nothing but data is missing.
const MISSING_DATA: i32 = exit::MISSING_DATA as i32;
/// How long an interrupted program may take to put its work away.
const GRACE: Duration = Duration::from_secs(60);

static INTERRUPT: AtomicBool = AtomicBool::new(false);
static LISTENING: AtomicBool = AtomicBool::new(false);

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Done,
    Failed,
    /// Nothing but data is missing.
    NoData,
    Interrupted,
}

/// From now on Ctrl-C does not end this process before its child: a terminal sends it to both, and the child puts its
/// work away first.
pub(crate) fn outlive_interrupts() -> miette::Result<()> {
    // Several results may be made by one process, which can listen once.
    if LISTENING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    ctrlc::set_handler(|| INTERRUPT.store(true, Ordering::SeqCst)).into_diagnostic().wrap_err("Ctrl-C cannot be listened for")
}

/// Whether Ctrl-C was pressed.
pub(crate) fn interrupted() -> bool {
    INTERRUPT.load(Ordering::SeqCst)
}

/// Runs the command. Its standard error is shown, and is not a terminal for it: it says how far it is by lines.
pub(crate) fn run(command: &mut Command) -> miette::Result<Ending> {
    let name = command.get_program().display().to_string();
    let mut child = command.stderr(Stdio::piped()).spawn().into_diagnostic().wrap_err_with(|| format!("{name} cannot be started"))?;
    let pipe = child.stderr.take();
    let reader = thread::spawn(move || pipe.map_or(Ok(0), |mut pipe| io::copy(&mut pipe, &mut io::stderr())));
    let status = wait(&mut child).into_diagnostic().wrap_err_with(|| format!("waiting for {name} failed"))?;
    match reader.join() {
        Ok(shown) => shown.into_diagnostic().wrap_err_with(|| format!("reading what {name} says failed"))?,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    Ok(match status.code() {
        Some(0) => Ending::Done,
        Some(INTERRUPTED) => Ending::Interrupted,
        _ if interrupted() => Ending::Interrupted,
        Some(MISSING_DATA) => Ending::NoData,
        _ => Ending::Failed,
    })
}

/// Waits for the end. After an interrupt the child has some time to end by itself: where only this process was told to
/// stop, it would not, and losing it loses no finished measurement.
fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupted() && asked.get_or_insert_with(Instant::now).elapsed() > GRACE {
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_by_its_exit_code_how_it_ended() {
        let ending = |code: i32| run(Command::new("sh").arg("-c").arg(format!("exit {code}"))).unwrap();
        assert!(matches!(ending(0), Ending::Done));
        assert!(matches!(ending(1), Ending::Failed));
        assert!(matches!(ending(MISSING_DATA), Ending::NoData));
        assert!(matches!(ending(INTERRUPTED), Ending::Interrupted));
    }
}
