//! `te-nas`: trainability and expressivity together, over a set of architectures.
//!
//! **What it measures.** The sum of the ranks by [`ntk-condition`](crate::ntk_condition), of which less is better, and
//! [`linear-regions`](crate::linear_regions). More is better.
//! **Source.** Chen, Gong, Wang: Neural Architecture Search on ImageNet in Four GPU Hours, ICLR 2021, section 3.3; other rules
//! of combination as in its table 5.
//! **Cost.** That of its components.
//! **Undefined** where a component is.

use assay_core::plugin::{Aggregate, Component, Rule, SettingsError};

assay_core::settings! {
    /// The settings of the aggregate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TeNas {
        /// how the two indicators are joined
        pub rule: Rule = Rule::RankSum;
    }
}

assay_core::register! {
    Aggregate,
    name: "te-nas",
    summary: "rank sum of the NTK's condition number and the number of linear regions (TE-NAS, Chen et al., ICLR 2021)",
    settings: TeNas,
    build: |te_nas| {
        let components = vec![Component::new("ntk-condition"), Component::new("linear-regions")];
        let made = Aggregate::new(components, te_nas.rule);
        Ok(Box::new(made.map_err(|error| SettingsError::new("rule", error.to_string()))?))
    },
}
