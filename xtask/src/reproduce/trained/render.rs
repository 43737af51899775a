//! The page: our accuracies beside the recorded ones.

use std::fmt::Write as _;

use assay_results::TrainingSummary;
use assay_statistics::{Pairs, kendall};

use super::recorded::Recorded;
use crate::reproduce::summary::{distinct, machine};

/// A cell that learns is above twice the accuracy of chance, in per cent.
const LEARNS: f64 = 20.0;

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) recorded: Recorded,
    pub(super) summary: TrainingSummary,
}

impl Row {
    fn accuracy(&self) -> f64 {
        100.0 * self.summary.test.accuracy()
    }

    fn difference(&self) -> f64 {
        self.accuracy() - self.recorded.accuracy
    }
}

pub(super) fn render(command: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "# Cells of NAS-Bench-201, trained by its recipe\n\nMade by\n\n```\n{command}\n```\n\n\
         Validation accuracy in per cent after 12 epochs on one half of CIFAR-10's training images, of the 25,000 images of the other \
         half. Recorded: column `ep12_valid_cifar10` of NAS-Bench-201 (Dong & Yang, ICLR 2020), one training a cell, and \
         `ep12_cost_s_cifar10`, its seconds of training and validation on a GPU. Wall time depends on what else the machine does.\n\n\
         | cell | ours | recorded | difference | wall time (s) | processor time (s) | recorded GPU time (s) |\n|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for row in rows {
        let Row { recorded: Recorded { index, accuracy, seconds, .. }, summary } = row;
        let cpu = summary.cpu_seconds.map_or("–".into(), |seconds| format!("{seconds:.0}"));
        let (ours, difference) = (row.accuracy(), row.difference());
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "| {index} | {ours:.2} | {accuracy:.2} | {difference:+.2} | {:.0} | {cpu} | {seconds:.0} |", summary.seconds);
    }
    text += &format!("\n{}\n\n## The cells\n\n```text\n", agreement(rows));
    for Row { recorded: Recorded { index, cell, .. }, .. } in rows {
        let _ = writeln!(text, "{index:>5}  {cell}");
    }
    text += "```\n\n## Protocol\n\n";
    let protocols = distinct(rows.iter().map(|row| row.summary.protocol.clone()));
    let machines = distinct(rows.iter().map(|row| machine(&row.summary.machine)));
    protocols.iter().for_each(|protocol| text += &format!("- {protocol}.\n"));
    text + &format!("- On {}.\n", machines.join("; "))
}

/// How far the two agree, in one line.
fn agreement(rows: &[Row]) -> String {
    let learn: Vec<&Row> = rows.iter().filter(|row| row.recorded.accuracy > LEARNS).collect();
    let mean = learn.iter().map(|row| row.difference().abs()).sum::<f64>() / learn.len() as f64;
    let mean = if learn.is_empty() { "–".into() } else { format!("{mean:.2} points") };
    let side = |of: &dyn Fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    let pairs = Pairs::new(&side(&Row::accuracy), &side(&|row| row.recorded.accuracy)).ok();
    let tau = pairs.as_ref().and_then(kendall::tau_b).map_or("not determined".into(), |tau| format!("{tau:.3}"));
    format!(
        "Mean absolute difference over the {} cells that learn (recorded above {LEARNS} %): {mean}. Kendall's τ-b over all {}: {tau}.",
        learn.len(),
        rows.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(index: usize, accuracy: f64, correct: usize, cpu_seconds: Option<f64>) -> Row {
        let summary = serde_json::json!({
            "kind": "training", "schema": 1, "assay": "0.1.0", "experiment": "made-up", "seed": 0, "space": "nas-bench-201",
            "architecture": "|a|", "parameters": 1, "multiply_adds": 0, "epochs": 12, "steps": 0, "test_error_percent": 0.0,
            "test": { "images": 25000, "correct": correct, "loss": 0.0 }, "train_images": 25000, "protocol": "made up", "recipe": {},
            "curve": [], "seconds": 60.4, "cpu_seconds": cpu_seconds,
            "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
        });
        let recorded = Recorded { index, cell: "|a|".into(), accuracy, seconds: 99.6 };
        Row { recorded, summary: serde_json::from_value(summary).unwrap() }
    }

    #[test]
    fn the_page_sets_our_accuracies_beside_the_recorded_ones() {
        let rows = [row(7, 60.0, 15_500, Some(110.2)), row(12, 70.0, 17_250, None), row(3, 10.0, 2_500, Some(1.0))];
        insta::assert_snapshot!(render("cargo xtask reproduce trained-nas-bench-201", &rows));
    }

    #[test]
    fn without_a_cell_that_learns_no_mean_is_claimed() {
        assert!(
            agreement(&[row(3, 10.0, 2_500, None)])
                .contains("over the 0 cells that learn (recorded above 20 %): –. Kendall's τ-b over all 1: not determined.")
        );
    }
}
