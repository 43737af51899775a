//! `connection-sensitivity`: Σ |w · ∂L/∂w|ᵖ over the weights of convolutions and linear layers, which for p = 1 is SNIP (Lee et
//! al., ICLR 2019), as a shared library.

use assay_plugin_sdk::graph::ParameterRole;
use assay_plugin_sdk::{Asking, Error, Measured, Objective, Proxy, Reading, Setting, Settings, Wanted, export};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default)]
struct Sensitivity {
    power: f64,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self { power: 1.0 }
    }
}

impl Proxy for Sensitivity {
    const NAME: &'static str = "connection-sensitivity";
    const SUMMARY: &'static str = "sum of |weight · loss gradient| to a power (after SNIP, Lee et al., ICLR 2019)";
    const SETTINGS: &'static [Setting] = &[Setting::number("power", 0.0, 4.0, "1", "the power of each product")];

    fn new(settings: &Settings) -> Result<Self, Error> {
        settings.parse()
    }

    fn protocol(&self) -> String {
        format!("Σ |w · ∂L/∂w|^{}, cross-entropy", self.power)
    }

    fn ask(&self, _: usize, pass: &Asking<'_>) -> Result<(), Error> {
        pass.gradients(Objective::CROSS_ENTROPY, Wanted::Parameters)
    }

    fn score(&self, passes: &[Measured<'_>]) -> Result<Reading, Error> {
        let pass = &passes[0];
        let mut score = 0.0;
        for position in 0..pass.parameter_count()? {
            let parameter = pass.parameter(position)?;
            if parameter.role == ParameterRole::Weight {
                let gradient = pass.parameter_gradient(Objective::CROSS_ENTROPY, position)?;
                let products = parameter.values.iter().zip(gradient).map(|(weight, gradient)| (f64::from(*weight) * gradient).abs());
                score += if self.power == 1.0 { products.sum::<f64>() } else { products.map(|product| product.powf(self.power)).sum() };
            }
        }
        Ok(Reading::Value(score))
    }
}

export! { proxies: [Sensitivity] }
