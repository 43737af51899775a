//! `exhaustive`: evaluates every architecture of the space, and finds the best there is by the oracle.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};

assay_core::register! {
    dyn SearchStrategy,
    name: "exhaustive",
    summary: "every architecture of the space, in the order of the space's own numbers",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Exhaustive::new(settings)?)),
}

/// What `exhaustive` understands.
pub const SETTINGS: &[Setting] = &[SearchBy::ORACLE, Setting { default: Setting::said("no limit"), ..SearchBy::BUDGET }, EXCLUDE];

/// The largest space that is searched without a budget.
const LARGEST: u128 = 10_000_000;

/// Architectures that are measured in one go; the journal holds every measurement all the same.
const TOGETHER: usize = 4096;

/// The strategy.
#[derive(Clone, Debug)]
pub struct Exhaustive(Guide);

impl Exhaustive {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, or settings contradict each other.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Guide::without_limit(settings).map(Self)
    }
}

impl SearchStrategy for Exhaustive {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.0.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.0.by.columns()
    }

    fn protocol(&self) -> String {
        format!("exhaustive: all architectures {}", self.0.protocol())
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.0.exclusion.start(laboratory.space().layout())?;
        let numbers = laboratory.space().numbers(&allowed);
        if numbers > LARGEST && self.0.by.budget == assay_core::plugin::Budget::default() {
            return Err(SearchError::Impossible(format!(
                "the space has up to {numbers} architectures; without a `budget` at most {LARGEST} are searched exhaustively"
            )));
        }
        let mut oracle = Oracle::new(&self.0.by, laboratory, "evaluation")?;
        oracle.expect(usize::try_from(numbers).unwrap_or(usize::MAX));
        let mut next = 0;
        while next < numbers && !oracle.is_spent() {
            let end = numbers.min(next + TOGETHER as u128);
            let architectures: Vec<Subspace> = (next..end).filter_map(|number| oracle.space().architecture(&allowed, number)).collect();
            oracle.evaluate(&architectures)?;
            next = end;
        }
        oracle.found()
    }
}
