//! A distribution over architectures: on every edge a softmax over its operators, independent of the other edges.
//!
//! In spaces whose architectures leave edges empty, `empty` is one more alternative of every edge. Where not every
//! combination is an architecture, the distribution is conditioned on being one; see [`Policy::draw`].

use assay_core::plugin::{SearchError, SearchSpace};
use assay_core::subspace::{OperatorSet, Subspace};
use rand::{Rng, RngExt};

use super::edges::{OpenEdge, open_edges};
use super::oracle::Oracle;
use super::variation::{draw, mutate};

/// After this many draws, no combination is taken to be an architecture.
const TRIES: usize = 100_000;

/// Steps that decorrelate a draw from the one before it, where combinations cannot be drawn edge by edge.
const WALK: usize = 200;

/// An architecture that was drawn and evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) architecture: Subspace,
    /// How good it is; more is better.
    pub(crate) reward: f64,
}

/// Logits for every edge.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    edges: Vec<OpenEdge>,
    allowed: Subspace,
    leaves_empty: bool,
    /// One list an edge, one logit an alternative.
    pub(crate) logits: Vec<Vec<f64>>,
    /// Where the walk stands, in spaces that need one.
    walker: Option<Subspace>,
}

impl Policy {
    /// Uniform on every edge.
    pub(crate) fn uniform(space: &dyn SearchSpace, allowed: &Subspace, rng: &mut impl Rng) -> Result<Self, SearchError> {
        let edges = open_edges(space, allowed, rng)?;
        let logits = edges.iter().map(|edge| vec![0.0; edge.alternatives()]).collect();
        let leaves_empty = edges.iter().any(|edge| edge.alternatives.contains(&None));
        Ok(Self { edges, allowed: allowed.clone(), leaves_empty, logits, walker: None })
    }

    /// Confines the distribution to a subspace that holds those it was confined to before. Operators that join are as likely as
    /// the mean of those that are there.
    pub(crate) fn confine(&mut self, allowed: &Subspace) {
        for (edge, logits) in self.edges.iter().zip(&mut self.logits) {
            let kept = allowed.kept(edge.cell, edge.edge);
            let is_in = |set: OperatorSet, alternative: usize| edge.alternatives[alternative].is_none_or(|operator| set.contains(operator));
            let known: Vec<f64> =
                (0..logits.len()).filter(|own| logits[*own].is_finite() && is_in(kept, *own)).map(|own| logits[own]).collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            for (alternative, logit) in logits.iter_mut().enumerate() {
                *logit = match is_in(kept, alternative) {
                    true if logit.is_finite() => *logit,
                    true => mean,
                    false => f64::NEG_INFINITY,
                };
            }
        }
        self.allowed = allowed.clone();
    }

    /// The probabilities of an edge's alternatives.
    pub(crate) fn probabilities(&self, edge: usize) -> Vec<f64> {
        softmax(&self.logits[edge])
    }

    /// The edges.
    pub(crate) fn edges(&self) -> &[OpenEdge] {
        &self.edges
    }

    /// Which alternative an architecture has on each edge; an edge that has none of them is left out of every gradient.
    pub(crate) fn chosen(&self, architecture: &Subspace) -> Vec<Option<usize>> {
        self.edges.iter().map(|edge| edge.chosen(architecture)).collect()
    }

    /// Σ over edges of the logarithm of the probability of what the architecture has there.
    #[cfg(test)]
    pub(crate) fn log_probability(&self, chosen: &[Option<usize>]) -> f64 {
        let of = |(edge, chosen): (usize, &Option<usize>)| chosen.map_or(0.0, |chosen| self.probabilities(edge)[chosen].ln());
        chosen.iter().enumerate().map(of).sum()
    }

    /// The gradient of [`log_probability`](Self::log_probability) by the logits: 1 for what was chosen, less its probability.
    pub(crate) fn log_probability_gradient(&self, chosen: &[Option<usize>]) -> Vec<Vec<f64>> {
        let of = |(edge, chosen): (usize, &Option<usize>)| {
            let Some(chosen) = chosen else { return vec![0.0; self.logits[edge].len()] };
            let probabilities = self.probabilities(edge).into_iter().enumerate();
            probabilities.map(|(alternative, probability)| f64::from(u8::from(alternative == *chosen)) - probability).collect()
        };
        chosen.iter().enumerate().map(of).collect()
    }

    /// The gradient of the entropy, Σ over edges of −Σ p ln p, by the logits: −p (ln p + H).
    pub(crate) fn entropy_gradient(&self) -> Vec<Vec<f64>> {
        let of = |edge: usize| {
            let probabilities = self.probabilities(edge);
            let entropy: f64 = probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            probabilities.into_iter().map(|p| if p > 0.0 { -p * (p.ln() + entropy) } else { 0.0 }).collect()
        };
        (0..self.edges.len()).map(of).collect()
    }

    /// Has an architecture that is drawn from the distribution evaluated; none if its reward is undefined, so that
    /// nothing can be learnt from it, or if the budget does not pay for it.
    pub(crate) fn try_one(&mut self, oracle: &mut Oracle<'_>, rng: &mut impl Rng) -> Result<Option<Trial>, SearchError> {
        let architecture = self.draw(oracle.space(), rng)?;
        let evaluated = oracle.evaluate(std::slice::from_ref(&architecture))?;
        let reward = evaluated.last().and_then(|number| oracle.goodness(number));
        Ok(reward.map(|reward| Trial { architecture, reward }))
    }

    /// An architecture drawn from the distribution, conditioned on being an architecture.
    ///
    /// Each edge is drawn independently, again and again until the result is an architecture. Where edges may be empty, nearly
    /// every draw would fail: there, a Metropolis walk goes from neighbour to neighbour, and its limit is the distribution
    /// (Metropolis et al., Journal of Chemical Physics 1953).
    ///
    /// # Errors
    /// If no architecture is met.
    pub(crate) fn draw(&mut self, space: &dyn SearchSpace, rng: &mut impl Rng) -> Result<Subspace, SearchError> {
        if self.leaves_empty {
            return self.walk(space, rng);
        }
        let probabilities: Vec<Vec<f64>> = (0..self.edges.len()).map(|edge| self.probabilities(edge)).collect();
        for _ in 0..TRIES {
            let mut cells = self.allowed.cells().to_vec();
            for (edge, probabilities) in self.edges.iter().zip(&probabilities) {
                let operator = edge.alternatives[pick(probabilities, rng)];
                cells[edge.cell][edge.edge] = operator.into_iter().collect();
            }
            let drawn = Subspace::new(space.layout(), cells);
            if space.is_architecture(&drawn) {
                return Ok(drawn);
            }
        }
        Err(SearchError::Impossible(format!("none of {TRIES} combinations of operators, drawn edge by edge, was an architecture")))
    }

    fn walk(&mut self, space: &dyn SearchSpace, rng: &mut impl Rng) -> Result<Subspace, SearchError> {
        let logarithms: Vec<Vec<f64>> = (0..self.edges.len())
            .map(|edge| self.probabilities(edge).into_iter().map(|p| p.max(f64::MIN_POSITIVE).ln()).collect())
            .collect();
        let weight = |architecture: &Subspace| -> f64 {
            self.edges.iter().zip(&logarithms).filter_map(|(edge, logs)| edge.chosen(architecture).map(|chosen| logs[chosen])).sum()
        };
        let mut here = match self.walker.take() {
            Some(here) => here,
            None => draw(space, &self.allowed, rng)?,
        };
        for _ in 0..WALK {
            // Every architecture of such a space has equally many neighbours, so the proposal is symmetric.
            let there = mutate(space, &self.allowed, &here, rng)?;
            if rng.random::<f64>().ln() < weight(&there) - weight(&here) {
                here = there;
            }
        }
        self.walker = Some(here.clone());
        Ok(here)
    }
}

/// The position that a draw from these probabilities falls on.
pub(crate) fn pick(probabilities: &[f64], rng: &mut impl Rng) -> usize {
    let mut rest = rng.random::<f64>() * probabilities.iter().sum::<f64>();
    let position = probabilities.iter().position(|probability| {
        rest -= probability;
        rest < 0.0
    });
    position.unwrap_or(probabilities.len() - 1)
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use assay_core::stream::Stream;
    use assay_spaces::nas_bench_201::NasBench201;

    use super::*;

    fn policy() -> (NasBench201, Policy) {
        let space = NasBench201::new();
        let mut rng = Stream::new(3, "policy").rng();
        let mut policy = Policy::uniform(&space, &Subspace::whole(space.layout()), &mut rng).unwrap();
        policy.logits.iter_mut().flatten().for_each(|logit| *logit = rng.random::<f64>() * 4.0 - 2.0);
        (space, policy)
    }

    /// The derivative of `value` by every logit, by central differences.
    fn differences(policy: &Policy, value: impl Fn(&Policy) -> f64) -> Vec<Vec<f64>> {
        let moved = |edge: usize, alternative: usize, by: f64| {
            let mut policy = policy.clone();
            policy.logits[edge][alternative] += by;
            value(&policy)
        };
        let derivative = |edge: usize, alternative: usize| (moved(edge, alternative, 1e-5) - moved(edge, alternative, -1e-5)) / 2e-5;
        policy.logits.iter().enumerate().map(|(edge, logits)| (0..logits.len()).map(|of| derivative(edge, of)).collect()).collect()
    }

    fn assert_close(found: &[Vec<f64>], expected: &[Vec<f64>]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_gradients_of_log_probability_and_entropy_equal_finite_differences() {
        let (space, mut policy) = policy();
        let drawn = policy.draw(&space, &mut Stream::new(4, "draw").rng()).unwrap();
        let chosen = policy.chosen(&drawn);
        assert_close(&policy.log_probability_gradient(&chosen), &differences(&policy, |policy| policy.log_probability(&chosen)));
        let entropy = |policy: &Policy| {
            let of = |edge: usize| policy.probabilities(edge).iter().map(|p| -p * p.ln()).sum::<f64>();
            (0..policy.edges.len()).map(of).sum()
        };
        assert_close(&policy.entropy_gradient(), &differences(&policy, entropy));
    }

    #[test]
    fn operators_are_drawn_as_often_as_their_probabilities_say() {
        let (space, mut policy) = policy();
        let mut rng = Stream::new(5, "draws").rng();
        let mut counts: Vec<Vec<f64>> = policy.logits.iter().map(|logits| vec![0.0; logits.len()]).collect();
        for _ in 0..20_000 {
            let drawn = policy.draw(&space, &mut rng).unwrap();
            for (counts, chosen) in counts.iter_mut().zip(policy.chosen(&drawn)) {
                counts[chosen.unwrap()] += 1.0;
            }
        }
        for (edge, counts) in counts.iter().enumerate() {
            for (count, probability) in counts.iter().zip(policy.probabilities(edge)) {
                // Five standard deviations.
                let deviation = (20_000.0 * probability * (1.0 - probability)).sqrt();
                assert!((count - 20_000.0 * probability).abs() < 5.0 * deviation, "{count} of {probability}");
            }
        }
    }
}
