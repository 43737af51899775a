//! What spaces share that read architectures as papers, logs and other tools write them.

mod literal;
mod written;

pub(crate) use literal::{Kind, Reader, Value};
pub(crate) use written::{Written, short};
