//! The upper end of the order, which is all that a search needs: does the score still tell good architectures apart, does
//! it find them, and what does following it cost?
//!
//! Ties never fall to the order of a table. Where tied architectures compete for a place, each statistic is its expectation
//! over all ways of breaking the tie; a fraction's boundary takes in all that are tied at it.

use std::cmp::Ordering::{Equal, Greater};

use crate::kendall;
use crate::pairs::Pairs;

/// A fraction of the architectures, in (0, 1].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct TopFraction(f64);

/// A number that is not a fraction of the architectures.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the top fraction {0} is not above 0 and at most 1; the top 10 % is 0.1")]
pub struct TopFractionError(f64);

impl TopFraction {
    /// The best 10 %.
    pub const TENTH: Self = Self(0.1);
    /// The best 1 %.
    pub const HUNDREDTH: Self = Self(0.01);

    /// A fraction, as 0.1 for 10 %.
    ///
    /// # Errors
    /// [`TopFractionError`] unless 0 < `fraction` ≤ 1.
    pub fn new(fraction: f64) -> Result<Self, TopFractionError> {
        if fraction > 0.0 && fraction <= 1.0 { Ok(Self(fraction)) } else { Err(TopFractionError(fraction)) }
    }

    /// How many of `n` architectures that is, rounded up.
    #[must_use]
    pub fn of(self, n: usize) -> usize {
        // 0.07 · 100 is 7.000000000000001 in binary, and means 7.
        ((self.0 * n as f64 - 1e-9).ceil() as usize).clamp(n.min(1), n)
    }
}

/// The pairs of the architectures that are truly among the best: the `fraction` with the highest accuracies, and all that
/// are tied with the last of them.
#[must_use]
pub fn best(pairs: &Pairs, fraction: TopFraction) -> Pairs {
    let descending = descending(pairs.y());
    let threshold = fraction.of(pairs.len()).checked_sub(1).map(|last| descending[last]);
    pairs.select((0..pairs.len()).filter(|position| Some(pairs.y()[*position]) >= threshold))
}

/// τ-b within [`best`]: whether the score also orders the good architectures, and does not only tell them from the bad.
/// `None` if fewer than two are left or they are constant in score or accuracy.
#[must_use]
pub fn tau_b(pairs: &Pairs, fraction: TopFraction) -> Option<f64> {
    kendall::tau_b(&best(pairs, fraction))
}

/// Precision@k: the share of the `k` architectures of highest score that are among the `k` of highest accuracy, also known
/// as overlap@k. A random order has k/n. `None` unless 1 ≤ k ≤ n.
///
/// Ties at the k-th place, of scores and of accuracies, are broken at random and independently: the result is the expectation.
#[must_use]
pub fn precision(pairs: &Pairs, k: usize) -> Option<f64> {
    if k == 0 || k > pairs.len() {
        return None;
    }
    let (by_score, by_accuracy) = (Boundary::of(pairs.x(), k), Boundary::of(pairs.y(), k));
    // How many are certain of their place in both, in one while tied for the other, and tied for both.
    let [mut certain, mut tied_in_score, mut tied_in_accuracy, mut tied_in_both] = [0_usize; 4];
    for (score, accuracy) in pairs.x().iter().zip(pairs.y()) {
        let place = (score.total_cmp(&by_score.threshold), accuracy.total_cmp(&by_accuracy.threshold));
        certain += usize::from(place == (Greater, Greater));
        tied_in_score += usize::from(place == (Equal, Greater));
        tied_in_accuracy += usize::from(place == (Greater, Equal));
        tied_in_both += usize::from(place == (Equal, Equal));
    }
    let either = tied_in_score as f64 * by_score.chance + tied_in_accuracy as f64 * by_accuracy.chance;
    Some((certain as f64 + either + tied_in_both as f64 * by_score.chance * by_accuracy.chance) / k as f64)
}

/// NDCG@k in [0, 1]: Σ gain / log₂(place + 1) over the `k` architectures of highest score (places from 1), as a share of the
/// sum that the `k` of highest accuracy reach. `None` unless 1 ≤ k ≤ n, or if the accuracies are constant or not all finite.
///
/// The gain is linear: (accuracy − lowest) / (highest − lowest), over all pairs. The worst architecture has gain 0 and the
/// best 1, so the unit of the accuracies is of no consequence; the range is, so compare only within one sample.
/// Tied scores share their mean gain, which is the expectation over all ways of breaking the tie.
/// K. Järvelin, J. Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, ACM TOIS 20 (2002); ties: F. McSherry,
/// M. Najork, ECIR 2008. The same as scikit-learn's `ndcg_score(gain, score, k=k)`. As a criterion for architectures:
/// Zhang et al., arXiv 2108.03001.
#[must_use]
pub fn ndcg(pairs: &Pairs, k: usize) -> Option<f64> {
    if k == 0 || k > pairs.len() {
        return None;
    }
    let lowest = pairs.y().iter().copied().fold(f64::INFINITY, f64::min);
    let highest = pairs.y().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = highest - lowest;
    if !range.is_finite() || range <= 0.0 {
        return None;
    }
    let discount = |place: usize| 1.0 / ((place + 1) as f64).log2();
    let gain = |accuracy: f64| (accuracy - lowest) / range;

    let mut by_score: Vec<(f64, f64)> = pairs.x().iter().zip(pairs.y()).map(|(score, accuracy)| (*score, gain(*accuracy))).collect();
    // Gains are ordered too, so that the rounding of their sums does not depend on the order of the pairs.
    by_score.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(right.1.total_cmp(&left.1)));
    let (mut gained, mut before) = (0.0, 0);
    for tied in by_score.chunk_by(|left, right| left.0 == right.0) {
        if before >= k {
            break;
        }
        let mean = tied.iter().map(|(_, gain)| gain).sum::<f64>() / tied.len() as f64;
        gained += mean * (before + 1..=(before + tied.len()).min(k)).map(discount).sum::<f64>();
        before += tied.len();
    }
    let ideal: f64 = descending(pairs.y()).iter().take(k).zip(1..).map(|(accuracy, place)| gain(*accuracy) * discount(place)).sum();
    Some((gained / ideal).min(1.0))
}

/// What choosing by the score alone costs: the highest accuracy less that of the architecture of highest score, in the
/// accuracies' unit. If several share the highest score, their mean accuracy counts. `None` without pairs, or if an
/// accuracy that enters is infinite.
#[must_use]
pub fn regret(pairs: &Pairs) -> Option<f64> {
    let best_score = pairs.x().iter().copied().reduce(f64::max)?;
    let best_accuracy = pairs.y().iter().copied().reduce(f64::max)?;
    let mut losses: Vec<f64> =
        pairs.x().iter().zip(pairs.y()).filter(|(score, _)| **score == best_score).map(|(_, accuracy)| best_accuracy - accuracy).collect();
    losses.sort_unstable_by(f64::total_cmp);
    Some(losses.iter().sum::<f64>() / losses.len() as f64).filter(|regret| regret.is_finite())
}

fn descending(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(|left, right| right.total_cmp(left));
    values
}

/// The k-th largest of some values.
struct Boundary {
    /// It.
    threshold: f64,
    /// The probability that a value tied with it is among the `k` largest when ties are broken at random.
    chance: f64,
}

impl Boundary {
    /// Of the `k` largest; 1 ≤ k ≤ n.
    fn of(values: &[f64], k: usize) -> Self {
        let threshold = descending(values)[k - 1];
        let above = values.iter().filter(|value| **value > threshold).count();
        let tied = values.iter().filter(|value| **value == threshold).count();
        Self { threshold, chance: (k - above) as f64 / tied as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(x: &[f64], y: &[f64]) -> Pairs {
        Pairs::new(x, y).unwrap()
    }

    #[test]
    fn a_fraction_is_rounded_up_to_whole_architectures_and_binary_rounding_does_not_count() {
        assert_eq!(TopFraction::TENTH.of(15_625), 1_563);
        assert_eq!(TopFraction::new(0.07).unwrap().of(100), 7);
        assert_eq!(TopFraction::HUNDREDTH.of(3), 1);
        assert_eq!(TopFraction::HUNDREDTH.of(0), 0);
        assert!(TopFraction::new(0.0).is_err() && TopFraction::new(10.0).is_err() && TopFraction::new(f64::NAN).is_err());
    }

    #[test]
    fn the_best_are_those_of_the_highest_accuracy_with_all_ties_at_the_boundary() {
        let all = pairs(&[1.0, 2.0, 3.0, 4.0, 5.0], &[90.0, 92.0, 91.0, 91.0, 10.0]);
        let best = best(&all, TopFraction::new(0.4).unwrap());
        assert_eq!(best, pairs(&[2.0, 3.0, 4.0], &[92.0, 91.0, 91.0]));
        assert_eq!(tau_b(&all, TopFraction::new(0.4).unwrap()), kendall::tau_b(&best));
        assert_eq!(tau_b(&pairs(&[], &[]), TopFraction::TENTH), None);
    }

    #[test]
    fn precision_is_the_mean_over_all_ways_of_breaking_ties() {
        let all = pairs(&[3.0, 2.0, 2.0, 2.0, 1.0], &[5.0, 4.0, 3.0, 3.0, 9.0]);
        // By accuracy the best three are 9, 5, 4. By score the first is 5; two of 4, 3, 3 follow: 4 is one of them in 2 of 3 ways.
        assert!((precision(&all, 3).unwrap() - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        assert_eq!(precision(&all, 5), Some(1.0));
        assert_eq!(precision(&all, 1), Some(0.0));
        assert_eq!((precision(&all, 0), precision(&all, 6)), (None, None));
        let blind = pairs(&[1.0; 5], &[5.0, 4.0, 3.0, 2.0, 1.0]);
        assert!((precision(&blind, 2).unwrap() - 2.0 / 5.0).abs() < 1e-15);
    }

    #[test]
    fn regret_is_the_distance_from_the_best_and_a_tie_for_the_choice_costs_its_mean() {
        assert_eq!(regret(&pairs(&[1.0, 3.0, 2.0], &[94.0, 93.5, 90.0])), Some(0.5));
        assert_eq!(regret(&pairs(&[3.0, 3.0, 2.0], &[94.0, 93.0, 90.0])), Some(0.5));
        assert_eq!(regret(&pairs(&[f64::INFINITY, 3.0], &[94.0, 93.0])), Some(0.0));
        assert_eq!(regret(&pairs(&[1.0, 3.0], &[f64::INFINITY, 93.0])), None);
        assert_eq!(regret(&pairs(&[], &[])), None);
    }

    #[test]
    fn ndcg_is_the_discounted_gain_as_a_share_of_the_ideal() {
        // Gains 1, 0.5, 0 by accuracy; the score takes the middle one, then the best.
        let all = pairs(&[2.0, 3.0, 1.0], &[94.0, 92.0, 90.0]);
        let second = 1.0 / 3.0_f64.log2();
        assert!((ndcg(&all, 2).unwrap() - (0.5 + second) / (1.0 + 0.5 * second)).abs() < 1e-15);
        assert_eq!(ndcg(&pairs(&[1.0, 2.0], &[5.0, 5.0]), 1), None);
        assert_eq!(ndcg(&pairs(&[1.0, 2.0], &[5.0, f64::INFINITY]), 1), None);
    }
}
