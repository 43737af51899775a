//! The same searches in spaces with one accuracy an architecture: NAS-Bench-101 and NAS-Bench-Macro.

use std::fmt::Write as _;
use std::path::Path;

use assay_results::SearchSummary;
use miette::bail;

use super::Method;
use crate::project;
use crate::reproduce::conditions::seed;
use crate::reproduce::datasets::CIFAR10;
use crate::reproduce::search::{Outcome, Search};
use crate::reproduce::spread::{mean_and_deviation, with_deviation};
use crate::reproduce::summary::{accuracy, conditions, cost};
use crate::reproduce::table1::unknown;

/// A space, its benchmark of the same name, and what it records.
struct Space {
    name: &'static str,
    title: &'static str,
    /// The column of accuracies.
    target: &'static str,
    /// The largest of them, in per cent: what regret is measured from.
    best: f64,
}

/// The best accuracies are those of the imported tables.
const SPACES: [Space; 2] = [
    Space { name: "nas-bench-101", title: "NAS-Bench-101", target: "test_cifar10", best: 94.3176 },
    Space { name: "nas-bench-macro", title: "NAS-Bench-Macro", target: "test_cifar10", best: 93.1267 },
];

/// Regret of each method in each space, and the conditions.
pub(super) fn table(assay: &Path, methods: &[&Method], seeds: &[u64], threads: Option<u16>) -> miette::Result<String> {
    let titles = SPACES.map(|space| format!("{} (best {:.2})", space.title, space.best)).join(" | ");
    let mut text = format!(
        "\n## In other spaces\n\nRegret: the best test accuracy of the table minus that of the architecture found, in points, mean \
         (standard deviation, n − 1) over the same seeds; and the mean processor time of a search in seconds. Images: CIFAR-10.\n\n\
         | method | {titles} | processor time (s) |\n|---|---:|---:|---:|\n"
    );
    let mut protocols = String::new();
    for method in methods {
        let (mut cells, mut times) = (Vec::new(), Vec::new());
        for space in &SPACES {
            let found = searches(assay, method, space, seeds, threads)?;
            let regret = |search: &SearchSummary| accuracy(search, space.target).map(|percent| space.best - percent);
            let regrets = found.iter().map(regret).collect::<Result<Vec<f64>, String>>().map_err(|because| unknown(&because))?;
            cells.push(with_deviation(&regrets, 2).unwrap_or_else(|| "–".into()));
            let seconds: Vec<f64> = found.iter().filter_map(|search| cost(search).processor_seconds).collect();
            times.push(mean_and_deviation(&seconds).map_or_else(|| "–".into(), |(mean, _)| format!("{mean:.1}")));
            // Writing to a string does not fail.
            let _ = writeln!(protocols, "- {}, {}: {}.", method.title, space.title, conditions(&found).join(".\n  Also: "));
        }
        let _ = writeln!(text, "| {} | {} | {} |", method.title, cells.join(" | "), times.join(" / "));
    }
    Ok(format!("{text}\n{protocols}"))
}

fn searches(assay: &Path, method: &Method, space: &Space, seeds: &[u64], threads: Option<u16>) -> miette::Result<Vec<SearchSummary>> {
    let mut found = Vec::new();
    for number in method.its(seeds) {
        let mut settings = vec![seed(number)];
        settings.extend(method.settings()?.into_iter().map(|(key, value)| (key.to_owned(), value)));
        settings.extend(["space.name", "benchmark.name"].map(|key| (key.to_owned(), space.name.into())));
        let run = project::root().join("results/training-free-searches").join(method.name).join(format!("{}-seed{number}", space.name));
        let search = Search { experiment: project::root().join(method.file()), run, seed: number, settings, threads };
        eprintln!("{}: {}, seed {number} ({})", space.title, method.title, search.run.display());
        match search.make(assay)? {
            Outcome::Found(summary) => found.push(*summary),
            Outcome::NoDataset => bail!("{}", CIFAR10.absent()),
        }
    }
    Ok(found)
}
