//! Operators that move a window over maps, on hyper-dual numbers. All of them are linear where they are differentiable, so each part of
//! a number goes its own way.

use assay_core::graph::{Conv2d, Pool, Shape};
use nalgebra::DMatrix;

use super::number::{HyperDual, Value};

/// Parts of a number.
const PARTS: usize = 4;

/// A convolution without its bias; `weight` is `[out, in / groups, rows, columns]`.
pub(super) fn convolved(conv: &Conv2d, weight: &[f32], input: &Value, from: Shape, to: Shape, batch: usize) -> Value {
    let (ins, outs) = (from.channels / conv.groups, to.channels / conv.groups);
    let taps = ins * conv.kernel.area();
    let mut value = vec![HyperDual::ZERO; batch * to.elements()];
    for image in 0..batch {
        for group in 0..conv.groups {
            // A column a tap: what the tap sees at each position of the output, with the parts of a number side by side.
            let mut seen = DMatrix::zeros(to.area() * PARTS, taps);
            for tap in 0..taps {
                let (channel, place) = (tap / conv.kernel.area(), tap % conv.kernel.area());
                let (row, column) = (place / conv.kernel.columns, place % conv.kernel.columns);
                let map = &input[(image * from.channels + group * ins + channel) * from.area()..][..from.area()];
                let offset = [row * conv.dilation.rows, column * conv.dilation.columns];
                let start = [conv.padding.top, conv.padding.left];
                let mut into = seen.column_mut(tap);
                for (position, [row, column]) in positions(to).enumerate() {
                    let place = [row * conv.stride.rows + offset[0], column * conv.stride.columns + offset[1]];
                    if let Some(number) = at(map, from, place, start) {
                        for (part, value) in number.parts().into_iter().enumerate() {
                            into[position * PARTS + part] = value;
                        }
                    }
                }
            }
            let weights = &weight[group * outs * taps..][..outs * taps];
            let weights = DMatrix::from_iterator(taps, outs, weights.iter().map(|weight| f64::from(*weight)));
            let found = seen * weights;
            let first = (image * to.channels + group * outs) * to.area();
            let numbers = found.as_slice().chunks_exact(PARTS).map(|parts| HyperDual::of([parts[0], parts[1], parts[2], parts[3]]));
            value[first..][..outs * to.area()].iter_mut().zip(numbers).for_each(|(into, number)| *into = number);
        }
    }
    value
}

/// Averages over windows.
pub(super) fn averaged(pool: &Pool, input: &Value, from: Shape, to: Shape) -> Value {
    over_windows(pool, input, from, to, |seen| {
        let count = if pool.counts_padding { pool.kernel.area() } else { seen.len() };
        seen.iter().fold(HyperDual::ZERO, |sum, number| sum + *number).scaled(1.0 / count as f64)
    })
}

/// The first of the largest in each window.
pub(super) fn largest(pool: &Pool, input: &Value, from: Shape, to: Shape) -> Value {
    over_windows(pool, input, from, to, |seen| {
        seen.iter().copied().reduce(|most, number| if number.value > most.value { number } else { most }).unwrap_or_default()
    })
}

/// The maps moved up and left; zeros enter at the bottom and the right.
pub(super) fn shifted(offset: usize, input: &Value, shape: Shape) -> Value {
    let moved = |map: &[HyperDual]| -> Vec<HyperDual> {
        positions(shape).map(|[row, column]| at(map, shape, [row + offset, column + offset], [0, 0]).unwrap_or_default()).collect()
    };
    input.chunks(shape.area()).flat_map(moved).collect()
}

fn over_windows(pool: &Pool, input: &Value, from: Shape, to: Shape, of: impl Fn(&[HyperDual]) -> HyperDual) -> Value {
    let mut value = Vec::with_capacity(input.len() / from.area() * to.area());
    let mut seen = Vec::with_capacity(pool.kernel.area());
    for map in input.chunks(from.area()) {
        for [row, column] in positions(to) {
            seen.clear();
            for tap in 0..pool.kernel.area() {
                let (down, right) = (tap / pool.kernel.columns, tap % pool.kernel.columns);
                let place = [row * pool.stride.rows + down, column * pool.stride.columns + right];
                seen.extend(at(map, from, place, [pool.padding.top, pool.padding.left]));
            }
            value.push(of(&seen));
        }
    }
    value
}

fn positions(shape: Shape) -> impl Iterator<Item = [usize; 2]> {
    (0..shape.height).flat_map(move |row| (0..shape.width).map(move |column| [row, column]))
}

/// What stands at a place of a padded map; nothing in the padding.
fn at(map: &[HyperDual], shape: Shape, place: [usize; 2], padding: [usize; 2]) -> Option<HyperDual> {
    let row = place[0].checked_sub(padding[0]).filter(|row| *row < shape.height)?;
    let column = place[1].checked_sub(padding[1]).filter(|column| *column < shape.width)?;
    Some(map[row * shape.width + column])
}
