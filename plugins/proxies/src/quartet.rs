//! `quartet`: depth, synaptic flow, distinct channels and expressivity together, over a set of architectures.
//!
//! **What it measures.** The sum of the ranks by `trainable-layers`, `log-synflow`, `meco` and `az-expressivity`: how deep the network
//! is where its output depends on it, how much flows over its weights, how little its channels repeat each other, and how varied its
//! features are. More is better.
//! **Source.** Our own, not published: chosen by the procedure of `docs/score.md` among 1,574 candidates, by what ranks unlike spaces
//! (NAS-Bench-201, DARTS, NAS-Bench-101) at once. That page says what it reaches and where it fails.
//! **Cost.** That of its components: a pass forward and back over one image of ones, one over one image, and one forward over a minibatch.
//! **Undefined** never, unless `undefined = "undefined"`: what has an undefined component is ranked last by it.

use assay_core::plugin::{Aggregate, Component, Missing, Rule, SettingsError};

assay_core::settings! {
    /// The settings of the aggregate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Quartet {
        /// what an architecture with an undefined component is: the worst by that component, or undefined
        pub undefined: Missing = Missing::Worst;
    }
}

assay_core::register! {
    Aggregate,
    name: "quartet",
    summary: "rank sum of trainable-layers, log-synflow, meco and az-expressivity (our own, unpublished: docs/score.md)",
    settings: Quartet,
    build: |settings| {
        let components = ["trainable-layers", "log-synflow", "meco", "az-expressivity"].map(Component::new).to_vec();
        let made = Aggregate::new(components, Rule::RankSum).map(|aggregate| aggregate.with_missing(settings.undefined));
        Ok(Box::new(made.map_err(|error| SettingsError::new("components", error.to_string()))?))
    },
}
