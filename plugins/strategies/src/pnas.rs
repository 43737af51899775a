//! `pnas`: a surrogate chooses what to evaluate while architectures are decided edge by edge (after Liu et al., "Progressive
//! Neural Architecture Search", ECCV 2018).
//!
//! PNAS grows cells block by block. The architectures of a space here have all their edges, so an edge that is not decided yet
//! has what a random base architecture has there. In each stage, every architecture of the beam is varied on the next edge,
//! the surrogate predicts all of these, the most promising are evaluated and are the next beam, and the surrogate learns from
//! them. After the last edge it begins again from another base, with what the surrogate knows. The surrogate is linear in the
//! operators of edges, where the paper has a recurrent network.
//!
//! With `blocks` the strategy is [`pnas-by-blocks`](#pnas-by-blocks), the paper's own search, on cells of `darts`.

use std::collections::HashSet;

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::edges::open_edges;
use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::Oracle;
use crate::parts::surrogate::Surrogate;
use crate::parts::variation::{draw, neighbours};

assay_core::register! {
    dyn SearchStrategy,
    name: "pnas",
    summary: "edge by edge, what a surrogate predicts to be best is evaluated (after Liu et al., ECCV 2018)",
    settings: Pnas,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Pnas {
        with guide: GuideSettings;
        /// architectures that are evaluated in each stage and varied in the next
        beam: usize = 5, in 1..=1_000_000;
    }
}

impl Method for Pnas {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        format!("pnas: {guide}, beam of {}, a linear surrogate", self.beam)
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("bases").rng();
        oracle.expect_whole_budget();
        let edges = open_edges(oracle.space(), allowed, &mut rng)?;
        while !oracle.is_spent() {
            let mut beam = vec![draw(oracle.space(), allowed, &mut rng)?];
            oracle.evaluate(&beam)?;
            for edge in &edges {
                let mut varied = beam.clone();
                for one in &beam {
                    let around = neighbours(oracle.space(), allowed, one).into_iter();
                    varied.extend(around.filter(|other| edge.chosen(other) != edge.chosen(one)));
                }
                varied.sort();
                let mut different = HashSet::new();
                varied.retain(|one| different.insert(oracle.space().representative(one)));
                // An aggregate ranks the earlier ones anew after each evaluation, so the surrogate learns from scratch.
                let mut surrogate = Surrogate::new(&edges);
                for (number, evaluation) in oracle.history().iter().enumerate() {
                    if let Some(goodness) = oracle.goodness(number) {
                        surrogate.see(&evaluation.architecture, goodness);
                    }
                }
                let fit = surrogate.fit();
                let known = |one: &Subspace| oracle.find(one).and_then(|number| oracle.goodness(number));
                let mut promising: Vec<(f64, Subspace)> =
                    varied.into_iter().map(|one| (known(&one).unwrap_or_else(|| fit.predict(&one)), one)).collect();
                promising.sort_by(|one, other| other.0.total_cmp(&one.0));
                beam = promising.into_iter().take(self.beam).map(|(_, one)| one).collect();
                let new = oracle.unseen(beam.iter().cloned());
                oracle.evaluate(&new)?;
                if oracle.is_spent() {
                    break;
                }
            }
        }
        Ok(())
    }
}
