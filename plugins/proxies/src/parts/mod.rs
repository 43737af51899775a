//! What several proxies are made of.

pub mod channels;
pub mod initial_network;
pub mod loss_gradient;
pub mod positive_network;
pub mod rescaled_network;
pub mod rewrite;
