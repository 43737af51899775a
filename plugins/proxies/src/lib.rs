//! Zero-cost proxies, one a file, named as users name it in experiment files. [`parts`] holds what several are made of.
//!
//! Link them with `use assay_proxies as _;`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod az_nas;
pub mod combination;
pub mod depth_spread;
pub mod dextr;
pub mod duet;
pub mod fisher;
pub mod flops;
pub mod freerea;
pub mod grad_norm;
pub mod gradsign;
pub mod grasp;
pub mod intrain;
pub mod jacob_cov;
pub mod l2_norm;
pub mod l_swag;
pub mod linear_regions;
pub mod live_params;
pub mod log_synflow;
pub mod meco;
pub mod naswot;
pub mod near;
pub mod ntk_condition;
pub mod one_shot;
pub mod params;
pub mod parts;
pub mod plain;
pub mod quartet;
pub mod recorded;
pub mod skip_length;
pub mod snip;
pub mod swap;
pub mod synflow;
pub mod synflow_bn;
pub mod te_nas;
pub mod trainable_layers;
pub mod vkdnw;
pub mod wrcor;
pub mod zen;
pub mod zico;
