//! `az-nas`: expressivity, progressivity, trainability and complexity together, over a set of architectures.
//!
//! **What it measures.** Σ ln(rank / m) over the four: a network has to be good in all of them. The first three read the
//! outputs of the network's [blocks](assay_core::graph::Graph::blocks) in one shared pass.
//! **Source.** Lee, Ham: AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search, CVPR 2024, Eq. 7, and the
//! released code for NAS-Bench-201: noise of the standard normal distribution enters the network, Kaiming normal weights.
//! **Cost.** That of its components.
//! **Undefined** where a component is. (The released code ranks those worst.)

mod complexity;
mod features;
mod trainability;

use assay_core::network::Initialiser;
use assay_core::plugin::{Aggregate, Component, NoSettings, Rule, SettingsError, Source, WholePass};

pub use complexity::Complexity;
pub use features::{Expressivity, Progressivity, entropies};
pub use trainability::{Trainability, ask_with, read_with};

assay_core::settings! {
    /// The pass that the proxies over blocks share: noise enters the network.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NoisePass {
        with pub pass: WholePass =
            WholePass { initialiser: Initialiser::KaimingNormalFanIn, images: Source::Normal, ..WholePass::default() };
    }
}

assay_core::register! {
    Aggregate,
    name: "az-nas",
    summary: "log-rank sum of expressivity, progressivity, trainability and complexity (AZ-NAS, Lee & Ham, CVPR 2024)",
    settings: NoSettings,
    build: |_| {
        let components = ["az-expressivity", "az-progressivity", "az-trainability", "az-complexity"].map(Component::new).to_vec();
        let made = Aggregate::new(components, Rule::LogRankSum);
        Ok(Box::new(made.map_err(|error| SettingsError::new("components", error.to_string()))?))
    },
}
