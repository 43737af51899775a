//! Reading a user's table cell by cell, with the place of every cell, and storing a checked one.

mod check;
mod layout;
mod read;
mod store;

pub(crate) use check::Checked;
pub(crate) use layout::{Column, Content, Layout, runs_of};
pub(crate) use read::{Cell, RawTable, content, is_parquet, text};
pub(crate) use store::{encode, keep, store};
