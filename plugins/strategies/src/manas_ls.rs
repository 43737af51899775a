//! `manas-ls`: an agent an edge draws what a supernet learns on, and least squares say what each operator adds to the loss (Lopes et
//! al., "MANAS: Multi-Agent Neural Architecture Search", Machine Learning 2024, as the text of arXiv 1909.01051 has it; no code was
//! found).
//!
//! As in `manas`, every agent draws an operator in each step, weights learn on the architecture of all of them, and its loss is
//! taken by other images. After so many steps the losses since the last time are taken to be sums of parts of operators, by least
//! squares of least norm, and each agent draws by the ranks of its operators: an operator of rank r has a probability
//! proportional to 1/r. In the end the agents draw the architecture.
//!
//! With `oracle` or `budget` the strategy is [`manas-ls-by-oracle`](#manas-ls-by-oracle).

use assay_core::plugin::supernet::{Passed, SharedNet};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy, SettingsError};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

use crate::parts::oneshot::agents::Agents;
use crate::parts::oneshot::alphas::Alphas;
use crate::parts::oneshot::method::{Ending, Method, Moment, operators_of_edges};
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "manas-ls",
    summary: "an agent an edge draws what a supernet learns on, by least squares of its losses (Lopes et al., 2024)",
    settings: ManasLs,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::forward! { dyn SearchStrategy, from: "manas-ls", given: ["oracle", "budget"], to: "manas-ls-by-oracle" }

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct ManasLs {
        with training: TrainingSettings;
        /// losses of which least squares are taken, which the paper does not give
        evaluations: usize = 100, in 1..=1_000_000;
    }
}

impl Method for ManasLs {
    const NAME: &'static str = "manas-ls";
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201, Code::Darts];

    type Policy = Agents;

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        Script::of_agents(self.training.code)
    }

    fn protocol(&self) -> String {
        format!("least squares of {} losses", self.evaluations)
    }

    fn check(&self, _: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        operators_of_edges(Self::NAME, net)
    }

    fn has_second(&self) -> bool {
        true
    }

    fn policy(&self, space: &dyn SearchSpace, _: &Stream) -> Result<Agents, SearchError> {
        Ok(Agents::uniform(space.layout()))
    }

    fn step(&self, course: &mut Course<'_>, policy: &mut Agents, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let (passed, drawn, loss) = policy.step(course, moment)?;
        policy.evaluations.push((drawn, loss));
        if policy.evaluations.len() >= self.evaluations {
            policy.least_squares(course.supernet.space().layout());
        }
        Ok(passed)
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Given
    }

    fn left(&self, course: &Course<'_>, policy: &Agents) -> Option<Alphas> {
        Some(policy.left(course.supernet.space().layout()))
    }

    fn candidates(&self, course: &Course<'_>, policy: &Agents, stream: &Stream) -> Vec<Subspace> {
        vec![policy.recommended(course.supernet.space(), stream)]
    }
}
