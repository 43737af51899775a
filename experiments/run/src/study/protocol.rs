//! Under which conditions a study holds, in one line.

use super::truth::Target;
use super::{StudyRun, made::Made};
use crate::RunError;

impl StudyRun {
    /// Space and architectures, targets and their version, repeats, images, proxies, seed, engine, ties.
    pub(super) fn protocol(&self, targets: &[Target]) -> Result<String, RunError> {
        let trained = self.made.as_ref().map_or(Ok(String::new()), |made| self.training(made).map(|training| format!("; {training}")))?;
        let aggregates: String = self.aggregates.iter().map(|(name, aggregate)| format!("; {name}: {}", aggregate.protocol())).collect();
        Ok(format!(
            "space {} ({}); {}{trained}; {}{aggregates}; ties: τ-b and weighted τ discount them, ρ takes mean ranks, the rest its \
             expectation over tie-breaking; architectures of undefined score are left out and counted",
            self.experiment.space.name,
            self.selection.description,
            self.truth.describe(targets),
            self.scored(),
        ))
    }

    /// How scores came about: repeats, images, proxies, seed, engine; or where they were read.
    fn scored(&self) -> String {
        let repeats = match self.study.repeats {
            1 => "1 measurement of each".into(),
            several => format!("mean of {several} measurements of each (structural proxies: 1)"),
        };
        let Some(stored) = &self.stored else { return format!("{repeats}; {}", self.workbench.protocol()) };
        format!("{repeats}; {}", self.workbench.protocol_of(stored))
    }

    /// Its targets, for protocols.
    pub(super) fn described_targets(&self) -> Result<Vec<Target>, RunError> {
        match &self.made {
            Some(made) => Ok(made.described()),
            None => self.truth.targets(&self.selection.texts()),
        }
    }

    /// How its architectures are trained, in one line.
    pub(super) fn training(&self, made: &Made) -> Result<String, RunError> {
        made.trainings.describe(self.workbench.dataset.as_ref())
    }
}
