//! The same searches in spaces with one accuracy an architecture: NAS-Bench-101 and NAS-Bench-Macro.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assay_results::SearchSummary;
use miette::{bail, miette};

use super::methods::{BY_ACCURACY, Dealt, Method};
use crate::project;
use crate::reproduce::conditions::seed;
use crate::reproduce::datasets::CIFAR10;
use crate::reproduce::search::{Outcome, Search};
use crate::reproduce::spread::{FEWEST_FOR_AN_INTERVAL, interval_of_difference, interval_of_mean, mean_and_deviation, with_deviation};
use crate::reproduce::summary::{accuracy, conditions, cost};
use crate::reproduce::table1::unknown;

/// A space, its benchmark of the same name, and what it records.
pub(super) struct Space {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The column of accuracies.
    target: &'static str,
}

pub(super) const SPACES: [Space; 2] = [
    Space { name: "nas-bench-101", title: "NAS-Bench-101", target: "test_cifar10" },
    Space { name: "nas-bench-macro", title: "NAS-Bench-Macro", target: "test_cifar10" },
];

/// What a method came to in a space.
struct Found {
    /// By seed, in points.
    regrets: Vec<f64>,
    /// Mean processor time of a search.
    seconds: Option<f64>,
    conditions: Vec<String>,
}

/// Regret of each method in each space, and the conditions. `are_wanted` tells which of a method's searches are made.
pub(super) fn table(
    assay: &Path,
    methods: &[&Method],
    seeds: &Dealt,
    are_wanted: &dyn Fn(&Path) -> bool,
    threads: Option<u16>,
) -> miette::Result<String> {
    let best = best_accuracies()?;
    let mut rows = Vec::new();
    for method in methods {
        let found = SPACES.iter().zip(&best).map(|(space, best)| {
            let its = method.its(seeds).into_iter().filter(|seed| are_wanted(&folder(method, space, *seed)));
            let searches = its.map(|seed| search(assay, method, space, seed, threads));
            Found::of(&searches.collect::<miette::Result<Vec<_>>>()?, space, *best)
        });
        rows.push((*method, found.collect::<miette::Result<Vec<Found>>>()?));
    }
    rows.retain(|(_, found)| found.iter().any(|found| !found.regrets.is_empty()));
    Ok(render(&rows, &best))
}

/// The search of a space with a seed, or what is left of it.
pub(super) fn search(assay: &Path, method: &Method, space: &Space, seed: u64, threads: Option<u16>) -> miette::Result<SearchSummary> {
    let mut settings = vec![self::seed(seed)];
    settings.extend(method.settings()?.into_iter().map(|(key, value)| (key.to_owned(), value)));
    settings.extend(["space.name", "benchmark.name"].map(|key| (key.to_owned(), space.name.into())));
    let search =
        Search { experiment: project::root().join(method.file_in(space.name)), run: folder(method, space, seed), seed, settings, threads };
    eprintln!("{}: {}, seed {seed} ({})", space.title, method.name, search.run.display());
    match search.make(assay)? {
        Outcome::Found(summary) => Ok(*summary),
        Outcome::NoDataset => bail!("{}", CIFAR10.absent()),
    }
}

/// Where the search of a space with a seed is kept.
pub(super) fn folder(method: &Method, space: &Space, seed: u64) -> PathBuf {
    project::root().join("results/training-free-searches").join(method.name).join(format!("{}-seed{seed}", space.name))
}

/// The largest accuracy of each space's table, in per cent: what regret is measured from.
fn best_accuracies() -> miette::Result<Vec<f64>> {
    let best: BTreeMap<String, BTreeMap<String, f64>> = project::ask_example("best_accuracies", &SPACES.map(|space| space.name))?;
    let of = |space: &Space| {
        let best = best.get(space.name).and_then(|columns| columns.get(space.target)).copied();
        best.ok_or_else(|| miette!("the table of {} has no column {}", space.title, space.target))
    };
    SPACES.iter().map(of).collect()
}

impl Found {
    fn of(searches: &[SearchSummary], space: &Space, best: f64) -> miette::Result<Self> {
        let regret = |search: &SearchSummary| accuracy(search, space.target).map(|percent| best - percent);
        let regrets = searches.iter().map(regret).collect::<Result<Vec<f64>, String>>().map_err(|because| unknown(&because))?;
        let seconds: Vec<f64> = searches.iter().filter_map(|search| cost(search).processor_seconds).collect();
        Ok(Self { regrets, seconds: mean_and_deviation(&seconds).map(|(mean, _)| mean), conditions: conditions(searches) })
    }
}

fn render(rows: &[(&Method, Vec<Found>)], best: &[f64]) -> String {
    let titles = SPACES.iter().zip(best).map(|(space, best)| format!("{} (best {best:.2}) | above random", space.title));
    let mut text = format!(
        "\n## In other spaces\n\nRegret: the best test accuracy of the table minus that of the architecture found, in points, mean \
         (standard deviation, n − 1) over seeds. Above random: the mean regret less that of {BY_ACCURACY}; less than 0 is better than it. In \
         brackets 95 % intervals from 10,000 resamples of the seeds, where a method has {FEWEST_FOR_AN_INTERVAL} or more. Processor time: \
         mean of a search in seconds, in the two spaces. Images: CIFAR-10.\n\n\
         | method | {} | processor time (s) |\n|---|---:|---:|---:|---:|---:|\n",
        titles.collect::<Vec<_>>().join(" | ")
    );
    let base = rows.iter().find(|(method, _)| method.title == BY_ACCURACY);
    for (method, found) in rows {
        let mut cells = Vec::new();
        for (position, Found { regrets, .. }) in found.iter().enumerate() {
            let mean = with_deviation(regrets, 2).unwrap_or_else(|| "–".into());
            cells.push(format!("{mean}{}", interval_of_mean(regrets).map_or_else(String::new, |interval| format!(" {interval}"))));
            let above = base.filter(|(base, _)| base.name != method.name).and_then(|(_, base)| {
                let base = &base[position].regrets;
                let difference = mean_and_deviation(regrets)?.0 - mean_and_deviation(base)?.0;
                let interval = interval_of_difference(regrets, base).map_or_else(String::new, |interval| format!(" {interval}"));
                Some(format!("{difference:+.2}{interval}"))
            });
            cells.push(above.unwrap_or_else(|| "–".into()));
        }
        let seconds = found.iter().map(|found| found.seconds.map_or_else(|| "–".into(), |seconds| format!("{seconds:.1}")));
        // Writing to a string does not fail.
        let counts: Vec<usize> = found.iter().map(|found| found.regrets.len()).collect();
        let _ = writeln!(text, "| {} | {} | {} |", method.row(&counts), cells.join(" | "), seconds.collect::<Vec<_>>().join(" / "));
    }
    text.push('\n');
    for (method, found) in rows {
        for (space, Found { conditions, .. }) in SPACES.iter().zip(found).filter(|(_, found)| !found.conditions.is_empty()) {
            let _ = writeln!(text, "- {}, {}: {}.", method.title, space.title, conditions.join(".\n  Also: "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::training_free::methods::METHODS;

    #[test]
    fn regrets_stand_beside_those_of_random_search_with_intervals_where_there_are_seeds_enough() {
        let found = |regrets: Vec<f64>, seconds| Found { regrets, seconds, conditions: vec!["made up".into()] };
        let method = |name: &str| METHODS.iter().find(|method| method.name == name).unwrap();
        let few = vec![0.5, 1.0, 1.5];
        let many = |shift: f64| (0..20).map(|seed| shift + f64::from(seed % 2)).collect::<Vec<f64>>();
        let rows = [
            (method("random-accuracy"), vec![found(many(0.25), Some(2.0)), found(many(0.25), None)]),
            (method("params"), vec![found(many(1.25), Some(1.0)), found(vec![0.25; 20], Some(0.5))]),
            (method("quartet-100"), vec![found(few[..2].to_vec(), Some(50.0)), found(few, Some(60.0))]),
        ];
        insta::assert_snapshot!(render(&rows, &[94.0, 93.0]));
    }
}
