//! `az-complexity`: AZ-NAS's measure of size, the multiply-adds of one image.
//!
//! **What it measures.** What [`flops`](crate::flops) does.
//! **Source.** Lee, Ham: AZ-NAS, CVPR 2024, section 3.2; the released code takes it from the benchmark's table.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, StructuralProxy, Structure, ZeroCostProxy};
use assay_core::score::Reading;
use serde::Deserialize;

use crate::flops::Flops;
use crate::whole_network::SETTINGS;

/// Counts multiply-adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Complexity(pub Flops);

assay_core::register! {
    dyn ZeroCostProxy,
    name: "az-complexity",
    summary: "multiply-adds of one image, as a component of az-nas (AZ-NAS, Lee & Ham, CVPR 2024)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(settings.parse::<Complexity>()?)),
}

impl StructuralProxy for Complexity {
    fn protocol(&self) -> String {
        format!("az-complexity: {}", StructuralProxy::protocol(&self.0))
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        StructuralProxy::net(&self.0, dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        StructuralProxy::read(&self.0, structure)
    }
}
