//! Reports and pictures of finished runs, out of their folders alone.
//!
//! A run folder holds all that a report shows. So nothing here knows a plugin, opens a benchmark's table or measures anything,
//! and a report stays the same when the plugins and tables of its run are gone.
//!
//! ```
//! use assay_report::{Appearance, Run, content, write};
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/training");
//! # let output = tempfile::tempdir()?;
//! # let output = output.path();
//!
//! // The folder of a finished run, such as one that `assay train` made.
//! let run = Run::read(folder.as_ref())?;
//! let content = content(&[run], &Appearance::default())?;
//! let tables: Vec<&str> = content.sections().filter(|section| section.table().is_some()).map(|section| &*section.name).collect();
//! assert_eq!(tables, ["result", "epochs"]);
//!
//! let written = write(&content, output)?;
//! assert!(std::fs::read_to_string(&written.page)?.contains("<h3>Learning curve</h3>"));
//! assert!(written.figures.0.join("curve-loss.svg").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`draw`] makes single pictures: of an architecture, and of the steps of a search.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod draw;
mod picture;
mod report;

pub use picture::PaintError;
pub use report::{Appearance, Content, Found, ReportError, Run, Search, Section, Study, Table, Written, content, label, write};
