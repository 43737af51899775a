//! Benchmarks that answer from a table: [`WholeSpace`] has every architecture of its space and many columns, [`SomeOfSpace`]
//! has some architectures and one accuracy.

mod on_demand;
mod some_of_space;
mod whole_space;

pub(crate) use some_of_space::{Records, SETTINGS, Sample, SomeOfSpace, import, rows};
pub(crate) use whole_space::WholeSpace;
