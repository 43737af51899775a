//! The sources of this repository, as text: what the checks and the reference pages read of them.

mod lex;
mod registered;
mod tree;

pub(crate) use lex::{Token, lex, without_tests};
pub(crate) use registered::{KINDS, Registered, registered};
pub(crate) use tree::{File, Tree, is_test};
