//! The scores of a study with what they are compared with and what the architectures are made of: all that its folder holds.

use std::collections::HashMap;
use std::path::Path;

use assay_results::tables::{architectures, targets};
use assay_results::{Space, StudySummary};
use assay_statistics::{Pairs, kendall};
use assay_structure::score::Reading;
use assay_structure::subspace::{Layout, Subspace};

use super::readings::Readings;
use super::scores::{OperatorCounts, ProxyScores, TargetValues};
use super::topology::{self, Topology};
use crate::report::error::ReportError;
use crate::report::table::RunTable;

/// Scores, targets and architectures, position by position.
pub(super) struct Scored {
    pub(super) proxies: Vec<ProxyScores>,
    /// None without a benchmark.
    pub(super) targets: Vec<TargetValues>,
    /// Those operators of which architectures differ in number.
    pub(super) operators: Vec<OperatorCounts>,
    /// Depths and widths, by kind of cell, where the space's edges join nodes and architectures differ in them.
    pub(super) topologies: Vec<Topology>,
}

impl Scored {
    /// Puts together what the folder holds beside these readings; `None` if an earlier version made it, which stored neither
    /// directions nor targets nor the space.
    pub(super) fn read(folder: &Path, summary: &StudySummary, readings: &Readings) -> Result<Option<Self>, ReportError> {
        let Some(space) = Space::read(folder)?.filter(|_| !summary.proxies.is_empty()) else { return Ok(None) };
        let scores = |(label, readings): &(String, Vec<Reading>)| {
            let proxy = summary.proxies.iter().find(|proxy| proxy.label == *label);
            let proxy = proxy.ok_or_else(|| ReportError::unknown_proxy(folder, label))?;
            let values = readings.iter().map(Reading::value).collect();
            Ok(ProxyScores { label: label.clone(), direction: proxy.direction, values })
        };
        let proxies = readings.by_proxy.iter().map(scores).collect::<Result<_, ReportError>>()?;
        let subspaces = read_architectures(folder, &space.layout, &readings.architectures)?;
        Ok(Some(Self {
            proxies,
            targets: read_targets(folder, summary, &readings.architectures)?,
            operators: count_operators(&space.layout, &subspaces),
            topologies: topology::of(&space.layout, &subspaces),
        }))
    }

    /// The operator whose count goes best with the first target, whether more or less of it is better.
    pub(super) fn most_telling_operator(&self) -> Option<&OperatorCounts> {
        let values = &self.targets.first()?.values;
        let tau = |operator: &OperatorCounts| {
            let known = operator.counts.iter().zip(values).filter_map(|(count, value)| Some((*count as f64, (*value)?)));
            let (counts, values): (Vec<f64>, Vec<f64>) = known.unzip();
            Pairs::new(&counts, &values).ok().and_then(|pairs| kendall::tau_b(&pairs)).map_or(0.0, f64::abs)
        };
        // The first of equals.
        self.operators.iter().rev().max_by(|one, other| tau(one).total_cmp(&tau(other)))
    }
}

/// The targets of a study, with their values of these architectures.
fn read_targets(folder: &Path, summary: &StudySummary, architectures: &[String]) -> Result<Vec<TargetValues>, ReportError> {
    if summary.targets.is_empty() {
        return Ok(Vec::new());
    }
    let table = RunTable::read(folder, &targets::TABLE)?;
    let keys = table.texts(targets::TARGET)?.into_iter().zip(table.texts(targets::ARCH)?);
    let known: HashMap<(&str, &str), Option<f64>> = keys.zip(table.numbers(targets::VALUE)?).collect();
    let value = |target: &str, architecture: &str| {
        known.get(&(target, architecture)).copied().ok_or_else(|| table.wrong(&format!("it has no {target} of `{architecture}`")))
    };
    let mut found = Vec::new();
    for target in &summary.targets {
        let values = architectures.iter().map(|architecture| value(&target.column, architecture)).collect::<Result<_, _>>()?;
        found.push(TargetValues { target: target.clone(), values });
    }
    Ok(found)
}

/// These architectures as subspaces of the layout.
fn read_architectures(folder: &Path, layout: &Layout, texts: &[String]) -> Result<Vec<Subspace>, ReportError> {
    let table = RunTable::read(folder, &architectures::TABLE)?;
    let masks: HashMap<&str, &str> = table.texts(architectures::ARCH)?.into_iter().zip(table.texts(architectures::MASK)?).collect();
    let read = |text: &String| {
        let mask = masks.get(text.as_str()).ok_or_else(|| table.wrong(&format!("it has no architecture `{text}`")))?;
        let subspace = Subspace::try_from((*mask).to_owned()).map_err(|error| table.wrong(&format!("`{mask}`: {error}")))?;
        if subspace.fits(layout) { Ok(subspace) } else { Err(table.wrong(&format!("`{mask}` does not fit the space"))) }
    };
    texts.iter().map(read).collect()
}

fn count_operators(layout: &Layout, architectures: &[Subspace]) -> Vec<OperatorCounts> {
    let counts = |name: &String| OperatorCounts { name: name.clone(), counts: vec![0; architectures.len()] };
    let mut operators: Vec<OperatorCounts> = layout.operators.iter().map(counts).collect();
    for (position, architecture) in architectures.iter().enumerate() {
        for choice in architecture.choices() {
            operators[choice.operator].counts[position] += 1;
        }
    }
    operators.retain(|operator| operator.counts.windows(2).any(|pair| pair[0] != pair[1]));
    operators
}
