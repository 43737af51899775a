//! Files that are made here: what is wrong with one is told, and what is right is read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod axes;
mod bad_input;
mod functions;
mod making;
mod reading;
mod told;
