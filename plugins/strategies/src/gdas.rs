//! `gdas`: an architecture drawn by Gumbel noise on what mixes operators, for the weights and for what mixes (Dong & Yang, "Searching
//! for a Robust Neural Architecture in Four GPU Hours", CVPR 2019), as the codes of NATS-Bench and NAS-Bench-201 do it on cells that
//! share their architecture.
//!
//! The operators that were not drawn are scalars that are added: their value is 0, but they have a gradient, as if they had put out
//! ones. The paper's equations have their outputs, or nothing, in that place. The temperature falls from 10 to 0.1.

use assay_core::plugin::supernet::{Passed, PerChoice};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy};
use assay_core::stream::Stream;
use rand::RngExt;

use crate::parts::oneshot::method::{Ending, Method, Moment};
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{AlphaSettings, Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::{Course, Drawn, Images};

assay_core::register! {
    dyn SearchStrategy,
    name: "gdas",
    summary: "architectures drawn by Gumbel noise from a supernet, by gradients (Dong & Yang, CVPR 2019)",
    settings: Gdas,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Gdas {
        with training: TrainingSettings;
        with alpha: AlphaSettings;
        /// temperature of the first epoch
        temperature: f64 = 10.0, in 1e-6..=1e6;
        /// temperature of the last epoch
        final_temperature: f64 = 0.1, in 1e-6..=1e6;
    }
}

impl Gdas {
    /// The temperature of an epoch: from the first to the last in a line.
    fn temperature(&self, epoch: usize, epochs: usize) -> f64 {
        let over = if epochs > 1 { epoch as f64 / (epochs - 1) as f64 } else { 0.0 };
        self.temperature - (self.temperature - self.final_temperature) * over
    }
}

impl Method for Gdas {
    const NAME: &'static str = "gdas";

    type Policy = ();

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => Script::usual(250, Some(5.0)),
        }
    }

    fn protocol(&self) -> String {
        format!("temperature {} to {}, rate of α {}", self.temperature, self.final_temperature, self.alpha.rate(&self.script()))
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
        let temperature = self.temperature(moment.epoch, moment.epochs);
        let [for_weights, for_alphas] = ["noise of weights", "noise of alphas"].map(|purpose| drawn(course, moment, purpose, temperature));
        let images = Images { base: moment.base, arch: moment.arch.unwrap_or(moment.base) };
        Ok(course.gdas(images, [&for_weights, &for_alphas], moment.by, &self.alpha.rules(&self.script()))?.base)
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Largest
    }
}

/// An architecture by noise G = −ln E, E ~ Exp(1), that is drawn again where it is not a number.
fn drawn(course: &Course<'_>, moment: &Moment<'_>, purpose: &str, temperature: f64) -> Drawn {
    let mut rng = moment.stream.child(purpose).rng();
    loop {
        let zeros = PerChoice::filled(course.supernet.space().layout(), 0.0);
        // −ln(1 − u) is exponential for u in 0..1.
        let noise = PerChoice(
            zeros
                .0
                .iter()
                .map(|cell| cell.iter().map(|edge| edge.iter().map(|_| -(-(1.0 - rng.random::<f64>()).ln()).ln()).collect()).collect())
                .collect(),
        );
        let drawn = Drawn::by(course, &noise, temperature);
        if noise.numbers().all(f64::is_finite) && drawn.is_sound() {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temperature_falls_in_a_line() {
        let gdas = Gdas::default();
        let of = |epoch| gdas.temperature(epoch, 100);
        // The epochs of the published code's two records: τ 3.0 and 9.72 (to their digits).
        assert!((of(0) - 10.0).abs() < 1e-12 && (of(99) - 0.1).abs() < 1e-12 && (of(70) - 3.0).abs() < 1e-9);
        assert_eq!(gdas.temperature(0, 1), 10.0);
    }
}
