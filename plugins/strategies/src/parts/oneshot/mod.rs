//! Searches whose architectures share weights: one network is trained, and searched inside.
//!
//! `steps` is what a step of each does, `method` what a search is made of, `search` the loop around it: images, draws, states that
//! are kept, and the choice at the end.

pub mod agents;
pub mod alphas;
pub mod cell_controller;
pub mod cell_policy;
pub mod charging;
pub mod choice;
pub mod controller;
pub mod curriculum;
pub mod evolution;
pub mod images;
pub mod learnt;
pub(crate) mod lstm;
pub mod method;
pub mod policy;
pub mod rewards;
pub mod search;
pub mod settings;
pub mod steps;
