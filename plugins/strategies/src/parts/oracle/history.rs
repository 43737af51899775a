//! What was evaluated, and which of it is the best.

use std::cmp::Ordering;
use std::collections::HashMap;

use assay_core::plugin::{Column, SearchError};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;

use super::Judge;

/// One architecture judged once.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The architecture.
    pub architecture: Subspace,
    /// Which of the judge's trainings it had; 0 for proxies.
    pub training: usize,
    /// What each component read, the mean over repeats.
    pub readings: Vec<Reading>,
    /// What its training cost, in simulated GPU seconds; none where nothing is said to be trained.
    pub gpu_seconds: Option<f64>,
}

/// All evaluations, in the order in which they were asked for.
#[derive(Default)]
pub(super) struct History {
    evaluations: Vec<Evaluation>,
    /// What stands for each one's architecture, and for all that are the same.
    representatives: Vec<Subspace>,
    /// The first evaluation of an architecture after whatever training, by what stands for it.
    standing: HashMap<Subspace, usize>,
    /// How good each is, more is better; none where it is undefined.
    goodness: Vec<Option<f64>>,
    /// The first evaluation of an architecture after a training, by what stands for it.
    first: HashMap<(usize, Subspace), usize>,
    best: Option<usize>,
}

impl History {
    pub(super) fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    pub(super) fn goodness(&self, number: usize) -> Option<f64> {
        self.goodness[number]
    }

    pub(super) fn best(&self) -> Option<usize> {
        self.best
    }

    pub(super) fn first(&self, training: usize, representative: Subspace) -> Option<usize> {
        self.first.get(&(training, representative)).copied()
    }

    /// The architecture that was evaluated first of those that are the same.
    pub(super) fn standing(&self, representative: &Subspace) -> Option<&Subspace> {
        self.standing.get(representative).map(|number| &self.evaluations[*number].architecture)
    }

    /// Undefined ones are the worst and equal.
    pub(super) fn compare(&self, one: usize, other: usize) -> Ordering {
        let key = |number: usize| self.goodness[number].unwrap_or(f64::NEG_INFINITY);
        key(one).total_cmp(&key(other))
    }

    /// Adds an evaluation, which is to be [judged](Self::judge) then.
    pub(super) fn push(&mut self, evaluation: Evaluation, representative: Subspace) {
        self.first.entry((evaluation.training, representative.clone())).or_insert(self.evaluations.len());
        self.standing.entry(representative.clone()).or_insert(self.evaluations.len());
        self.evaluations.push(evaluation);
        self.representatives.push(representative);
    }

    /// Says how good everything is, after the evaluations from `begun` on were added.
    pub(super) fn judge(&mut self, begun: usize, judge: &Judge, directions: &[Direction]) -> Result<(), SearchError> {
        if !matches!(judge, Judge::Aggregate { .. }) {
            let new: Vec<usize> = (begun..self.evaluations.len()).collect();
            let new = self.goodness_among(&new, judge, directions)?;
            self.goodness.extend(new);
            return Ok(());
        }
        if begun == self.evaluations.len() {
            return Ok(());
        }
        // An architecture that was evaluated again must not weigh twice in the ranks.
        let mut different: Vec<usize> = self.first.values().copied().collect();
        different.sort_unstable();
        let joined = self.goodness_among(&different, judge, directions)?;
        let of: HashMap<usize, Option<f64>> = different.iter().copied().zip(joined).collect();
        let goodness = |(evaluation, representative): (&Evaluation, &Subspace)| {
            self.first(evaluation.training, representative.clone()).and_then(|first| of.get(&first).copied().flatten())
        };
        self.goodness = self.evaluations.iter().zip(&self.representatives).map(goodness).collect();
        // The earlier ones may have changed places.
        self.best = None;
        (0..begun).for_each(|number| self.challenge(number));
        Ok(())
    }

    /// How good each of these is among them alone; more is better.
    pub(super) fn goodness_among(
        &self,
        numbers: &[usize],
        judge: &Judge,
        directions: &[Direction],
    ) -> Result<Vec<Option<f64>>, SearchError> {
        let readings = |component: usize| numbers.iter().map(move |number| &self.evaluations[*number].readings[component]);
        let Judge::Aggregate { aggregate, .. } = judge else {
            let sign = if directions[0] == Direction::HigherIsBetter { 1.0 } else { -1.0 };
            return Ok(readings(0).map(|reading| reading.value().map(|value| sign * value)).collect());
        };
        let readings: Vec<Vec<Reading>> = (0..directions.len()).map(|component| readings(component).cloned().collect()).collect();
        let columns: Vec<Column<'_>> =
            directions.iter().zip(&readings).map(|(direction, readings)| Column { direction: *direction, readings }).collect();
        let joined = aggregate.combine(&columns).map_err(|error| SearchError::Impossible(error.to_string()))?;
        Ok(joined.iter().map(Reading::value).collect())
    }

    /// Makes this evaluation the best one if it is better than the best so far.
    pub(super) fn challenge(&mut self, number: usize) {
        if self.best.is_none_or(|best| self.beats(number, best)) {
            self.best = Some(number);
        }
    }

    /// Whether evaluation `one` replaces `other`, which came before it, as the best. A longer training counts more than a better
    /// reading.
    fn beats(&self, one: usize, other: usize) -> bool {
        let training = |number: usize| self.evaluations[number].training;
        match (self.goodness[one], self.goodness[other]) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(challenger), Some(best)) => match training(one).cmp(&training(other)) {
                Ordering::Equal => challenger > best,
                order => order.is_gt(),
            },
        }
    }
}
