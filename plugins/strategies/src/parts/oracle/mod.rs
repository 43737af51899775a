//! What a search is led by: an oracle that judges architectures, and a budget that it spends.
//!
//! An [`Oracle`] judges by a proxy, by an aggregate of proxies over everything evaluated so far, or by a recorded accuracy
//! whose training costs simulated GPU seconds. A strategy that asks an oracle works with all three, over any space.

mod judge;
mod settings;

use std::collections::HashMap;
use std::ops::Range;

pub use judge::{Judge, Training};
pub use settings::{Budget, SearchBy};

use assay_core::plugin::{Column, Laboratory, SearchError, SearchSpace, Step};
use assay_core::score::{Direction, Reading, Score};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

/// Evaluations that are begun together where the time that they will take is not known beforehand.
const BEGUN_TOGETHER: usize = 16;

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

/// What was spent of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Evaluations, repeated ones included.
    pub evaluations: usize,
    /// Σ over evaluations of the time that measuring took, each on its thread.
    pub seconds: f64,
    /// Simulated GPU seconds.
    pub gpu_seconds: f64,
}

/// Judges architectures through a laboratory, until the budget is spent. Every evaluation is paid for, also of an
/// architecture that was evaluated before, and becomes one step of the run's trajectory: from the architecture to the best
/// one so far.
pub struct Oracle<'l> {
    laboratory: &'l mut dyn Laboratory,
    by: &'l SearchBy,
    /// What a step is called: `evaluation 17`.
    title: &'static str,
    directions: Vec<Direction>,
    history: Vec<Evaluation>,
    /// Of each evaluation of the history: how good it is, more is better; none where it is undefined.
    goodness: Vec<Option<f64>>,
    first: HashMap<(usize, Subspace), usize>,
    best: Option<usize>,
    spent: Spent,
    is_refused: bool,
}

impl<'l> Oracle<'l> {
    /// Of this search, in this laboratory. A step is called `title` and its number.
    ///
    /// # Errors
    /// If the laboratory does not know what it is asked for.
    pub fn new(by: &'l SearchBy, laboratory: &'l mut dyn Laboratory, title: &'static str) -> Result<Self, SearchError> {
        let directions = by.judge.labels(0).into_iter().map(|label| laboratory.direction(label)).collect::<Result<_, _>>()?;
        Ok(Self {
            laboratory,
            by,
            title,
            directions,
            history: Vec::new(),
            goodness: Vec::new(),
            first: HashMap::new(),
            best: None,
            spent: Spent::default(),
            is_refused: false,
        })
    }

    /// The space that is searched.
    #[must_use]
    pub fn space(&self) -> &dyn SearchSpace {
        self.laboratory.space()
    }

    /// A random stream for the strategy's own decisions.
    #[must_use]
    pub fn stream(&self, purpose: &str) -> Stream {
        self.laboratory.stream(purpose)
    }

    /// Says how many evaluations are still to come, if the budget allows as many.
    pub fn expect(&mut self, evaluations: usize) {
        let left = self.by.budget.evaluations.map_or(evaluations, |limit| evaluations.min(limit - self.spent.evaluations));
        self.laboratory.expect(left.saturating_mul(self.by.judge.measurements()));
    }

    /// Judges these, one after the other, as far as the budget goes. Gives the numbers of the evaluations; fewer than were
    /// asked for when the budget is spent. None of them is begun that the budget does not pay to the end.
    ///
    /// # Errors
    /// If a measurement fails, or the user interrupts.
    pub fn evaluate(&mut self, architectures: &[Subspace]) -> Result<Range<usize>, SearchError> {
        self.evaluate_after(0, architectures)
    }

    /// Like [`evaluate`](Self::evaluate), after one of the judge's trainings, counted from the shortest.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_after(&mut self, training: usize, architectures: &[Subspace]) -> Result<Range<usize>, SearchError> {
        let begun = self.history.len();
        let together = if self.by.budget.seconds.is_some() { BEGUN_TOGETHER } else { architectures.len().max(1) };
        for architectures in architectures.chunks(together) {
            if self.is_spent() {
                break;
            }
            self.evaluate_together(training, architectures)?;
        }
        self.judge(begun)?;
        for number in begun..self.history.len() {
            self.best = Some(self.best.filter(|best| !self.beats(number, *best)).unwrap_or(number));
            self.record(number)?;
        }
        Ok(begun..self.history.len())
    }

    /// Whether nothing more can be evaluated.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        let Budget { evaluations, seconds, gpu_seconds } = self.by.budget;
        self.is_refused
            || evaluations.is_some_and(|limit| self.spent.evaluations >= limit)
            || seconds.is_some_and(|limit| self.spent.seconds >= limit)
            || gpu_seconds.is_some_and(|limit| self.spent.gpu_seconds >= limit)
    }

    /// What was spent.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// The part of the budget that was spent, by the limit that is nearest; 0 without one.
    #[must_use]
    pub fn fraction_spent(&self) -> f64 {
        let Budget { evaluations, seconds, gpu_seconds } = self.by.budget;
        let parts = [
            evaluations.map(|limit| self.spent.evaluations as f64 / limit as f64),
            seconds.map(|limit| self.spent.seconds / limit),
            gpu_seconds.map(|limit| self.spent.gpu_seconds / limit),
        ];
        parts.into_iter().flatten().fold(0.0, f64::max)
    }

    /// Every evaluation, in the order in which they were asked for.
    #[must_use]
    pub fn history(&self) -> &[Evaluation] {
        &self.history
    }

    /// How good an evaluation is: more is better, whatever the proxy's direction; none if it is undefined. Aggregates compare
    /// everything evaluated so far, so this changes with each evaluation.
    ///
    /// # Panics
    /// If there is no evaluation of this number.
    #[must_use]
    pub fn goodness(&self, evaluation: usize) -> Option<f64> {
        self.goodness[evaluation]
    }

    /// Orders evaluations by how good they are; undefined ones are the worst and equal.
    #[must_use]
    pub fn compare(&self, one: usize, other: usize) -> std::cmp::Ordering {
        let key = |evaluation: usize| self.goodness[evaluation].unwrap_or(f64::NEG_INFINITY);
        key(one).total_cmp(&key(other))
    }

    /// The first evaluation of an architecture after the judge's first training, if there was one.
    #[must_use]
    pub fn find(&self, architecture: &Subspace) -> Option<usize> {
        self.first.get(&(0, architecture.clone())).copied()
    }

    /// The best evaluation: of those after the longest training that any had, the first of the best.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.best
    }

    /// Ends the search: the architecture of the best evaluation.
    ///
    /// # Errors
    /// If no evaluation is defined, or the budget did not allow any.
    pub fn found(self) -> Result<Subspace, SearchError> {
        match self.best {
            Some(best) if self.goodness[best].is_some() => Ok(self.history[best].architecture.clone()),
            Some(_) => Err(SearchError::Impossible(format!(
                "none of the {} architectures has a score by {}; the first is {}",
                self.history.len(),
                self.by.judge,
                self.history[0].readings.iter().find(|reading| reading.value().is_none()).unwrap_or(&self.history[0].readings[0])
            ))),
            None => Err(SearchError::Impossible(format!("the budget of {} does not pay for one evaluation", self.by.budget))),
        }
    }

    /// Whether evaluation `one` replaces `other`, which came before it, as the best.
    fn beats(&self, one: usize, other: usize) -> bool {
        let training = |number: usize| self.history[number].training;
        match (self.goodness[one], self.goodness[other]) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(challenger), Some(best)) => match training(one).cmp(&training(other)) {
                std::cmp::Ordering::Equal => challenger > best,
                order => order.is_gt(),
            },
        }
    }

    /// Evaluates these at once, as far as the budget goes.
    fn evaluate_together(&mut self, training: usize, architectures: &[Subspace]) -> Result<(), SearchError> {
        let mut affordable = architectures.len();
        if let Some(limit) = self.by.budget.evaluations {
            affordable = affordable.min(limit - self.spent.evaluations);
        }
        let costs = self.gpu_seconds(training, &architectures[..affordable])?;
        if let (Some(limit), Some(costs)) = (self.by.budget.gpu_seconds, &costs) {
            let mut total = self.spent.gpu_seconds;
            let paid = |cost: &&f64| {
                total += **cost;
                total <= limit
            };
            let paid = costs.iter().take_while(paid).count();
            self.is_refused |= paid < affordable;
            affordable = paid;
        }
        let architectures = &architectures[..affordable];
        let judge = &self.by.judge;
        let requests: Vec<_> = architectures.iter().flat_map(|architecture| judge.requests(training, architecture)).collect();
        let readings = self.laboratory.measure(&requests)?;
        let each = judge.labels(training).len() * judge.repeats();
        for (position, (architecture, (readings, requests))) in
            architectures.iter().zip(readings.chunks(each).zip(requests.chunks(each))).enumerate()
        {
            let seconds: f64 = requests.iter().filter_map(|request| self.laboratory.seconds(request)).sum();
            if self.by.budget.seconds.is_some_and(|limit| self.spent.seconds + seconds > limit) {
                // It is measured, but the search must not know it.
                self.is_refused = true;
                return Ok(());
            }
            let gpu_seconds = costs.as_ref().map(|costs| costs[position]);
            self.spent.evaluations += 1;
            self.spent.seconds += seconds;
            self.spent.gpu_seconds += gpu_seconds.unwrap_or_default();
            let means = self.directions.iter().zip(readings.chunks(judge.repeats()));
            let readings = means.map(|(direction, repeats)| Score::of(*direction, repeats).reading).collect();
            self.first.entry((training, architecture.clone())).or_insert(self.history.len());
            self.history.push(Evaluation { architecture: architecture.clone(), training, readings, gpu_seconds });
        }
        Ok(())
    }

    /// What training each of these costs; none where the judge knows no cost.
    fn gpu_seconds(&mut self, training: usize, architectures: &[Subspace]) -> Result<Option<Vec<f64>>, SearchError> {
        let Some((column, scale)) = self.by.judge.cost(training) else { return Ok(None) };
        let requests: Vec<_> = architectures.iter().map(|architecture| column.request(architecture)).collect();
        let costs = self.laboratory.measure(&requests)?;
        let cost = |(reading, architecture): (Reading, &Subspace)| match reading {
            Reading::Value(cost) => Ok(cost * scale),
            undefined @ Reading::Undefined { .. } => {
                Err(SearchError::Impossible(format!("what training {architecture} costs is not known: {} is {undefined}", column.column)))
            }
        };
        costs.into_iter().zip(architectures).map(cost).collect::<Result<_, _>>().map(Some)
    }

    /// Brings the verdicts up to date after the evaluations from `begun` on.
    fn judge(&mut self, begun: usize) -> Result<(), SearchError> {
        let Judge::Aggregate { aggregate, .. } = &self.by.judge else {
            let sign = if self.directions[0] == Direction::HigherIsBetter { 1.0 } else { -1.0 };
            let new = self.history[begun..].iter().map(|evaluation| evaluation.readings[0].value().map(|value| sign * value));
            self.goodness.extend(new);
            return Ok(());
        };
        if begun == self.history.len() {
            return Ok(());
        }
        // An architecture that was evaluated again must not weigh twice in the ranks.
        let mut different: Vec<usize> = self.first.values().copied().collect();
        different.sort_unstable();
        let readings = |component: usize| -> Vec<Reading> {
            different.iter().map(|number| self.history[*number].readings[component].clone()).collect()
        };
        let readings: Vec<Vec<Reading>> = (0..self.directions.len()).map(readings).collect();
        let columns: Vec<Column<'_>> =
            self.directions.iter().zip(&readings).map(|(direction, readings)| Column { direction: *direction, readings }).collect();
        let joined = aggregate.combine(&columns).map_err(|error| SearchError::Impossible(error.to_string()))?;
        let of: HashMap<usize, Option<f64>> = different.iter().copied().zip(joined.iter().map(Reading::value)).collect();
        let goodness = |evaluation: &Evaluation| {
            self.first.get(&(evaluation.training, evaluation.architecture.clone())).and_then(|first| of.get(first).copied().flatten())
        };
        self.goodness = self.history.iter().map(goodness).collect();
        // The ranks of the earlier ones may have changed order.
        self.best =
            (0..begun).fold(None, |best: Option<usize>, number| Some(best.filter(|best| !self.beats(number, *best)).unwrap_or(number)));
        Ok(())
    }

    /// Adds an evaluation to the trajectory.
    fn record(&mut self, number: usize) -> Result<(), SearchError> {
        let Evaluation { architecture, training, readings, gpu_seconds } = &self.history[number];
        let after = self.best.map_or(architecture, |best| &self.history[best].architecture).clone();
        let labels = self.by.judge.labels(*training).into_iter().map(str::to_owned);
        let mut readings: Vec<(String, Reading)> = labels.zip(readings.iter().cloned()).collect();
        if let (Some(cost), Some((column, _))) = (gpu_seconds, self.by.judge.cost(*training)) {
            readings.push((column.column.clone(), Reading::Value(*cost)));
        }
        let title = format!("{} {}", self.title, number + 1);
        self.laboratory.record(Step { title, before: architecture.clone(), after, candidates: Vec::new(), readings })
    }
}
