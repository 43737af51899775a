//! What strategies are made of; nothing here registers itself.

pub(crate) mod exclusion;
pub(crate) mod guide;
pub(crate) mod halving;
pub(crate) mod nsga2;
pub mod oracle;
pub(crate) mod policy;
pub(crate) mod surrogate;
pub(crate) mod variation;
