//! A layout as it is written: what other programs, and plugins loaded at run time, exchange.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::operators::{operators_of, write_mask};
use super::{CellLayout, Layout, OperatorSet, Wiring};

/// The written form. Where a cell has no `offers`, each of its edges chooses from all operators. Where `zero` or `wiring` is
/// absent, no operator is zero, or the edges do not join nodes; layouts that were written before there were these have
/// neither.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayout {
    operators: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zero: Option<usize>,
    cells: Vec<RawCell>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCell {
    kind: String,
    edges: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wiring: Option<Wiring>,
}

impl Serialize for Layout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = OperatorSet::first(self.operators.len());
        let mask = |set: &OperatorSet| {
            let mut text = String::new();
            write_mask(&mut text, *set, self.operators.len()).map(|()| text)
        };
        let cell = |cell: &CellLayout| {
            let offers = (!cell.offers.iter().all(|set| *set == all)).then(|| cell.offers.iter().map(mask).collect::<Result<_, _>>());
            let CellLayout { kind, edges, wiring, .. } = cell.clone();
            Ok(RawCell { kind, edges, offers: offers.transpose()?, wiring })
        };
        let cells = self.cells.iter().map(cell).collect::<Result<_, std::fmt::Error>>().map_err(serde::ser::Error::custom)?;
        RawLayout { operators: self.operators.clone(), zero: self.zero, cells }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Layout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawLayout::deserialize(deserializer)?.checked().map_err(serde::de::Error::custom)
    }
}

impl RawLayout {
    fn checked(self) -> Result<Layout, String> {
        let Self { operators, zero, cells } = self;
        let count = operators.len();
        if !(1..=u64::BITS as usize).contains(&count) {
            return Err(format!("a layout has 1 to {} operators, this one has {count}", u64::BITS));
        }
        if let Some(zero) = zero.filter(|zero| *zero >= count) {
            return Err(format!("`zero` is the position of one of {count} operators, not {zero}"));
        }
        let cells = cells.into_iter().map(|cell| cell.checked(count)).collect::<Result<_, _>>()?;
        Ok(Layout { operators, zero, cells })
    }
}

impl RawCell {
    /// The kind of cell, in a layout with this number of operators.
    fn checked(self, operators: usize) -> Result<CellLayout, String> {
        let Self { kind, edges, offers, wiring } = self;
        let all = OperatorSet::first(operators);
        let offers: Vec<OperatorSet> = match offers {
            None => vec![all; edges.len()],
            Some(masks) => masks.iter().map(|mask| operators_of(mask)).collect::<Result<_, _>>()?,
        };
        if offers.len() != edges.len() || offers.iter().any(|set| !set.is_subset(all)) {
            return Err(format!("`{kind}`: `offers` must have one mask of {operators} operators for each of {} edges", edges.len()));
        }
        if let Some(wiring) = &wiring {
            wiring.check(edges.len()).map_err(|problem| format!("`{kind}`: {problem}"))?;
        }
        Ok(CellLayout { kind, edges, offers, wiring })
    }
}
