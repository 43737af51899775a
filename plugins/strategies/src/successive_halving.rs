//! `successive-halving`: many architectures with the shortest training, the best of them with a longer one, and so on
//! (Jamieson and Talwalkar, AISTATS 2016), again and again until the budget is spent.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::halving::{HalvingSettings, bracket, expect};
use crate::parts::oracle::Oracle;
use crate::parts::variation::draw;

assay_core::register! {
    dyn SearchStrategy,
    name: "successive-halving",
    summary: "longer trainings for fewer architectures (Jamieson & Talwalkar, AISTATS 2016)",
    settings: SuccessiveHalving,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct SuccessiveHalving {
        with guide: GuideSettings;
        with halving: HalvingSettings;
        /// random architectures that get the shortest training, each time
        architectures: usize = 27, in 1..=1_000_000;
    }
}

impl Method for SuccessiveHalving {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_several_trainings()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { halving: HalvingSettings { eta }, architectures, .. } = self;
        format!("successive-halving: {guide}, {architectures} architectures at first, 1 in {eta} kept")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("architectures").rng();
        expect(oracle, &[(0, self.architectures)], self.halving.eta);
        while !oracle.is_spent() {
            let drawn = (0..self.architectures).map(|_| draw(oracle.space(), allowed, &mut rng)).collect::<Result<_, _>>()?;
            bracket(oracle, 0, drawn, self.halving.eta)?;
        }
        Ok(())
    }
}
