//! `combination`: an aggregate of the proxies that its user names.
//!
//! **What it measures.** What its components say together, under one of the rules of [`Rule`]. More is better.
//! **Source.** Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021 (vote); White, Khodak,
//! Tu, Shah, Bubeck, Dey: A Deeper Look at Zero-Cost Proxies for Lightweight NAS, ICLR Blog Track 2022.
//! **Cost.** That of its components.
//! **Undefined** where a component is.

use assay_core::plugin::{Aggregate, Component, Rule, SettingsError};

assay_core::settings! {
    /// The settings of the aggregate.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Combination {
        /// the proxies that are joined
        pub components: Vec<String>, must be given;
        /// one a component, greater than 0
        pub weights: Option<Vec<f64>>, otherwise "1 for each";
        /// how they are joined
        pub rule: Rule = Rule::RankSum;
    }
}

assay_core::register! {
    Aggregate,
    name: "combination",
    summary: "proxies of your choice, joined by rank sum, log-rank sum, vote, minimum, maximum, numeric or normalised sum",
    settings: Combination,
    build: |combination| Ok(Box::new(combination.aggregate()?)),
}

impl Combination {
    fn aggregate(self) -> Result<Aggregate, SettingsError> {
        let Self { components, weights, rule } = self;
        let weights = weights.unwrap_or_default();
        if !weights.is_empty() && weights.len() != components.len() {
            let problem = format!("needs one weight for each of the {} components, or none; has {}", components.len(), weights.len());
            return Err(SettingsError::new("weights", problem));
        }
        let weights = weights.into_iter().chain(std::iter::repeat(1.0));
        let components = components.into_iter().zip(weights).map(|(proxy, weight)| Component { proxy, weight });
        Aggregate::new(components.collect(), rule).map_err(|error| SettingsError::new("components", error.to_string()))
    }
}
