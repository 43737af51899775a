//! `random`: the best of a few architectures drawn uniformly, the baseline every search has to beat.
//!
//! The architectures are different ones; all are measured with the same draws, so that they differ by what
//! they are and not by what they drew. "Neural Architecture Search without Training" (Mellor et al., ICML 2021) searches
//! like this. By default `none` is never drawn, which leaves the 4,096 cells of NAS-Bench-201 that TE-NAS searches.

use assay_core::plugin::{
    ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind, draw_architectures,
};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::exclusion::Exclusion;
use crate::parts::oracle::{Budget, Judge, Oracle, SearchBy};

assay_core::register! {
    dyn SearchStrategy,
    name: "random",
    summary: "the best by an oracle of a few architectures drawn uniformly: the baseline",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Random::new(settings)?)),
}

/// What `random` understands.
pub const SETTINGS: &[Setting] = &[
    Setting { default: Setting::said("{ proxy = `proxy`, repeats = `repeats` }"), ..SearchBy::ORACLE },
    Setting { default: Setting::said("{ evaluations = `samples` }"), ..SearchBy::BUDGET },
    Setting {
        name: "samples",
        kind: ValueKind::Integer { min: 1, max: 10_000_000 },
        default: Setting::said("10"),
        help: "different architectures that are drawn and scored",
    },
    Setting {
        name: "proxy",
        kind: ValueKind::Text,
        default: Setting::said("ntk-condition"),
        help: "what scores them; its own settings stand in [proxies.NAME]",
    },
    Setting {
        name: "repeats",
        kind: ValueKind::Integer { min: 1, max: 10_000 },
        default: Setting::said("1"),
        help: "measurements of each architecture, whose mean counts",
    },
    Setting { name: "exclude", kind: ValueKind::Texts, default: Setting::said("[\"none\"]"), help: "operators that are never drawn" },
];

/// Architectures that are drawn at once where the budget does not say how many it pays for.
const FIRST_DRAW: usize = 64;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    samples: Option<usize>,
    proxy: Option<String>,
    repeats: Option<usize>,
    exclude: Option<Vec<String>>,
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Random {
    by: SearchBy,
    /// Where the user asked for so many different ones, and not for what a budget pays.
    samples: Option<usize>,
    exclusion: Exclusion,
}

impl Random {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, or two say the same thing.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let Given { samples, proxy, repeats, exclude } = settings.parse()?;
        let has = |key: &str| settings.iter().any(|(own, _)| own == key);
        for (short, long) in [("samples", "budget"), ("proxy", "oracle"), ("repeats", "oracle")] {
            if has(short) && has(long) {
                return Err(SettingsError::new(short, format!("`{long}` already says this; remove one of them")));
            }
        }
        let judge = || Judge::Proxy { proxy: proxy.unwrap_or_else(|| "ntk-condition".into()), repeats: repeats.unwrap_or(1) };
        let samples = (!has("budget")).then_some(samples.unwrap_or(10));
        let by = SearchBy::or_else(settings, judge, Budget { evaluations: samples, ..Budget::default() })?.limited()?.of_one_training()?;
        Ok(Self { by, samples, exclusion: Exclusion::new(exclude, &["none"]) })
    }
}

impl SearchStrategy for Random {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.by.columns()
    }

    fn protocol(&self) -> String {
        match self.samples {
            Some(samples) => format!("random: best by {} of {samples} architectures of {}", self.by.judge, self.exclusion.protocol()),
            None => format!("random: best {} of architectures of {}", self.by, self.exclusion.protocol()),
        }
    }

    /// Searches. Each step of the trajectory goes from the architecture drawn to the best so far.
    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.by, laboratory, "sample")?;
        let stream = oracle.stream("samples");
        let mut wanted = self.by.budget.evaluations.unwrap_or(FIRST_DRAW);
        let mut evaluated = 0;
        while !oracle.is_spent() {
            let drawn = draw_architectures(oracle.space(), &allowed, wanted, &stream);
            if let Some(samples) = self.samples.filter(|samples| drawn.len() < *samples) {
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
        oracle.found()
    }
}
