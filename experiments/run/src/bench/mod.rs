//! Where measurements are made and kept: the workbench measures or trains, the journal keeps, and the laboratory answers from both.

pub(crate) mod clock;
mod durable;
mod engines;
mod estimate;
pub mod forecast;
mod jobs;
pub mod journal;
pub(crate) mod laboratory;
mod lacking;
mod line;
mod measuring;
pub mod records;
mod spent;
pub(crate) mod stored;
mod timed;
pub(crate) mod trained;
pub mod workbench;
mod workshop;
