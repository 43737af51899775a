//! `assay run`: runs an experiment, or continues an interrupted one.

use std::path::Path;

use assay_core::experiment::{Experiment, Plugins};
use assay_results::mixed::{Mixed, SKIP};
use assay_results::present::grid::unique;
use assay_results::present::reading::describe;
use assay_results::search::Accuracies;
use assay_results::tables::steps;
use assay_results::{SearchSummary, Trajectory};
use clap::Args;

use super::Ending;
use super::profile::Profiling;
use super::session::Session;
use super::show::Shown;
use super::tabular::{render, short, table};
use super::times::times;
use crate::log::LogFile;
use crate::output::{OutputError, out};
use crate::prepare;

/// Run an experiment file: search, measure, and write a run folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay run configs/quickstart.toml
  assay run configs/quickstart.toml --set seed=1 --set strategy.pairing=independent
  assay run configs/quickstart.toml --resume     continue its newest unfinished run
  assay run --resume results/quickstart-seed0-…  continue this run

Settings: the file, then the environment (ASSAY_SET_SEED=1, ASSAY_SET_STRATEGY__PAIRING=common), then --set; the later wins.
Ctrl-C stops after the measurements in flight; a second Ctrl-C ends at once. Neither loses a finished measurement.")]
pub(super) struct Run {
    #[command(flatten)]
    session: Session,
    /// Print at the end where the time went: by kind of work, with its speed
    #[arg(long)]
    profile: bool,
}

impl Run {
    pub(super) fn run(self, log: &LogFile, logs_on_terminal: bool) -> Result<(), Ending> {
        // A run that is only shown has none.
        let mut profiling = None;
        let prepare = |experiment: Experiment, plugins: &Plugins| {
            let profiling = profiling.insert(Profiling::start(self.profile));
            prepare::search(experiment, plugins, profiling.profile())
        };
        let log = (log, logs_on_terminal);
        let (summary, path) = self.session.outcome(log, prepare)?;
        print(&summary, &path)?;
        if let Some(profiling) = profiling {
            profiling.print();
        }
        Ok(())
    }
}

impl Shown for SearchSummary {
    fn show(&self, folder: &Path) -> Result<(), Ending> {
        let trajectory = Trajectory::read(folder)?;
        print(self, folder)?;
        Ok(out!("\n{}", rounds(&trajectory))?)
    }
}

/// Prints what a search found.
fn print(summary: &SearchSummary, path: &Path) -> Result<(), OutputError> {
    out!("found       {}", summary.architecture.text)?;
    match &summary.accuracies {
        Accuracies::Known { source, values } => {
            for accuracy in values {
                out!("accuracy    {} {:.2} % ({})", accuracy.title, accuracy.percent, accuracy.target)?;
            }
            out!("            from {source}")?;
        }
        Accuracies::Unknown { because } => out!("accuracies: not known, because {because}")?,
    }
    for (label, score) in &summary.scores {
        out!("score       {label} {}", describe(score))?;
    }
    for (label, count) in summary.counts.undefined.iter().filter(|(_, count)| **count > 0) {
        let all = summary.counts.measurements.get(label).copied().unwrap_or_default();
        out!("undefined   {count} of {all} measurements of {label}")?;
    }
    for (label, epochs) in &summary.counts.trained_epochs {
        out!("trained     {epochs} epochs for {label}")?;
    }
    out!("\n{}\n", times(&summary.times))?;
    out!("run folder  {}", path.display())?;
    out!("protocol    {}", summary.protocol)
}

/// What is shown of what mixes operators: a number for each operator of each edge would be dozens of columns.
const MIXTURE: [&str; 3] = ["strongest operators", "entropy, %", "skip connections, %"];

/// One row a step: what was measured, what was removed, how many architectures are left. Where a search learns what mixes operators,
/// what it is about in place of its numbers and of what is left.
fn rounds(trajectory: &Trajectory) -> String {
    let of_mixtures = trajectory.names_of_mixtures();
    let names = trajectory.steps.iter().flat_map(|step| &step.readings).map(|(name, _)| name.as_str());
    let labels = unique(names.filter(|name| !of_mixtures.contains(*name)));
    let learns = trajectory.steps.iter().any(|step| trajectory.mixed(step).is_some());
    let last = if learns { &MIXTURE[..] } else { &["removed", "architectures left"] };
    let titles: Vec<&str> = ["step"].into_iter().chain(labels.iter().copied()).chain(last.iter().copied()).collect();
    let mut rows = table(&titles);
    for step in &trajectory.steps {
        let readings = labels
            .iter()
            .map(|label| step.readings.iter().find(|(own, _)| own == label).map_or(String::new(), |(_, reading)| short(reading)));
        let last = if learns {
            let mixed = trajectory.mixed(step);
            let percent = |share: Option<f64>| share.map_or(String::new(), |share| format!("{:.1}", 100.0 * share));
            let strongest = mixed.as_ref().map_or_else(String::new, Mixed::strongest);
            let (entropy, skips) = (mixed.as_ref().and_then(Mixed::entropy), mixed.as_ref().and_then(|mixed| mixed.mean_of(SKIP)));
            vec![strongest, percent(entropy), percent(skips)]
        } else {
            vec![trajectory.removed(step).join("\n"), step.after.single_paths().to_string()]
        };
        rows.add_row([step.title.clone()].into_iter().chain(readings).chain(last).collect::<Vec<_>>());
    }
    let mut text = render(&rows);
    if learns {
        text += &format!("\n\nentropy: 100 where nothing is decided; how likely each operator of each edge is stands in {}", steps::FILE);
    }
    text
}
