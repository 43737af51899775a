//! Reads data saved by Python's `pickle`, and never runs any of it.
//!
//! A pickle is a program for Python's unpickler that may name and call any function. This reader runs none: it knows
//! the instructions that saved dictionaries, lists, numbers, texts and NumPy arrays need, recognises by name the few
//! functions and classes that hold plain data (`global.rs`), reduces each to such data, and refuses every other name.
//! PyTorch's tensors are recognised and passed over. (The crate serde-pickle drops an array's element type, cannot read
//! the arrays of protocol 5, and accepts or refuses unknown names as a whole.)
//!
//! [`Document::read`] reads a pickle in memory; [`read_entries`] one of gigabytes, an entry at a time.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod array;
mod document;
mod entries;
mod error;
mod global;
mod instruction;
mod machine;
mod memo;
mod node;
mod source;

pub use document::{Document, Value};
pub use entries::{EntryKey, read_entries, read_from};
pub use error::PickleError;

#[cfg(test)]
mod tests;
