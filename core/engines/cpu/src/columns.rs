//! Which parameters' gradients a row holds.

use std::ops::Range;

use assay_core::graph::{Graph, ParameterSpec};
use assay_core::network::Network;
use assay_kernels::Element;

use super::chosen::Chosen;

/// Some columns of the Jacobian: a range of positions in the concatenation of the chosen parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Where each parameter begins in the concatenation, if it is chosen.
    starts: Vec<Option<usize>>,
    /// What a row holds of the concatenation.
    range: Range<usize>,
}

impl Columns {
    /// All elements of the parameters that are chosen.
    pub(super) fn new(network: &Network, chosen: impl Fn(&ParameterSpec) -> bool) -> Self {
        let mut length = 0;
        let mut starts = Vec::with_capacity(network.graph().parameters().len());
        for spec in network.graph().parameters() {
            let elements = if chosen(spec) { spec.elements() } else { 0 };
            starts.push(chosen(spec).then_some(length));
            length += elements;
        }
        Self { starts, range: 0..length }
    }

    /// Elements that are chosen, of so many parameters.
    pub(super) fn of(chosen: &Chosen, parameters: usize) -> Self {
        let mut length = 0;
        let start = |parameter: usize| {
            let own = chosen.elements(parameter).len();
            length += own;
            (own > 0).then_some(length - own)
        };
        Self { starts: (0..parameters).map(start).collect(), range: 0..chosen.len() }
    }

    /// Numbers in a row.
    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    /// A row that holds all columns of all parameters, parameter by parameter.
    pub(super) fn split<E: Element>(&self, graph: &Graph, row: &[E]) -> Vec<Vec<f64>> {
        let of = |(parameter, spec): (usize, &ParameterSpec)| {
            let start = self.starts[parameter].unwrap_or(0);
            row[start..start + spec.elements()].iter().map(|value| value.to_f64()).collect()
        };
        graph.parameters().iter().enumerate().map(of).collect()
    }

    /// This many columns at a time.
    pub(super) fn chunks(&self, width: usize) -> impl Iterator<Item = Self> {
        let Range { start, end } = self.range;
        let range = move |first: usize| first..(first + width).min(end);
        (start..end).step_by(width.max(1)).map(move |first| Self { starts: self.starts.clone(), range: range(first) })
    }

    /// Writes the part of a parameter's gradient, or of its chosen elements', that the row holds.
    pub(super) fn put<E: Element>(&self, parameter: usize, values: &[f64], row: &mut [E]) {
        let Some(start) = self.starts[parameter] else { return };
        let first = start.max(self.range.start);
        let last = (start + values.len()).min(self.range.end);
        if first >= last {
            return;
        }
        for (to, value) in row[first - self.range.start..last - self.range.start].iter_mut().zip(&values[first - start..]) {
            *to = E::from_f64(*value);
        }
    }
}
