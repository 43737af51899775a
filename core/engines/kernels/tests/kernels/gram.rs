//! Inner products of rows.

use std::collections::BTreeMap;

use assay_kernels::{Element, GramRows};
use proptest::prelude::*;

use super::tiles::{Random, Sum, for_every_set};

/// Float64 products from the table of either number type.
fn check<E: Element>(order: usize, vectors: usize, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let length = vectors * kernels.gram_lanes();
        let rows: Vec<f64> = random.numbers(order * length);
        let before: Vec<f64> = random.numbers(order * order);
        let row = |i: usize| &rows[i * length..(i + 1) * length];
        let mut products = before.clone();
        kernels.gram(GramRows { rows: &rows, order, length, products: &mut products });
        let mut expected = BTreeMap::new();
        for (i, j) in (0..order).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            let mut sum = Sum::default().with(before[i * order + j]);
            row(i).iter().zip(row(j)).for_each(|(one, other)| sum.add(one * other));
            expected.insert((i, j), sum);
        }
        // What stands above the diagonal is nobody's.
        for ((i, j), sum) in expected {
            assert!(sum.allows(products[i * order + j]), "{isa:?}, {order} rows of {length}: product {i}, {j}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_of_rows_are_what_plain_loops_come_to(order in 0_usize..=13, vectors in 0_usize..=9, seed: u64) {
        check::<f32>(order, vectors, seed);
        check::<f64>(order, vectors, seed);
    }
}
