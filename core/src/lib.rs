//! Assay's core: the contracts and the mechanism.
//!
//! The way of the data: a [`SearchSpace`](plugin::SearchSpace) lowers a [`Subspace`](subspace::Subspace) to a
//! [`Graph`](graph::Graph), which an initialiser turns into a [`Network`](network::Network); a
//! [`Dataset`](data::Dataset) gives [`Minibatch`](data::Minibatch)es; an [`Engine`](engine::Engine) measures the one
//! on the other for a [`ZeroCostProxy`](plugin::ZeroCostProxy), whose [`Reading`](score::Reading)s a
//! [`SearchStrategy`](plugin::SearchStrategy) searches by.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod data;
pub mod engine;
pub mod experiment;
pub mod network;
pub mod objective;
pub mod plugin;
pub mod stream;

pub use assay_structure::{graph, number, score, subspace, visible};

// For `register!`, `settings!` and `words!`, so that a plugin crate need not depend on these itself.
#[doc(hidden)]
pub use {inventory, serde, serde_json};
