//! `assay train`: trains an architecture from scratch, or continues an interrupted training.

use std::path::Path;

use assay_results::TrainingSummary;
use assay_results::files::WEIGHTS;
use assay_run::Prepared;
use assay_run::training::TrainingRun;
use clap::Args;

use super::Ending;
use super::session::Session;
use super::show::Shown;
use super::tabular::{render, table};
use crate::log::LogFile;
use crate::output::{OutputError, out};

/// Train an architecture from scratch, by DARTS's recipe or NAS-Bench-201's
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay train configs/train-small-cifar10.toml
  assay train configs/train-small-cifar10.toml --set training.epochs=10 --set seed=1
  assay train configs/train-nas-bench-201-12-epochs.toml
  assay train --resume results/train-small-…   continue this training

The file's [training] section has the architecture and the recipe, [dataset] and [test] the images; `part` in both splits one
dataset into images to train on and images to validate on.
Ctrl-C stops after the step in flight; the training goes on from it to the very weights of an undisturbed one. A killed one
goes on from its last checkpoint: the end of an epoch, or of the last five minutes in a longer one.
Files: weights.safetensors (see assay export --weights), curve.csv, checkpoint.safetensors, summary.json.")]
pub(super) struct Train {
    #[command(flatten)]
    session: Session,
}

impl Train {
    pub(super) fn run(self, log: &LogFile, logs_on_terminal: bool) -> Result<(), Ending> {
        let log = (log, logs_on_terminal);
        let (summary, path) = self.session.outcome(log, TrainingRun::prepare)?;
        Ok(print(&summary, &path)?)
    }
}

impl Shown for TrainingSummary {
    fn show(&self, folder: &Path) -> Result<(), Ending> {
        Ok(print(self, folder)?)
    }
}

/// Prints a training for people.
fn print(summary: &TrainingSummary, path: &Path) -> Result<(), OutputError> {
    let mut rows = table(&["epoch", "learning rate", "training loss", "training accuracy", "test loss", "test accuracy", "s"]);
    for record in &summary.curve {
        rows.add_row([
            record.epoch.to_string(),
            format!("{:.5}", record.learning_rate),
            format!("{:.4}", record.train_loss),
            format!("{:.2} %", 100.0 * record.train_accuracy),
            format!("{:.4}", record.test.loss),
            format!("{:.2} % of {}", 100.0 * record.test.accuracy(), record.test.images),
            format!("{:.1}", record.seconds),
        ]);
    }
    out!("{}\n", render(&rows))?;
    out!("trained     {}", summary.architecture)?;
    out!("size        {} parameters, {:.1} M multiply-adds", summary.parameters, summary.multiply_adds as f64 / 1e6)?;
    out!("test error  {:.2} % of {} images", summary.test_error_percent, summary.test.images)?;
    let cpu = summary.cpu_seconds.map_or(String::new(), |seconds| format!(", {seconds:.1} s of processor time"));
    out!("time        {:.1} s{cpu}", summary.seconds)?;
    out!("weights     {}", path.join(WEIGHTS).display())?;
    out!("run folder  {}", path.display())?;
    out!("protocol    {}", summary.protocol)
}
