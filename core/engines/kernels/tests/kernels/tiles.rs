//! Random tiles, and what the numbers in them may differ by.

use assay_kernels::{Element, Isa, Kernels, Map};
use proptest::prelude::*;

/// Random numbers from a seed (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }

    /// From 0 to `most`.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        (self.next() % (most as u64 + 1)) as usize
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.up_to(1) == 1
    }

    /// From −1 to 1.
    pub(crate) fn number<E: Element>(&mut self) -> E {
        E::from_f64((self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0)
    }

    pub(crate) fn numbers<E: Element>(&mut self, count: usize) -> Vec<E> {
        (0..count).map(|_| self.number()).collect()
    }
}

/// Runs with the kernels of every instruction set of this processor.
pub(crate) fn for_every_set<E: Element>(mut test: impl FnMut(&'static Kernels<E>, Isa)) {
    for isa in Isa::available() {
        test(Kernels::get(isa), isa);
    }
}

/// Layouts of up to so many channels; rows and columns on both sides of the blocks that kernels work in.
pub(crate) fn maps(channels: usize) -> impl Strategy<Value = Map> {
    (1..=channels, 1_usize..=6, 1_usize..=19, 0_usize..=2).prop_map(|(channels, height, width, pad)| Map { channels, height, width, pad })
}

/// The same pixels with another border.
pub(crate) fn with_pad(map: Map, pad: usize) -> Map {
    Map { pad, ..map }
}

/// A tile of random numbers, in its border too: kernels must leave that alone.
pub(crate) fn tile<E: Element>(random: &mut Random, map: Map, lanes: usize) -> Vec<E> {
    random.numbers(map.vectors() * lanes)
}

/// Every pixel's channel, row and column.
pub(crate) fn pixels(map: Map) -> impl Iterator<Item = (usize, usize, usize)> {
    let rows = move |channel| (0..map.height).flat_map(move |row| (0..map.width).map(move |column| (channel, row, column)));
    (0..map.channels).flat_map(rows)
}

/// Every combination of four indices.
pub(crate) fn indices([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |at| (at / (b * c * d), at / (c * d) % b, at / d % c, at % d))
}

/// A sum in float64, with the sum of its terms' magnitudes, which bounds the error of any order of adding them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) value: f64,
    magnitude: f64,
    terms: usize,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        self.value += term;
        self.magnitude += term.abs();
        self.terms += 1;
    }

    pub(crate) fn with(mut self, term: f64) -> Self {
        self.add(term);
        self
    }

    /// The sum times a factor.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, magnitude: self.magnitude * factor.abs(), terms: self.terms + 1 }
    }

    /// By how much the sum in the precision of a kernel may differ.
    pub(crate) fn error<E: Element>(&self) -> f64 {
        (self.terms + 2) as f64 * E::EPSILON * self.magnitude
    }

    /// Whether a kernel may have come to this number.
    pub(crate) fn allows<E: Element>(&self, found: E) -> bool {
        (found.to_f64() - self.value).abs() <= self.error::<E>()
    }
}

/// Compares a whole buffer: `expected` says what numbers were to change, and to what; all others must be as `before`.
pub(crate) fn compare<E: Element>(found: &[E], before: &[E], expected: &std::collections::BTreeMap<usize, Sum>, context: &str) {
    assert_eq!(found.len(), before.len());
    for (at, (found, before)) in found.iter().zip(before).enumerate() {
        match expected.get(&at) {
            Some(sum) => assert!(sum.allows(*found), "{context}: number {at} is {found:?}, not {sum:?}"),
            None => assert!(found == before, "{context}: number {at}, which is not part of the result, changed"),
        }
    }
}
