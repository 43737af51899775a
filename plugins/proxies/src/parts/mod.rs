//! What several proxies are made of.

pub mod channels;
pub mod hyper_dual;
pub mod initial_network;
pub mod loss_gradient;
pub mod node_groups;
pub mod positive_network;
pub(crate) mod products;
pub mod rescaled_network;
pub mod rewrite;
