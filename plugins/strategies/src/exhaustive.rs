//! `exhaustive`: evaluates every architecture of the space, and finds the best there is by the oracle.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::{Budget, Oracle};

assay_core::register! {
    dyn SearchStrategy,
    name: "exhaustive",
    summary: "every architecture of the space, in the order of the space's own numbers",
    settings: Exhaustive,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

/// The largest space that is searched without a budget.
const LARGEST: u128 = 10_000_000;

/// Architectures that are measured in one go; the journal holds every measurement all the same.
const TOGETHER: usize = 4096;

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Exhaustive {
        with guide: GuideSettings = GuideSettings { budget: Budget::default(), ..GuideSettings::default() };
    }
}

impl Method for Exhaustive {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.without_limit()
    }

    fn protocol(&self, guide: &Guide) -> String {
        format!("exhaustive: all architectures {guide}")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let numbers = oracle.space().numbers(allowed);
        if numbers > LARGEST && oracle.budget() == Budget::default() {
            return Err(SearchError::Impossible(format!(
                "the space has up to {numbers} architectures; without a `budget` at most {LARGEST} are searched exhaustively"
            )));
        }
        oracle.expect(usize::try_from(numbers).unwrap_or(usize::MAX));
        let mut next = 0;
        while next < numbers && !oracle.is_spent() {
            let end = numbers.min(next + TOGETHER as u128);
            let architectures = (next..end).filter_map(|number| oracle.space().architecture(allowed, number));
            let different = oracle.unseen(architectures);
            oracle.evaluate(&different)?;
            next = end;
        }
        Ok(())
    }
}
