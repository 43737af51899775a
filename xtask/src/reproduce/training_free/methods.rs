//! The searches that are compared, each with what leads it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use miette::{IntoDiagnostic, WrapErr};
use toml_edit::Value;

use crate::project;
use crate::reproduce::datasets::Dataset;
use crate::reproduce::searches::Way;

/// One way of searching.
#[derive(Debug)]
pub(super) struct Method {
    /// On the command line and in the names of folders.
    pub(super) name: &'static str,
    /// For people.
    pub(super) title: &'static str,
    /// Its file in `configs`.
    experiment: &'static str,
    /// Settings on top of it, as TOML.
    settings: &'static [(&'static str, &'static str)],
    /// With how many of the seeds at most: dear ones with few.
    pub(super) seeds: usize,
    /// Whether it is defined in the other spaces too, and cheap there.
    pub(super) travels: bool,
    /// Whether its scores are read from the table of all cells, which was measured on CIFAR-10.
    pub(super) is_read: bool,
}

/// What most methods are made from: local search by any score.
const BY_SCORE: &str = "search-by-score-nas-bench-201";
/// The scores of all cells, made by `cargo xtask reproduce scores --spaces nas-bench201 --batch 16`.
const SCORES: &str = "results/reference/scores-nas-bench-201-batch-16.parquet";

/// All of them. A new one joins with its entry.
pub(super) const METHODS: [Method; 13] = [
    Method {
        name: "duet",
        title: "duet",
        experiment: "search-duet-nas-bench-201",
        settings: &[],
        seeds: usize::MAX,
        travels: true,
        is_read: false,
    },
    read("duet-naswot", "duet, and naswot where it is undecided", &[DUET_NASWOT]),
    dear("duet-naswot-measured", "the same, measured", BY_SCORE, &[DUET_NASWOT, ("proxies.naswot.batch", "16")]),
    led("random-duet", "random search by duet", &[("strategy.name", "\"random\""), ("strategy.exclude", "[]"), DUET]),
    led("params", "params", &[("strategy.oracle", "{ proxy = \"params\" }")]),
    led("live-params", "live-params", &[("strategy.oracle", "{ proxy = \"live-params\" }")]),
    read("quartet", "quartet", &[("strategy.oracle", "{ aggregate = \"quartet\" }")]),
    read("meco", "MeCo", &[("strategy.oracle", "{ proxy = \"meco\" }")]),
    read("az-nas", "AZ-NAS's score", &[("strategy.oracle", "{ aggregate = \"az-nas\" }")]),
    read(
        "freerea-read",
        "FreeREA's score and search, one measurement",
        &[("strategy.name", "\"freerea\""), ("strategy.oracle", "{ aggregate = \"freerea\" }")],
    ),
    dear("freerea", "FreeREA, its own search, means of three measurements", "search-freerea-nas-bench-201", &[]),
    dear("te-nas", "TE-NAS's score", BY_SCORE, &[("strategy.oracle", "{ aggregate = \"te-nas\" }")]),
    led(
        "random-accuracy",
        "random search by test accuracy itself, 100 evaluations",
        &[
            ("strategy.name", "\"random\""),
            ("strategy.exclude", "[]"),
            ("strategy.oracle", "{ table = \"test_cifar10\" }"),
            ("strategy.budget", "{ evaluations = 100 }"),
        ],
    ),
];

const DUET: (&str, &str) = ("strategy.oracle", "{ proxies = [\"live-params\", \"depth-spread\"], rule = \"normalised-sum\" }");
const DUET_NASWOT: (&str, &str) =
    ("strategy.oracle", "{ proxies = [\"live-params\", \"depth-spread\", \"naswot\"], weights = [1, 1, 0.01], rule = \"normalised-sum\" }");
/// Seeds of methods that take minutes a search.
const FEW: usize = 3;

/// One that costs next to nothing, made from the file of searches by any score.
const fn led(name: &'static str, title: &'static str, settings: &'static [(&'static str, &'static str)]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, seeds: usize::MAX, travels: true, is_read: false }
}

/// One that measures networks: in NAS-Bench-201 alone, with few seeds.
const fn dear(
    name: &'static str,
    title: &'static str,
    experiment: &'static str,
    settings: &'static [(&'static str, &'static str)],
) -> Method {
    Method { name, title, experiment, settings, seeds: FEW, travels: false, is_read: false }
}

/// One whose scores are read: in NAS-Bench-201 alone, and with all seeds, since it measures nothing.
const fn read(name: &'static str, title: &'static str, settings: &'static [(&'static str, &'static str)]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, seeds: usize::MAX, travels: false, is_read: true }
}

impl Method {
    /// Its experiment file, relative to the repository.
    pub(super) fn file(&self) -> PathBuf {
        Path::new("configs").join(self.experiment).with_extension("toml")
    }

    /// The settings on top of it.
    pub(super) fn settings(&self) -> miette::Result<Vec<(&'static str, Value)>> {
        let read = |(key, value): &(&'static str, &'static str)| {
            let told = || format!("the setting {key} of {}", self.name);
            let mut value = Value::from_str(value).into_diagnostic().wrap_err_with(told)?;
            if let Some(table) = value.as_inline_table_mut().filter(|_| self.is_read && *key == "strategy.oracle") {
                table.insert("scores", project::root().join(SCORES).display().to_string().into());
            }
            Ok((*key, value))
        };
        self.settings.iter().map(read).collect()
    }

    /// Its seeds among these: the first.
    pub(super) fn its(&self, seeds: &[u64]) -> Vec<u64> {
        seeds.iter().copied().take(self.seeds).collect()
    }

    /// Its searches of NAS-Bench-201.
    pub(super) fn way(&self, dataset: &Dataset, seeds: &[u64]) -> miette::Result<Way> {
        let mut settings = self.settings()?;
        settings.push(("dataset.name", dataset.name.into()));
        Ok(Way { folder: format!("training-free-searches/{}", self.name), experiment: self.file(), settings, seeds: Some(self.its(seeds)) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reproduce::datasets::NAS_BENCH_201;

    #[test]
    fn each_method_has_a_name_of_its_own_an_experiment_and_settings_that_can_be_read() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        for method in &METHODS {
            let file = project::root().join(method.file());
            assert!(file.is_file(), "{}", file.display());
            assert!(method.settings().is_ok(), "{}", method.name);
        }
    }

    #[test]
    fn what_is_read_is_the_table_of_all_cells_and_dear_methods_take_the_first_seeds() {
        let led_by = |method: &Method| {
            let settings = method.way(NAS_BENCH_201[0], &[7, 8, 9, 10]).unwrap();
            let oracle = settings.settings.iter().find(|(key, _)| *key == "strategy.oracle");
            (oracle.and_then(|(_, oracle)| oracle.as_inline_table()?.get("scores")?.as_str().map(PathBuf::from)), settings.seeds.unwrap())
        };
        for method in &METHODS {
            let (scores, seeds) = led_by(method);
            assert_eq!(scores.is_some(), method.is_read, "{}", method.name);
            assert!(scores.is_none_or(|scores| scores.is_file()), "{}", method.name);
            assert_eq!(seeds, if method.seeds == FEW { vec![7, 8, 9] } else { vec![7, 8, 9, 10] }, "{}", method.name);
        }
    }
}
