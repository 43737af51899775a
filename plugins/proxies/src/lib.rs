//! Zero-cost proxies, one a file, named as users name it in experiment files.
//!
//! Link them with `use assay_proxies as _;`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod az_nas;
pub mod combination;
pub mod fisher;
pub mod flops;
pub mod grad_norm;
pub mod gradsign;
pub mod grasp;
pub mod initial_network;
pub mod jacob_cov;
pub mod l2_norm;
pub mod linear_regions;
pub mod live_params;
pub mod log_synflow;
pub mod loss_gradient;
pub mod meco;
pub mod naswot;
pub mod ntk_condition;
pub mod params;
pub mod plain;
pub mod positive_network;
pub mod rescaled_network;
pub mod rewrite;
pub mod snip;
pub mod swap;
pub mod synflow;
pub mod synflow_bn;
pub mod te_nas;
pub mod trainable_layers;
pub mod whole_network;
pub mod whole_pass;
pub mod zen;
pub mod zico;
