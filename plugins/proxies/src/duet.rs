//! `duet`: size and the spread of depths together, over a set of architectures: a score to search by.
//!
//! **What it measures.** The sum of `live-params` and `depth-spread`, each divided by its largest absolute value in the set: how many
//! parameters lie on a path from input to output, and how much longer the longest path is than the shortest. More is better.
//! **Source.** Our own, not published: chosen by the procedure of `docs/score.md` to lead searches, not to rank
//! architectures: `quartet` is for that. That page says what it reaches and where it fails.
//! **Cost.** None to speak of: it counts, and reads no image.
//! **Undefined** where a component is: where no path joins input and output.

use assay_core::plugin::{Aggregate, Component, NoSettings, Rule, SettingsError};

assay_core::register! {
    Aggregate,
    name: "duet",
    summary: "sum of live-params and depth-spread, each over its largest, to search by (our own, unpublished: docs/score.md)",
    settings: NoSettings,
    build: |_| {
        let components = ["live-params", "depth-spread"].map(Component::new).to_vec();
        let made = Aggregate::new(components, Rule::NormalisedSum);
        Ok(Box::new(made.map_err(|error| SettingsError::new("components", error.to_string()))?))
    },
}
