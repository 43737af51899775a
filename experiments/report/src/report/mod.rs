//! Reports: what finished runs found, as a page, pictures and tables.
//!
//! A [`Run`] is read from its folder. Its [`content`] is a list of sections, tables and groups of charts, each with its
//! protocol line; the page shows them all, and each is also [written](write()) as files of its own. Equal runs give equal bytes.
//! What a report shows of a kind of run is a module of `chapter`.

mod assemble;
mod chapter;
mod content;
mod error;
mod page;
mod run;
mod table;
mod write;

pub use assemble::{Appearance, content};
pub use chapter::Found;
pub use chapter::search::Search;
pub use chapter::study::Study;
pub use content::{Content, Section, Table};
pub use error::ReportError;

pub use run::{Run, label};
pub use write::{Written, write};
