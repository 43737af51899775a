//! The page: each method's cost, cells and recorded accuracies; and its rows in the table of all searches.

use std::fmt::Write as _;

use assay_results::mixed::SKIP;
use assay_results::{SearchSummary, Times};
use miette::miette;

use super::Method;
use crate::reproduce::datasets::NAS_BENCH_201;
use crate::reproduce::page::Entry;
use crate::reproduce::spread::{mean_and_deviation, with_deviation};
use crate::reproduce::summary::{accuracy, conditions, cost, distinct, machine};

/// A method with its searches, one a seed.
#[derive(Debug)]
pub(in crate::reproduce) struct Row {
    pub(super) method: &'static Method,
    pub(super) searches: Vec<SearchSummary>,
}

impl Row {
    /// Mean and deviation over seeds on each dataset.
    fn accuracies(&self) -> Result<Vec<String>, String> {
        let of = |target: String| -> Result<String, String> {
            let values = self.searches.iter().map(|search| accuracy(search, &target)).collect::<Result<Vec<f64>, String>>()?;
            Ok(with_deviation(&values, 2).unwrap_or_else(|| "–".into()))
        };
        NAS_BENCH_201.iter().map(|dataset| of(dataset.target())).collect()
    }

    fn mean(&self, of: impl Fn(&SearchSummary) -> Option<f64>) -> String {
        let values: Vec<f64> = self.searches.iter().filter_map(of).collect();
        mean_and_deviation(&values).map_or_else(|| "–".into(), |(mean, _)| format!("{mean:.0}"))
    }

    fn seconds(&self) -> String {
        self.mean(|search| Some(cost(search).seconds))
    }
}

fn steps(search: &SearchSummary) -> Option<f64> {
    search.times.phases.get(Times::SUPERNET).map(|phase| phase.measurements() as f64)
}

fn skips(search: &SearchSummary) -> usize {
    search.architecture.text.matches(SKIP).count()
}

fn unknown(because: String) -> miette::Report {
    miette!(
        help = "import the table, remove the `summary.json` of the searches without accuracies, and run this again; no training is lost",
        "the accuracy of a search is not known: {because}"
    )
}

pub(super) fn render(command: &str, rows: &[Row]) -> miette::Result<String> {
    let titles = NAS_BENCH_201.map(|dataset| dataset.title);
    let mut text = format!(
        "# Searches of NAS-Bench-201 that share weights, under a reduced schedule\n\nMade by\n\n```\n{command}\n```\n\n\
         Each search trains a small supernet on a part of CIFAR-10 for minutes, not the published one for hours: the protocol below says \
         how. No published number can be expected of it, and these rows are not to be compared with published ones. Accuracies are those \
         that NAS-Bench-201 records of the cells after 200 epochs of training, test accuracy in per cent: mean (standard deviation, \
         n − 1) over seeds. Steps count those of the controller and the candidates that are judged too; seconds are wall time, which \
         depends on what else the machine does.\n\n\
         | method | a step | steps | seconds | {} | {} | {} | skip connections of 6 |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
        titles[0], titles[1], titles[2]
    );
    for row in rows {
        let [a, b, c]: [String; 3] =
            row.accuracies().map_err(unknown)?.try_into().map_err(|_| miette!("NAS-Bench-201 has three datasets"))?;
        let counts: Vec<String> = row.searches.iter().map(|search| skips(search).to_string()).collect();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {a} | {b} | {c} | {} |",
            row.method.title,
            row.method.step,
            row.mean(steps),
            row.seconds(),
            counts.join(", ")
        );
    }
    text += "\n## The cells\n\n```text\n";
    let width = rows.iter().map(|row| row.method.title.chars().count()).max().unwrap_or(0);
    for Row { method, searches } in rows {
        for search in searches {
            let percent = accuracy(search, &NAS_BENCH_201[0].target()).map_err(unknown)?;
            let _ = writeln!(text, "{:<width$}  seed {}  {percent:6.2}  {}", method.title, search.seed, search.architecture.text);
        }
    }
    text += "```\n\n## Protocol\n\n";
    for note in notes(rows) {
        let _ = writeln!(text, "- {note}");
    }
    let machines = distinct(rows.iter().flat_map(|row| &row.searches).map(|search| machine(&search.machine)));
    Ok(text + &format!("- On {}.\n", machines.join("; ")))
}

/// The conditions of each method's searches.
pub(in crate::reproduce) fn notes(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{}: {}.", row.method.title, conditions(&row.searches).join(".\n  Also: "))).collect()
}

/// The rows in a table of searches.
///
/// # Errors
/// If the accuracy of a search is not known.
pub(in crate::reproduce) fn entries(rows: &[Row]) -> miette::Result<Vec<Entry>> {
    let entry = |row: &Row| {
        let machines = distinct(row.searches.iter().map(|search| machine(&search.machine)));
        let accuracies = row.accuracies().map_err(unknown)?;
        Ok(Entry::Printed {
            method: format!("{}, reduced, {} seeds (Assay)", row.method.title, row.searches.len()),
            accuracies,
            cost: row.seconds(),
            device: machines.join("; "),
        })
    };
    rows.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::one_shot::METHODS;

    fn search(seed: u64, percent: f64, cell: &str) -> SearchSummary {
        let accuracy = |target: &str, percent: f64| serde_json::json!({ "target": target, "title": target, "percent": percent });
        let phase = serde_json::json!({ "measured": 30, "replayed": 10, "thread_seconds": 4.0, "wall_seconds": 2.0, "replayed_thread_seconds": 2.0 });
        let summary = serde_json::json!({
            "kind": "search", "schema": 1, "assay": "0.1.0", "experiment": "made-up", "seed": seed, "scores": {},
            "architecture": { "text": cell, "canonical": cell, "mask": "1" },
            "accuracies": { "known": { "source": "a table", "values": [
                accuracy("test_cifar10", percent), accuracy("test_cifar100", percent - 20.0), accuracy("test_imagenet16_120", percent - 50.0),
            ] } },
            "protocol": format!("made up; seed {seed}; engine"), "counts": { "measurements": {}, "undefined": {}, "steps": 3 },
            "times": { "phases": { "supernet": phase }, "rest_wall_seconds": 1.0, "total_wall_seconds": 3.0, "cpu_seconds": 5.0 },
            "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
        });
        serde_json::from_value(summary).unwrap()
    }

    #[test]
    fn the_page_has_cost_cells_and_accuracies_of_each_method_and_says_that_the_schedule_is_reduced() {
        let searches = vec![search(0, 90.0, "|skip_connect~0|+|skip_connect~0|"), search(1, 92.0, "|nor_conv_3x3~0|")];
        let rows = [Row { method: &METHODS[0], searches }];
        insta::assert_snapshot!(render("cargo xtask reproduce one-shot-searches", &rows).unwrap());
        let Entry::Printed { method, accuracies, cost, .. } = &entries(&rows).unwrap()[0] else { panic!("a printed row") };
        assert_eq!((method.as_str(), cost.as_str()), ("RSPS, reduced, 2 seeds (Assay)", "4"));
        assert_eq!(accuracies[0], "91.00 (1.41)");
    }
}
