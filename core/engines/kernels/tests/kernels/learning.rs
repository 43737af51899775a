//! What steps of learning need beside the rest: sums through batch normalisations, and moments.

use std::collections::BTreeMap;

use assay_kernels::{AffineSum, AffineTerm, Element, LaneMoments, Map};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, maps, pixels, tile, with_pad};

fn affine_sum<E: Element>(map: Map, terms: usize, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let rectified = random.flag();
        let given: Vec<(Vec<E>, Map, Vec<E>)> = (0..terms)
            .map(|_| {
                let own = with_pad(map, random.up_to(2));
                (tile(&mut random, own, lanes), own, random.numbers(2 * map.channels))
            })
            .collect();
        let constants: Vec<E> = random.numbers(map.channels);
        let before: Vec<E> = tile(&mut random, map, lanes);
        let mut out = before.clone();
        let terms: Vec<AffineTerm<'_, E>> = given.iter().map(|(data, own, factors)| AffineTerm { data: (data, *own), factors }).collect();
        kernels.affine_sum(AffineSum { out: (&mut out, map), terms: &terms, constants: &constants, rectified });
        let (mut expected, mut is_right) = (BTreeMap::new(), true);
        for (channel, row, column) in pixels(map) {
            for lane in 0..lanes {
                let mut sum = Sum::default().with(constants[channel].to_f64());
                for (data, own, factors) in &given {
                    let [center, scale] = [factors[2 * channel], factors[2 * channel + 1]].map(|factor| factor.to_f64());
                    let value = data[own.at(channel, row, column) * lanes + lane].to_f64();
                    sum.add(value * scale);
                    sum.add(-center * scale);
                }
                let at = map.at(channel, row, column) * lanes + lane;
                if rectified && !sum.allows(out[at]) {
                    // What rounding leaves below zero is zero.
                    is_right &= out[at] == E::ZERO && sum.value <= sum.error::<E>();
                    sum = Sum::default();
                }
                is_right &= !rectified || out[at] >= E::ZERO;
                expected.insert(at, sum);
            }
        }
        let context = format!("{isa:?}, {map:?}, {} terms, rectified {rectified}", terms.len());
        assert!(is_right, "{context}");
        compare(&out, &before, &expected, &context);
    });
}

/// Rows in two parts, of values far from zero.
fn lane_moments<E: Element>(map: Map, first: usize, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let offset = E::from_f64(100.0);
        let values: Vec<E> =
            tile::<E>(&mut random, map, lanes).into_iter().map(|value| E::from_f64(value.to_f64() + offset.to_f64())).collect();
        let mut moments = vec![E::ZERO; 2 * map.channels * lanes];
        let first = first.min(map.height);
        for (rows, before) in [(0..first, 0), (first..map.height, first)] {
            kernels.lane_moments(LaneMoments { values: (&values, map), rows, before, moments: &mut moments });
        }
        for channel in 0..map.channels {
            for lane in 0..lanes {
                let of_lane = || pixels(map).filter(|(own, ..)| *own == channel);
                let value = |(channel, row, column)| values[map.at(channel, row, column) * lanes + lane].to_f64();
                let mean = of_lane().map(value).sum::<f64>() / map.area() as f64;
                let squares: f64 = of_lane().map(|pixel| (value(pixel) - mean).powi(2)).sum();
                let found = [0, 1].map(|which| moments[(2 * channel + which) * lanes + lane].to_f64());
                let context = format!("{isa:?}, {map:?}, {first} rows first, channel {channel}, lane {lane}");
                // Squares about zero would be off by 100² ε each.
                let each = E::EPSILON * 101.0 * 4.0;
                assert!((found[0] - mean).abs() <= each * 2.0, "{context}: a mean of {} instead of {mean}", found[0]);
                let error = map.area() as f64 * (each * 2.0 + 16.0 * E::EPSILON);
                assert!((found[1] - squares).abs() <= error, "{context}: {} instead of {squares}", found[1]);
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_through_batch_normalisations_are_what_plain_loops_come_to(map in maps(4), terms in 0_usize..=9, seed: u64) {
        affine_sum::<f32>(map, terms, seed);
        affine_sum::<f64>(map, terms, seed);
    }

    #[test]
    fn moments_far_from_zero_keep_their_precision_and_join_over_rows(map in maps(4), first in 0_usize..=6, seed: u64) {
        lane_moments::<f32>(map, first, seed);
        lane_moments::<f64>(map, first, seed);
    }
}
