//! Weight gradients of any geometry.

use std::collections::BTreeMap;

use assay_kernels::{Element, Order, Sums, WeightGradient};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, indices};

fn check<E: Element>([channels, rows, columns, kernel_rows, taps]: [usize; 5], seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let gradient_origin = random.up_to(3);
        let gradient_row_step = columns + random.up_to(3);
        let gradient_channel_step = rows * gradient_row_step + random.up_to(3);
        let gradient_at = |channel: usize, row: usize, column: usize| {
            gradient_origin + channel * gradient_channel_step + row * gradient_row_step + column
        };
        let gradient: Vec<E> = random.numbers((gradient_at(channels - 1, rows - 1, columns - 1) + 1) * lanes);
        let offsets: Vec<isize> = (0..kernel_rows).map(|_| random.up_to(40) as isize - 10).collect();
        let (input_row_step, input_column_step, tap_step) = (random.up_to(30), 1 + random.up_to(1), 1 + random.up_to(2));
        let input_origin = random.up_to(2) as isize - offsets.iter().min().unwrap();
        let input_at = |row: usize, column: usize, offset: isize, tap: usize| {
            (input_origin + offset + (row * input_row_step + column * input_column_step + tap * tap_step) as isize) as usize
        };
        let last = input_at(rows - 1, columns - 1, *offsets.iter().max().unwrap(), taps - 1);
        let input: Vec<E> = random.numbers((last + 1) * lanes);
        let before: Vec<E> = random.numbers(channels * kernel_rows * taps * lanes);

        let mut expected = BTreeMap::new();
        for (at, (channel, kernel_row, tap, lane)) in indices([channels, kernel_rows, taps, lanes]).enumerate() {
            let mut sum = Sum::default().with(before[at].to_f64());
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let gradient = gradient[gradient_at(channel, row, column) * lanes + lane];
                let input = input[input_at(row, column, offsets[kernel_row], tap) * lanes + lane];
                sum.add(gradient.to_f64() * input.to_f64());
            }
            expected.insert(at, sum);
        }
        let run = |sums: Sums<'_, E>| {
            kernels.weight_gradient(WeightGradient {
                gradient: &gradient,
                gradient_origin,
                gradient_channel_step,
                gradient_row_step,
                channels,
                rows,
                columns,
                input: &input,
                input_origin,
                input_row_step,
                input_column_step,
                offsets: &offsets,
                taps,
                tap_step,
                sums,
            })
        };
        let mut sums = before.clone();
        run(Sums::Lanes(&mut sums));
        compare(&sums, &before, &expected, &format!("{isa:?}"));

        // The same over lanes: all, or the first of them.
        for (counted, order) in indices([2, 2, 1, 1]).map(|(all, order, ..)| (all == 0, [Order::PixelsFirst, Order::Together][order])) {
            let counted = if counted { lanes } else { 1 + random.up_to(lanes - 1) };
            let started: Vec<f64> = random.numbers(channels * kernel_rows * taps);
            let mut totals = started.clone();
            run(Sums::Totals(&mut totals, counted, order));
            for (at, (found, started)) in totals.iter().zip(&started).enumerate() {
                let of_lanes = |of: &dyn Fn(usize) -> f64| (at * lanes..at * lanes + counted).map(of).sum::<f64>();
                let total = started + of_lanes(&|lane| expected[&lane].value - before[lane].to_f64());
                let error = of_lanes(&|lane| expected[&lane].error::<E>() * (1 + lanes) as f64);
                assert!((found - total).abs() <= error, "{isa:?}, {counted} lanes, {order:?}: total {at} is {found} instead of {total}");
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_weight_gradient_is_what_plain_loops_come_to(
        channels in 1_usize..=9, rows in 1_usize..=6, columns in 1_usize..=11, kernel_rows in 1_usize..=7, taps in 1_usize..=7, seed: u64,
    ) {
        check::<f32>([channels, rows, columns, kernel_rows, taps], seed);
        check::<f64>([channels, rows, columns, kernel_rows, taps], seed);
    }
}

/// Rows that do not fit in the first-level cache together are taken in several chunks.
#[test]
fn many_wide_rows_are_all_counted() {
    check::<f32>([5, 17, 120, 3, 3], 1);
    check::<f64>([4, 9, 200, 2, 3], 2);
    // More taps and channels than a block of products has.
    check::<f32>([21, 3, 7, 29, 5], 3);
    check::<f64>([13, 40, 1, 70, 1], 4);
}
