//! Pooling and its gradient, over windows that reach beyond the image and over fewer windows than fit.

use std::collections::BTreeMap;
use std::ops::Range;

use assay_kernels::{Element, Map, Pool, PoolKind, Pooling, Window};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, pixels, tile};

/// A pool from one size to another.
#[derive(Clone, Copy, Debug)]
struct Geometry {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    /// Positions that count behind the image, if those of the padding do.
    behind: Option<usize>,
    large: Map,
    small: Map,
}

impl Geometry {
    /// The rows (axis 0) or columns (axis 1) of the image that a window covers.
    fn window(&self, axis: usize, position: usize) -> Range<usize> {
        let size = [self.large.height, self.large.width][axis] as isize;
        let start = (position * self.stride[axis]) as isize - self.padding[axis] as isize;
        let inside = |at: isize| at.clamp(0, size) as usize;
        inside(start)..inside(start + self.kernel[axis] as isize)
    }

    /// The pixels of a window, row by row.
    fn pixels(&self, row: usize, column: usize) -> Vec<(usize, usize)> {
        let columns = self.window(1, column);
        self.window(0, row).flat_map(|y| columns.clone().map(move |x| (y, x))).collect()
    }

    /// What an average divides by.
    fn count(&self, row: usize, column: usize) -> usize {
        let Some(behind) = self.behind else { return self.pixels(row, column).len() };
        let along = |axis: usize, position: usize, size: usize| {
            let first = position * self.stride[axis];
            (first..first + self.kernel[axis]).filter(|at| *at < self.padding[axis] + size + behind).count()
        };
        along(0, row, self.large.height) * along(1, column, self.large.width)
    }

    fn pool<E: Element>(&self) -> Pool<E> {
        let size = |map: Map| [map.height, map.width];
        let large = size(self.large);
        let counted = self.behind.map(|behind| [0, 1].map(|axis| self.padding[axis] + large[axis] + behind));
        Pool::new(Window { kernel: self.kernel, stride: self.stride, padding: self.padding, counted }, large, size(self.small))
    }
}

/// Any window of which a part lies inside the image, and as many of them as have such a part, or fewer.
fn geometries() -> impl Strategy<Value = Geometry> {
    let shape = (1_usize..=4, 1_usize..=4, [1_usize..=3, 1..=3], 1_usize..=7, 1_usize..=9, 1_usize..=3);
    let shares = [0.0..1.0_f64, 0.0..1.0];
    (shape, [0_usize..=2, 0..=2], prop::option::of(0_usize..=2), 0_usize..=2, 0_usize..=2, shares).prop_map(
        |((rows, columns, stride, height, width, channels), padding, behind, large, small, [down, across])| {
            let padding = [padding[0].min(rows - 1), padding[1].min(columns - 1)];
            let windows = |axis: usize, size: usize, share: f64| {
                1 + (((size + padding[axis]).div_ceil(stride[axis]) - 1) as f64 * share).round() as usize
            };
            Geometry {
                kernel: [rows, columns],
                stride,
                padding,
                behind,
                large: Map { channels, height, width, pad: large },
                small: Map { channels, height: windows(0, height, down), width: windows(1, width, across), pad: small },
            }
        },
    )
}

/// The usual 3×3 window of stride 1, which has a fast way of its own.
fn usual() -> impl Strategy<Value = Geometry> {
    (1_usize..=7, 1_usize..=9, 0_usize..=1, 0_usize..=1).prop_map(|(height, width, more, less)| Geometry {
        kernel: [3, 3],
        stride: [1; 2],
        padding: [1; 2],
        behind: None,
        large: Map { channels: 2, height, width, pad: 1 },
        small: Map { channels: 2, height: (height + more - less).max(1), width: (width + more).saturating_sub(less).max(1), pad: 0 },
    })
}

/// Small whole numbers, so that a window often has several maxima.
fn steps<E: Element>(random: &mut Random, count: usize) -> Vec<E> {
    (0..count).map(|_| E::from_f64(random.up_to(3) as f64)).collect()
}

fn forward<E: Element>(geometry: Geometry, seed: u64) {
    let Geometry { large, small, .. } = geometry;
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (from, before): (Vec<E>, Vec<E>) = (tile(&mut random, large, lanes), tile(&mut random, small, lanes));
        for kind in [PoolKind::Average, PoolKind::Maximum] {
            let mut expected = BTreeMap::new();
            for (channel, row, column) in pixels(small) {
                let window = geometry.pixels(row, column);
                for lane in 0..lanes {
                    let values = window.iter().map(|(y, x)| from[large.at(channel, *y, *x) * lanes + lane].to_f64());
                    let mut sum = Sum::default();
                    match kind {
                        PoolKind::Average => values.for_each(|value| sum.add(value)),
                        PoolKind::Maximum => sum.add(values.fold(f64::NEG_INFINITY, f64::max)),
                    }
                    let sum = if kind == PoolKind::Average { sum.times(1.0 / geometry.count(row, column) as f64) } else { sum };
                    expected.insert(small.at(channel, row, column) * lanes + lane, sum);
                }
            }
            let mut to = before.clone();
            kernels.pool(Pooling {
                kind,
                pool: &geometry.pool(),
                from: (&from, large),
                to: (&mut to, small),
                values: None,
                scale: E::ONE,
                accumulate: false,
                backward: false,
            });
            compare(&to, &before, &expected, &format!("{isa:?}, {kind:?}, {geometry:?}"));
        }
    });
}

fn backward<E: Element>(geometry: Geometry, seed: u64) {
    let Geometry { large, small, .. } = geometry;
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (gradient, before): (Vec<E>, Vec<E>) = (tile(&mut random, small, lanes), tile(&mut random, large, lanes));
        let values_map = Map { pad: random.up_to(2), ..large };
        let values: Vec<E> = steps(&mut random, values_map.vectors() * lanes);
        let (scale, accumulate): (E, bool) = (random.number(), random.flag());
        for kind in [PoolKind::Average, PoolKind::Maximum] {
            let mut expected: BTreeMap<usize, Sum> = BTreeMap::new();
            for (channel, row, column) in pixels(large) {
                for lane in 0..lanes {
                    let at = large.at(channel, row, column) * lanes + lane;
                    let start = if accumulate { Sum::default().with(before[at].to_f64()) } else { Sum::default() };
                    expected.insert(at, start);
                }
            }
            for (channel, row, column) in pixels(small) {
                let window = geometry.pixels(row, column);
                for lane in 0..lanes {
                    let own = scale.to_f64() * gradient[small.at(channel, row, column) * lanes + lane].to_f64();
                    let value = |(y, x): (usize, usize)| values[values_map.at(channel, y, x) * lanes + lane].to_f64();
                    let most = window.iter().map(|pixel| value(*pixel)).fold(f64::NEG_INFINITY, f64::max);
                    // The first of several maxima takes all.
                    let first = window.iter().position(|pixel| value(*pixel) == most);
                    for (position, (y, x)) in window.iter().enumerate() {
                        let term = match kind {
                            PoolKind::Average => own / geometry.count(row, column) as f64,
                            PoolKind::Maximum if Some(position) == first => own,
                            PoolKind::Maximum => continue,
                        };
                        expected.get_mut(&(large.at(channel, *y, *x) * lanes + lane)).unwrap().add(term);
                    }
                }
            }
            let mut to = before.clone();
            kernels.pool(Pooling {
                kind,
                pool: &geometry.pool(),
                from: (&gradient, small),
                to: (&mut to, large),
                values: (kind == PoolKind::Maximum).then_some((&values, values_map)),
                scale,
                accumulate,
                backward: true,
            });
            compare(&to, &before, &expected, &format!("{isa:?}, {kind:?}, accumulate {accumulate}, {geometry:?}"));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pools_are_what_plain_loops_come_to(geometry in prop_oneof![geometries(), usual()], seed: u64) {
        forward::<f32>(geometry, seed);
        forward::<f64>(geometry, seed);
    }

    #[test]
    fn gradients_of_pools_are_what_plain_loops_come_to(geometry in prop_oneof![geometries(), usual()], seed: u64) {
        backward::<f32>(geometry, seed);
        backward::<f64>(geometry, seed);
    }
}
