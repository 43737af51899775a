//! Kinds of chart, one a file: what each is drawn from, and how.

pub(crate) mod band;
pub(crate) mod bars;
pub(crate) mod curve;
pub(crate) mod forest;
pub(crate) mod heat;
pub(crate) mod pareto;
pub(crate) mod scatter;

#[cfg(test)]
mod tests;
