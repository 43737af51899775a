//! Searches whose architectures share weights: one network is trained, and searched inside.
//!
//! `steps` is what a step of each does, `search` the loop around it: images, draws, states that are kept, and the choice at the end.

pub mod alphas;
pub mod choice;
pub mod controller;
pub mod images;
mod lstm;
pub mod policy;
pub mod rewards;
pub mod search;
pub mod settings;
pub mod steps;
