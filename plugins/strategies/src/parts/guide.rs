//! What strategies that ask an oracle have in common: who judges, what may be spent, and where the search begins.

use assay_core::plugin::{Setting, Settings, SettingsError, ValueKind};
use serde::Deserialize;

use crate::parts::exclusion::Exclusion;
use crate::parts::oracle::{Budget, Judge, SearchBy};

/// Oracle, budget and the operators left out.
#[derive(Clone, Debug)]
pub(crate) struct Guide {
    pub(crate) by: SearchBy,
    pub(crate) exclusion: Exclusion,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    exclude: Option<Vec<String>>,
}

/// The setting `exclude`, where nothing is left out by default.
pub(crate) const EXCLUDE: Setting = Setting {
    name: "exclude",
    kind: ValueKind::Texts,
    default: Setting::said("[]"),
    help: "operators that no architecture of the search has",
};

impl Guide {
    /// Reads the settings `oracle`, `budget` and `exclude`, for a strategy that evaluates after one training only.
    pub(crate) fn from(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { by: SearchBy::from(settings)?.limited()?.of_one_training()?, exclusion: Exclusion::new(excluded(settings)?, &[]) })
    }

    /// The same, without a limit where none is given.
    pub(crate) fn without_limit(settings: &Settings) -> Result<Self, SettingsError> {
        let by = SearchBy::or_else(settings, || Judge::proxy("ntk-condition"), Budget::default())?.of_one_training()?;
        Ok(Self { by, exclusion: Exclusion::new(excluded(settings)?, &[]) })
    }

    /// The same, for a strategy that chooses between trainings.
    pub(crate) fn of_trainings(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { by: SearchBy::from(settings)?.limited()?.of_several_trainings()?, exclusion: Exclusion::new(excluded(settings)?, &[]) })
    }

    /// `by synflow within 500 evaluations, every operator`.
    pub(crate) fn protocol(&self) -> String {
        format!("{}, {}", self.by, self.exclusion.protocol())
    }
}

fn excluded(settings: &Settings) -> Result<Option<Vec<String>>, SettingsError> {
    settings.parse::<Given>().map(|given| given.exclude)
}
