//! Calls whose slices are too short end in a panic, and never in a read or a write outside of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use assay_kernels::{
    AffineSum, AffineTerm, Apply, Blend, ChannelSums, Combine, Convolution, Function, GramRows, Init, Kernels, LaneMoments, LaneTotals,
    Map, Mask, Moving, Multiply, Order, Period, PeriodSums, Pool, PoolKind, Pooling, Rectify, RowWork, Rows, ScaleShift, Softmax, Source,
    Sums, Target, Term, Walk, Weigh, WeightGradient, Window,
};

use super::tiles::for_every_set;

/// Runs the call with buffers that suffice, then with each of them one number shorter; only the first may return.
fn refuses_shorter(name: &str, lens: &[usize], call: impl Fn(&[usize])) {
    call(lens);
    for short in 0..lens.len() {
        let mut lens = lens.to_vec();
        lens[short] -= 1;
        assert!(catch_unwind(AssertUnwindSafe(|| call(&lens))).is_err(), "{name}: buffer {short} is too short, but the call returned");
    }
}

fn numbers(len: usize) -> Vec<f32> {
    vec![1.0; len]
}

const MAP: Map = Map { channels: 2, height: 3, width: 5, pad: 1 };

#[test]
fn convolutions_and_weight_gradients_check_every_slice() {
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let lanes = kernels.lanes();
        let target = Target { origin: 1, channels: 3, channel_step: 10, rows: 2, row_step: 5, columns: 4, column_step: 1 };
        let (last, taps) = (1 + 2 * 10 + 5 + 3, [-1_isize, 0, 7]);
        // The source reaches from vector 0, tap −1 of origin 1, to tap 7 of row 1, column 3.
        let source_len = (1 + 7 + 6 + 3 + 1) * lanes;
        let lens = [(last + 1) * lanes, source_len, 3 * 3, 3 * lanes, (last + 1) * lanes, 3 * 3 * lanes];
        refuses_shorter("convolve", &lens, |lens| {
            let [out, data, weights, values, masks, lane_weights] = [0, 1, 2, 3, 4, 5].map(|which| numbers(lens[which]));
            let source =
                |weights, lane_weights| Source { data: &data, origin: 1, row_step: 6, column_step: 1, taps: &taps, weights, lane_weights };
            kernels.convolve(Convolution {
                sources: &[source(&weights, false), source(&lane_weights, true)],
                init: Init::Channels { values: &values, accumulate: false },
                mask: Some(Mask { data: &masks, origin: 1, channel_step: 10, row_step: 5, column_step: 1 }),
                out: &mut out.clone(),
                target,
            });
        });
        // A tap before the beginning of its source.
        let call = || {
            let (data, weights) = (numbers(100 * lanes), numbers(100));
            let source =
                Source { data: &data, origin: 0, row_step: 6, column_step: 1, taps: &taps, weights: &weights, lane_weights: false };
            kernels.convolve(Convolution { sources: &[source], init: Init::Zero, mask: None, out: &mut numbers(100 * lanes), target });
        };
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());

        let lens = [(1 + 10 + 5 + 3 + 1) * lanes, (1 + 7 + 6 + 3 + 2 + 1) * lanes, 2 * 3 * 3 * lanes];
        let weight_gradient = |lens: &[usize], sums: Sums<'_, f32>| {
            let [gradient, input] = [0, 1].map(|which| numbers(lens[which]));
            kernels.weight_gradient(WeightGradient {
                gradient: &gradient,
                gradient_origin: 1,
                gradient_channel_step: 10,
                gradient_row_step: 5,
                channels: 2,
                rows: 2,
                columns: 4,
                input: &input,
                input_origin: 1,
                input_row_step: 6,
                input_column_step: 1,
                offsets: &taps,
                taps: 3,
                tap_step: 1,
                sums,
            });
        };
        refuses_shorter("weight_gradient", &lens, |lens| weight_gradient(lens, Sums::Lanes(&mut numbers(lens[2]))));
        refuses_shorter("weight_gradient over lanes", &[lens[0], lens[1], 2 * 3 * 3], |lens| {
            weight_gradient(lens, Sums::Totals(&mut vec![0.0; lens[2]], lanes, Order::PixelsFirst));
        });
        let too_many_lanes = || weight_gradient(&lens, Sums::Totals(&mut [0.0; 18], lanes + 1, Order::PixelsFirst));
        assert!(catch_unwind(AssertUnwindSafe(too_many_lanes)).is_err());
    });
}

#[test]
fn operations_on_whole_tiles_check_every_slice() {
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let lanes = kernels.lanes();
        let (whole, channels) = (MAP.vectors() * lanes, MAP.channels);
        refuses_shorter("channel_sums", &[whole, whole, channels * lanes], |lens| {
            let [a, b, mut sums] = [0, 1, 2].map(|which| numbers(lens[which]));
            kernels.channel_sums(ChannelSums { a: (&a, MAP), b: Some((&b, MAP)), center: None, sums: &mut sums });
        });
        refuses_shorter("channel_sums with centers", &[whole, channels], |lens| {
            let [a, center] = [0, 1].map(|which| numbers(lens[which]));
            kernels.channel_sums(ChannelSums { a: (&a, MAP), b: None, center: Some(&center), sums: &mut numbers(channels * lanes) });
        });
        refuses_shorter("scale_shift", &[whole, channels, channels], |lens| {
            let [mut out, center, scale] = [0, 1, 2].map(|which| numbers(lens[which]));
            kernels.scale_shift(ScaleShift { out: (&mut out, MAP), center: &center, scale: &scale });
        });
        refuses_shorter("blend", &[whole, whole, whole, 3 * channels * lanes, channels], |lens| {
            let [mut out, a, b, factors, center] = [0, 1, 2, 3, 4].map(|which| numbers(lens[which]));
            let (b, center) = (Some((&b[..], MAP)), Some(&center[..]));
            kernels.blend(Blend { out: (&mut out, MAP), a: (&a, MAP), b, center, factors: &factors, rows: 0..3 });
        });
        refuses_shorter("affine_sum", &[whole, whole, 2 * channels, channels], |lens| {
            let [mut out, data, factors, constants] = [0, 1, 2, 3].map(|which| numbers(lens[which]));
            let terms = [AffineTerm { data: (&data, MAP), factors: &factors }];
            kernels.affine_sum(AffineSum { out: (&mut out, MAP), terms: &terms, constants: &constants, rectified: true });
        });
        refuses_shorter("lane_moments", &[whole, 2 * channels * lanes], |lens| {
            let [values, mut moments] = [0, 1].map(|which| numbers(lens[which]));
            kernels.lane_moments(LaneMoments { values: (&values, MAP), rows: 0..3, before: 0, moments: &mut moments });
        });
        refuses_shorter("combine", &[whole, whole, whole], |lens| {
            let [mut out, data, mask] = [0, 1, 2].map(|which| numbers(lens[which]));
            let term = Term { data: (&data, MAP), scale: 1.0, mask: Some((&mask, MAP)) };
            kernels.combine(Combine { out: (&mut out, MAP), terms: &[term], accumulate: true });
        });
        refuses_shorter("rectify", &[whole, whole], |lens| {
            let [mut out, input] = [0, 1].map(|which| numbers(lens[which]));
            kernels.rectify(Rectify { out: (&mut out, MAP), input: (&input, MAP) });
        });
        refuses_shorter("lane_totals", &[4 * lanes], |lens| {
            kernels.lane_totals(LaneTotals { vectors: &numbers(lens[0]), lanes: 0..lanes, totals: &mut [0.0; 4] });
        });
        let length = 3 * kernels.gram_lanes();
        refuses_shorter("gram", &[5 * length, 25], |lens| {
            let (rows, mut products) = (vec![1.0; lens[0]], vec![0.0; lens[1]]);
            kernels.gram(GramRows { rows: &rows, order: 5, length, products: &mut products });
        });
    });
}

#[test]
fn pools_check_every_slice() {
    let small = Map { height: 2, width: 3, pad: 0, ..MAP };
    let pool = Pool::new(Window::new([3, 3], 2, 1), [3, 5], [2, 3]);
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let lens = [MAP, small, MAP].map(|map| map.vectors() * kernels.lanes());
        let kinds = [PoolKind::Average, PoolKind::Maximum];
        for (kind, backward) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            let needs_values = backward && kind == PoolKind::Maximum;
            refuses_shorter("pool", if needs_values { &lens } else { &lens[..2] }, |lens| {
                let (mut large_tile, mut small_tile) = (numbers(lens[0]), numbers(lens[1]));
                let values = lens.get(2).map(|len| numbers(*len));
                let (from, to) = match backward {
                    false => ((&large_tile[..], MAP), (&mut small_tile[..], small)),
                    true => ((&small_tile[..], small), (&mut large_tile[..], MAP)),
                };
                let values = values.as_ref().map(|values| (&values[..], MAP));
                kernels.pool(Pooling { kind, pool: &pool, from, to, values, scale: 1.0, accumulate: true, backward });
            });
        }
    });
}

#[test]
fn functions_and_products_check_every_slice() {
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let whole = MAP.vectors() * kernels.lanes();
        refuses_shorter("apply", &[whole; 2], |lens| {
            let [mut out, input] = [0, 1].map(|which| numbers(lens[which]));
            kernels.apply(Apply { out: (&mut out, MAP), input: (&input, MAP), function: Function::Sigmoid, derivative: false });
        });
        refuses_shorter("multiply", &[whole; 3], |lens| {
            let [mut out, a, b] = [0, 1, 2].map(|which| numbers(lens[which]));
            kernels.multiply(Multiply { out: (&mut out, MAP), a: (&a, MAP), b: (&b, MAP), scale: 1.0 });
        });
    });
}

#[test]
fn moves_rows_and_weights_check_every_slice() {
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let lanes = kernels.lanes();
        let walk = Walk { extents: [1, 1, 2, 1, 3], from: 1, from_steps: [0, 0, 4, 0, 1], to: 2, to_steps: [0, 0, 1, 0, 2] };
        refuses_shorter("moving", &[(1 + 4 + 2 + 1) * lanes, (2 + 1 + 4 + 1) * lanes], |lens| {
            let [from, mut to] = [0, 1].map(|which| numbers(lens[which]));
            kernels.moving(Moving { walks: &[walk], from: &from, to: &mut to, scale: 1.0, accumulate: false });
        });
        let (rows, length) = (2, 3);
        let (whole, own) = (rows * length * lanes, 2 * rows * lanes);
        refuses_shorter("rows", &[whole, own], |lens| {
            let [values, mut out] = [0, 1].map(|which| numbers(lens[which]));
            let work = RowWork::Deviations { centred: true, epsilon: 0.1 };
            kernels.rows(Rows { rows, length, values: &values, out: &mut out, work });
        });
        refuses_shorter("rows back", &[whole, whole, own, whole], |lens| {
            let [values, mut out, deviations, standardised] = [0, 1, 2, 3].map(|which| numbers(lens[which]));
            let work = RowWork::StandardiseBack { deviations: &deviations, standardised: &standardised, centred: true };
            kernels.rows(Rows { rows, length, values: &values, out: &mut out, work });
        });
        refuses_shorter("softmax", &[30 * lanes; 3], |lens| {
            let [values, before, mut out] = [0, 1, 2].map(|which| numbers(lens[which]));
            kernels.softmax(Softmax { outer: 2, extent: 5, inner: 3, values: &values, before: Some(&before), out: &mut out });
        });
        let period = Period { inner: 2, count: 3 };
        refuses_shorter("weigh", &[12 * lanes, 12 * lanes, 3, 3], |lens| {
            let [values, mut out, factors, summands] = [0, 1, 2, 3].map(|which| numbers(lens[which]));
            let (factors, summands) = (Some(&factors[..]), Some(&summands[..]));
            kernels.weigh(Weigh { values: &values, out: &mut out, vectors: 12, period, factors, summands });
        });
        refuses_shorter("period_sums", &[12 * lanes, 12 * lanes, 3 * lanes], |lens| {
            let [a, b, mut sums] = [0, 1, 2].map(|which| numbers(lens[which]));
            kernels.period_sums(PeriodSums { a: &a, b: Some(&b), vectors: 12, period, sums: &mut sums });
        });
        let part =
            || kernels.period_sums(PeriodSums { a: &numbers(9 * lanes), b: None, vectors: 9, period, sums: &mut numbers(3 * lanes) });
        assert!(catch_unwind(AssertUnwindSafe(part)).is_err(), "9 vectors are not whole periods of 6");
    });
}

#[test]
fn tiles_of_different_pixels_are_refused() {
    for_every_set::<f32>(|kernels: &Kernels<f32>, _| {
        let other = Map { width: 4, ..MAP };
        let whole = MAP.vectors() * kernels.lanes();
        let calls: [&dyn Fn(); 7] = [
            &|| {
                let data = numbers(whole);
                kernels.multiply(Multiply { out: (&mut numbers(whole), MAP), a: (&data, MAP), b: (&data, other), scale: 1.0 });
            },
            &|| kernels.rectify(Rectify { out: (&mut numbers(whole), MAP), input: (&numbers(whole), other) }),
            &|| {
                let (data, factors) = (numbers(whole), numbers(whole));
                kernels.blend(Blend {
                    out: (&mut numbers(whole), MAP),
                    a: (&data, MAP),
                    b: None,
                    center: None,
                    factors: &factors,
                    rows: 2..4,
                });
            },
            &|| {
                let (values, mut moments) = (numbers(whole), numbers(whole));
                kernels.lane_moments(LaneMoments { values: (&values, MAP), rows: 2..4, before: 0, moments: &mut moments });
            },
            &|| {
                let (data, factors) = (numbers(whole), numbers(whole));
                let terms = [AffineTerm { data: (&data, other), factors: &factors }];
                let out = (&mut numbers(whole)[..], MAP);
                kernels.affine_sum(AffineSum { out, terms: &terms, constants: &factors, rectified: false });
            },
            &|| kernels.gram(GramRows { rows: &[0.0; 64], order: 1, length: kernels.gram_lanes() + 1, products: &mut [0.0] }),
            &|| {
                // The pool was made for another size.
                let pool = Pool::new(Window::new([2, 2], 2, 0), [3, 5], [1, 2]);
                let small = Map { height: 2, width: 2, ..MAP };
                let (from, mut to) = (numbers(whole), numbers(whole));
                let (kind, values, scale) = (PoolKind::Average, None, 1.0);
                let call = Pooling {
                    kind,
                    pool: &pool,
                    from: (&from, MAP),
                    to: (&mut to, small),
                    values,
                    scale,
                    accumulate: false,
                    backward: false,
                };
                kernels.pool(call);
            },
        ];
        for (position, call) in calls.iter().enumerate() {
            assert!(catch_unwind(AssertUnwindSafe(call)).is_err(), "call {position} returned");
        }
    });
}
