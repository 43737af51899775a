//! Reading a user's table cell by cell, with the place of every cell, and storing a checked one.

mod check;
mod held;
mod layout;
mod lock;
mod read;
mod seal;
mod store;
mod values;

pub(crate) use assay_parquet::Cell;
pub(crate) use check::{Checked, figures};
pub(crate) use held::Held;
pub(crate) use layout::{Column, Content, Layout, runs_of};
pub(crate) use lock::Lock;
pub(crate) use read::{RawTable, content, is_parquet, text};
pub(crate) use store::{encode, keep, store};
pub(crate) use values::{ABSENT, Values, single};
