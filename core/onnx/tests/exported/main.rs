//! What Assay exports is read back to a network of the same outputs and the same scores.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod metadata;
mod random;
mod spaces;

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::network::Network;
use assay_export::{Model, to_onnx};
use assay_onnx::{Imported, Options, read_bytes};
use assay_weights::Weights;

fn logits(network: &Network, images: &Minibatch) -> Vec<f64> {
    flex().pass(network, images, &Ask::new(), Precision::F64).unwrap().output().to_vec()
}

fn read_back(title: &str, weights: &Weights) -> Imported {
    read_bytes(to_onnx(&Model::new(title, weights)).unwrap(), &Options::default()).unwrap()
}

/// What was read, as it is exported.
fn weights(imported: &Imported) -> Weights {
    Weights { network: imported.network().unwrap(), statistics: imported.statistics.clone() }
}

#[track_caller]
fn assert_same(ours: &[f64], theirs: &[f64], what: &str) {
    let largest = theirs.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 1e-9 * largest, "{what}: {ours} instead of {theirs}");
    }
}
