//! `freerea`: evolution with ageing and crossover, led by a score that compares architectures with each other (Cavagnero, Robbiano,
//! Caputo, Averta, "FreeREA: Training-Free Evolution-based Architecture Search", WACV 2023, as its released code searches).
//!
//! A population drawn uniformly. In each step some of its members are drawn without replacement; the best two of them have three
//! children: each of two differs from a parent in one choice, and the third has each choice from one of the two parents. Then the
//! oldest member dies, and the best of the others stay. An architecture that is met again is as young as a child, and is not paid for again.
//! The score is the aggregate `freerea`, among those that are compared: the members drawn,
//! the population, or all that were met, of which the best is the result. By another oracle, architectures have the scores
//! that it gives them.
//!
//! The released code counts architectures that compute the same as different, and ends after 45 s of measuring, which is about 180
//! evaluations on its GPU. Where several members are equally old, the one that has been in the population longest dies; the
//! released code has no order there.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::{Rng, RngExt};

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::{Budget, Oracle, OracleSettings};
use crate::parts::variation::{crossed, draw, mutate};

/// After so many steps without an architecture that was not met before, nothing is left to find.
const STEPS_WITHOUT_NEWS: usize = 1000;

assay_core::register! {
    dyn SearchStrategy,
    name: "freerea",
    summary: "evolution with ageing and crossover by a training-free score (FreeREA, Cavagnero et al., WACV 2023)",
    settings: FreeRea,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct FreeRea {
        with guide: GuideSettings = GuideSettings {
            oracle: OracleSettings { aggregate: Some("freerea".into()), ..OracleSettings::default() },
            budget: Budget::of_evaluations(180),
            ..GuideSettings::default()
        };
        /// architectures alive
        population: usize = 100, in 2..=1_000_000;
        /// members drawn in each step, the best two of which have children
        tournament: usize = 25, in 2..=1_000_000;
    }
}

/// An architecture that is alive.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Its evaluation.
    evaluation: usize,
    /// The step in which it was met last.
    met: usize,
    /// Whether it can have children: those that are met the first time can after the step.
    is_born: bool,
}

impl Method for FreeRea {
    fn guide(&self) -> Result<Guide, SettingsError> {
        if self.tournament > self.population {
            let problem = format!("must be at most the population ({}), is {}", self.population, self.tournament);
            return Err(SettingsError::new("tournament", problem));
        }
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { population, tournament, .. } = self;
        format!("freerea: {guide}, population {population}, children of the best two of {tournament} drawn")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("evolution").rng();
        oracle.expect_whole_budget();
        let first = (0..self.population).map(|_| draw(oracle.space(), allowed, &mut rng)).collect::<Result<Vec<_>, _>>()?;
        let mut alive: Vec<Member> = Vec::new();
        meet(oracle, &mut alive, &first, 0)?;
        let (mut step, mut without_news) = (1, 0);
        while !oracle.is_spent() && alive.len() > 1 && without_news < STEPS_WITHOUT_NEWS {
            let before = oracle.history().len();
            if let Some(parents) = self.parents(oracle, &alive, &mut rng)? {
                let mut children = Vec::new();
                for parent in &parents {
                    children.push(mutate(oracle.space(), allowed, parent, &mut rng)?);
                }
                children.push(crossed(oracle.space(), &parents, &mut rng));
                meet(oracle, &mut alive, &children, step)?;
            }
            without_news = if oracle.history().len() > before { 0 } else { without_news + 1 };
            // A step goes on until there are too many.
            if alive.len() > self.population {
                self.select(oracle, &mut alive)?;
                step += 1;
            }
        }
        Ok(())
    }
}

impl FreeRea {
    /// The best two of those drawn that were not met in this step; nothing where there are no two.
    fn parents(&self, oracle: &Oracle<'_>, alive: &[Member], rng: &mut impl Rng) -> Result<Option<[Subspace; 2]>, SearchError> {
        let mut urn = alive.to_vec();
        let mut drawn: Vec<usize> = Vec::new();
        for _ in 0..self.tournament.min(urn.len()) {
            let member = urn.swap_remove(rng.random_range(0..urn.len()));
            drawn.extend(member.is_born.then_some(member.evaluation));
        }
        let best = oracle.ordered_among(&drawn)?;
        let architecture = |evaluation: usize| oracle.history()[evaluation].architecture.clone();
        Ok(match best[..] {
            [first, second, ..] => Some([architecture(first), architecture(second)]),
            _ => None,
        })
    }

    /// Lets the oldest die if there are too many, and then all but the best.
    fn select(&self, oracle: &Oracle<'_>, alive: &mut Vec<Member>) -> Result<(), SearchError> {
        let are_equally_old = alive.windows(2).all(|pair| pair[0].met == pair[1].met);
        let oldest = alive.iter().enumerate().min_by_key(|(_, member)| member.met).map(|(position, _)| position);
        if let Some(oldest) = oldest.filter(|_| !are_equally_old) {
            alive.remove(oldest);
        }
        if alive.len() > self.population {
            let all: Vec<usize> = alive.iter().map(|member| member.evaluation).collect();
            let mut best = oracle.ordered_among(&all)?;
            best.truncate(self.population);
            alive.retain(|member| best.contains(&member.evaluation));
        }
        alive.iter_mut().for_each(|member| member.is_born = true);
        Ok(())
    }
}

/// Evaluates those that were not evaluated before, as far as the budget goes, and lets all of them live, as young as this step.
fn meet(oracle: &mut Oracle<'_>, alive: &mut Vec<Member>, met: &[Subspace], step: usize) -> Result<(), SearchError> {
    let new = oracle.unseen(met.iter().cloned());
    oracle.evaluate(&new)?;
    for architecture in met {
        let Some(evaluation) = oracle.find(architecture) else { continue };
        match alive.iter_mut().find(|member| member.evaluation == evaluation) {
            Some(member) => member.met = step,
            None => alive.push(Member { evaluation, met: step, is_born: step == 0 || !new.contains(architecture) }),
        }
    }
    Ok(())
}
