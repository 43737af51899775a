//! `manas-ls-by-oracle`: the agents of `manas-ls`, one bandit an edge, with an oracle in the place of shared weights (after Lopes et
//! al., "MANAS: Multi-Agent Neural Architecture Search", Machine Learning 2024). `name = "manas-ls"` with `oracle` or `budget` means
//! this strategy too.
//!
//! As in `manas-by-oracle`, every edge's agent chooses an operator by itself. Here least squares over everything evaluated finds out
//! which edge earned what, and choices are drawn by Zipf's law: an operator of rank r, by its credit, has a probability
//! proportional to 1/r.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::Oracle;
use crate::parts::policy::{Policy, Trial};
use crate::parts::surrogate::Surrogate;

assay_core::register! {
    dyn SearchStrategy,
    name: "manas-ls-by-oracle",
    summary: "one bandit an edge, credited by least squares, and an oracle judges: a simplification of MANAS-LS (after Lopes et al., 2024)",
    settings: ManasLsByOracle,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct ManasLsByOracle {
        with guide: GuideSettings;
    }
}

/// Logits of 1/rank, the largest part first; of equals, the earlier operator.
fn zipf(parts: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| parts[*other].total_cmp(&parts[*one]));
    let mut logits = vec![0.0; parts.len()];
    (1_u32..).zip(order).for_each(|(rank, operator)| logits[operator] = -f64::from(rank).ln());
    logits
}

impl Method for ManasLsByOracle {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        format!("manas-ls: {guide}")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("agents").rng();
        oracle.expect_whole_budget();
        let mut policy = Policy::uniform(oracle.space(), allowed, &mut rng)?;
        let mut surrogate = Surrogate::new(policy.edges());
        while !oracle.is_spent() {
            let Some(Trial { architecture, reward }) = policy.try_one(oracle, &mut rng)? else { continue };
            surrogate.see(&architecture, reward);
            let fit = surrogate.fit();
            let edges = 0..policy.edges().len();
            policy.logits = edges.map(|edge| zipf(fit.parts(edge))).collect();
        }
        Ok(())
    }
}
