//! Operators that move elements about: left out where they change nothing, joined where one follows another, and recognised where
//! they are parts of one operator of the graph.

use assay_core::graph::{Operator, Shape};

use super::{Draft, Id};

impl Draft {
    /// The same elements in other axes.
    pub(crate) fn reshape(&mut self, input: Id, axes: &[usize], name: &str) -> Result<Id, String> {
        let to = Shape::of_axes(axes)
            .ok_or_else(|| format!("makes {axes:?} of it; a value of one image has at most {} axes", assay_core::graph::AXES))?;
        if to == self.shape(input) {
            return Ok(input);
        }
        if let (Some(Operator::Reshape { .. }), Some(inner)) = (self.operator(input), self.input(input)) {
            return self.reshape(inner, axes, name);
        }
        if let Some(id) = self.in_groups(input, to, name)? {
            return Ok(id);
        }
        self.add(Operator::Reshape { axes: counting(axes) }, &[input], name)
    }

    /// Instance normalisation of a value whose channels were joined into groups, laid out as it was before: group normalisation.
    fn in_groups(&mut self, norm: Id, to: Shape, name: &str) -> Result<Option<Id>, String> {
        let Some(Operator::GroupNorm { groups, affine: false, epsilon }) = self.operator(norm) else { return Ok(None) };
        let (groups, epsilon) = (*groups, *epsilon);
        let Some(joined) = self.input(norm).filter(|joined| self.shape(*joined).channels == groups) else { return Ok(None) };
        let (Some(Operator::Reshape { .. }), Some(input)) = (self.operator(joined), self.input(joined)) else { return Ok(None) };
        if !to.channels.is_multiple_of(groups) {
            return Ok(None);
        }
        // What was itself laid out otherwise before is so first: two reshapes, one after the other, are one.
        let is_laid_out = |id: &Id| matches!(self.operator(*id), Some(Operator::Reshape { .. })) && self.input(*id) == Some(input);
        let known = (0..self.nodes.len()).find(|id| is_laid_out(id) && self.shape(*id) == to);
        let input = match known {
            Some(known) => known,
            None => self.reshape(input, &to.axes(), name)?,
        };
        self.add(Operator::GroupNorm { groups, affine: false, epsilon }, &[input], name).map(Some)
    }

    /// The axes in another order.
    pub(crate) fn transpose(&mut self, input: Id, order: &[usize], name: &str) -> Result<Id, String> {
        if let (Some(Operator::Transpose { order: first }), Some(inner)) = (self.operator(input), self.input(input)) {
            let own = |axis: usize| first.get(axis).copied().unwrap_or(axis);
            let joined: Vec<usize> = (0..order.len().max(first.len())).map(|axis| own(order.get(axis).copied().unwrap_or(axis))).collect();
            return self.transpose(inner, &joined, name);
        }
        if order.iter().enumerate().all(|(to, from)| to == *from) {
            return Ok(input);
        }
        self.add(Operator::Transpose { order: order.to_vec() }, &[input], name)
    }

    /// A part of an axis.
    pub(crate) fn slice(&mut self, input: Id, axis: usize, [start, end, step]: [usize; 3], name: &str) -> Result<Id, String> {
        let shape = self.shape(input);
        if start == 0 && end == shape.axis(axis) && step == 1 {
            return Ok(input);
        }
        if axis == 0 && start == 0 && step == 1 && shape.is_maps() {
            return self.add(Operator::Truncate { channels: end }, &[input], name);
        }
        self.add(Operator::Slice { axis, start, end, step }, &[input], name)
    }

    /// Zeros around the value.
    pub(crate) fn pad(&mut self, input: Id, mut amounts: Vec<[usize; 2]>, name: &str) -> Result<Id, String> {
        let Some(last) = amounts.iter().rposition(|amount| *amount != [0, 0]) else { return Ok(input) };
        amounts.truncate(last + 1);
        if let Some((source, offset)) = self.shifted(input, &amounts) {
            return self.add(Operator::Shift { offset }, &[source], name);
        }
        self.add(Operator::Pad { amounts }, &[input], name)
    }

    /// If rows and columns were cut off at the top and the left, and as many are added at the bottom and the right: what is shifted.
    fn shifted(&self, input: Id, amounts: &[[usize; 2]]) -> Option<(Id, usize)> {
        let [[0, 0], [0, rows], [0, columns]] = amounts else { return None };
        if rows != columns {
            return None;
        }
        let offset = *rows;
        let cut = |id: Id, along: usize| match self.operator(id) {
            Some(Operator::Slice { axis, start, end, step: 1 }) if *axis == along && *start == offset => {
                let inner = self.input(id)?;
                (*end == self.shape(inner).axis(along)).then_some(inner)
            }
            _ => None,
        };
        let (first, second) = (cut(input, 2).and_then(|inner| cut(inner, 1)), cut(input, 1).and_then(|inner| cut(inner, 2)));
        first.or(second).map(|source| (source, offset))
    }
}

/// Axes without those of extent 1 at the end, as they don't count.
fn counting(axes: &[usize]) -> Vec<usize> {
    let last = axes.iter().rposition(|extent| *extent != 1).map_or(1, |last| last + 1);
    let mut axes = axes.to_vec();
    axes.truncate(last.max(1));
    axes
}
