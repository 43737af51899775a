//! Linear operators without parameters, as lists of what each element of the result is a sum of.

use assay_core::graph::{Operator, Pool, Shape};

use super::places::{element, places, repeated, with};

/// One summand of an element of a result: a factor times an element of an input, in one image.
pub(super) struct Link {
    pub(super) to: usize,
    pub(super) input: usize,
    pub(super) from: usize,
    pub(super) factor: f64,
}

/// The links of an operator, or nothing where it is not linear without parameters. `weights` are those of a sum.
pub(super) fn links(operator: &Operator, weights: &[f64], inputs: &[Shape], out: Shape) -> Option<Vec<Link>> {
    let mut all = Vec::new();
    let mut link = |to, input, from, factor| all.push(Link { to, input, from, factor });
    let input = inputs.first().copied().unwrap_or(out);
    let each = || places(out).into_iter().enumerate();
    match operator {
        Operator::WeightedSum { .. } => each().for_each(|(to, place)| {
            for (which, shape) in inputs.iter().enumerate() {
                link(to, which, repeated(*shape, place), weights[which]);
            }
        }),
        Operator::Concat { axis } => each().for_each(|(to, place)| {
            let (mut which, mut index) = (0, place[*axis]);
            while index >= inputs[which].axis(*axis) {
                index -= inputs[which].axis(*axis);
                which += 1;
            }
            link(to, which, element(inputs[which], with(place, *axis, index)), 1.0);
        }),
        Operator::Slice { axis, start, step, .. } => each().for_each(|(to, place)| {
            link(to, 0, element(input, with(place, *axis, start + step * place[*axis])), 1.0);
        }),
        Operator::Gather { axis, indices } => each().for_each(|(to, place)| {
            link(to, 0, element(input, with(place, *axis, indices[place[*axis]])), 1.0);
        }),
        Operator::Pad { amounts } => places(input).into_iter().enumerate().for_each(|(from, mut place)| {
            for (axis, [before, _]) in amounts.iter().enumerate() {
                place[axis] += before;
            }
            link(element(out, place), 0, from, 1.0);
        }),
        Operator::Transpose { order } => each().for_each(|(to, place)| {
            let mut from = place;
            for (axis, own) in order.iter().enumerate() {
                from[*own] = place[axis];
            }
            link(to, 0, element(input, from), 1.0);
        }),
        Operator::Reshape { .. } => (0..out.elements()).for_each(|same| link(same, 0, same, 1.0)),
        Operator::Mean { axes } => {
            let count: usize = axes.iter().map(|axis| input.axis(*axis)).product();
            for (from, mut place) in places(input).into_iter().enumerate() {
                for axis in axes {
                    place[*axis] = 0;
                }
                link(element(out, place), 0, from, 1.0 / count as f64);
            }
        }
        Operator::GlobalAvgPool => {
            (0..input.elements()).for_each(|from| link(from / input.area(), 0, from, 1.0 / input.area() as f64));
        }
        Operator::AvgPool(pool) => each().for_each(|(to, [c, y, x, ..])| {
            let divisor = divisor(*pool, input, y, x) as f64;
            for (iy, ix) in window(*pool, input, y, x) {
                link(to, 0, element(input, [c, iy, ix, 0, 0]), 1.0 / divisor);
            }
        }),
        Operator::Shift { offset } => each().for_each(|(to, mut place)| {
            place[1] += offset;
            place[2] += offset;
            if place[1] < input.height && place[2] < input.width {
                link(to, 0, element(input, place), 1.0);
            }
        }),
        Operator::Truncate { .. } => each().for_each(|(to, place)| link(to, 0, element(input, place), 1.0)),
        Operator::Zero { .. } => {}
        _ => return None,
    }
    Some(all)
}

/// The positions of a pooling window inside the image, row-major.
pub(super) fn window(pool: Pool, input: Shape, y: usize, x: usize) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for ky in 0..pool.kernel.rows {
        for kx in 0..pool.kernel.columns {
            let [iy, ix] = [y * pool.stride.rows + ky, x * pool.stride.columns + kx];
            let (Some(iy), Some(ix)) = (iy.checked_sub(pool.padding.top), ix.checked_sub(pool.padding.left)) else { continue };
            if iy < input.height && ix < input.width {
                all.push((iy, ix));
            }
        }
    }
    all
}

/// What the sum over a window is divided by.
fn divisor(pool: Pool, input: Shape, y: usize, x: usize) -> usize {
    if !pool.counts_padding {
        return window(pool, input, y, x).len();
    }
    // The image with its padding is an image without any.
    let padded = Shape::new(1, pool.padding.top + input.height + pool.padding.bottom, pool.padding.left + input.width + pool.padding.right);
    window(Pool { padding: 0.into(), ..pool }, padded, y, x).len()
}
