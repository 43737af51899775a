//! Trainings that `assay train` finished, wherever under `results` their runs are.

use std::path::{Path, PathBuf};

use assay_results::{ReadError, Summary, TrainingSummary};
use miette::{IntoDiagnostic, WrapErr};

use crate::reproduce::summary::unreadable;

/// A finished training.
#[derive(Clone, Debug)]
pub(super) struct Trained {
    pub(super) run: PathBuf,
    pub(super) summary: TrainingSummary,
}

impl Trained {
    /// Whether it trained this architecture in a network of this size, without the auxiliary head.
    pub(super) fn is_of(&self, architecture: &str, parameters: f64) -> bool {
        let summary = &self.summary;
        summary.space == "darts" && inputs(&summary.architecture) == inputs(architecture) && summary.parameters as f64 == parameters
    }
}

/// The sources and operators of a genotype's inputs, those of each node in one order: papers write them in any.
fn inputs(genotype: &str) -> Vec<(&str, &str)> {
    let input = |text: &'_ str| -> Option<(usize, usize)> {
        let name = text.find('\'')?;
        Some((name, text.find(')')?))
    };
    let parts = genotype.split("('").skip(1);
    let mut inputs: Vec<(&str, &str)> =
        parts.filter_map(|text| input(text).map(|(name, end)| (text[name + 1..end].trim_matches([',', ' ']), &text[..name]))).collect();
    inputs.chunks_mut(2).for_each(<[_]>::sort_unstable);
    inputs
}

/// The trainings whose runs lie in this folder, in the order of their names.
pub(super) fn find(results: &Path) -> miette::Result<Vec<Trained>> {
    let mut runs: Vec<PathBuf> = match std::fs::read_dir(results) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", results.display())),
    };
    runs.sort();
    let mut found = Vec::new();
    for run in runs {
        match Summary::read(&run) {
            Ok(Summary::Training(summary)) => found.push(Trained { run, summary: *summary }),
            Ok(_) => {}
            Err(ReadError::NoRun { .. } | ReadError::Unfinished { .. }) => {}
            Err(error) => return Err(unreadable(&error, &run)),
        }
    }
    Ok(found)
}

#[cfg(test)]
impl Trained {
    /// A made-up training of a DARTS architecture.
    pub(super) fn of(architecture: &str, parameters: usize, test_error_percent: f64) -> Self {
        let summary = serde_json::json!({
            "kind": "training", "schema": 1, "assay": "0.1.0", "experiment": "made-up", "seed": 0, "space": "darts",
            "architecture": architecture, "parameters": parameters, "multiply_adds": 0, "epochs": 600, "steps": 0,
            "test_error_percent": test_error_percent, "test": { "images": 1, "correct": 0, "loss": 0.0 }, "train_images": 1,
            "protocol": "made up", "recipe": {}, "curve": [], "seconds": 0.0,
            "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
        });
        Self { run: "results/trained".into(), summary: serde_json::from_value(summary).unwrap() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_is_found_by_its_architecture_and_size_among_other_folders() {
        let results = tempfile::tempdir().unwrap();
        let write = |run: &str, text: &str| {
            std::fs::create_dir(results.path().join(run)).unwrap();
            std::fs::write(results.path().join(run).join("summary.json"), text).unwrap();
        };
        let trained = |architecture: &str| serde_json::to_string(&Trained::of(architecture, 3_500_000, 2.75).summary).unwrap();
        write("b-training", &trained("Genotype(normal=[('a', 0), ('b', 1)])"));
        std::fs::create_dir(results.path().join("c-unfinished")).unwrap();
        let found = find(results.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].summary.test_error_percent, 2.75);
        assert_eq!(found[0].run, results.path().join("b-training"));
        // The order of a node's inputs and white space say nothing.
        assert!(found[0].is_of("Genotype(normal=[('b',1), ('a',0)])", 3.5e6));
        assert!(!found[0].is_of("Genotype(normal=[('a', 0), ('b', 1)])", 3.6e6));
        assert!(!found[0].is_of("Genotype(normal=[('a', 1), ('b', 0)])", 3.5e6));

        write("d-later", r#"{"kind": "training", "schema": 2}"#);
        assert!(
            find(results.path()).unwrap_err().to_string().ends_with("has form 2 of a training, and this version of assay reads form 1")
        );
        assert!(find(&results.path().join("nowhere")).unwrap().is_empty());
    }

    #[test]
    fn a_published_genotype_has_sixteen_inputs() {
        for cell in &crate::reproduce::published::darts::CELLS {
            let inputs = inputs(cell.genotype);
            assert_eq!(inputs.len(), 16, "{}", cell.name);
            assert!(
                inputs.iter().all(|(source, operator)| source.parse::<usize>().is_ok_and(|source| source < 5) && operator.contains('_'))
            );
        }
    }
}
