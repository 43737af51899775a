//! The command line, one file a command. Results go to standard output; progress, logs and errors to standard error.

mod benchmark;
mod collect;
mod completions;
mod correlate;
mod data;
mod draw;
mod export;
mod list;
mod manual;
mod merge;
pub mod network;
mod plugin_child;
mod profile;
mod query;
pub mod report;
mod run;
pub mod score;
mod session;
mod show;
mod status;
mod submit;
mod tabular;
mod times;
mod train;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use assay_results::exit;
use clap::{CommandFactory, Parser, Subcommand};

use crate::containment;
use crate::failure::Failure;
use crate::log::LogFile;
use crate::output::{self, OutputError, tell};
use crate::session::Stopped;

const AFTER_HELP: &str = "\
Example: assay run configs/quickstart.toml

Exit codes: 0 done, 1 failed, 2 misused, 3 failed because data is not here (images, or a benchmark's table), 130 interrupted.";

/// Scores neural architectures without training them, and searches with those scores.
#[derive(Debug, Parser)]
#[command(name = "assay", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Arguments {
    /// Log to the terminal too: error, warn, info, debug or trace (also by the variable ASSAY_LOG)
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Correlate(correlate::Correlate),
    Merge(merge::Merge),
    Collect(collect::Collect),
    Submit(submit::Submit),
    Status(status::Status),
    Score(score::Score),
    List(list::List),
    Data(data::Data),
    Benchmark(benchmark::Benchmark),
    Show(show::Show),
    Report(report::Report),
    Draw(draw::Draw),
    Export(export::Export),
    Train(train::Train),
    Completions(completions::Completions),
    Manual(manual::Manual),
    #[command(hide = true)]
    PluginChild(plugin_child::PluginChild),
}

/// Why a command ends early.
enum Ending {
    Failure(Failure),
    /// Nobody reads on: what was asked for is done.
    Closed,
    Interrupted,
}

impl<F: Into<Failure>> From<F> for Ending {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

impl From<Stopped> for Ending {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failure(failure) => Self::Failure(failure),
            Stopped::Interrupted { kind, folder } => {
                tell!("Interrupted. What was measured is kept; continue with:\n  {}", kind.resume(&folder));
                Self::Interrupted
            }
        }
    }
}

impl From<OutputError> for Ending {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Closed => Self::Closed,
            OutputError::Failed(error) => Self::Failure(
                Failure::new(format!("the result cannot be written to standard output: {error}"))
                    .with_help("make room where standard output goes, or name another place for it"),
            ),
        }
    }
}

/// What the command line is read with: every command, with its options and its help.
#[must_use]
pub fn arguments() -> clap::Command {
    Arguments::command()
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs the command that these arguments name, of which the first is the program, and gives the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let _working = assay_plugin_host::working();
    // Paths and commands must survive being copied: the terminal wraps lines, not the message.
    // Fails only where a handler is set already, which is then good enough.
    drop(miette::set_hook(Box::new(|_| Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).build()))));
    let Arguments { log_level, command } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(said) if said.use_stderr() => {
            // Nobody to tell it to does not make it right.
            drop(said.print());
            return u8::try_from(said.exit_code()).unwrap_or(exit::FAILED);
        }
        // Help and version are results.
        Err(said) => return ended(said.print().and_then(|()| std::io::stdout().flush()).map_err(|error| OutputError::from(error).into())),
    };
    let run = |log: LogFile| match command {
        Command::Run(run) => run.run(&log, log_level.is_some()),
        Command::Correlate(correlate) => correlate.run(&log, log_level.is_some()),
        Command::Merge(merge) => merge.run(&log, log_level.is_some()),
        Command::Collect(collect) => collect.run(),
        Command::Submit(submit) => submit.run(),
        Command::Status(status) => status.run(),
        Command::Score(score) => score.run(),
        Command::List(list) => list.run(),
        Command::Data(data) => data.run(),
        Command::Benchmark(benchmark) => benchmark.run(),
        Command::Show(show) => show.run(),
        Command::Export(export) => export.run(),
        Command::Train(train) => train.run(&log, log_level.is_some()),
        Command::Report(report) => report.run(),
        Command::Draw(draw) => draw.run(),
        Command::Completions(completions) => completions.run(Arguments::command()),
        Command::Manual(manual) => manual.run(Arguments::command()),
        Command::PluginChild(child) => child.run(),
    };
    let run = || {
        containment::errors_for_signals()?;
        let log = crate::log::start(log_level.as_deref())?;
        run(log)
    };
    ended(containment::contained(run).unwrap_or_else(|failure| Err(failure.into())))
}

/// Says why a command failed, and gives the exit code.
fn ended(outcome: Result<(), Ending>) -> u8 {
    match outcome {
        Ok(()) | Err(Ending::Closed) => 0,
        Err(Ending::Interrupted) => exit::INTERRUPTED,
        Err(Ending::Failure(failure)) => {
            let code = failure.exit_code();
            output::warn(&format!("{:?}", miette::Report::new(failure)));
            code
        }
    }
}
