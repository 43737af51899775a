//! `hyperband`: successive halving with every compromise between many architectures and long trainings (Li et al.,
//! "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018), again and again until the budget
//! is spent.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::halving::{HalvingSettings, bracket, brackets, expect};
use crate::parts::oracle::Oracle;
use crate::parts::variation::draw;

assay_core::register! {
    dyn SearchStrategy,
    name: "hyperband",
    summary: "successive halving that begins with shorter and longer trainings (Li et al., JMLR 2018)",
    settings: Hyperband,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Hyperband {
        with guide: GuideSettings;
        with halving: HalvingSettings;
    }
}

impl Method for Hyperband {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_several_trainings()
    }

    fn protocol(&self, guide: &Guide) -> String {
        format!("hyperband: {guide}, 1 in {} kept", self.halving.eta)
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("architectures").rng();
        expect(oracle, &brackets(oracle.trainings(), self.halving.eta), self.halving.eta);
        while !oracle.is_spent() {
            for (from, count) in brackets(oracle.trainings(), self.halving.eta) {
                let drawn = (0..count).map(|_| draw(oracle.space(), allowed, &mut rng)).collect::<Result<_, _>>()?;
                bracket(oracle, from, drawn, self.halving.eta)?;
            }
        }
        Ok(())
    }
}
