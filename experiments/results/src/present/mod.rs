//! Results as people read them: numbers, scores, and tables as Markdown and LaTeX.

pub mod correlations;
pub mod document;
pub mod grid;
pub mod latex;
pub mod number;
pub mod published;
pub mod reading;
pub mod shell;
