//! The searches that are compared, each with what leads it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use miette::{IntoDiagnostic, WrapErr};
use toml_edit::Value;

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
    /// The datasets of NAS-Bench-201 that it searches on.
    pub(super) datasets: &'static [&'static str],
    /// Whether it is defined in the other spaces too, and cheap there.
    pub(super) travels: bool,
}

/// What most methods are made from: local search by any score.
const BY_SCORE: &str = "search-by-score-nas-bench-201";
const ALL: &[&str] = &["cifar10", "cifar100", "imagenet16-120"];

/// All of them. A new one joins with its entry.
pub(super) const METHODS: [Method; 9] = [
    Method {
        name: "duet",
        title: "duet",
        experiment: "search-duet-nas-bench-201",
        settings: &[],
        seeds: usize::MAX,
        datasets: ALL,
        travels: true,
    },
    led("random-duet", "random search by duet", &[("strategy.name", "\"random\""), ("strategy.exclude", "[]"), DUET]),
    led("params", "params", &[("strategy.oracle", "{ proxy = \"params\" }")]),
    led("live-params", "live-params", &[("strategy.oracle", "{ proxy = \"live-params\" }")]),
    dear("quartet", "quartet", BY_SCORE, &[("strategy.oracle", "{ aggregate = \"quartet\" }"), ("proxies.az-expressivity.batch", "16")]),
    dear("az-nas", "AZ-NAS", BY_SCORE, &[("strategy.oracle", "{ aggregate = \"az-nas\" }")]),
    dear("te-nas", "TE-NAS's score", BY_SCORE, &[("strategy.oracle", "{ aggregate = \"te-nas\" }")]),
    dear("freerea", "FreeREA, its own search, means of three measurements", "search-freerea-nas-bench-201", &[]),
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
/// Seeds of methods that take minutes a search.
const FEW: usize = 3;

/// One that costs next to nothing, made from the file of searches by any score.
const fn led(name: &'static str, title: &'static str, settings: &'static [(&'static str, &'static str)]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, seeds: usize::MAX, datasets: ALL, travels: true }
}

/// One that measures networks: on CIFAR-10 alone, with few seeds.
const fn dear(
    name: &'static str,
    title: &'static str,
    experiment: &'static str,
    settings: &'static [(&'static str, &'static str)],
) -> Method {
    Method { name, title, experiment, settings, seeds: FEW, datasets: &["cifar10"], travels: false }
}

impl Method {
    /// Its experiment file, relative to the repository.
    pub(super) fn file(&self) -> PathBuf {
        Path::new("configs").join(self.experiment).with_extension("toml")
    }

    /// The settings on top of it. Where accuracies lead, they are those of this column.
    pub(super) fn settings(&self, target: &str) -> miette::Result<Vec<(&'static str, Value)>> {
        let read = |(key, value): &(&'static str, &'static str)| {
            let told = || format!("the setting {key} of {}", self.name);
            let mut value = Value::from_str(value).into_diagnostic().wrap_err_with(told)?;
            if let Some(table) = value.as_inline_table_mut()
                && table.contains_key("table")
            {
                table.insert("table", target.into());
            }
            Ok((*key, value))
        };
        self.settings.iter().map(read).collect()
    }

    /// Its seeds among these: the first.
    pub(super) fn its(&self, seeds: &[u64]) -> Vec<u64> {
        seeds.iter().copied().take(self.seeds).collect()
    }

    /// Its searches on a dataset of NAS-Bench-201.
    pub(super) fn way(&self, dataset: &Dataset, seeds: &[u64]) -> miette::Result<Way> {
        let mut settings = self.settings(&dataset.target())?;
        settings.push(("dataset.name", dataset.name.into()));
        Ok(Way { folder: format!("training-free-searches/{}", self.name), experiment: self.file(), settings, seeds: Some(self.its(seeds)) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::project;
    use crate::reproduce::datasets::NAS_BENCH_201;

    #[test]
    fn each_method_has_a_name_of_its_own_an_experiment_and_settings_that_can_be_read() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        for method in &METHODS {
            let file = project::root().join(method.file());
            assert!(file.is_file(), "{}", file.display());
            assert!(method.settings("test_cifar10").is_ok(), "{}", method.name);
            let known = |name: &&&str| NAS_BENCH_201.iter().any(|dataset| dataset.name == **name);
            assert_eq!(method.datasets.iter().filter(known).count(), method.datasets.len(), "{}", method.name);
        }
    }

    #[test]
    fn a_search_by_accuracies_looks_at_those_of_its_dataset() {
        let led = Method { settings: &[("strategy.oracle", "{ table = \"test_cifar10\" }")], seeds: 2, ..METHODS[0] };
        let way = led.way(NAS_BENCH_201[2], &[7, 8, 9]).unwrap();
        let oracle = way.settings.iter().find(|(key, _)| *key == "strategy.oracle").unwrap();
        assert_eq!(oracle.1.as_inline_table().unwrap().get("table").unwrap().as_str(), Some("test_imagenet16_120"));
        assert_eq!(way.seeds, Some(vec![7, 8]));
    }
}
