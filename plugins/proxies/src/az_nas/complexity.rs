//! `az-complexity`: AZ-NAS's measure of size, the multiply-adds of one image.
//!
//! **What it measures.** What [`flops`](crate::flops) does.
//! **Source.** Lee, Ham: AZ-NAS, CVPR 2024, section 3.2; the released code takes it from the benchmark's table.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

use crate::flops::Flops;

/// Counts multiply-adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complexity(pub Flops);

assay_core::register! {
    Proxy,
    name: "az-complexity",
    summary: "multiply-adds of one image, as a component of az-nas (AZ-NAS, Lee & Ham, CVPR 2024)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(Complexity(Flops(network))))),
}

impl StructuralProxy for Complexity {
    fn unit(&self) -> Option<&'static str> {
        Some("multiply-adds")
    }

    fn protocol(&self) -> String {
        format!("az-complexity: {}", self.0.protocol())
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        self.0.read(structure)
    }
}
