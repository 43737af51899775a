//! `darts`: all operators mixed by a softmax, which learns by gradients on other images than the weights (Liu, Simonyan & Yang, "DARTS:
//! Differentiable Architecture Search", ICLR 2019), as the codes of NATS-Bench and NAS-Bench-201 do it on their cells, and its own
//! on its space.
//!
//! The second order looks one weight step ahead. What its code has in place of the second derivative is a difference quotient, which
//! is part of the method: with ReLUs the two have little in common.

use assay_core::plugin::supernet::Passed;
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy};
use assay_core::stream::Stream;

use crate::parts::oneshot::method::{Ending, Method, Moment};
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{AlphaSettings, Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::{Course, Images, Unrolling};

/// ε of the difference quotient times the norm of its direction.
const REACH: f64 = 0.01;

assay_core::register! {
    dyn SearchStrategy,
    name: "darts",
    summary: "operators of a supernet mixed by a softmax that learns by gradients (Liu, Simonyan & Yang, ICLR 2019)",
    settings: Darts,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::words! {
    /// How far a step of α looks ahead.
    #[derive(Default)]
    pub enum Order {
        /// At the weights as they are.
        #[default]
        First = "first" as "first order",
        /// At the weights as one step would make them.
        Second = "second" as "second order",
    }
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Darts {
        with training: TrainingSettings;
        with alpha: AlphaSettings;
        /// whether what mixes operators looks one weight step ahead
        order: Order = Order::First;
    }
}

impl Method for Darts {
    const NAME: &'static str = "darts";
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201, Code::Darts];

    type Policy = ();

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 => Script::usual(50, Some(5.0)),
            Code::Darts | Code::Cnas => Script::of_darts(),
        }
    }

    fn protocol(&self) -> String {
        format!("{}, rate of α {}", self.order, self.alpha.alpha_rate)
    }

    fn has_second(&self) -> bool {
        true
    }

    fn policy(&self, _: &dyn SearchSpace, _: &Stream) -> Result<(), SearchError> {
        Ok(())
    }

    fn step(&self, course: &mut Course<'_>, (): &mut (), moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let images = Images { base: moment.base, arch: moment.arch.unwrap_or(moment.base) };
        let (by, alphas) = (moment.by, self.alpha.rules());
        Ok(match self.order {
            Order::First => course.darts_first(images, self.training.code == Code::Darts, by, &alphas)?.base,
            Order::Second => {
                let (TrainingSettings { momentum, code, .. }, decay) = (&self.training, self.training.decay(&self.script()));
                let unrolling = Unrolling { rate: by.rate, momentum: *momentum, decay, reach: REACH };
                course.darts_second(images, *code != Code::Nats, by, &unrolling, &alphas)?.0.base
            }
        })
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Largest
    }
}
