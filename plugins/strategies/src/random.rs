//! `random`: the best of a few architectures drawn uniformly, the baseline every search has to beat.
//!
//! The architectures are different ones; all are measured with the same draws, so that they differ by what
//! they are and not by what they drew. "Neural Architecture Search without Training" (Mellor et al., ICML 2021) searches
//! like this. By default `none` is never drawn, which leaves the 4,096 cells of NAS-Bench-201 that TE-NAS searches.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError, draw_architectures};
use assay_core::subspace::Subspace;

use crate::parts::exclusion::Exclusion;
use crate::parts::guided::{Guide, Guided, Method};
use crate::parts::oracle::{Budget, Judge, Oracle, OracleSettings, SearchBy};

assay_core::register! {
    dyn SearchStrategy,
    name: "random",
    summary: "the best by an oracle of a few architectures drawn uniformly: the baseline",
    settings: Random,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Random {
        /// who judges: { proxy = … }, { proxies = …, rule = … }, { aggregate = … }, { table = …, cost = … } or { train = … }
        oracle: Option<OracleSettings>, otherwise "{ proxy = `proxy`, repeats = `repeats` }";
        /// what may be spent; the first limit that is reached ends the search
        budget: Option<Budget>, otherwise "{ evaluations = `samples` }";
        /// different architectures that are drawn and scored
        samples: Option<usize>, otherwise "10, without `budget`", in 1..=10_000_000;
        /// what scores them; its own settings stand in `[proxies.NAME]`
        proxy: Option<String>, otherwise "\"ntk-condition\", without `oracle`";
        /// measurements of each architecture, whose mean counts
        repeats: Option<usize>, otherwise "1, without `oracle`", in 1..=10_000;
        /// operators that are never drawn
        exclude: Option<Vec<String>>, otherwise "[\"none\"], where the space has it";
    }
}

/// Architectures that are drawn at once where the budget does not say how many it pays for.
const FIRST_DRAW: usize = 64;

impl Random {
    /// How many different architectures the user asked for; none where a budget says what is paid for.
    fn samples(&self) -> Option<usize> {
        self.budget.is_none().then(|| self.samples.unwrap_or(10))
    }
}

impl Method for Random {
    const STEP: &'static str = "sample";

    fn guide(&self) -> Result<Guide, SettingsError> {
        let twice = [
            ("samples", self.samples.is_some(), "budget", self.budget.is_some()),
            ("proxy", self.proxy.is_some(), "oracle", self.oracle.is_some()),
            ("repeats", self.repeats.is_some(), "oracle", self.oracle.is_some()),
        ];
        if let Some((short, _, long, _)) = twice.into_iter().find(|(_, short, _, long)| *short && *long) {
            return Err(SettingsError::new(short, format!("`{long}` already says this; remove one of them")));
        }
        let proxy = || self.proxy.clone().unwrap_or_else(|| "ntk-condition".into());
        let judge = || Ok(Judge::Proxy { proxy: proxy(), repeats: self.repeats.unwrap_or(1) });
        let judge = self.oracle.as_ref().map_or_else(judge, OracleSettings::judge)?;
        let budget = self.budget.unwrap_or(Budget { evaluations: self.samples(), ..Budget::default() });
        let scores = self.oracle.as_ref().and_then(|oracle| oracle.scores.clone());
        let by = SearchBy::new(judge, budget)?.reading(scores)?.limited()?.of_one_training()?;
        Ok(Guide { by, exclusion: Exclusion::or_default(self.exclude.clone(), &["none"]) })
    }

    fn protocol(&self, Guide { by, exclusion }: &Guide) -> String {
        match self.samples() {
            Some(samples) => format!("random: best by {} of {samples} architectures of {exclusion}", by.judge),
            None => format!("random: best {by} of architectures of {exclusion}"),
        }
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let stream = oracle.stream("samples");
        let mut wanted = oracle.budget().evaluations.unwrap_or(FIRST_DRAW);
        let mut evaluated = 0;
        while !oracle.is_spent() {
            let drawn = draw_architectures(oracle.space(), allowed, wanted, &stream);
            if let Some(samples) = self.samples().filter(|samples| drawn.len() < *samples) {
                return Err(SearchError::Impossible(format!(
                    "`samples`: {samples} different architectures were asked for, but the space holds only {}",
                    drawn.len()
                )));
            }
            oracle.expect(drawn.len() - evaluated);
            oracle.evaluate(&drawn[evaluated..])?;
            if drawn.len() < wanted {
                break;
            }
            // A longer draw begins with the shorter one.
            (evaluated, wanted) = (wanted, 2 * wanted);
        }
        Ok(())
    }
}
