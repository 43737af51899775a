//! Average and maximum pooling, forward and backward. A window's positions outside the image do not exist.

use std::ops::Range;

use crate::simd::Simd;
use crate::{Map, Number};

/// A pooling window: for rows and for columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Positions that it covers.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Positions beyond the image before the first of it.
    pub padding: [usize; 2],
    /// Where positions beyond the image count in an average, too: positions of the image with its padding on both sides.
    pub counted: Option<[usize; 2]>,
}

impl Window {
    /// A window of this many rows and columns, with one step and one padding for both; padding does not count.
    #[must_use]
    pub const fn new(kernel: [usize; 2], stride: usize, padding: usize) -> Self {
        Self { kernel, stride: [stride; 2], padding: [padding; 2], counted: None }
    }

    /// The input rows (axis 0) or columns (axis 1) that one output row or column covers.
    fn covered(&self, axis: usize, position: usize, size: usize) -> Range<usize> {
        let (start, padding) = (position * self.stride[axis], self.padding[axis]);
        start.saturating_sub(padding)..(start + self.kernel[axis]).saturating_sub(padding).min(size)
    }

    /// How many of them an average divides by.
    fn count(&self, axis: usize, position: usize, size: usize) -> usize {
        let start = position * self.stride[axis];
        match self.counted {
            Some(counted) => (start + self.kernel[axis]).min(counted[axis]).saturating_sub(start),
            None => self.covered(axis, position, size).len(),
        }
    }
}

/// A pooling window over maps of known size.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool<E> {
    /// The window.
    pub window: Window,
    /// 1 / (positions that count), one a window, row-major.
    pub inverse_counts: Vec<E>,
}

impl<E: Number> Pool<E> {
    /// A window that turns maps of `input` into maps of `output` rows and columns.
    #[must_use]
    pub fn new(window: Window, input: [usize; 2], output: [usize; 2]) -> Self {
        let mut inverse_counts = Vec::with_capacity(output[0] * output[1]);
        for row in 0..output[0] {
            for column in 0..output[1] {
                let count = window.count(0, row, input[0]) * window.count(1, column, input[1]);
                inverse_counts.push(E::from_f64(1.0 / count as f64));
            }
        }
        Self { window, inverse_counts }
    }

    /// The input rows (axis 0) or columns (axis 1) that one output row or column covers.
    fn window(&self, axis: usize, position: usize, size: usize) -> Range<usize> {
        self.window.covered(axis, position, size)
    }

    /// The output rows or columns whose windows cover an input row or column.
    fn covering(&self, axis: usize, position: usize, outputs: usize) -> Range<usize> {
        let (end, stride) = (position + self.window.padding[axis], self.window.stride[axis]);
        let first = (end + 1).saturating_sub(self.window.kernel[axis]).div_ceil(stride);
        first..(end / stride + 1).min(outputs)
    }
}

/// Which pool, in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The average of each window.
    Average,
    /// The maximum of each window.
    Maximum,
}

/// One pooling of a tile, or its gradient.
#[derive(Debug)]
pub struct Pooling<'a, E> {
    /// Average or maximum.
    pub kind: PoolKind,
    /// The window.
    pub pool: &'a Pool<E>,
    /// Forward: the input. Backward: the output's gradient.
    pub from: (&'a [E], Map),
    /// Forward: the output. Backward: the input's gradient.
    pub to: (&'a mut [E], Map),
    /// Backward: the input's values for a maximum.
    pub values: Option<(&'a [E], Map)>,
    /// Backward: a factor of the gradient.
    pub scale: E,
    /// Backward: whether to add to what is there.
    pub accumulate: bool,
    /// Whether this is the gradient.
    pub backward: bool,
}

impl<E: Number> Pooling<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let maps = [&self.from.1, &self.to.1];
        assert!(
            maps[0].vectors() * lanes <= self.from.0.len() && maps[1].vectors() * lanes <= self.to.0.len(),
            "a pooled tile is too short"
        );
        assert!(maps[0].channels == maps[1].channels, "pooling keeps channels");
        let (large, small) = if self.backward { (maps[1], maps[0]) } else { (maps[0], maps[1]) };
        assert!(
            self.pool.inverse_counts.len() == small.area() && !self.pool.window.stride.contains(&0),
            "the pool was made for another size"
        );
        for (axis, size, count) in [(0, large.height, small.height), (1, large.width, small.width)] {
            assert!((0..count).all(|at| !self.pool.window(axis, at, size).is_empty()), "a window lies outside the image");
        }
        if self.backward && self.kind == PoolKind::Maximum {
            assert!(
                self.values.is_some_and(|(data, map)| {
                    map.vectors() * lanes <= data.len()
                        && (map.channels, map.height, map.width) == (large.channels, large.height, large.width)
                }),
                "the gradient of a maximum needs the input's values"
            );
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(mut call: Pooling<'_, S::E>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (call.backward, call.kind) {
            (false, _) => forward::<S>(&mut call),
            (true, PoolKind::Average) => average_backward::<S>(&mut call),
            (true, PoolKind::Maximum) => maximum_backward::<S>(&mut call),
        }
    }
}

#[inline(always)]
unsafe fn forward<S: Simd>(call: &mut Pooling<'_, S::E>) {
    let (from, map) = call.from;
    let to_map = call.to.1;
    let to = call.to.0.as_mut_ptr();
    for channel in 0..map.channels {
        for row in 0..to_map.height {
            let rows = call.pool.window(0, row, map.height);
            for column in 0..to_map.width {
                let columns = call.pool.window(1, column, map.width);
                // SAFETY: windows lie inside the checked tile.
                unsafe {
                    let start = from.as_ptr();
                    let mut result = if call.kind == PoolKind::Average {
                        S::zero()
                    } else {
                        S::load(start.add(map.at(channel, rows.start, columns.start) * S::LANES))
                    };
                    for y in rows.clone() {
                        for x in columns.clone() {
                            let value = S::load(start.add(map.at(channel, y, x) * S::LANES));
                            result = if call.kind == PoolKind::Average { S::add(result, value) } else { S::max(result, value) };
                        }
                    }
                    if call.kind == PoolKind::Average {
                        result = S::mul(result, S::splat(call.pool.inverse_counts[row * to_map.width + column]));
                    }
                    S::store(to.add(to_map.at(channel, row, column) * S::LANES), result);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn average_backward<S: Simd>(call: &mut Pooling<'_, S::E>) {
    let (from, map) = call.from;
    let to_map = call.to.1;
    let to = call.to.0.as_mut_ptr();
    // Only with as many windows as pixels do all reads and writes of a line lie inside the tiles.
    let usual = Window { counted: call.pool.window.counted, ..Window::new([3, 3], 1, 1) };
    let is_usual = call.pool.window == usual && (map.height, map.width) == (to_map.height, to_map.width);
    // SAFETY: the windows that cover a pixel lie inside the checked tile.
    unsafe {
        let scale = S::splat(call.scale);
        for channel in 0..map.channels {
            for row in 0..to_map.height {
                let rows = call.pool.covering(0, row, map.height);
                if is_usual {
                    match rows.len() {
                        3 => average_line::<S, 3>(call, channel, row, rows.start),
                        2 => average_line::<S, 2>(call, channel, row, rows.start),
                        _ => average_line::<S, 1>(call, channel, row, rows.start),
                    }
                    continue;
                }
                for column in 0..to_map.width {
                    let columns = call.pool.covering(1, column, map.width);
                    let mut sum = S::zero();
                    for y in rows.clone() {
                        let line = from.as_ptr().add(map.at(channel, y, 0) * S::LANES);
                        let counts = call.pool.inverse_counts.as_ptr().add(y * map.width);
                        for x in columns.clone() {
                            sum = S::fma(S::splat(*counts.add(x)), S::load(line.add(x * S::LANES)), sum);
                        }
                    }
                    let at = to.add(to_map.at(channel, row, column) * S::LANES);
                    S::store(at, if call.accumulate { S::fma(scale, sum, S::load(at)) } else { S::mul(scale, sum) });
                }
            }
        }
    }
}

/// One row of the gradient of the usual 3×3 average of stride 1: each column of `R` windows is summed once.
#[inline(always)]
unsafe fn average_line<S: Simd, const R: usize>(call: &mut Pooling<'_, S::E>, channel: usize, row: usize, first: usize) {
    let (from, map) = call.from;
    let to_map = call.to.1;
    // SAFETY: the `R` window rows from `first` lie inside the checked tile, and so do all columns.
    unsafe {
        let start = from.as_ptr().add(map.at(channel, first, 0) * S::LANES);
        let counts = call.pool.inverse_counts.as_ptr().add(first * map.width);
        let row_step = map.row_step() * S::LANES;
        let to = call.to.0.as_mut_ptr().add(to_map.at(channel, row, 0) * S::LANES);
        let scale = S::splat(call.scale);
        let (mut before, mut here) = (S::zero(), S::zero());
        for column in 0..=map.width {
            let mut next = S::zero();
            if column < map.width {
                for r in 0..R {
                    next =
                        S::fma(S::splat(*counts.add(r * map.width + column)), S::load(start.add(r * row_step + column * S::LANES)), next);
                }
            }
            if column > 0 {
                let at = to.add((column - 1) * S::LANES);
                let sum = S::add(S::add(before, next), here);
                S::store(at, if call.accumulate { S::fma(scale, sum, S::load(at)) } else { S::mul(scale, sum) });
            }
            (before, here) = (here, next);
        }
    }
}

#[inline(always)]
unsafe fn maximum_backward<S: Simd>(call: &mut Pooling<'_, S::E>) {
    let (from, map) = call.from;
    let to_map = call.to.1;
    let to = call.to.0.as_mut_ptr();
    let Some((values, values_map)) = call.values else { return };
    for channel in 0..map.channels {
        // SAFETY: windows lie inside the checked tiles.
        unsafe {
            if !call.accumulate {
                for row in 0..to_map.height {
                    for column in 0..to_map.width {
                        S::store(to.add(to_map.at(channel, row, column) * S::LANES), S::zero());
                    }
                }
            }
            for row in 0..map.height {
                let rows = call.pool.window(0, row, to_map.height);
                for column in 0..map.width {
                    let columns = call.pool.window(1, column, to_map.width);
                    let value = |y: usize, x: usize| S::load(values.as_ptr().add(values_map.at(channel, y, x) * S::LANES));
                    let mut best = value(rows.start, columns.start);
                    for y in rows.clone() {
                        for x in columns.clone() {
                            best = S::max(best, value(y, x));
                        }
                    }
                    // The first maximum takes what is there; nothing is left for the others.
                    let mut left = S::mul(S::splat(call.scale), S::load(from.as_ptr().add(map.at(channel, row, column) * S::LANES)));
                    for y in rows.clone() {
                        for x in columns.clone() {
                            let share = S::where_equal(value(y, x), best, left);
                            left = S::sub(left, share);
                            let at = to.add(to_map.at(channel, y, x) * S::LANES);
                            S::store(at, S::add(S::load(at), share));
                        }
                    }
                }
            }
        }
    }
}
