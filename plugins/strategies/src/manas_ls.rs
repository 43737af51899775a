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

use assay_core::plugin::SearchStrategy;
use assay_core::subspace::{Layout, Subspace};

use crate::parts::oneshot::agents::Agents;
use crate::parts::oneshot::charging::Charging;
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::TrainingSettings;

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

impl Charging for ManasLs {
    const NAME: &'static str = "manas-ls";

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn protocol(&self) -> String {
        format!("least squares of {} losses", self.evaluations)
    }

    fn charge(&self, agents: &mut Agents, layout: &Layout, drawn: Subspace, loss: f64, _: usize) {
        agents.evaluations.push((drawn, loss));
        if agents.evaluations.len() >= self.evaluations {
            agents.least_squares(layout);
        }
    }
}
