//! `setn`: weights learn on architectures drawn uniformly, what mixes operators on the mixture of all of them, and the supernet judges
//! the most probable ones (Dong & Yang, "One-Shot Neural Architecture Search via Self-Evaluated Template Network", ICCV 2019), as the
//! codes of NATS-Bench and NAS-Bench-201 do it.
//!
//! The paper samples the candidates from what was learnt; the codes take the most probable ones.

use assay_core::plugin::supernet::{Kept, Passed};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

use crate::parts::oneshot::alphas::Alphas;
use crate::parts::oneshot::choice::{most_probable, uniform};
use crate::parts::oneshot::method::{Ending, Method, Moment};
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{AlphaSettings, ChoiceSettings, Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "setn",
    summary: "a supernet judges the most probable of what it learnt by gradients (Dong & Yang, ICCV 2019)",
    settings: Setn,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Setn {
        with training: TrainingSettings;
        with alpha: AlphaSettings;
        with choice: ChoiceSettings;
    }
}

impl Method for Setn {
    const NAME: &'static str = "setn";

    type Policy = ();

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => Script::usual(250, None),
        }
    }

    fn protocol(&self) -> String {
        let script = self.script();
        format!("rate of α {}, {}", self.alpha.rate(&script), self.choice.protocol(&script))
    }

    fn alpha(&self) -> Option<&AlphaSettings> {
        Some(&self.alpha)
    }

    fn has_second(&self) -> bool {
        true
    }

    fn policy(&self, _: &dyn SearchSpace, _: &Stream) -> Result<(), SearchError> {
        Ok(())
    }

    fn step(&self, course: &mut Course<'_>, (): &mut (), moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let drawn = uniform(course.supernet.space().layout(), &mut moment.stream.child("architecture").rng());
        let passed = course.single(moment.base, Kept::Shared(&drawn), moment.by)?;
        course.mixed_alphas(moment.arch.unwrap_or(moment.base), &self.alpha.rules(&self.script()))?;
        Ok(passed)
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Judged(&self.choice)
    }

    fn left(&self, course: &Course<'_>, (): &()) -> Option<Alphas> {
        Some(course.alphas.clone())
    }

    fn candidates(&self, course: &Course<'_>, (): &(), _: &Stream) -> Vec<Subspace> {
        let probable = most_probable(course.supernet.space(), &course.alphas.values, self.choice.candidates);
        probable.into_iter().map(|(architecture, _)| architecture).collect()
    }
}
