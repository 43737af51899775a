//! What guides a search: an oracle that judges architectures, and a budget that it spends.
//!
//! An [`Oracle`] judges by a proxy, by an aggregate of proxies over everything evaluated so far, by a recorded accuracy whose
//! training costs simulated GPU seconds, or by a training that it has made. A strategy that asks an oracle works with all of
//! them, over any space.

mod budget;
mod cost;
mod history;
mod judge;
mod settings;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use assay_core::plugin::{ColumnUse, Laboratory, SearchError, SearchSpace, Step};
use assay_core::score::{Direction, Reading, Score};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
pub use budget::{Budget, Spent};
use cost::CostColumn;
pub use history::Evaluation;
use history::History;
pub use judge::{Judge, RecordedTraining, Stage};
pub use settings::{OracleSettings, SearchBy};

/// Evaluations that are begun together where the time that they will take is not known beforehand.
const BEGUN_TOGETHER: usize = 16;

/// Judges architectures through a laboratory, until the budget is spent. Every evaluation is paid for, also of an
/// architecture that was evaluated before, and becomes one step of the run's trajectory: from the architecture to the best
/// one so far.
///
/// One architecture is one: of those that are [the same](SearchSpace::representative), the first that was asked for is measured,
/// and stands for the others.
pub struct Oracle<'l> {
    laboratory: &'l mut dyn Laboratory,
    by: &'l SearchBy,
    /// What a step is called: `evaluation 17`.
    title: &'static str,
    directions: Vec<Direction>,
    history: History,
    spent: Spent,
    is_refused: bool,
    /// What architectures cost to use, where the search weighs that too.
    cost: Option<CostColumn>,
    /// After which training each architecture was evaluated last.
    last: HashMap<Subspace, usize>,
}

impl<'l> Oracle<'l> {
    /// Of this search, in this laboratory. A step is called `title` and its number.
    ///
    /// # Errors
    /// If the laboratory does not know what it is asked for.
    pub fn new(by: &'l SearchBy, laboratory: &'l mut dyn Laboratory, title: &'static str) -> Result<Self, SearchError> {
        let directions = by.judge.labels(0).into_iter().map(|label| laboratory.direction(label)).collect::<Result<_, _>>()?;
        let (history, spent, last) = (History::default(), Spent::default(), HashMap::new());
        Ok(Self { laboratory, by, title, directions, history, spent, is_refused: false, cost: None, last })
    }

    /// The same, which also looks up what every architecture costs to use that is evaluated, and adds it to the trajectory.
    #[must_use]
    pub fn with_cost(mut self, column: ColumnUse) -> Self {
        self.cost = Some(CostColumn::new(column));
        self
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

    /// How many trainings there are to choose from; 1 for proxies.
    #[must_use]
    pub fn trainings(&self) -> usize {
        self.by.judge.trainings()
    }

    /// What may be spent.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.by.budget
    }

    /// Says that the whole budget is still to come, if it is one of evaluations or epochs.
    pub fn expect_whole_budget(&mut self) {
        let Budget { evaluations, epochs, .. } = self.by.budget;
        if evaluations.is_some() || epochs.is_some() {
            self.expect(usize::MAX);
        }
    }

    /// Says that so much is still to come, in measurements or in epochs of training.
    pub(crate) fn expect_in_all(&mut self, measurements: usize) {
        self.laboratory.expect(measurements);
    }

    /// Epochs of an evaluation after a training that goes on from the last evaluation, if there was one. Nothing where none is trained.
    pub(crate) fn epochs(&self, training: usize, last: Option<usize>) -> Option<usize> {
        self.by.judge.epochs(training, last)
    }

    /// Says how many evaluations are still to come, if the budget allows as many.
    pub fn expect(&mut self, evaluations: usize) {
        let left = self.by.budget.evaluations.map_or(evaluations, |limit| evaluations.min(limit - self.spent.evaluations));
        let epochs = self.by.budget.epochs.map_or(usize::MAX, |limit| limit - self.spent.epochs);
        self.laboratory.expect(left.saturating_mul(self.by.judge.measurements()).min(epochs));
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
        let begun = self.history().len();
        let architectures = self.standing(architectures);
        let together = match (self.by.budget.seconds, &self.by.judge) {
            (None, _) => architectures.len().max(1),
            // What is begun and not paid for is lost, and a training takes long: its steps use all threads.
            (Some(_), Judge::Training { .. }) => 1,
            (Some(_), _) => BEGUN_TOGETHER,
        };
        for architectures in architectures.chunks(together) {
            if self.is_spent() {
                break;
            }
            self.evaluate_together(training, architectures)?;
            self.expect_the_seconds_left();
        }
        self.history.judge(begun, &self.by.judge, &self.directions)?;
        for number in begun..self.history().len() {
            self.history.challenge(number);
            self.record(number)?;
        }
        Ok(begun..self.history().len())
    }

    /// What stands for each of these: the first of the same that was evaluated, or is among them.
    fn standing(&self, architectures: &[Subspace]) -> Vec<Subspace> {
        let mut new: HashMap<Subspace, &Subspace> = HashMap::new();
        let mut standing = Vec::with_capacity(architectures.len());
        for architecture in architectures {
            let representative = self.space().representative(architecture);
            let first = match self.history.standing(&representative) {
                Some(first) => first,
                None => new.entry(representative).or_insert(architecture),
            };
            standing.push(first.clone());
        }
        standing
    }

    /// Whether nothing more can be evaluated.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.is_refused || self.by.budget.is_spent(&self.spent)
    }

    /// What was spent.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// The part of the budget that was spent, by the limit that is nearest; 0 without one.
    #[must_use]
    pub fn fraction_spent(&self) -> f64 {
        self.by.budget.fraction(&self.spent)
    }

    /// Every evaluation, in the order in which they were asked for.
    #[must_use]
    pub fn history(&self) -> &[Evaluation] {
        self.history.evaluations()
    }

    /// How good an evaluation is: more is better, whatever the proxy's direction; none if it is undefined. Aggregates compare
    /// everything evaluated so far, so this changes with each evaluation.
    ///
    /// # Panics
    /// If there is no evaluation of this number.
    #[must_use]
    pub fn goodness(&self, evaluation: usize) -> Option<f64> {
        self.history.goodness(evaluation)
    }

    /// Orders evaluations by how good they are; undefined ones are the worst and equal.
    #[must_use]
    pub fn compare(&self, one: usize, other: usize) -> std::cmp::Ordering {
        self.history.compare(one, other)
    }

    /// The first of the best of these evaluations.
    pub fn best_of(&self, evaluations: impl IntoIterator<Item = usize>) -> Option<usize> {
        evaluations.into_iter().reduce(|best, other| if self.compare(other, best).is_gt() { other } else { best })
    }

    /// These evaluations, the best first, as the judge sees them among themselves alone: an aggregate compares no others. Undefined
    /// ones come last; equal ones stay in their order.
    ///
    /// # Errors
    /// If their readings do not fit the judge.
    pub fn ordered_among(&self, evaluations: &[usize]) -> Result<Vec<usize>, SearchError> {
        let goodness = self.history.goodness_among(evaluations, &self.by.judge, &self.directions)?;
        let mut ordered: Vec<(usize, f64)> =
            evaluations.iter().zip(goodness).map(|(number, goodness)| (*number, goodness.unwrap_or(f64::NEG_INFINITY))).collect();
        ordered.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Ok(ordered.into_iter().map(|(number, _)| number).collect())
    }

    /// What the architecture of an evaluation costs to use; none if that is not known, or was not asked for.
    ///
    /// # Panics
    /// If there is no evaluation of this number.
    #[must_use]
    pub fn cost(&self, evaluation: usize) -> Option<f64> {
        self.cost.as_ref().and_then(|cost| cost.of(&self.history()[evaluation].architecture))?.value()
    }

    /// The first evaluation of an architecture, or of one that is the same, after the judge's first training, if there was one.
    #[must_use]
    pub fn find(&self, architecture: &Subspace) -> Option<usize> {
        self.history.first(0, self.space().representative(architecture))
    }

    /// Those of these architectures that were not evaluated yet after the judge's first training: of those that are the same, the
    /// first.
    pub fn unseen(&self, architectures: impl IntoIterator<Item = Subspace>) -> Vec<Subspace> {
        let mut seen = HashSet::new();
        let mut is_new = |architecture: &Subspace| {
            let representative = self.space().representative(architecture);
            self.history.first(0, representative.clone()).is_none() && seen.insert(representative)
        };
        architectures.into_iter().filter(|architecture| is_new(architecture)).collect()
    }

    /// The best evaluation: of those after the longest training that any had, the first of the best.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.history.best()
    }

    /// The architecture of the best evaluation.
    ///
    /// # Errors
    /// If no evaluation is defined, or the budget did not allow any.
    pub fn found(&self) -> Result<Subspace, SearchError> {
        let history = self.history();
        match self.best() {
            Some(best) if self.goodness(best).is_some() => Ok(history[best].architecture.clone()),
            Some(_) => {
                let first = &history[0].readings;
                Err(SearchError::Impossible(format!(
                    "none of the {} architectures has a score by {}; the first is {}",
                    history.len(),
                    self.by.judge,
                    first.iter().find(|reading| reading.value().is_none()).unwrap_or(&first[0])
                )))
            }
            None => Err(SearchError::Impossible(format!("the budget of {} does not pay for one evaluation", self.by.budget))),
        }
    }

    /// Says how many epochs are to come, by the time that those so far took, where seconds limit them.
    fn expect_the_seconds_left(&mut self) {
        let (Some(limit), Spent { seconds, epochs, .. }) = (self.by.budget.seconds, self.spent) else { return };
        if epochs > 0 && seconds > 0.0 {
            self.laboratory.expect(((limit - seconds).max(0.0) / seconds * epochs as f64).ceil() as usize);
        }
    }

    /// The epochs that evaluating each of these takes, one after the other; nothing where none is trained.
    fn epochs_of(&self, training: usize, architectures: &[Subspace]) -> Option<Vec<usize>> {
        let mut last: HashMap<&Subspace, usize> = HashMap::new();
        let epochs = |architecture| {
            let before = last.insert(architecture, training).or_else(|| self.last.get(architecture).copied());
            self.by.judge.epochs(training, before)
        };
        architectures.iter().map(epochs).collect()
    }

    /// Evaluates these at once, as far as the budget goes.
    fn evaluate_together(&mut self, training: usize, architectures: &[Subspace]) -> Result<(), SearchError> {
        let mut affordable = architectures.len();
        if let Some(limit) = self.by.budget.evaluations {
            affordable = affordable.min(limit - self.spent.evaluations);
        }
        if let Some(cost) = &mut self.cost {
            cost.look_up(self.laboratory, &architectures[..affordable])?;
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
        let epochs = self.epochs_of(training, &architectures[..affordable]);
        if let (Some(limit), Some(epochs)) = (self.by.budget.epochs, &epochs) {
            let mut total = self.spent.epochs;
            let paid = |epochs: &&usize| {
                total += **epochs;
                total <= limit
            };
            let paid = epochs.iter().take_while(paid).count();
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
            self.spent.epochs += epochs.as_ref().map_or(0, |epochs| epochs[position]);
            self.last.insert(architecture.clone(), training);
            let means = self.directions.iter().zip(readings.chunks(judge.repeats()));
            let readings = means.map(|(direction, repeats)| Score::of(*direction, repeats).reading).collect();
            let representative = self.space().representative(architecture);
            self.history.push(Evaluation { architecture: architecture.clone(), training, readings, gpu_seconds }, representative);
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

    /// Adds an evaluation to the trajectory.
    fn record(&mut self, number: usize) -> Result<(), SearchError> {
        let history = self.history.evaluations();
        let Evaluation { architecture, training, readings, gpu_seconds } = &history[number];
        let after = self.history.best().map_or(architecture, |best| &history[best].architecture).clone();
        let labels = self.by.judge.labels(*training).into_iter().map(str::to_owned);
        let mut readings: Vec<(String, Reading)> = labels.zip(readings.iter().cloned()).collect();
        if let (Some(cost), Some((column, _))) = (gpu_seconds, self.by.judge.cost(*training)) {
            readings.push((column.column.clone(), Reading::Value(*cost)));
        }
        if let Some(cost) = &self.cost {
            cost.add_to(&mut readings, architecture);
        }
        let title = format!("{} {}", self.title, number + 1);
        self.laboratory.record(Step { title, before: architecture.clone(), after, candidates: Vec::new(), readings })
    }
}
