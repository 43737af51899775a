//! Published figures beside ours: one column a source, and where the two differ.

use super::grid::{Grid, cell, unique};
use crate::correlation::Correlation;
use crate::published::{Source, Statistic};

/// A difference above this has to be explained.
pub const NOTABLE: f64 = 0.05;

/// A published figure that is not ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<'a> {
    /// Ours.
    pub ours: &'a Correlation,
    /// Where the other is from.
    pub source: &'a Source,
    /// Our value, of the statistic that the source prints.
    pub value: f64,
    /// The published value, larger being better.
    pub published: f64,
}

/// What stands in a column.
type Column<'a> = Box<dyn Fn(&Correlation) -> Option<f64> + 'a>;

/// Our τ-b and ρ, and of each source its figures, one grid for each target of which there are any.
#[must_use]
pub fn grids(rows: &[Correlation], sources: &[Source]) -> Vec<Grid> {
    let mut grids = Vec::new();
    for target in unique(rows.iter().map(|row| row.target.as_str())) {
        let own: Vec<&Correlation> = rows.iter().filter(|row| row.target == target).collect();
        let says_something = |source: &&(usize, &Source)| own.iter().any(|row| source.1.value(&row.proxy, target).is_some());
        let numbered: Vec<(usize, &Source)> = (1..).zip(sources).collect();
        let here: Vec<(usize, &Source)> = numbered.iter().filter(says_something).copied().collect();
        let mut head = vec!["proxy".to_owned()];
        let mut values: Vec<Column<'_>> = Vec::new();
        for statistic in [Statistic::KendallTau, Statistic::SpearmanRho] {
            let of_statistic: Vec<_> = here.iter().filter(|(_, source)| source.statistic == statistic).collect();
            if of_statistic.is_empty() {
                continue;
            }
            head.push(if statistic == Statistic::KendallTau { "ours, τ-b".into() } else { "ours, ρ".into() });
            values.push(Box::new(move |row| statistic.of(row)));
            for (number, source) in of_statistic {
                head.push(format!("{} {} [{number}]", source.label, statistic.symbol()));
                values.push(Box::new(|row| source.value(&row.proxy, &row.target)));
            }
        }
        if values.is_empty() {
            continue;
        }
        let line = |row: &&Correlation| [row.proxy.clone()].into_iter().chain(values.iter().map(|value| cell(value(row)))).collect();
        let title = own.first().map_or(String::new(), |row| format!("{} ({target}), beside published figures", row.title));
        grids.push(Grid { title, head, rows: own.iter().map(line).collect() });
    }
    grids
}

/// The protocol of each source, by its number in the tables.
#[must_use]
pub fn notes(sources: &[Source]) -> Vec<String> {
    let warning = "Protocols differ from ours and from each other: a difference between two columns is one of protocols first.";
    let note = |(number, source): (usize, &Source)| format!("[{number}] {}", source.protocol());
    let notes = (1..).zip(sources).map(note);
    notes.chain((!sources.is_empty()).then(|| warning.into())).collect()
}

/// Where ours and a published figure differ by more than [`NOTABLE`], in the order of the rows.
#[must_use]
pub fn differences<'a>(rows: &'a [Correlation], sources: &'a [Source]) -> Vec<Difference<'a>> {
    let differ = |ours: &'a Correlation, source: &'a Source| {
        let (value, published) = (source.statistic.of(ours)?, source.value(&ours.proxy, &ours.target)?);
        ((value - published).abs() > NOTABLE).then_some(Difference { ours, source, value, published })
    };
    rows.iter().flat_map(|row| sources.iter().filter_map(move |source| differ(row, source))).collect()
}
