//! Which task makes which run, and what becomes of the runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use assay_results::Kind;
use serde::{Deserialize, Serialize};

use crate::ClusterError;

/// The folder of the plan's experiments, each with every setting.
pub const EXPERIMENTS: &str = "experiments";
/// The folder of the runs.
pub const RUNS: &str = "runs";
/// The folder of what tasks print.
pub const LOGS: &str = "logs";
/// The folder of what happens to tasks.
pub const EVENTS: &str = "events";
/// The folder of the report.
pub const REPORT: &str = "report";

/// An experiment that is to be spread.
#[derive(Clone, Debug)]
pub struct Item {
    /// What its runs are called.
    pub name: String,
    /// A search, a whole study or a training.
    pub kind: Kind,
    /// The experiment as a file, with every setting but those that do not change the result.
    pub experiment: String,
    /// Its own seed.
    pub seed: u64,
    /// Worker threads that it asks for.
    pub threads: Option<usize>,
    /// How many measurements each of its shards makes (one, where it is not split); nothing where that is not known before.
    pub measurements: Vec<usize>,
}

/// What is made of the experiments.
#[derive(Clone, Debug, Default)]
pub struct Spread<'a> {
    /// The seeds that each is run by, in place of its own.
    pub seeds: Option<&'a [u64]>,
    /// How many parts a study is split into.
    pub shards: Option<u32>,
}

/// Where a plan is, and what runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The program, as tasks call it.
    pub program: String,
    /// The directory that tasks work in: relative paths of experiments begin there.
    pub directory: PathBuf,
    /// The plan's folder, as it is seen from there.
    pub folder: PathBuf,
}

/// One command line, and the run that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// From 1, which is its number in a job array.
    pub number: u32,
    /// `small, seed 3, shard 2/8`.
    pub title: String,
    /// Of which kind its run is.
    pub kind: Kind,
    /// The name of its experiment's file.
    pub experiment: String,
    /// The seed, if not that of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The part of a study: `2/8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Worker threads, where the experiment says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The name of its run's folder.
    pub run: String,
    /// How many measurements it makes, if that is known. With other seeds it is about as many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurements: Option<usize>,
}

/// A run that the report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// The name of its folder.
    pub run: String,
    /// The names of the folders that it is merged of; none where a task makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`SCHEMA`](Self::SCHEMA).
    pub schema: u32,
    /// The version of the program that its runs belong to.
    pub assay: String,
    /// What its jobs are called.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// The tasks, numbered from 1.
    pub tasks: Vec<Task>,
    /// The runs that come of them, in the order of the report.
    pub wholes: Vec<Whole>,
}

impl Plan {
    /// The version of the plan's form.
    pub const SCHEMA: u32 = 1;

    /// The most tasks of one plan: more would not fit into the script that Slurm takes.
    pub const MOST: usize = 9_999;

    /// Makes a task of each seed and shard of each experiment.
    ///
    /// # Errors
    /// If two experiments have one name, something that is not a study is to be split, or there are too many tasks.
    pub fn new(assay: &str, name: &str, place: Place, items: &[Item], spread: &Spread<'_>) -> Result<Self, ClusterError> {
        let mut plan = Self { schema: Self::SCHEMA, assay: assay.into(), name: name.into(), place, tasks: Vec::new(), wholes: Vec::new() };
        let mut names = BTreeSet::new();
        for item in items {
            if !names.insert(&item.name) {
                let problem = format!("two of the experiments are called `{}`", item.name);
                return Err(ClusterError::refused(problem, "give one of them another `name`: their runs are called by it"));
            }
            let shards = match (item.kind, spread.shards) {
                (Kind::Study, shards) => shards.filter(|shards| *shards > 1),
                // A folder of experiments may hold searches beside studies.
                (_, Some(_)) if items.iter().any(|item| item.kind == Kind::Study) => None,
                (kind, Some(_)) => {
                    let problem = format!("`{}` is a {kind}, and only a correlation study is split into shards", item.name);
                    return Err(ClusterError::refused(problem, "leave out --shards; --seeds 0-5 makes a task of each seed"));
                }
                (_, None) => None,
            };
            match spread.seeds {
                None => plan.add(item, None, shards),
                Some(seeds) => seeds.iter().for_each(|seed| plan.add(item, Some(*seed), shards)),
            }
            if plan.tasks.len() > Self::MOST {
                let problem = format!("these would be more than {} tasks", Self::MOST);
                return Err(ClusterError::refused(problem, "ask for fewer shards or seeds, or submit some of the files at a time"));
            }
        }
        Ok(plan)
    }

    /// Adds the tasks of an experiment by one seed.
    fn add(&mut self, item: &Item, seed: Option<u64>, shards: Option<u32>) {
        let run = format!("{}-seed{}", item.name, seed.unwrap_or(item.seed));
        let title = match seed {
            Some(seed) => format!("{}, seed {seed}", item.name),
            None => item.name.clone(),
        };
        let mut push = |title: String, kind: Kind, shard: Option<String>, run: String, part: u32| {
            let number = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX).saturating_add(1);
            let measurements = item.measurements.get(part as usize).copied();
            let experiment = format!("{}.toml", item.name);
            self.tasks.push(Task { number, title, kind, experiment, seed, shard, threads: item.threads, run, measurements });
        };
        let mut parts = Vec::new();
        match shards {
            None => push(title, item.kind, None, run.clone(), 0),
            Some(of) => {
                for part in 0..of {
                    let (shard, folder) = (format!("{}/{of}", part + 1), format!("{run}-shard{}of{of}", part + 1));
                    push(format!("{title}, shard {shard}"), Kind::Shard, Some(shard), folder.clone(), part);
                    parts.push(folder);
                }
            }
        }
        self.wholes.push(Whole { run, parts });
    }

    /// What it is, for people: `8 shards of a correlation study`.
    #[must_use]
    pub fn describe(&self) -> String {
        let merged = self.wholes.iter().filter(|whole| !whole.parts.is_empty()).count();
        let (tasks, runs) = (self.tasks.len(), self.wholes.len());
        match (merged, runs) {
            (0, _) => format!("{tasks} {}", plural(tasks, "run")),
            (1, 1) => format!("{tasks} shards of one study"),
            (_, runs) => format!("{tasks} tasks of {runs} runs, {merged} of them merged of shards"),
        }
    }

    /// That this is the plan that stands in a folder, whatever runs it and wherever the folder is by now.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let without = |plan: &Self| Self { place: self.place.clone(), ..plan.clone() };
        without(self) == without(other)
    }
}

/// `1 run`, `2 runs`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn item(name: &str, kind: Kind) -> Item {
        Item { name: name.into(), kind, experiment: "version = 1\n".into(), seed: 0, threads: None, measurements: vec![10, 12] }
    }

    pub(crate) fn plan(items: &[Item], spread: &Spread<'_>) -> Result<Plan, ClusterError> {
        let place = Place { program: "/opt/assay".into(), directory: "/data/my work".into(), folder: "results/plan".into() };
        Plan::new("0.1.0", "small", place, items, spread)
    }

    #[test]
    fn a_study_is_split_a_search_is_repeated_and_both_at_once_are_a_task_each() {
        let runs = |plan: &Plan| plan.tasks.iter().map(|task| task.run.clone()).collect::<Vec<_>>();
        let study = [item("small", Kind::Study)];
        let split = plan(&study, &Spread { shards: Some(2), seeds: None }).unwrap();
        assert_eq!(runs(&split), ["small-seed0-shard1of2", "small-seed0-shard2of2"]);
        assert_eq!(split.wholes, [Whole { run: "small-seed0".into(), parts: runs(&split) }]);
        assert_eq!(split.tasks.iter().map(|task| task.measurements).collect::<Vec<_>>(), [Some(10), Some(12)]);
        assert_eq!(split.describe(), "2 shards of one study");
        let both = plan(&study, &Spread { shards: Some(2), seeds: Some(&[3, 4]) }).unwrap();
        assert_eq!(runs(&both)[1..3], ["small-seed3-shard2of2", "small-seed4-shard1of2"]);
        assert_eq!(both.tasks[2].title, "small, seed 4, shard 1/2");
        let seeds = plan(&[item("tiny", Kind::Search)], &Spread { shards: None, seeds: Some(&[0, 1, 2]) }).unwrap();
        assert_eq!(runs(&seeds), ["tiny-seed0", "tiny-seed1", "tiny-seed2"]);
        assert!(seeds.wholes.iter().all(|whole| whole.parts.is_empty()));
        // One part is the whole.
        let one = plan(&study, &Spread { shards: Some(1), seeds: None }).unwrap();
        assert_eq!((runs(&one), one.tasks[0].kind), (vec!["small-seed0".to_owned()], Kind::Study));
        // Of a folder of both, studies are split.
        let folder = plan(&[item("a", Kind::Study), item("b", Kind::Training)], &Spread { shards: Some(2), seeds: None }).unwrap();
        assert_eq!(runs(&folder), ["a-seed0-shard1of2", "a-seed0-shard2of2", "b-seed0"]);
        assert_eq!(folder.describe(), "3 tasks of 2 runs, 1 of them merged of shards");
    }

    #[test]
    fn what_cannot_be_planned_is_refused_with_what_to_do() {
        let twice = plan(&[item("a", Kind::Study), item("a", Kind::Search)], &Spread::default()).unwrap_err();
        let search = plan(&[item("a", Kind::Search)], &Spread { shards: Some(2), seeds: None }).unwrap_err();
        let seeds: Vec<u64> = (0..200).collect();
        let many = plan(&[item("a", Kind::Study)], &Spread { shards: Some(50), seeds: Some(&seeds) }).unwrap_err();
        let said = [twice, search, many].map(|error| format!("{error}; {}", error.help().unwrap_or_default()));
        insta::assert_snapshot!(said.join("\n"), @r"
        two of the experiments are called `a`; give one of them another `name`: their runs are called by it
        `a` is a search, and only a correlation study is split into shards; leave out --shards; --seeds 0-5 makes a task of each seed
        these would be more than 9999 tasks; ask for fewer shards or seeds, or submit some of the files at a time
        ");
    }
}
