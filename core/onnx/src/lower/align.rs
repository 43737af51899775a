//! Two values side by side: axes are compared from the last on, and the batch must be in the same one.

use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::Tensor;

impl Lowering<'_> {
    /// Values as nodes whose images have axes that fit each other, and the layout of what is computed of them element by element.
    pub(crate) fn aligned(&mut self, call: &Call<'_>, values: &[Value]) -> Result<(Vec<Live>, Layout), Problem> {
        let rank = values.iter().map(rank).max().unwrap_or(0);
        let layout = self.common(call, values, rank, 0)?;
        let lives = values.iter().map(|value| self.fitted(call, value, &layout, 0)).collect::<Result<Vec<_>, _>>()?;
        Ok((lives, layout))
    }

    /// The layout of so many axes that all have in common, each repeated where it is of extent 1; the last `apart` of each value's axes
    /// are left out.
    pub(crate) fn common(&self, call: &Call<'_>, values: &[Value], rank: usize, apart: usize) -> Result<Layout, Problem> {
        let mut axes = vec![Axis::of(1); rank];
        for value in values {
            let own = own_axes(value);
            let own = &own[..own.len() - apart.min(own.len())];
            for (place, axis) in own.iter().rev().enumerate() {
                let common = &mut axes[rank - 1 - place];
                *common = self.both(call, *common, *axis)?;
            }
        }
        Ok(Layout(axes))
    }

    fn both(&self, call: &Call<'_>, left: Axis, right: Axis) -> Result<Axis, Problem> {
        let one = Axis::of(1);
        match (left, right) {
            (left, right) if left == right || right == one => Ok(left),
            (left, right) if left == one => Ok(right),
            // A tensor with a row for each image of the file's batch: its rows are compared later.
            (batch, other) | (other, batch) if batch == Axis::BATCH && other == Axis::of(self.batch) => Ok(batch),
            (left, right) => {
                let extents = Layout(vec![left, right]).dims(self.batch);
                let mixed = if left.has_batch() || right.has_batch() { "; one of them is the batch, or joined with it" } else { "" };
                Err(call.wrong(format!("its inputs do not fit: an axis is {} in one and {} in another{mixed}", extents[0], extents[1])))
            }
        }
    }

    /// A value as a node whose image has the axes of a layout, with extent 1 where they are missing. Its last `apart` axes are its own
    /// and come after those of the layout.
    pub(crate) fn fitted(&mut self, call: &Call<'_>, value: &Value, to: &Layout, apart: usize) -> Result<Live, Problem> {
        let own = own_axes(value);
        let shared = own.len() - apart.min(own.len());
        let missing = to.rank() - shared;
        // The extents of this value's image along the axes of the layout, and how its own axes are laid out there.
        let mut image = Vec::new();
        let mut layout = Vec::new();
        for (place, axis) in to.0.iter().enumerate() {
            let here = if place < missing { Axis::of(1) } else { own[place - missing] };
            if axis.image().is_some() {
                image.push(here.image().unwrap_or(1));
            }
            layout.push(if here.has_batch() { *axis } else { here });
        }
        for axis in &own[shared..] {
            image.extend(axis.image());
            layout.push(*axis);
        }
        let live = match value {
            Value::Known(tensor) => {
                let one = self.one_row(call, tensor, to, missing)?;
                let held = self.held(call, one.with_dims(image))?;
                return Ok(Live { layout: Layout(layout), ..held });
            }
            Value::Live(live) => live.clone(),
        };
        let id = self.draft.reshape(live.id, &image, &call.name()).map_err(|problem| call.wrong(problem))?;
        Ok(Live { id, layout: Layout(layout), is_whole: live.is_whole })
    }

    /// A tensor with one row where it has one for each image of the batch, all the same.
    fn one_row(&self, call: &Call<'_>, tensor: &Tensor, to: &Layout, missing: usize) -> Result<Tensor, Problem> {
        let Some(along) = (missing..to.rank())
            .find(|place| to.0[*place] == Axis::BATCH && tensor.dims.get(*place - missing).is_some_and(|extent| *extent != 1))
        else {
            return Ok(tensor.clone());
        };
        self.row_of(call, tensor, along - missing)
    }

    /// The row that all of a tensor's along an axis are, which is the batch.
    pub(crate) fn row_of(&self, call: &Call<'_>, tensor: &Tensor, axis: usize) -> Result<Tensor, Problem> {
        let extent = tensor.dims[axis];
        let inner: usize = tensor.dims[axis + 1..].iter().product();
        let mut dims = tensor.dims.clone();
        dims[axis] = 1;
        let count: usize = dims.iter().product();
        let place = |number: usize, row: usize| (number / inner * extent + row) * inner + number % inner;
        let first = tensor.pick(dims, (0..count).map(|number| place(number, 0)));
        let same = (1..extent).all(|row| {
            let other = tensor.pick(first.dims.clone(), (0..count).map(|number| place(number, row)));
            match (&other.data, &first.data) {
                (crate::tensor::Data::Float(a), crate::tensor::Data::Float(b)) => a == b,
                (crate::tensor::Data::Whole(a), crate::tensor::Data::Whole(b)) => a == b,
                (crate::tensor::Data::Truth(a), crate::tensor::Data::Truth(b)) => a == b,
                _ => false,
            }
        });
        if extent != self.batch || !same {
            let advice = "the batch is baked into the file: export it with a dynamic one (in PyTorch `dynamic_shapes`)";
            return Err(
                call.wrong(format!("meets the batch with a tensor of {:?}, which has other numbers for each image; {advice}", tensor.dims))
            );
        }
        Ok(first.from(tensor.origin.clone()))
    }
}

/// How many axes a value has in the file.
pub(crate) fn rank(value: &Value) -> usize {
    match value {
        Value::Known(tensor) => tensor.dims.len(),
        Value::Live(live) => live.layout.rank(),
    }
}

fn own_axes(value: &Value) -> Vec<Axis> {
    match value {
        Value::Known(tensor) => Layout::without_batch(&tensor.dims).0,
        Value::Live(live) => live.layout.0.clone(),
    }
}
