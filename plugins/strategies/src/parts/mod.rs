//! What strategies are made of; nothing here registers itself.

pub(crate) mod edges;
pub mod exclusion;
pub mod guided;
pub(crate) mod halving;
pub(crate) mod nsga2;
pub mod oneshot;
pub(crate) mod optimiser;
pub mod oracle;
pub(crate) mod policy;
pub(crate) mod predictor;
pub(crate) mod surrogate;
pub(crate) mod variation;
