//! `swap`: how many different ways a network's ReLU units have of answering to one minibatch.
//!
//! **What it measures.** The number of distinct sample-wise activation patterns: a unit's pattern is, image by image,
//! whether it is on.
//! **Source.** Peng, Song, Fayek, Ciesielski, Chang: SWAP-NAS: Sample-Wise Activation Patterns for Ultra-Fast NAS, ICLR
//! 2024, Definition 3.2. The regularised score, which multiplies by a bell curve over the number of parameters that is
//! fitted to a space, is not built. The released code also counts units of ReLUs that the output does not depend on;
//! here they have no units. Its authors report Spearman's ρ of .93 on 1,000 DARTS genotypes: their script measures networks of one cell
//! and 3 channels on 16 images, the mean of 32 draws of weights from N(0, 1). With that network ρ is .88 here, and .60 with DARTS's search
//! network of 8 cells and 16 channels (`configs/correlation-darts-swap.toml`): it is the network that differs, and not the score.
//! **Cost.** One forward pass, and sorting as many words as there are units.
//! **Undefined** where the network has no ReLU.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Patterns};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

/// Counts distinct unit patterns over one minibatch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swap(pub WholePass);

assay_core::register! {
    Proxy,
    name: "swap",
    summary: "number of distinct sample-wise activation patterns (SWAP-NAS, Peng et al., ICLR 2024)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(Swap(pass)))),
}

impl PassProxy for Swap {
    fn unit(&self) -> Option<&'static str> {
        Some("patterns")
    }

    fn protocol(&self) -> String {
        format!("swap: {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, _network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new().patterns())
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let patterns = passes[0].answer.patterns()?;
        Ok(match patterns.units() {
            0 => Reading::undefined("the network has no ReLU whose units could be on"),
            _ => Reading::Value(distinct_units(patterns) as f64),
        })
    }
}

/// Samples whose bits of a unit are looked at together.
const BLOCK: usize = 64;

/// How many different columns the patterns have.
#[must_use]
pub fn distinct_units(patterns: &Patterns) -> usize {
    // Units that agree on all samples seen so far have the same class; each block of samples splits classes.
    let mut class = vec![0_u32; patterns.units()];
    let mut classes = usize::from(!class.is_empty());
    for first in (0..patterns.samples()).step_by(BLOCK) {
        let columns = columns(patterns, first);
        let is_last = first + BLOCK >= patterns.samples();
        if first == 0 && is_last {
            return distinct(columns);
        }
        let mut keyed: Vec<(u32, u64, u32)> = (0..).zip(columns).map(|(unit, word)| (class[unit as usize], word, unit)).collect();
        keyed.sort_unstable();
        classes = 0;
        for alike in keyed.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1)) {
            for (_, _, unit) in alike {
                class[*unit as usize] = classes as u32;
            }
            classes += 1;
        }
    }
    classes
}

fn distinct(mut words: Vec<u64>) -> usize {
    words.sort_unstable();
    words.dedup();
    words.len()
}

/// For each unit, its bits on the 64 samples from `first`, or on those that are left.
fn columns(patterns: &Patterns, first: usize) -> Vec<u64> {
    let rows: Vec<&[u64]> = (first..patterns.samples().min(first + BLOCK)).map(|sample| patterns.row(sample)).collect();
    let mut columns = Vec::with_capacity(patterns.units().next_multiple_of(64));
    for word in 0..patterns.units().div_ceil(64) {
        let mut square = [0; 64];
        for (line, row) in square.iter_mut().zip(&rows) {
            *line = row[word];
        }
        transpose(&mut square);
        columns.extend(square);
    }
    columns.truncate(patterns.units());
    columns
}

/// Transposes a square of bits: bit j of line i becomes bit i of line j.
fn transpose(square: &mut [u64; 64]) {
    let mut mask = u64::from(u32::MAX);
    let mut width = 32;
    while width > 0 {
        let mut line = 0;
        while line < 64 {
            let swapped = ((square[line] >> width) ^ square[line + width]) & mask;
            square[line] ^= swapped << width;
            square[line + width] ^= swapped;
            // The next line whose bit `width` is not set.
            line = (line + width + 1) & !width;
        }
        width /= 2;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn distinct_units_are_those_of_a_set_of_columns(
            samples in 1_usize..200,
            units in 1_usize..300,
            period in 1_usize..90,
            noise in prop::collection::vec((0_usize..200, 0_usize..300), 0..40),
        ) {
            let mut patterns = Patterns::new(samples, units);
            let mut columns = vec![vec![false; samples]; units];
            for (unit, column) in columns.iter_mut().enumerate() {
                for (sample, bit) in column.iter_mut().enumerate() {
                    let is_noise = noise.contains(&(sample, unit));
                    *bit = (unit % period * 7 + sample * sample) % 3 == 0 || is_noise;
                    if *bit {
                        patterns.set(sample, unit);
                    }
                }
            }
            prop_assert_eq!(distinct_units(&patterns), columns.iter().collect::<HashSet<_>>().len());
        }
    }
}
