//! The kinds of run, one module each: what its folder holds, its chapter, and how several of the kind stand side by side.
//!
//! A kind's module implements [`Reported`](found::Reported) for its summary and [`Shown`](found::Shown) for what it reads.
//! Nothing else of a report knows which kinds there are.

mod comparison;
mod found;
pub(super) mod search;
mod shard;
pub(super) mod study;
mod training;

pub use found::Found;
pub(super) use found::comparison_of;
