//! The scores of one proxy, the values of one target and the counts of one operator, by architecture.

use assay_results::study::Target;
use assay_structure::score::Direction;

/// The best scores are this part of all: a tenth.
pub(super) const BEST_PART: usize = 10;

/// The scores of one proxy.
pub(super) struct ProxyScores {
    pub(super) label: String,
    /// What they are counted in, where that is known.
    pub(super) unit: Option<String>,
    pub(super) direction: Direction,
    /// Means over repeats.
    pub(super) values: Vec<Option<f64>>,
}

/// What scores are compared with.
pub(super) struct TargetValues {
    pub(super) target: Target,
    /// As recorded; a cost that could not be measured is undefined.
    pub(super) values: Vec<Option<f64>>,
}

/// How often an operator occurs.
pub(super) struct OperatorCounts {
    pub(super) name: String,
    pub(super) counts: Vec<usize>,
}

impl ProxyScores {
    /// Larger is better.
    pub(super) fn oriented(&self) -> Vec<Option<f64>> {
        let sign = match self.direction {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        };
        self.values.iter().map(|value| value.map(|value| sign * value)).collect()
    }
}

/// Which part of each architecture belongs to the best tenth (larger is better): 1 or 0, and a fraction of those that tie for
/// the last places. Undefined ones do not take part.
pub(super) fn best(scores: &[Option<f64>]) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.iter().flatten().copied().collect();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let wanted = sorted.len().div_ceil(BEST_PART);
    let Some(last) = wanted.checked_sub(1).map(|last| sorted[last]) else { return vec![0.0; scores.len()] };
    let above = sorted.iter().filter(|score| **score > last).count();
    let tied = sorted.iter().filter(|score| **score == last).count();
    let part = (wanted - above) as f64 / tied as f64;
    let weight = |score: &Option<f64>| match score {
        Some(score) if *score > last => 1.0,
        Some(score) if *score == last => part,
        _ => 0.0,
    };
    scores.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tenth_shares_its_last_place_among_those_that_tie_for_it() {
        let mut scores: Vec<Option<f64>> = (0..20).map(|score| Some(f64::from(score))).collect();
        scores.push(None);
        // 20 scores have 2 places: 19 and 18.
        assert_eq!(best(&scores)[17..], [0.0, 1.0, 1.0, 0.0]);
        scores[17] = Some(18.0);
        assert_eq!(best(&scores)[16..], [0.0, 0.5, 0.5, 1.0, 0.0]);
        assert_eq!(best(&[None]), [0.0]);
    }
}
