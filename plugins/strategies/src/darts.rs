//! `darts`: all operators mixed by a softmax, which learns by gradients on other images than the weights (Liu, Simonyan & Yang, "DARTS:
//! Differentiable Architecture Search", ICLR 2019), as the codes of NATS-Bench and NAS-Bench-201 do it on their cells, and its own
//! on its space.
//!
//! The second order looks one weight step ahead. What its code has in place of the second derivative is a difference quotient, which
//! is part of the method: with ReLUs the two have little in common.
//!
//! UnNAS (Liu et al., "Are Labels Necessary for Neural Architecture Search?", ECCV 2020) is its first order with a schedule of its own
//! and, by the setting `objective`, without labels. Its code searches on ImageNet and on Cityscapes; that the images of a step of α are
//! drawn anew for each step, as DARTS's own code has it, is recalled of it and was not checked.

use assay_core::plugin::supernet::{Passed, SharedNet};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy, SettingsError};
use assay_core::stream::Stream;

use crate::parts::oneshot::method::{Ending, Method, Moment, operators_of_edges};
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
        /// epochs in which weights learn alone, by all operators mixed as they are
        alpha_from: Option<usize>, otherwise "0, as the code of UnNAS has it 1", in 0..=100_000;
    }
}

impl Darts {
    /// Epochs before what mixes operators learns.
    fn alpha_from(&self) -> usize {
        self.alpha_from.unwrap_or(self.script().alpha_from)
    }
}

impl Method for Darts {
    const NAME: &'static str = "darts";
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201, Code::Darts, Code::Unnas];

    type Policy = ();

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 => Script::usual(50, Some(5.0)),
            Code::Darts | Code::Cnas | Code::Spos => Script::of_darts(),
            Code::Unnas => Script::of_unnas(self.training.objective),
        }
    }

    fn check(&self, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        operators_of_edges(Self::NAME, space, net)?;
        let (epochs, first) = (self.epochs(space), self.alpha_from());
        if first < epochs {
            return Ok(());
        }
        let most = epochs.saturating_sub(1);
        let problem = format!("must be {most} at the most, or nothing would be learned of operators in {epochs} epochs; is {first}");
        Err(SettingsError::new("alpha_from", problem))
    }

    fn protocol(&self) -> String {
        let first = match self.alpha_from() {
            0 => String::new(),
            first => format!(" from epoch {}", first + 1),
        };
        format!("{}, rate of α {}{first}", self.order, self.alpha.rate(&self.script()))
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
        let images = Images { base: moment.base, arch: moment.arch.unwrap_or(moment.base) };
        let (by, alphas) = (moment.by, self.alpha.rules(&self.script()));
        if moment.epoch < self.alpha_from() {
            return Ok(course.mixed_alone(moment.base, by)?.0);
        }
        Ok(match self.order {
            Order::First => course.darts_first(images, matches!(self.training.code, Code::Darts | Code::Unnas), by, &alphas)?.base,
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
