//! `manas`: an agent an edge draws what a supernet learns on, and is charged with the loss of it (Lopes et al., "MANAS: Multi-Agent
//! Neural Architecture Search", Machine Learning 2024, as the text of arXiv 1909.01051 has it; no code was found).
//!
//! In each step every agent draws an operator, weights take a step on the architecture of all of them, and its loss by other images,
//! with the new weights and the batch's own statistics, is added over the probability of what was drawn to what each agent charges
//! its operator with (EXP3). In the end the agents draw the architecture. As printed, the agents prefer what is charged with more;
//! losses are charged here, so what is charged with less is preferred. The paper does not give η; the default is that of EXP3 for a
//! known number of rounds (Bubeck & Cesa-Bianchi, Foundations and Trends in Machine Learning 2012; recalled, not checked).
//!
//! The paper has cells that differ, with agents of their own; here cells of one kind have their architecture and so their agents in
//! common, as the space has them: 6 agents on NAS-Bench-201. On the space of DARTS each node keeps the two edges whose drawn
//! operators are most likely, which the paper does not say.
//!
//! With `oracle` or `budget` the strategy is [`manas-by-oracle`](#manas-by-oracle).

use assay_core::plugin::SearchStrategy;
use assay_core::subspace::{Layout, Subspace};

use crate::parts::oneshot::agents::Agents;
use crate::parts::oneshot::charging::Charging;
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::TrainingSettings;

assay_core::register! {
    dyn SearchStrategy,
    name: "manas",
    summary: "an agent an edge draws what a supernet learns on, by EXP3 (Lopes et al., 2024)",
    settings: Manas,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::forward! { dyn SearchStrategy, from: "manas", given: ["oracle", "budget"], to: "manas-by-oracle" }

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Manas {
        with training: TrainingSettings;
        /// what a charge takes from the logarithm of a probability, which the paper does not give
        eta: Option<f64>, otherwise "√(2 ln K / (K T)), with K operators and T steps, which bounds the regret of losses from 0 to 1", in 1e-12..=1e6;
    }
}

impl Manas {
    fn eta(&self, operators: usize, rounds: usize) -> f64 {
        let (operators, rounds) = (operators as f64, rounds.max(1) as f64);
        self.eta.unwrap_or_else(|| (2.0 * operators.ln() / (operators * rounds)).sqrt())
    }
}

impl Charging for Manas {
    const NAME: &'static str = "manas";

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn protocol(&self) -> String {
        self.eta.map_or_else(|| "EXP3, η by the number of steps".to_owned(), |eta| format!("EXP3, η {eta}"))
    }

    fn charge(&self, agents: &mut Agents, layout: &Layout, drawn: Subspace, loss: f64, rounds: usize) {
        agents.exp3(&drawn, loss, self.eta(layout.operators.len(), rounds));
    }
}
