//! The parts of all engines side by side: `results.json` and `table.md`.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

mod render;

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Serialize;

use crate::line::{Begun, Compared, Line, Measured};

/// What one part found on one engine.
#[derive(Debug, Serialize)]
struct Run {
    #[serde(flatten)]
    begun: Begun,
    compared: Vec<Compared>,
    measured: Vec<Measured>,
    left_out: Vec<LeftOut>,
    /// Seconds; nothing where it was killed, or failed.
    ended_s: Option<f64>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    case: String,
    because: String,
}

/// All that a folder holds.
#[derive(Debug, Default, Serialize)]
struct Found {
    runs: Vec<Run>,
    /// Files in which nothing stands: what was to write them did not begin.
    silent: Vec<String>,
}

/// Reads all files of a folder, and writes and prints the table.
pub(crate) fn write(folder: &Path) -> miette::Result<()> {
    let found = read(folder)?;
    if found.runs.is_empty() {
        bail!(help = "the files PART.ENGINE.log say what went wrong", "{} has no finding of any part", folder.display());
    }
    let table = render::render(&found);
    let json = serde_json::to_string_pretty(&found).into_diagnostic()?;
    for (name, text) in [("results.json", format!("{json}\n")), ("table.md", table.clone())] {
        let path = folder.join(name);
        assay_whole_file::write(&path, text.as_bytes())
            .into_diagnostic()
            .wrap_err_with(|| format!("{} cannot be written", path.display()))?;
    }
    print!("{table}");
    Ok(())
}

fn read(folder: &Path) -> miette::Result<Found> {
    let failed = || format!("{} cannot be read", folder.display());
    let entries = std::fs::read_dir(folder).into_diagnostic().wrap_err_with(failed)?;
    let mut files =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>().into_diagnostic().wrap_err_with(failed)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut found = Found::default();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))?;
        match run(&text).wrap_err_with(|| file.display().to_string())? {
            Some(run) => found.runs.push(run),
            None => found.silent.push(name),
        }
    }
    found.runs.sort_by_key(|run| (run.begun.part, order(&run.begun.engine), run.begun.engine.clone()));
    Ok(found)
}

/// Engines on a card first, then the CPU engine, then others.
fn order(engine: &str) -> usize {
    match engine {
        "cpu" => 1,
        own if own.starts_with("burn-") => 0,
        _ => 2,
    }
}

/// The lines of a file; nothing if there is none.
fn run(text: &str) -> miette::Result<Option<Run>> {
    let mut run: Option<Run> = None;
    for (number, text) in text.split_inclusive('\n').enumerate() {
        let line = match serde_json::from_str(text) {
            Ok(line) => line,
            // A process that is killed may leave half a line, which is its last.
            Err(_) if !text.ends_with('\n') => break,
            Err(error) => return Err(error).into_diagnostic().wrap_err_with(|| format!("line {}", number + 1)),
        };
        match (line, &mut run) {
            (Line::Begun(begun), None) => {
                run = Some(Run { begun, compared: Vec::new(), measured: Vec::new(), left_out: Vec::new(), ended_s: None });
            }
            (Line::Compared(compared), Some(run)) => run.compared.push(compared),
            (Line::Measured(measured), Some(run)) => run.measured.push(measured),
            (Line::LeftOut { case, because }, Some(run)) => run.left_out.push(LeftOut { case, because }),
            (Line::Ended { seconds }, Some(run)) => run.ended_s = Some(seconds),
            (Line::Begun(_), Some(_)) | (_, None) => bail!("line {} begins anew, or the first does not begin", number + 1),
        }
    }
    Ok(run)
}

#[cfg(test)]
mod tests;
