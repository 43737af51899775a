//! A correlation study that a result is made of, and its report.

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_results::StudySummary;
use miette::{IntoDiagnostic, WrapErr, bail};

use super::datasets::Images;
use super::search::stop;
use super::summary::unreadable;
use crate::{child, project};

/// What is measured, and where it is kept.
pub(super) struct Study {
    /// The name of its file in `configs`.
    pub(super) experiment: &'static str,
    /// Its folder below `results`.
    pub(super) folder: PathBuf,
    /// Settings on top of the file, as `--set` takes them.
    pub(super) settings: Vec<String>,
}

/// A study that is finished.
pub(super) struct Made {
    /// Its folder.
    pub(super) run: PathBuf,
    /// What it found.
    pub(super) summary: StudySummary,
}

impl Study {
    /// With images in place of the dataset, and in a folder of their name.
    pub(super) fn with_images(mut self, images: Option<&Images>) -> Self {
        let Some(images) = images else { return self };
        self.folder.as_mut_os_string().push(images.suffix());
        self.settings.extend(images.settings().into_iter().map(|(key, value)| format!("{key}={value}")));
        self
    }

    /// Makes the study, or what is left of it, and reads what it found.
    pub(super) fn make(&self, assay: &Path) -> miette::Result<Made> {
        self.run(assay).and_then(Made::read)
    }

    /// Makes the study or the shard, or what is left of it, and gives its folder.
    pub(super) fn run(&self, assay: &Path) -> miette::Result<PathBuf> {
        let run = project::root().join("results").join(&self.folder);
        let mut command = Command::new(assay);
        command.arg("correlate").arg(project::root().join("configs").join(self.experiment).with_extension("toml"));
        command.arg("--run-dir").arg(&run);
        if run.exists() {
            command.arg("--resume");
        }
        for setting in &self.settings {
            command.arg("--set").arg(setting);
        }
        eprintln!("study: {} ({})", self.experiment, run.display());
        match child::run(&mut command)? {
            child::Ending::Done => Ok(run),
            child::Ending::Interrupted => stop(),
            child::Ending::NoData | child::Ending::Failed => bail!("the study failed: {command:?}"),
        }
    }
}

impl Made {
    fn read(run: PathBuf) -> miette::Result<Self> {
        let summary = StudySummary::read(&run).map_err(|error| unreadable(&error, &run))?;
        Ok(Self { run, summary })
    }
}

/// The report of a run, in a folder that goes away with it.
pub(super) struct Report(tempfile::TempDir);

impl Report {
    /// Of this run; every chart has the caption below it.
    pub(super) fn of(assay: &Path, run: &Path, caption: &str) -> miette::Result<Self> {
        let folder = tempfile::tempdir().into_diagnostic().wrap_err("no temporary folder can be made")?;
        let mut command = Command::new(assay);
        command.arg("report").arg(run).arg("--output").arg(folder.path()).args(["--caption", caption]);
        let output = command.output().into_diagnostic().wrap_err("assay cannot be started")?;
        if !output.status.success() {
            bail!("the report failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Self(folder))
    }

    /// The rows of a table, as Markdown.
    pub(super) fn table(&self, name: &str) -> miette::Result<String> {
        let file = self.0.path().join(format!("tables/{name}.md"));
        let text = std::fs::read_to_string(&file).into_diagnostic().wrap_err_with(|| format!("{}", file.display()))?;
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        Ok(format!("{}\n\n", rows.join("\n")))
    }

    /// Copies a chart to this file of `results/reference`, and gives the line that shows it in a page there.
    pub(super) fn picture(&self, chart: &str, file: &str, about: &str) -> miette::Result<String> {
        // Text as outlines makes the SVG of each some 470 kB; the report itself has both.
        let from = self.0.path().join(format!("figures/{chart}.png"));
        let into = project::root().join("results/reference").join(file);
        std::fs::copy(&from, &into)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} cannot be copied to {}", from.display(), into.display()))?;
        Ok(format!("![{about}]({file})\n\n"))
    }
}
