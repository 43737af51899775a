//! What a search learnt that mixes the operators of each edge, out of the readings of its steps.

use std::collections::BTreeSet;

use assay_structure::subspace::{Choice, Layout};
use assay_structure::trajectory::Step;

use crate::trajectory::Trajectory;

/// The operator that passes on what it reads, where a space has one. A search that drifts to it finds cells that learn little.
pub const SKIP: &str = "skip_connect";

/// How likely a step of a search held each operator of each edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed<'a> {
    layout: &'a Layout,
    /// By edge of each kind of cell, one after the other, and operator; none where the edge does not offer it.
    edges: Vec<Vec<Option<f64>>>,
}

/// All operators of all edges by the names that their readings have.
fn choices(layout: &Layout) -> impl Iterator<Item = Choice> {
    let edges = layout.cells.iter().enumerate().flat_map(|(cell, kind)| (0..kind.edges.len()).map(move |edge| (cell, edge)));
    edges.flat_map(|(cell, edge)| (0..layout.operators.len()).map(move |operator| Choice { cell, edge, operator }))
}

impl Trajectory {
    /// The names of the readings that say how likely an operator is.
    #[must_use]
    pub fn names_of_mixtures(&self) -> BTreeSet<String> {
        choices(&self.layout).map(|choice| self.layout.describe(choice)).collect()
    }

    /// How likely a step held each operator; none where the search learns nothing of the kind.
    #[must_use]
    pub fn mixed(&self, step: &Step) -> Option<Mixed<'_>> {
        let reading = |choice: Choice| {
            let name = self.layout.describe(choice);
            step.readings.iter().find(|(own, _)| *own == name)?.1.value()
        };
        let all: Vec<Option<f64>> = choices(&self.layout).map(reading).collect();
        let edges = all.chunks(self.layout.operators.len().max(1)).map(<[_]>::to_vec).collect();
        all.iter().any(Option::is_some).then_some(Mixed { layout: &self.layout, edges })
    }
}

impl Mixed<'_> {
    /// How likely an operator is, the mean over the edges that offer it.
    #[must_use]
    pub fn mean_of(&self, operator: &str) -> Option<f64> {
        let position = self.layout.operator(operator)?;
        mean(self.edges.iter().filter_map(|edge| edge[position]))
    }

    /// The entropy of an edge over the largest that there is, ln K of K operators; the mean over edges. 1 where nothing is decided, 0
    /// where all is.
    #[must_use]
    pub fn entropy(&self) -> Option<f64> {
        let of_edge = |edge: &Vec<Option<f64>>| {
            let known: Vec<f64> = edge.iter().flatten().copied().collect();
            let most = (known.len() as f64).ln();
            (most > 0.0).then(|| known.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum::<f64>() / most)
        };
        mean(self.edges.iter().filter_map(of_edge))
    }

    /// On how many edges each operator is the most likely one, the first of equals: `3 nor_conv_3x3, 2 skip_connect, 1 none`.
    #[must_use]
    pub fn strongest(&self) -> String {
        let mut counts = vec![0; self.layout.operators.len()];
        for edge in &self.edges {
            let known = edge.iter().enumerate().filter_map(|(operator, own)| Some((operator, (*own)?)));
            let best = known.fold(None, |best: Option<(usize, f64)>, own| Some(best.filter(|best| best.1 >= own.1).unwrap_or(own)));
            if let Some((operator, _)) = best {
                counts[operator] += 1;
            }
        }
        let mut named: Vec<(usize, &String)> = counts.into_iter().zip(&self.layout.operators).filter(|(count, _)| *count > 0).collect();
        named.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        named.iter().map(|(count, name)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = numbers.fold((0_usize, 0.0), |(count, sum), number| (count + 1, sum + number));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use assay_structure::score::Reading;
    use assay_structure::subspace::{CellLayout, Subspace};

    use super::*;

    #[test]
    fn the_readings_of_a_step_tell_the_strongest_operators_their_entropy_and_the_share_of_skip_connections() {
        let layout = Layout::new(["none", "skip_connect", "conv"], vec![CellLayout::uniform("cell", ["1<-0", "2<-0"], 3)]);
        let whole = Subspace::whole(&layout);
        let step = |readings: &[(&str, f64)]| Step {
            title: "epoch 1".into(),
            before: whole.clone(),
            after: whole.clone(),
            candidates: Vec::new(),
            readings: readings.iter().map(|(name, value)| ((*name).to_owned(), Reading::finite(*value))).collect(),
        };
        let trajectory = Trajectory { layout: layout.clone(), steps: Vec::new() };
        assert_eq!(trajectory.mixed(&step(&[("training loss", 2.0)])), None);
        let third = 1.0 / 3.0;
        let learnt = [
            ("cell 1<-0 none", third),
            ("cell 1<-0 skip_connect", third),
            ("cell 1<-0 conv", third),
            ("cell 2<-0 none", 0.0),
            ("cell 2<-0 skip_connect", 0.0),
            ("cell 2<-0 conv", 1.0),
        ];
        let step = step(&learnt);
        let mixed = trajectory.mixed(&step).unwrap();
        assert_eq!(mixed.strongest(), "1 none, 1 conv");
        assert!((mixed.entropy().unwrap() - 0.5).abs() < 1e-12);
        assert!((mixed.mean_of(SKIP).unwrap() - third / 2.0).abs() < 1e-12);
        assert_eq!(mixed.mean_of("sep_conv_3x3"), None);
        assert_eq!(trajectory.names_of_mixtures().len(), 6);
    }
}
