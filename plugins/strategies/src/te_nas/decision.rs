//! What TE-NAS prunes, given what was measured: a pure function.
//!
//! The rule is that of the released code (Chen, Gong and Wang, ICLR 2021), to the last tie. A candidate is the
//! removal of one operator from one edge. Each indicator (κ, regions) gives it the mean of its changes
//! `(before − after) / before` over the repeats; candidates are ranked by each indicator, and by the sum of their ranks or
//! another [`Combination`].

use std::cmp::Ordering;
use std::collections::BTreeMap;

use assay_core::score::{Direction, Reading};
use assay_core::subspace::{Choice, Subspace};

assay_core::words! {
    /// How a removal's effect on an indicator is expressed.
    pub enum Difference {
        /// (before − after) / before, rounded: the released code.
        Relative = "relative",
        /// before − after, as it is: the paper.
        Absolute = "absolute",
    }
}

assay_core::words! {
    /// How the indicators' verdicts on a removal become one: the rows of the paper's table 5. The smallest is pruned first.
    pub enum Combination {
        /// The sum of the ranks: s_κ + s_R.
        RankSum = "rank-sum",
        /// The smaller rank: min(s_κ, s_R).
        Minimum = "minimum",
        /// The larger rank: max(s_κ, s_R).
        Maximum = "maximum",
        /// The sum of the changes themselves, each signed so that the largest is the strongest reason for the removal:
        /// Δκ − ΔR̂, where the paper writes Δκ + ΔR̂.
        NumericSum = "numeric-sum",
    }
}

impl Combination {
    /// The candidates in the order in which they are pruned; ties in the order of the first indicator that has a say.
    #[must_use]
    pub fn order(self, rankings: &[Ranking]) -> Vec<usize> {
        let mut heard: Vec<&Ranking> = rankings.iter().filter(|ranking| !ranking.is_silent()).collect();
        if heard.is_empty() {
            heard.extend(rankings.first());
        }
        let mut order = heard.first().map(|ranking| ranking.order.clone()).unwrap_or_default();
        let ranks = |candidate: usize| heard.iter().map(move |ranking| ranking.ranks[candidate]);
        match self {
            Self::RankSum => order.sort_by_key(|candidate| ranks(*candidate).sum::<usize>()),
            Self::Minimum => order.sort_by_key(|candidate| ranks(*candidate).min()),
            Self::Maximum => order.sort_by_key(|candidate| ranks(*candidate).max()),
            Self::NumericSum => {
                let sum = |candidate: usize| heard.iter().map(|ranking| ranking.argument(candidate)).sum::<Option<f64>>();
                order.sort_by(|one, other| match (sum(*one), sum(*other)) {
                    (Some(one), Some(other)) => other.total_cmp(&one),
                    // As by ranks: an undefined change is no reason to remove, so it comes last.
                    (one, other) => one.is_none().cmp(&other.is_none()),
                });
            }
        }
        order
    }
}

/// The numbers of the rule.
#[derive(Clone, Copy, Debug)]
pub struct PruningRule {
    /// How a removal's effect is expressed.
    pub difference: Difference,
    /// How the indicators' verdicts become one.
    pub combination: Combination,
    /// Decimals of each relative change, and significant figures by which candidates are sorted.
    pub rounding: usize,
    /// Operators that an edge loses in a round.
    pub prune_number: usize,
}

/// One repeat of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The reading with the operator.
    pub before: Reading,
    /// The reading without it.
    pub after: Reading,
}

/// What one proxy said of every candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// Which end of the proxy's scale is better. Where lower is better, a removal that lowers the reading most ranks
    /// first; where higher is better, one that lowers it least.
    pub direction: Direction,
    /// For each candidate, its repeats.
    pub pairs: Vec<Vec<Pair>>,
}

/// One indicator's verdict, by candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Which end of the indicator is better.
    direction: Direction,
    /// The mean change that each removal makes.
    pub changes: Vec<Reading>,
    /// The rank of each change; 0 is pruned first.
    pub ranks: Vec<usize>,
    /// The candidates in the order of their ranks.
    order: Vec<usize>,
}

impl Ranking {
    /// Whether no candidate's change is defined, so that the indicator has no say.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.changes.iter().all(|change| change.value().is_none())
    }

    /// How strong the reason for a removal is: its change, negated where a reading that falls is a loss.
    fn argument(&self, candidate: usize) -> Option<f64> {
        let sign = if self.direction == Direction::LowerIsBetter { 1.0 } else { -1.0 };
        self.changes[candidate].value().map(|change| sign * change)
    }
}

impl PruningRule {
    /// The mean change over the repeats. Undefined if one repeat's change is.
    #[must_use]
    pub fn change(&self, repeats: &[Pair]) -> Reading {
        let mut sum = 0.0;
        for Pair { before, after } in repeats {
            let (before, after) = match (before, after) {
                (Reading::Value(before), Reading::Value(after)) => (*before, *after),
                (undefined @ Reading::Undefined { .. }, _) | (_, undefined) => return undefined.clone(),
            };
            sum += match self.difference {
                Difference::Absolute => before - after,
                Difference::Relative if before == 0.0 => return Reading::undefined("a change relative to a reading of 0 does not exist"),
                Difference::Relative => match Reading::finite((before - after) / before) {
                    Reading::Value(change) => round_decimals(change, self.rounding),
                    undefined @ Reading::Undefined { .. } => return undefined,
                },
            };
        }
        if repeats.is_empty() {
            return Reading::undefined("nothing was measured");
        }
        Reading::finite(sum / repeats.len() as f64)
    }

    /// Ranks the candidates by one indicator.
    ///
    /// Sorted (stably) by the change rounded to significant figures, a change that equals its predecessor's exactly
    /// shares its rank and any other has the next. Undefined changes are no reason to remove, so
    /// they rank behind every defined one, and share one rank.
    #[must_use]
    pub fn rank(&self, indicator: &Indicator) -> Ranking {
        let changes: Vec<Reading> = indicator.pairs.iter().map(|repeats| self.change(repeats)).collect();
        let keys: Vec<Option<f64>> =
            changes.iter().map(|change| change.value().map(|value| round_significant(value, self.rounding))).collect();
        let mut order: Vec<usize> = (0..changes.len()).collect();
        order.sort_by(|a, b| match (keys[*a], keys[*b]) {
            (Some(a), Some(b)) if indicator.direction == Direction::LowerIsBetter => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        let mut ranks = vec![0; changes.len()];
        for neighbours in order.windows(2) {
            let [before, here] = [neighbours[0], neighbours[1]];
            let shared = changes[before].value() == changes[here].value();
            ranks[here] = ranks[before] + usize::from(!shared);
        }
        Ranking { direction: indicator.direction, changes, ranks, order }
    }

    /// What each edge loses: groups of candidates in the order in which they are pruned.
    ///
    /// An edge loses as many as `prune_number`, but at most one less than the first edge of the first cell kind
    /// keeps, as in the released code, and never its last operator.
    #[must_use]
    pub fn prune(&self, before: &Subspace, candidates: &[Choice], rankings: &[Ranking]) -> Vec<Vec<Choice>> {
        let first = before.cells().first().and_then(|edges| edges.first());
        let cap = first.map_or(1, |kept| kept.len().saturating_sub(1)).max(1);
        let mut removed: Vec<Vec<Choice>> = Vec::new();
        let mut group_of: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for candidate in self.combination.order(rankings) {
            let choice = candidates[candidate];
            let group = *group_of.entry((choice.cell, choice.edge)).or_insert_with(|| {
                removed.push(Vec::new());
                removed.len() - 1
            });
            let spare = before.kept(choice.cell, choice.edge).len().saturating_sub(1);
            if removed[group].len() < self.prune_number.min(cap).min(spare) {
                removed[group].push(choice);
            }
        }
        removed
    }
}

/// `value` to this many decimals: the decimal number nearest to the exact value, ties to even, as Python's `round`.
fn round_decimals(value: f64, decimals: usize) -> f64 {
    // Formatting rounds the exact binary value.
    format!("{value:.decimals$}").parse().expect("a formatted number is a number")
}

/// `value` to this many significant figures, as the released code's `round_to` computes it.
fn round_significant(value: f64, figures: usize) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let magnitude = value.abs() + 1e-8;
    let power = magnitude.log10().floor() as i32 + 1;
    let scaled = round_decimals(magnitude * power_of_ten(-power), figures);
    value.signum() * scaled * power_of_ten(power)
}

/// 10^exponent, correctly rounded wherever a reading can be.
fn power_of_ten(exponent: i32) -> f64 {
    let power = 10_f64.powi(exponent.abs());
    match exponent.cmp(&0) {
        Ordering::Less => 1.0 / power,
        _ => power,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_half_to_even_on_the_exact_value() {
        let rounded = |value: f64| round_decimals(value, 3);
        // Exact ties: sixteenths have four decimals that end in 5.
        assert_eq!([0.0625, 0.1875, 0.3125, 0.4375, -0.0625, -0.1875].map(rounded), [0.062, 0.188, 0.312, 0.438, -0.062, -0.188]);
        // Not ties: the nearest double to 0.0005 is a little above it, that of 0.0015 a little above, of 1.0005 below.
        assert_eq!([0.0005, 0.0015, 1.0005, 2.6745].map(rounded), [0.001, 0.002, 1.0, 2.675]);
        assert_eq!([0.5, 1.5, 2.5].map(|value| round_decimals(value, 0)), [0.0, 2.0, 2.0]);
    }

    #[test]
    fn significant_figures_are_those_of_the_released_code() {
        let rounded = |value: f64| round_significant(value, 3);
        let close = |value: f64, expected: f64| assert!((rounded(value) - expected).abs() < 1e-12 * expected.abs(), "{value}");
        close(0.0123456, 0.0123);
        close(-12345.6, -12300.0);
        // 1e-8 is added first, so what is printed as a tie goes up.
        close(0.1235, 0.124);
        close(-0.1235, -0.124);
        assert_eq!([0.0, -0.0].map(rounded), [0.0, 0.0]);
    }

    fn indicator(direction: Direction, changes: &[Option<f64>]) -> Indicator {
        let pair = |change: &Option<f64>| Pair {
            before: Reading::Value(1.0),
            after: change.map_or_else(|| Reading::undefined("the batch is constant"), |change| Reading::Value(1.0 - change)),
        };
        Indicator { direction, pairs: changes.iter().map(|change| vec![pair(change)]).collect() }
    }

    const RULE: PruningRule =
        PruningRule { difference: Difference::Relative, combination: Combination::RankSum, rounding: 3, prune_number: 1 };

    #[test]
    fn the_four_combinations_of_table_5_order_by_what_their_names_say() {
        // Changes of κ (the largest first) and of the regions (the smallest first), with the ranks that they give.
        let kappa = RULE.rank(&indicator(Direction::LowerIsBetter, &[Some(0.9), Some(0.5), Some(0.1), Some(0.0)]));
        let regions = RULE.rank(&indicator(Direction::HigherIsBetter, &[Some(0.4), Some(0.1), Some(0.0), Some(0.125)]));
        assert_eq!((&kappa.ranks[..], &regions.ranks[..]), (&[0, 1, 2, 3][..], &[3, 1, 0, 2][..]));
        let both = [kappa, regions];
        // Sums 3, 2, 2, 5; smaller ranks 0, 1, 0, 2; larger ranks 3, 1, 2, 3; Δκ − ΔR̂ 0.5, 0.4, 0.1, −0.125.
        assert_eq!(Combination::RankSum.order(&both), [1, 2, 0, 3]);
        assert_eq!(Combination::Minimum.order(&both), [0, 2, 1, 3]);
        assert_eq!(Combination::Maximum.order(&both), [1, 2, 0, 3]);
        assert_eq!(Combination::NumericSum.order(&both), [0, 1, 2, 3]);
        let alone = [both[1].clone()];
        for combination in [Combination::RankSum, Combination::Minimum, Combination::Maximum, Combination::NumericSum] {
            assert_eq!(combination.order(&alone), [2, 1, 3, 0], "{combination:?} of one indicator is that indicator");
        }
    }

    #[test]
    fn an_indicator_without_a_say_leaves_the_order_to_the_other_one() {
        let silent = RULE.rank(&indicator(Direction::LowerIsBetter, &[None, None, None]));
        let regions = RULE.rank(&indicator(Direction::HigherIsBetter, &[Some(0.25), None, Some(-0.5)]));
        for combination in [Combination::RankSum, Combination::Minimum, Combination::Maximum, Combination::NumericSum] {
            assert_eq!(combination.order(&[silent.clone(), regions.clone()]), [2, 0, 1], "{combination:?}");
        }
    }

    #[test]
    fn undefined_changes_rank_behind_all_defined_ones_and_share_a_rank() {
        let changes = [None, Some(0.25), Some(-0.5), None, Some(0.25)];
        assert_eq!(RULE.rank(&indicator(Direction::LowerIsBetter, &changes)).ranks, [2, 0, 1, 2, 0]);
        assert_eq!(RULE.rank(&indicator(Direction::HigherIsBetter, &changes)).ranks, [2, 1, 0, 2, 1]);
        let silent = RULE.rank(&indicator(Direction::LowerIsBetter, &[None, None]));
        assert!(silent.is_silent());
        assert_eq!(silent.ranks, [0, 0]);
    }

    #[test]
    fn a_change_relative_to_zero_is_undefined_and_an_absolute_one_is_not() {
        let pair = [Pair { before: Reading::Value(0.0), after: Reading::Value(-3.00049) }];
        assert_eq!(RULE.change(&pair), Reading::undefined("a change relative to a reading of 0 does not exist"));
        assert_eq!(PruningRule { difference: Difference::Absolute, ..RULE }.change(&pair), Reading::Value(3.00049));
    }

    #[test]
    fn each_repeat_is_rounded_before_the_mean_is_taken() {
        let pair = |after: f64| Pair { before: Reading::Value(1.0), after: Reading::Value(after) };
        assert_eq!(RULE.change(&[pair(1.0), pair(1.0), pair(0.9996)]), Reading::Value(0.0));
        assert_eq!(RULE.change(&[pair(1.0), pair(0.9), pair(0.9)]), Reading::Value((0.1 + 0.1) / 3.0));
        assert_eq!(RULE.change(&[]), Reading::undefined("nothing was measured"));
    }
}
