//! Importing ground truth from the files in which it was published.
#![allow(clippy::unwrap_used)]

mod analog;
mod archive;
mod fuzz;
mod hardware;
mod json;
mod nats_bench;
mod pickler;
mod place;
mod torch;
mod transnas;
