//! `best-of`: the best by a proxy of some architectures drawn uniformly. With the same draws as the built-in `random`, so that
//! both choose the same.

use assay_plugin_sdk::subspace::Subspace;
use assay_plugin_sdk::{Direction, Error, Laboratory, ProxyUse, Request, Setting, Settings, Step, Strategy};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default)]
pub struct BestOf {
    samples: u64,
    proxy: String,
}

impl Default for BestOf {
    fn default() -> Self {
        Self { samples: 10, proxy: "ntk-condition".into() }
    }
}

impl Strategy for BestOf {
    const NAME: &'static str = "best-of";
    const SUMMARY: &'static str = "the best of some architectures drawn uniformly, an example of a strategy that is loaded at run time";
    const SETTINGS: &'static [Setting] = &[
        Setting::integer("samples", 1, 1_000_000, "10", "architectures that are drawn"),
        Setting::text("proxy", "ntk-condition", "what scores them"),
    ];

    fn new(settings: &Settings) -> Result<Self, Error> {
        settings.parse()
    }

    fn proxies(&self) -> Vec<ProxyUse> {
        vec![ProxyUse::of(&self.proxy)]
    }

    fn protocol(&self) -> String {
        format!("best-of: best by {} of {} architectures", self.proxy, self.samples)
    }

    fn search(&self, laboratory: &Laboratory<'_>) -> Result<Subspace, Error> {
        let drawn = laboratory.draw(&Subspace::whole(laboratory.layout()), "samples", self.samples)?;
        laboratory.expect(drawn.len() as u64);
        let stream = String::from("oracle/repeat 1");
        let request = |architecture: &Subspace| Request {
            proxy: self.proxy.clone(),
            subspace: architecture.clone(),
            parameters: stream.clone(),
            images: stream.clone(),
        };
        let readings = laboratory.measure(&drawn.iter().map(request).collect::<Vec<_>>())?;
        let sign = if laboratory.direction(&self.proxy)? == Direction::LowerIsBetter { -1.0 } else { 1.0 };
        let mut best: Option<(f64, &Subspace)> = None;
        for (number, (architecture, reading)) in drawn.iter().zip(readings).enumerate() {
            if let Some(value) = reading.value()
                && best.is_none_or(|(most, _)| sign * value > most)
            {
                best = Some((sign * value, architecture));
            }
            let after = best.map_or(architecture, |(_, architecture)| architecture).clone();
            let readings = vec![(self.proxy.clone(), reading)];
            laboratory.record(&Step { title: format!("sample {}", number + 1), before: architecture.clone(), after, readings })?;
        }
        best.map(|(_, architecture)| architecture.clone()).ok_or_else(|| Error::new("no architecture that was drawn has a score"))
    }
}
