//! `freerea`: activation patterns, synaptic flow and the length of skip connections together, over a set of architectures.
//!
//! **What it measures.** The sum of `naswot`, `log-synflow` and `skip-length`, each divided by its largest absolute value in the set.
//! **Source.** Cavagnero, Robbiano, Caputo, Averta: FreeREA: Training-Free Evolution-based Architecture Search, WACV 2023, and its
//! released code, which draws weights by Kaiming's rule of outputs (`initialiser = "kaiming-normal-fan-out"`) and takes means of three
//! measurements. The search of the paper is the strategy of the same name.
//! **Cost.** That of its components.
//! **Undefined** where a component is.

use assay_core::plugin::{Aggregate, Component, NoSettings, Rule, SettingsError};

assay_core::register! {
    Aggregate,
    name: "freerea",
    summary: "sum of naswot, log-synflow and skip-length, each over its largest (FreeREA, Cavagnero et al., WACV 2023)",
    settings: NoSettings,
    build: |_| {
        let components = ["naswot", "log-synflow", "skip-length"].map(Component::new).to_vec();
        let made = Aggregate::new(components, Rule::NormalisedSum);
        Ok(Box::new(made.map_err(|error| SettingsError::new("components", error.to_string()))?))
    },
}
