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
    /// Its file in `configs`, for NAS-Bench-201.
    experiment: &'static str,
    /// Settings on top of it, as TOML.
    settings: &'static [Setting],
    /// Where the scores that lead it come from.
    pub(super) scores: Scores,
    /// Where it searches.
    pub(super) on: On,
    /// Whether a search takes a minute or so: such methods search with the first few seeds.
    is_dear: bool,
}

/// A key of an experiment and its value.
type Setting = (&'static str, &'static str);

/// Where the scores that lead a search come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scores {
    /// Counts, or recorded accuracies: nothing that takes time is measured.
    Counted,
    /// The table of all cells, which was measured on CIFAR-10.
    Read,
    /// Each network is measured when the search meets it.
    Measured,
}

/// Where a method searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    NasBench201,
    OtherSpaces,
    All,
}

/// The seeds of a table.
#[derive(Clone, Debug)]
pub(super) struct Dealt {
    pub(super) all: Vec<u64>,
    /// How many of them dear methods take: the first.
    pub(super) dear: usize,
}

/// What most methods are made from: local search by any score, within 180 evaluations.
const BY_SCORE: &str = "search-by-score-nas-bench-201";
/// The scores of all cells, made by `cargo xtask reproduce scores --spaces nas-bench201 --batch 16`.
const SCORES: &str = "results/reference/scores-nas-bench-201-batch-16.parquet";

/// All of them. A new one joins with its entry.
pub(super) const METHODS: [Method; 24] = [
    Method {
        is_dear: false,
        ..measured(
            "duet-naswot-measured",
            "duet, and naswot where it is undecided",
            BY_SCORE,
            &[DUET_NASWOT, ("proxies.naswot.batch", "16")],
        )
    },
    measured("quartet-measured", "quartet, regularized evolution", "search-quartet-nas-bench-201", &[]),
    measured("freerea", "FreeREA, its own search, means of three measurements", "search-freerea-nas-bench-201", &[]),
    measured("te-nas-search", "TE-NAS, its own search, which prunes a network", "tenas-nas-bench-201-cifar10", &[]),
    measured("te-nas", "TE-NAS's score", BY_SCORE, &[("strategy.oracle", "{ aggregate = \"te-nas\" }")]),
    measured("az-nas-measured", "random search by AZ-NAS's score", BY_SCORE, &[RANDOM, ALL_OPERATORS, AZ_NAS]),
    measured("vkdnw", "VKDNW's aggregate, regularized evolution", "search-vkdnw-nas-bench-201", &[]),
    Method { experiment: "search-duet-nas-bench-201", ..counted("duet", "duet", &[]) },
    read("duet-naswot", "duet, and naswot where it is undecided (read)", &[DUET_NASWOT]),
    counted("random-duet", "random search by duet", &[RANDOM, ALL_OPERATORS, DUET]),
    counted("params", "params", &[PARAMS]),
    counted("live-params", "live-params", &[("strategy.oracle", "{ proxy = \"live-params\" }")]),
    read("quartet", "quartet (read)", &[QUARTET]),
    read("meco", "MeCo (read)", &[("strategy.oracle", "{ proxy = \"meco\" }")]),
    read("az-nas", "AZ-NAS's score (read)", &[AZ_NAS]),
    read(
        "az-nas-3000",
        "random search by AZ-NAS's score, 3,000 evaluations as published (read)",
        &[RANDOM, ALL_OPERATORS, AZ_NAS, ("strategy.budget", "{ evaluations = 3000 }")],
    ),
    read(
        "freerea-read",
        "FreeREA's score and search, one measurement (read)",
        &[("strategy.name", "\"freerea\""), ("strategy.oracle", "{ aggregate = \"freerea\" }")],
    ),
    counted("random-accuracy", BY_ACCURACY, &[RANDOM, ALL_OPERATORS, ACCURACY, OF_100]),
    counted("local-accuracy", "local search by test accuracy itself, 100 evaluations", &[ACCURACY, OF_100]),
    counted("random-one", "one architecture drawn at random", &[RANDOM, ALL_OPERATORS, PARAMS, ("strategy.budget", "{ evaluations = 1 }")]),
    Method { scores: Scores::Counted, is_dear: false, ..elsewhere("params-100", "params, 100 evaluations", &[PARAMS, OF_100]) },
    elsewhere("freerea-100", "FreeREA's score without its term for skips, 100 evaluations", &[FREEREA_WITHOUT_SKIPS, OF_100]),
    elsewhere("az-nas-100", "AZ-NAS's score, 100 evaluations", &[AZ_NAS, OF_100]),
    elsewhere("quartet-100", "quartet, 100 evaluations", &[QUARTET, OF_100]),
];

/// What others are compared with in other spaces.
pub(super) const BY_ACCURACY: &str = "random search by test accuracy itself, 100 evaluations";

const RANDOM: Setting = ("strategy.name", "\"random\"");
const ALL_OPERATORS: Setting = ("strategy.exclude", "[]");
const OF_100: Setting = ("strategy.budget", "{ evaluations = 100 }");
const PARAMS: Setting = ("strategy.oracle", "{ proxy = \"params\" }");
const QUARTET: Setting = ("strategy.oracle", "{ aggregate = \"quartet\" }");
const AZ_NAS: Setting = ("strategy.oracle", "{ aggregate = \"az-nas\" }");
const ACCURACY: Setting = ("strategy.oracle", "{ table = \"test_cifar10\" }");
const DUET: Setting = ("strategy.oracle", "{ proxies = [\"live-params\", \"depth-spread\"], rule = \"normalised-sum\" }");
const DUET_NASWOT: Setting =
    ("strategy.oracle", "{ proxies = [\"live-params\", \"depth-spread\", \"naswot\"], weights = [1, 1, 0.01], rule = \"normalised-sum\" }");
/// The term for skips is not defined where choices are not edges.
const FREEREA_WITHOUT_SKIPS: Setting = ("strategy.oracle", "{ proxies = [\"naswot\", \"log-synflow\"], rule = \"normalised-sum\" }");

/// One that costs next to nothing, in all spaces.
const fn counted(name: &'static str, title: &'static str, settings: &'static [Setting]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, scores: Scores::Counted, on: On::All, is_dear: false }
}

/// One that measures networks of NAS-Bench-201.
const fn measured(name: &'static str, title: &'static str, experiment: &'static str, settings: &'static [Setting]) -> Method {
    Method { name, title, experiment, settings, scores: Scores::Measured, on: On::NasBench201, is_dear: true }
}

/// One whose scores are read: with all seeds, since it measures nothing.
const fn read(name: &'static str, title: &'static str, settings: &'static [Setting]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, scores: Scores::Read, on: On::NasBench201, is_dear: false }
}

/// One that measures networks of the other spaces.
const fn elsewhere(name: &'static str, title: &'static str, settings: &'static [Setting]) -> Method {
    Method { name, title, experiment: BY_SCORE, settings, scores: Scores::Measured, on: On::OtherSpaces, is_dear: true }
}

impl Method {
    /// Its experiment file for NAS-Bench-201, relative to the repository.
    fn file(&self) -> PathBuf {
        Path::new("configs").join(self.experiment).with_extension("toml")
    }

    /// Its experiment file for another space. What searches there alone is made from the space's own file, which says how large
    /// its networks are.
    pub(super) fn file_in(&self, space: &str) -> PathBuf {
        if self.on == On::OtherSpaces { Path::new("configs").join(format!("search-by-score-{space}.toml")) } else { self.file() }
    }

    /// The settings on top of it.
    pub(super) fn settings(&self) -> miette::Result<Vec<(&'static str, Value)>> {
        let read = |(key, value): &Setting| {
            let told = || format!("the setting {key} of {}", self.name);
            let mut value = Value::from_str(value).into_diagnostic().wrap_err_with(told)?;
            let is_read = self.scores == Scores::Read && *key == "strategy.oracle";
            if let Some(table) = value.as_inline_table_mut().filter(|_| is_read) {
                table.insert("scores", project::root().join(SCORES).display().to_string().into());
            }
            Ok((*key, value))
        };
        self.settings.iter().map(read).collect()
    }

    /// Its seeds.
    pub(super) fn its(&self, seeds: &Dealt) -> Vec<u64> {
        let count = if self.is_dear { seeds.dear } else { usize::MAX };
        seeds.all.iter().copied().take(count).collect()
    }

    /// Its name in tables, with the numbers of seeds in each space that a table has.
    pub(super) fn row(&self, seeds: &[usize]) -> String {
        let is_one_number = seeds.iter().all(|count| *count == seeds[0]);
        let counts: Vec<String> = seeds.iter().take(if is_one_number { 1 } else { seeds.len() }).map(usize::to_string).collect();
        format!("{}, {} seed{} (Assay)", self.title, counts.join(" / "), if counts == ["1"] { "" } else { "s" })
    }

    /// Its searches of NAS-Bench-201, with these of its seeds.
    pub(super) fn way(&self, dataset: &Dataset, seeds: Vec<u64>) -> miette::Result<Way> {
        let mut settings = self.settings()?;
        settings.push(("dataset.name", dataset.name.into()));
        Ok(Way { folder: format!("training-free-searches/{}", self.name), experiment: self.file(), settings, seeds: Some(seeds) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reproduce::datasets::NAS_BENCH_201;
    use crate::reproduce::training_free::elsewhere::SPACES;

    #[test]
    fn each_method_has_a_name_of_its_own_an_experiment_and_settings_that_can_be_read() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        for method in &METHODS {
            let files = SPACES.map(|space| method.file_in(space.name)).into_iter().chain([method.file()]);
            for file in files.map(|file| project::root().join(file)) {
                assert!(file.is_file(), "{}", file.display());
            }
            assert!(method.settings().is_ok(), "{}", method.name);
        }
    }

    #[test]
    fn what_is_read_is_the_table_of_all_cells_and_dear_methods_take_the_first_seeds() {
        let dealt = Dealt { all: vec![7, 8, 9, 10], dear: 2 };
        for method in &METHODS {
            let way = method.way(NAS_BENCH_201[0], method.its(&dealt)).unwrap();
            let oracle = way.settings.iter().find(|(key, _)| *key == "strategy.oracle");
            let scores = oracle.and_then(|(_, oracle)| oracle.as_inline_table()?.get("scores")?.as_str().map(PathBuf::from));
            assert_eq!(scores.is_some(), method.scores == Scores::Read, "{}", method.name);
            assert!(scores.is_none_or(|scores| scores.is_file()), "{}", method.name);
            assert_eq!(way.seeds.unwrap(), if method.is_dear { vec![7, 8] } else { vec![7, 8, 9, 10] }, "{}", method.name);
        }
    }
}
