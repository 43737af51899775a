//! Operations that visit every vector of a tile once.

use std::collections::BTreeMap;

use assay_kernels::{Blend, ChannelSums, Combine, Element, LaneTotals, Map, Rectify, ScaleShift, Term};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, maps, pixels, tile, with_pad};

/// A tile's numbers and layout.
type Tile<E> = (Vec<E>, Map);

/// The position of a pixel's first number.
fn at(map: Map, lanes: usize, (channel, row, column): (usize, usize, usize)) -> usize {
    map.at(channel, row, column) * lanes
}

fn channel_sums<E: Element>(map: Map, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let other_map = with_pad(map, random.up_to(2));
        let (a, b): (Vec<E>, Vec<E>) = (tile(&mut random, map, lanes), tile(&mut random, other_map, lanes));
        let center: Vec<E> = random.numbers(map.channels);
        let before: Vec<E> = random.numbers(map.channels * lanes);
        for form in ["sum", "product", "centered product", "squares"] {
            let has_second = form.ends_with("product");
            let mut expected: BTreeMap<usize, Sum> =
                before.iter().enumerate().map(|(at, value)| (at, Sum::default().with(value.to_f64()))).collect();
            for pixel in pixels(map) {
                for lane in 0..lanes {
                    let value = a[at(map, lanes, pixel) + lane].to_f64();
                    let term = match form {
                        "sum" => value,
                        "product" => value * b[at(other_map, lanes, pixel) + lane].to_f64(),
                        "centered product" => {
                            value * E::from_f64(b[at(other_map, lanes, pixel) + lane].to_f64() - center[pixel.0].to_f64()).to_f64()
                        }
                        // The difference is rounded before it is squared.
                        _ => E::from_f64(value - center[pixel.0].to_f64()).to_f64().powi(2),
                    };
                    expected.get_mut(&(pixel.0 * lanes + lane)).unwrap().add(term);
                }
            }
            let mut sums = before.clone();
            kernels.channel_sums(ChannelSums {
                a: (&a, map),
                b: has_second.then_some((&b, other_map)),
                center: ["squares", "centered product"].contains(&form).then_some(&center),
                sums: &mut sums,
            });
            compare(&sums, &before, &expected, &format!("{isa:?}, {map:?}, {form}"));
        }
    });
}

fn lane_totals<E: Element>(vectors: usize, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let first = random.up_to(lanes - 1);
        let some = first..first + random.up_to(lanes - first);
        let data: Vec<E> = random.numbers(vectors * lanes);
        let before: Vec<f64> = random.numbers(vectors);
        for range in [some, 0..lanes] {
            let mut totals = before.clone();
            kernels.lane_totals(LaneTotals { vectors: &data, lanes: range.clone(), totals: &mut totals });
            for (vector, total) in totals.iter().enumerate() {
                let mut sum = Sum::default();
                data[vector * lanes..][range.clone()].iter().for_each(|value| sum.add(value.to_f64()));
                // The vector's sum has the precision of its numbers; the total is in float64.
                let error = sum.error::<E>() + f64::EPSILON * (total.abs() + before[vector].abs());
                let found = total - before[vector];
                assert!((found - sum.value).abs() <= error, "{isa:?}, {range:?}: {found}, not {sum:?}");
            }
        }
    });
}

fn scale_shift<E: Element>(map: Map, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let before: Vec<E> = tile(&mut random, map, lanes);
        let (center, scale): (Vec<E>, Vec<E>) = (random.numbers(map.channels), random.numbers(map.channels));
        let mut out = before.clone();
        kernels.scale_shift(ScaleShift { out: (&mut out, map), center: &center, scale: &scale });
        let mut expected = BTreeMap::new();
        for pixel in pixels(map) {
            for lane in 0..lanes {
                let position = at(map, lanes, pixel) + lane;
                let difference = Sum::default().with(before[position].to_f64()).with(-center[pixel.0].to_f64());
                expected.insert(position, difference.times(scale[pixel.0].to_f64()));
            }
        }
        compare(&out, &before, &expected, &format!("{isa:?}, {map:?}"));
    });
}

fn blend<E: Element>(map: Map, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (a_map, b_map) = (with_pad(map, random.up_to(2)), with_pad(map, random.up_to(2)));
        let (a, b): (Vec<E>, Vec<E>) = (tile(&mut random, a_map, lanes), tile(&mut random, b_map, lanes));
        let factors: Vec<E> = random.numbers(3 * map.channels * lanes);
        let before: Vec<E> = tile(&mut random, map, lanes);
        let first = random.up_to(map.height);
        let rows = first..first + random.up_to(map.height - first);
        let centers: Vec<E> = random.numbers(map.channels);
        for (has_second, centered) in [(false, false), (true, false), (true, true)] {
            let mut out = before.clone();
            let (second, center) = (has_second.then_some((&b[..], b_map)), centered.then_some(&centers[..]));
            kernels.blend(Blend { out: (&mut out, map), a: (&a, a_map), b: second, center, factors: &factors, rows: rows.clone() });
            let mut expected = BTreeMap::new();
            for pixel in pixels(map).filter(|(_, row, _)| rows.contains(row)) {
                for lane in 0..lanes {
                    let factor = |which: usize| factors[(3 * pixel.0 + which) * lanes + lane].to_f64();
                    let mut sum = Sum::default().with(factor(2)).with(factor(0) * a[at(a_map, lanes, pixel) + lane].to_f64());
                    if has_second {
                        sum.add(factor(1) * b[at(b_map, lanes, pixel) + lane].to_f64());
                        sum.add(if centered { -factor(1) * centers[pixel.0].to_f64() } else { 0.0 });
                    }
                    expected.insert(at(map, lanes, pixel) + lane, sum);
                }
            }
            compare(&out, &before, &expected, &format!("{isa:?}, {map:?}, rows {rows:?}, second {has_second}, centered {centered}"));
        }
    });
}

fn combine<E: Element>(map: Map, terms: usize, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let before: Vec<E> = tile(&mut random, map, lanes);
        let accumulate = random.flag();
        let mut given: Vec<(Tile<E>, E, Option<Tile<E>>)> = Vec::new();
        for _ in 0..terms {
            let own = with_pad(map, random.up_to(2));
            let data = tile(&mut random, own, lanes);
            let mask = random.flag().then(|| {
                let own = with_pad(map, random.up_to(2));
                (tile(&mut random, own, lanes), own)
            });
            given.push(((data, own), random.number(), mask));
        }
        let mut expected = BTreeMap::new();
        for pixel in pixels(map) {
            for lane in 0..lanes {
                let position = at(map, lanes, pixel) + lane;
                let mut sum = Sum::default();
                if accumulate {
                    sum.add(before[position].to_f64());
                }
                for ((data, own), scale, mask) in &given {
                    let passes = mask.as_ref().is_none_or(|(mask, own)| mask[at(*own, lanes, pixel) + lane] > E::ZERO);
                    if passes {
                        sum.add(scale.to_f64() * data[at(*own, lanes, pixel) + lane].to_f64());
                    }
                }
                expected.insert(position, sum);
            }
        }
        let mut terms: Vec<Term<'_, E>> = Vec::new();
        for ((data, own), scale, mask) in &given {
            terms.push(Term { data: (data, *own), scale: *scale, mask: mask.as_ref().map(|(mask, own)| (mask.as_slice(), *own)) });
        }
        let mut out = before.clone();
        kernels.combine(Combine { out: (&mut out, map), terms: &terms, accumulate });
        compare(&out, &before, &expected, &format!("{isa:?}, {map:?}, {} terms, accumulate {accumulate}", terms.len()));
    });
}

fn rectify<E: Element>(map: Map, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let own = with_pad(map, random.up_to(2));
        let input: Vec<E> = tile(&mut random, own, lanes);
        let before: Vec<E> = tile(&mut random, map, lanes);
        let mut out = before.clone();
        kernels.rectify(Rectify { out: (&mut out, map), input: (&input, own) });
        let mut expected = BTreeMap::new();
        for pixel in pixels(map) {
            for lane in 0..lanes {
                expected.insert(at(map, lanes, pixel) + lane, Sum::default().with(input[at(own, lanes, pixel) + lane].to_f64().max(0.0)));
            }
        }
        compare(&out, &before, &expected, &format!("{isa:?}, {map:?}"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_over_a_channel_are_what_plain_loops_come_to(map in maps(5), seed: u64) {
        channel_sums::<f32>(map, seed);
        channel_sums::<f64>(map, seed);
    }

    #[test]
    fn totals_over_some_lanes_are_what_plain_loops_come_to(vectors in 0_usize..=9, seed: u64) {
        lane_totals::<f32>(vectors, seed);
        lane_totals::<f64>(vectors, seed);
    }

    #[test]
    fn a_tile_is_shifted_and_scaled_in_place_and_its_border_is_left(map in maps(5), seed: u64) {
        scale_shift::<f32>(map, seed);
        scale_shift::<f64>(map, seed);
    }

    #[test]
    fn two_tiles_are_blended_in_the_rows_that_are_asked_for(map in maps(5), seed: u64) {
        blend::<f32>(map, seed);
        blend::<f64>(map, seed);
    }

    #[test]
    fn any_number_of_terms_is_added_up_where_their_masks_are_positive(map in maps(4), terms in 0_usize..=9, seed: u64) {
        combine::<f32>(map, terms, seed);
        combine::<f64>(map, terms, seed);
    }

    #[test]
    fn what_is_negative_becomes_zero(map in maps(5), seed: u64) {
        rectify::<f32>(map, seed);
        rectify::<f64>(map, seed);
    }
}
