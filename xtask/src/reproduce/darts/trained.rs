//! Trainings that `assay train` finished, wherever under `results` their runs are.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;

/// What tells the summary of a training from that of other runs, and the version of its form that is read here.
const KIND: &str = "training";
const SCHEMA: u64 = 1;

/// A finished training, as far as tables need it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Trained {
    /// As the space writes it.
    pub(super) architecture: String,
    pub(super) space: String,
    /// Of the network without its auxiliary head: tells networks of different sizes apart.
    pub(super) parameters: f64,
    pub(super) epochs: usize,
    pub(super) test_error_percent: f64,
    pub(super) protocol: String,
    #[serde(skip)]
    pub(super) run: PathBuf,
}

impl Trained {
    /// Whether it trained this architecture in a network of this size.
    pub(super) fn is_of(&self, architecture: &str, parameters: f64) -> bool {
        self.space == "darts" && inputs(&self.architecture) == inputs(architecture) && self.parameters == parameters
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
        let file = run.join("summary.json");
        // What has no summary is not finished, or no run.
        let Ok(text) = std::fs::read(&file) else { continue };
        let wrong = || format!("{} is not a run's summary", file.display());
        let summary: serde_json::Value = serde_json::from_slice(&text).into_diagnostic().wrap_err_with(wrong)?;
        if summary["kind"] != KIND {
            continue;
        }
        if summary["schema"] != SCHEMA {
            bail!("{} has form {}, but form {SCHEMA} is read here", file.display(), summary["schema"]);
        }
        let trained: Trained = serde_json::from_value(summary).into_diagnostic().wrap_err_with(wrong)?;
        found.push(Trained { run, ..trained });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_is_found_by_its_architecture_and_size_among_other_runs() {
        let results = tempfile::tempdir().unwrap();
        let write = |run: &str, text: &str| {
            std::fs::create_dir(results.path().join(run)).unwrap();
            std::fs::write(results.path().join(run).join("summary.json"), text).unwrap();
        };
        write("a-search", r#"{"schema": 1, "seed": 0, "architecture": {"text": "Genotype(a)"}}"#);
        write(
            "b-training",
            r#"{"kind": "training", "schema": 1, "space": "darts", "architecture": "Genotype(normal=[('a', 0), ('b', 1)])", "parameters": 3500000, "epochs": 600,
                "test_error_percent": 2.75, "protocol": "made up", "curve": []}"#,
        );
        std::fs::create_dir(results.path().join("c-unfinished")).unwrap();
        let found = find(results.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].test_error_percent, found[0].epochs), (2.75, 600));
        assert_eq!(found[0].run, results.path().join("b-training"));
        // The order of a node's inputs and white space say nothing.
        assert!(found[0].is_of("Genotype(normal=[('b',1), ('a',0)])", 3.5e6));
        assert!(!found[0].is_of("Genotype(normal=[('a', 0), ('b', 1)])", 3.6e6));
        assert!(!found[0].is_of("Genotype(normal=[('a', 1), ('b', 0)])", 3.5e6));

        write("d-later", r#"{"kind": "training", "schema": 2}"#);
        assert!(find(results.path()).unwrap_err().to_string().ends_with("summary.json has form 2, but form 1 is read here"));
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
