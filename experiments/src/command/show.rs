//! `assay show`: the result and the trajectory of a run.

use std::path::PathBuf;

use assay_results::{Summary, Trajectory};
use clap::Args;

use super::Ending;
use super::tabular::{render, short, table};
use super::{correlate, found, train};
use crate::output::out;

/// Show a finished run: its result, and its trajectory round by round
#[derive(Debug, Args)]
#[command(after_help = "Example: assay show results/quickstart-seed0-20261121T231735Z")]
pub(super) struct Show {
    /// The run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

impl Show {
    pub(super) fn run(self) -> Result<(), Ending> {
        match Summary::read(&self.run)? {
            Summary::Study(study) => correlate::print_study(&study, &self.run)?,
            Summary::Shard(shard) => correlate::print_shard(&shard, &self.run)?,
            Summary::Training(training) => train::print(&training, &self.run)?,
            Summary::Search(search) => {
                let trajectory = Trajectory::read(&self.run)?;
                found::print_summary(&search, &self.run)?;
                out!("\n{}", rounds(&trajectory))?;
            }
        }
        Ok(())
    }
}

/// One row a step: what was measured, what was removed, how many architectures are left.
fn rounds(trajectory: &Trajectory) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for (label, _) in trajectory.steps.iter().flat_map(|step| &step.readings) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    let titles: Vec<&str> = ["step"].into_iter().chain(labels.iter().copied()).chain(["removed", "architectures left"]).collect();
    let mut rows = table(&titles);
    for step in &trajectory.steps {
        let readings = labels
            .iter()
            .map(|label| step.readings.iter().find(|(own, _)| own == label).map_or(String::new(), |(_, reading)| short(reading)));
        let removed: Vec<String> = step
            .candidates
            .iter()
            .filter(|candidate| candidate.removed)
            .map(|candidate| trajectory.layout.describe(candidate.choice))
            .collect();
        let left = step.after.single_paths().to_string();
        rows.add_row([step.title.clone()].into_iter().chain(readings).chain([removed.join("\n"), left]).collect::<Vec<_>>());
    }
    render(&rows)
}
