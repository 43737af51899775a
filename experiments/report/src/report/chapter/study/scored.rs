//! The scores of a study with what they are compared with and what the architectures are made of: all that its folder holds.

use std::collections::HashMap;
use std::path::Path;

use assay_results::study::Target;
use assay_results::tables::architectures;
use assay_results::tables::targets::{ARCH, TABLE as TARGETS, TARGET, VALUE};
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
            Ok(ProxyScores { label: label.clone(), unit: proxy.unit.clone(), direction: proxy.direction, values })
        };
        let proxies = readings.by_proxy.iter().map(scores).collect::<Result<_, ReportError>>()?;
        let subspaces = read_architectures(folder, &space.layout, &readings.architectures)?;
        Ok(Some(Self {
            proxies,
            targets: read_targets(folder, &summary.targets, &readings.architectures)?,
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

/// These targets with their values, by architecture.
fn read_targets(folder: &Path, targets: &[Target], architectures: &[String]) -> Result<Vec<TargetValues>, ReportError> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let table = RunTable::read(folder, &TARGETS)?;
    let [columns, texts] = [table.texts(TARGET)?, table.texts(ARCH)?];
    let keys = columns.iter().map(String::as_str).zip(texts.iter().map(String::as_str));
    let known: HashMap<(&str, &str), Option<f64>> = keys.zip(table.numbers(VALUE)?).collect();
    let value = |target: &str, architecture: &str| {
        known.get(&(target, architecture)).copied().ok_or_else(|| table.wrong(&format!("it has no {target} of `{architecture}`")))
    };
    let mut found = Vec::new();
    for target in targets {
        let values = architectures.iter().map(|architecture| value(&target.column, architecture)).collect::<Result<_, _>>()?;
        found.push(TargetValues { target: target.clone(), values });
    }
    Ok(found)
}

/// These architectures as subspaces of the layout.
fn read_architectures(folder: &Path, layout: &Layout, texts: &[String]) -> Result<Vec<Subspace>, ReportError> {
    let table = RunTable::read(folder, &architectures::TABLE)?;
    let masks: HashMap<String, String> = table.texts(architectures::ARCH)?.into_iter().zip(table.texts(architectures::MASK)?).collect();
    let read = |text: &String| {
        let mask = masks.get(text).ok_or_else(|| table.wrong(&format!("it has no architecture `{text}`")))?;
        let subspace = Subspace::try_from(mask.clone()).map_err(|error| table.wrong(&format!("`{mask}`: {error}")))?;
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

#[cfg(test)]
mod tests {
    use assay_structure::score::Direction;

    use super::*;
    use crate::report::table::tests::{Cells, write};

    fn target(column: &str) -> Target {
        Target { column: column.into(), title: column.into(), unit: "%".into(), direction: Direction::HigherIsBetter }
    }

    #[test]
    fn values_of_targets_are_found_by_architecture_and_one_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let cells = [
            (TARGET, Cells::Texts(vec!["first", "first", "second", "second"])),
            (ARCH, Cells::Texts(vec!["a", "b", "a", "b"])),
            (VALUE, Cells::Numbers(vec![Some(1.0), Some(2.0), None, Some(4.0)])),
        ];
        write(folder.path(), TARGETS.file, &cells);
        let read = |columns: &[&str], architectures: &[&str]| {
            let targets: Vec<Target> = columns.iter().map(|column| target(column)).collect();
            read_targets(folder.path(), &targets, &architectures.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        let found = read(&["second", "first"], &["b", "a"]).unwrap();
        let values: Vec<&[Option<f64>]> = found.iter().map(|target| target.values.as_slice()).collect();
        assert_eq!(values, [[Some(4.0), None], [Some(2.0), Some(1.0)]]);
        let said = read(&["first"], &["a", "c"]).err().unwrap().to_string();
        assert!(said.ends_with("targets.parquet` cannot be read: it has no first of `c`"), "{said}");
        assert!(read(&[], &["c"]).unwrap().is_empty(), "without targets no table is needed");
    }
}
