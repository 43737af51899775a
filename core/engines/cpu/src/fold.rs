//! Batch normalisations that nobody computes: those who read them multiply and add while they read what they normalise.
//!
//! A pass that takes statistics from elsewhere knows them before the readers run. So a normalised value is stored only where a
//! convolution or a pool reads it, and a sum is not stored if only a ReLU reads it.

use super::lower::Lowered;
use super::ops::Kind;

/// One term of a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) weight: f64,
    /// The op whose value is read.
    pub(super) value: usize,
    /// The batch normalisation that it goes through on the way.
    pub(super) norm: Option<usize>,
}

/// What an op computes in place of what it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoldedSum {
    pub(super) terms: Vec<Term>,
    /// Whether negative sums become zero.
    pub(super) rectified: bool,
}

/// Which ops are computed, and how.
#[derive(Clone, Debug)]
pub(super) struct Folds {
    /// The ops that are not computed at all.
    pub(super) skipped: Vec<bool>,
    /// The ops that add up terms of others, batch normalisations that are computed among them.
    pub(super) sums: Vec<Option<FoldedSum>>,
}

impl Folds {
    pub(super) fn new(lowered: &Lowered) -> Self {
        let count = lowered.ops.len();
        let skipped: Vec<bool> = (0..count).map(|op| is_skipped(lowered, op)).collect();
        let sums = (0..count).map(|op| sum(lowered, &skipped, op)).collect();
        Self { skipped, sums }
    }

    /// The ops whose values an op reads.
    pub(super) fn reads(&self, lowered: &Lowered, op: usize) -> Vec<usize> {
        let mut reads = match &self.sums[op] {
            Some(sum) => sum.terms.iter().map(|term| term.value).collect(),
            None => lowered.ops[op].inputs.clone(),
        };
        reads.sort_unstable();
        reads.dedup();
        reads
    }
}

fn is_skipped(lowered: &Lowered, op: usize) -> bool {
    let readers = &lowered.consumers[op];
    let kinds = || readers.iter().map(|reader| &lowered.ops[*reader].kind);
    // Weights that are given have gradients, which are sums over the terms' values.
    let is_weighed = lowered.is_mixed(op) || readers.iter().any(|reader| lowered.is_mixed(*reader));
    !lowered.pinned[op]
        && !is_weighed
        && match lowered.ops[op].kind {
            Kind::Norm(_) => kinds().all(|kind| matches!(kind, Kind::Sum(_) | Kind::Relu)),
            Kind::Sum(_) => readers.len() == 1 && kinds().all(|kind| *kind == Kind::Relu),
            _ => false,
        }
}

/// What an op is a sum of, if it is computed as one.
fn sum(lowered: &Lowered, skipped: &[bool], op: usize) -> Option<FoldedSum> {
    let this = &lowered.ops[op];
    let input = this.inputs.first().copied()?;
    let rectified = this.kind == Kind::Relu;
    let through = |norm: usize, weight: f64| Term { weight, value: lowered.ops[norm].inputs[0], norm: Some(norm) };
    match &this.kind {
        Kind::Norm(_) => Some(FoldedSum { terms: vec![through(op, 1.0)], rectified }),
        Kind::Sum(weights) => {
            let term = |(input, weight): (&usize, &f64)| {
                if skipped[*input] { through(*input, *weight) } else { Term { weight: *weight, value: *input, norm: None } }
            };
            Some(FoldedSum { terms: this.inputs.iter().zip(weights).map(term).collect(), rectified })
        }
        Kind::Relu if skipped[input] => sum(lowered, skipped, input).map(|sum| FoldedSum { rectified, ..sum }),
        _ => None,
    }
}
