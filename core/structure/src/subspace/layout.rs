//! A layout as it is written: what other programs, and plugins loaded at run time, exchange.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CellLayout, Layout, OperatorSet, operators_of, write_mask};

/// The written form. Where a cell has no `offers`, each of its edges chooses from all operators.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayout {
    operators: Vec<String>,
    cells: Vec<RawCell>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCell {
    kind: String,
    edges: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offers: Option<Vec<String>>,
}

impl Serialize for Layout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let all = OperatorSet::first(self.operators.len());
        let mask = |set: &OperatorSet| {
            let mut text = String::new();
            write_mask(&mut text, *set, self.operators.len()).map(|()| text)
        };
        let cell = |cell: &CellLayout| {
            let offers = (!cell.offers.iter().all(|set| *set == all)).then(|| cell.offers.iter().map(mask).collect::<Result<_, _>>());
            Ok(RawCell { kind: cell.kind.into(), edges: texts(&cell.edges), offers: offers.transpose()? })
        };
        let cells = self.cells.iter().map(cell).collect::<Result<_, std::fmt::Error>>().map_err(serde::ser::Error::custom)?;
        RawLayout { operators: texts(&self.operators), cells }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Layout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawLayout::deserialize(deserializer)?;
        let operators = raw.operators.len();
        let wrong = |problem: String| Err(serde::de::Error::custom(problem));
        if !(1..=u64::BITS as usize).contains(&operators) {
            return wrong(format!("a layout has 1 to {} operators, this one has {operators}", u64::BITS));
        }
        let mut cells = Vec::with_capacity(raw.cells.len());
        for RawCell { kind, edges, offers } in raw.cells {
            let edges: Vec<&'static str> = edges.iter().map(|edge| kept(edge)).collect();
            let offers: Vec<OperatorSet> = match offers {
                None => vec![OperatorSet::first(operators); edges.len()],
                Some(masks) => masks.iter().map(|mask| operators_of(mask)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)?,
            };
            let all = OperatorSet::first(operators);
            if offers.len() != edges.len() || offers.iter().any(|set| !set.is_subset(all)) {
                return wrong(format!("`{kind}`: `offers` must have one mask of {operators} operators for each of {} edges", edges.len()));
            }
            cells.push(CellLayout { kind: kept(&kind), edges, offers });
        }
        Ok(Self { operators: raw.operators.iter().map(|operator| kept(operator)).collect(), cells })
    }
}

/// The text, kept for the life of the program: names of a layout that was read are few, and the same ones every time.
fn kept(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let new: &'static str = Box::leak(text.into());
    texts.insert(new);
    new
}
