//! The statistics of one proxy against one target.

use assay_core::score::{Direction, Reading, Score};
use assay_core::stream::Stream;
use assay_results::correlation::{Correlation, RANDOM};
use assay_statistics::interval::Bootstrap;
use assay_statistics::spread::spread;
use assay_statistics::top::{self, TopFraction};
use assay_statistics::{Pairs, PairsError, Sample, kendall, partial, pearson, spearman, weighted};

use super::truth::Target;
use crate::RunError;

/// The share of resamples between the ends of an interval.
const LEVEL: f64 = 0.95;

/// The scores of one proxy, by architecture.
#[derive(Clone)]
pub(super) struct Scores {
    pub(super) label: String,
    /// The mean over repeats; larger is better.
    pub(super) mean: Vec<Option<f64>>,
    /// By repeat; larger is better.
    pub(super) repeats: Vec<Vec<Option<f64>>>,
}

impl Scores {
    /// From the readings of each architecture.
    pub(super) fn new(label: &str, direction: Direction, readings: &[Vec<Reading>]) -> Self {
        let sign = match direction {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        };
        let value = |reading: &Reading| reading.value().map(|value| sign * value);
        let mean = readings.iter().map(|readings| value(&Score::of(direction, readings).reading)).collect();
        let count = readings.first().map_or(0, Vec::len);
        let repeats = (0..count).map(|repeat| readings.iter().map(|readings| value(&readings[repeat])).collect()).collect();
        Self { label: label.to_owned(), mean, repeats }
    }
}

/// What all rows of a study share.
pub(super) struct Conditions<'a> {
    pub(super) k: usize,
    /// Resamples; 0 for no interval.
    pub(super) bootstrap: usize,
    pub(super) stream: Stream,
    /// The values of `live-params`, one an architecture, if all have one.
    pub(super) given: Option<&'a [f64]>,
}

/// The architectures that a target has a value of, and those values, larger ones better.
struct Known {
    positions: Vec<usize>,
    values: Vec<f64>,
}

impl Known {
    fn of(target: &Target) -> Self {
        let values = target.oriented().into_iter().enumerate();
        let (positions, values) = values.filter_map(|(position, value)| Some((position, value?))).unzip();
        Self { positions, values }
    }

    /// What belongs to these architectures of what belongs to all.
    fn pick<T: Copy>(&self, all: &[T]) -> Vec<T> {
        self.positions.iter().map(|position| all[*position]).collect()
    }

    fn sample(&self, scores: &[Option<f64>]) -> Result<Sample, RunError> {
        Sample::new(&self.pick(scores), &self.values).map_err(unpaired)
    }
}

fn unpaired(error: PairsError) -> RunError {
    RunError::Result(error.to_string())
}

/// Of one proxy.
pub(super) fn of_proxy(scores: &Scores, target: &Target, conditions: &Conditions<'_>) -> Result<Correlation, RunError> {
    let known = Known::of(target);
    let sample = known.sample(&scores.mean)?;
    let pairs = sample.pairs();
    let partial_tau_b = match conditions.given {
        Some(given) => sample.along(&known.pick(given)).and_then(|given| partial::kendall(pairs, &given)).map_err(unpaired)?,
        None => None,
    };
    let interval = match conditions.bootstrap {
        0 => None,
        // Resamples of two all agree, where they are not undefined.
        _ if pairs.len() < Correlation::LEAST_WITH_INTERVAL => None,
        resamples => {
            let bootstrap = Bootstrap::new(resamples, LEVEL, conditions.stream.clone());
            bootstrap.map_err(|error| RunError::Result(error.to_string()))?.interval(pairs, kendall::tau_b)
        }
    };
    let by_repeat = |repeat: &Vec<Option<f64>>| Ok(kendall::tau_b(known.sample(repeat)?.pairs()));
    let spread = match scores.repeats.as_slice() {
        [] | [_] => None,
        several => spread(&several.iter().map(by_repeat).collect::<Result<Vec<_>, RunError>>()?),
    };
    Ok(Correlation {
        proxy: scores.label.clone(),
        target: target.column.clone(),
        title: target.title.clone(),
        architectures: pairs.len(),
        undefined: sample.undefined(),
        tau_b: kendall::tau_b(pairs),
        tau_b_interval: interval,
        tau_b_spread: spread,
        rho: spearman::rho(pairs),
        weighted_tau: weighted::tau_h(pairs),
        pearson: pearson::r(pairs),
        tau_b_top_10_percent: top::tau_b(pairs, TopFraction::TENTH),
        tau_b_top_1_percent: top::tau_b(pairs, TopFraction::HUNDREDTH),
        precision_at_k: top::precision(pairs, conditions.k),
        ndcg_at_k: top::ndcg(pairs, conditions.k),
        regret: top::regret(pairs).filter(|_| target.is_accuracy()),
        partial_tau_b,
    })
}

/// Of random choice: expectations over all orders, which are equally likely. Every correlation is 0, since an order and
/// its reverse cancel; the others are those of a score that is the same for all, whose ties are broken at random.
pub(super) fn of_random_choice(target: &Target, conditions: &Conditions<'_>) -> Result<Correlation, RunError> {
    let known = Known::of(target);
    let pairs = Pairs::new(&vec![0.0; known.values.len()], &known.values).map_err(unpaired)?;
    let none = Some(0.0);
    Ok(Correlation {
        proxy: RANDOM.into(),
        target: target.column.clone(),
        title: target.title.clone(),
        architectures: pairs.len(),
        undefined: 0,
        tau_b: none,
        tau_b_interval: None,
        tau_b_spread: None,
        rho: none,
        weighted_tau: none,
        pearson: none,
        tau_b_top_10_percent: none,
        tau_b_top_1_percent: none,
        precision_at_k: top::precision(&pairs, conditions.k),
        ndcg_at_k: top::ndcg(&pairs, conditions.k),
        regret: top::regret(&pairs).filter(|_| target.is_accuracy()),
        partial_tau_b: none,
    })
}
