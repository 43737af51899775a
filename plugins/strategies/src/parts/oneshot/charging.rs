//! Searches by MANAS's agents, which differ in how agents are charged with a loss.

use assay_core::plugin::supernet::{Passed, SharedNet};
use assay_core::plugin::{Declared, SearchError, SearchSpace, SettingsError};
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, Subspace};

use super::agents::Agents;
use super::alphas::Alphas;
use super::method::{Ending, Method, Moment, operators_of_edges};
use super::settings::{Code, Script, TrainingSettings};
use super::steps::Course;

/// One way of charging agents.
pub trait Charging: Declared + Send + Sync {
    /// The name of the search.
    const NAME: &'static str;

    /// How weights are trained.
    fn training(&self) -> &TrainingSettings;

    /// What is to be said of it in protocols, beside the training of weights.
    fn protocol(&self) -> String;

    /// Charges the agents with the loss of what they drew, in one of so many rounds.
    fn charge(&self, agents: &mut Agents, layout: &Layout, drawn: Subspace, loss: f64, rounds: usize);
}

impl<C: Charging> Method for C {
    const NAME: &'static str = C::NAME;
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201, Code::Darts];

    type Policy = Agents;

    fn training(&self) -> &TrainingSettings {
        Charging::training(self)
    }

    fn script(&self) -> Script {
        Script::of_agents(Charging::training(self).code)
    }

    fn protocol(&self) -> String {
        Charging::protocol(self)
    }

    fn check(&self, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        operators_of_edges(C::NAME, space, net)
    }

    fn has_second(&self) -> bool {
        true
    }

    fn policy(&self, space: &dyn SearchSpace, _: &Stream) -> Result<Agents, SearchError> {
        Ok(Agents::uniform(space.layout()))
    }

    fn step(&self, course: &mut Course<'_>, policy: &mut Agents, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let (passed, drawn, loss) = policy.step(course, moment)?;
        self.charge(policy, course.supernet.space().layout(), drawn, loss, moment.epochs * moment.steps);
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
