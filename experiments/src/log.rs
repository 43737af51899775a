//! Logs: to a run's `log.txt` always, to the terminal on request.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::failure::Failure;

/// The environment variable that asks for logs on the terminal: a level, or filter directives.
pub const LOG_VARIABLE: &str = "ASSAY_LOG";

/// The log file of the run in progress. Before a run has its folder, what is logged is not kept.
#[derive(Clone, Debug, Default)]
pub struct LogFile(Arc<Mutex<Option<File>>>);

impl LogFile {
    /// Logs to this file from now on.
    pub fn open(&self, file: File) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Starts logging. `level` is what `--log-level` asked for on the terminal; without it [`LOG_VARIABLE`] decides.
///
/// # Errors
/// If there is no such level.
pub fn start(level: Option<&str>) -> Result<LogFile, Failure> {
    let file = LogFile::default();
    // All of our crates begin with `assay`.
    let to_file = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file.clone());
    // Where the log cannot be written, results cannot either, and that is told once.
    let to_file = to_file.log_internal_errors(false).with_filter(filter("debug")?);
    let variable = std::env::var(LOG_VARIABLE).ok().filter(|text| !text.is_empty());
    let to_terminal = match level.map(str::to_owned).or(variable) {
        // That standard error is closed could only be told on standard error.
        Some(wanted) => {
            Some(tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false).with_filter(filter(&wanted)?))
        }
        None => None,
    };
    // A second start in one process (tests) keeps the first one's subscriber.
    let _ = tracing_subscriber::registry().with(to_file).with(to_terminal).try_init();
    Ok(file)
}

fn filter(wanted: &str) -> Result<EnvFilter, Failure> {
    let directives = if wanted.contains(['=', ',']) { wanted.to_owned() } else { format!("warn,assay={wanted}") };
    EnvFilter::try_new(&directives).map_err(|error| {
        Failure::new(format!("`{wanted}` is not a log level: {error}")).with_help("levels are error, warn, info, debug and trace")
    })
}
