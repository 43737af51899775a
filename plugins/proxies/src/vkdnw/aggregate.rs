//! `vkdnw-agg`: VKDNW's single score, Jacobian correlation, expressivity, trainability and size together, over a set of architectures.
//!
//! **What it measures.** Σ ln(rank / m) over `vkdnw-single`, `jacob-cov`, `az-expressivity`, `az-trainability` and `flops`.
//! **Source.** Tybl, Neumann: VKDNW, CVPR 2025, and its released notebook for NAS-Bench-201, which draws weights for `jacob-cov` by
//! Kaiming's rule, too: give `[proxies.jacob-cov] initialiser = "kaiming-normal-fan-in"`. It ranks the pair of tensors and entropy
//! without gaps where values are equal; ours share the mean of their ranks.
//! **Cost.** That of its components.
//! **Undefined** never, unless `undefined = "undefined"`: the notebook ranks what is undefined worst.

use assay_core::plugin::{Aggregate, Component, Missing, Rule, SettingsError};

assay_core::settings! {
    /// The settings of the aggregate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VkdnwAgg {
        /// what an architecture with an undefined component is: the worst by that component (the released notebook), or undefined
        pub undefined: Missing = Missing::Worst;
    }
}

assay_core::register! {
    Aggregate,
    name: "vkdnw-agg",
    summary: "log-rank sum of vkdnw-single, jacob-cov, expressivity, trainability and FLOPs (VKDNW, Tybl & Neumann, CVPR 2025)",
    settings: VkdnwAgg,
    build: |settings| {
        let components = ["vkdnw-single", "jacob-cov", "az-expressivity", "az-trainability", "flops"].map(Component::new).to_vec();
        let made = Aggregate::new(components, Rule::LogRankSum).map(|aggregate| aggregate.with_missing(settings.undefined));
        Ok(Box::new(made.map_err(|error| SettingsError::new("components", error.to_string()))?))
    },
}
