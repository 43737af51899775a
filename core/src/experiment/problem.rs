//! What is wrong with an experiment, and where that was written.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the experiment file.
    File {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: Arc<str>,
        /// Bytes of the text.
        span: Range<usize>,
    },
    /// In another layer: `environment variable ASSAY_SET_SEED`, `--set seed=x`.
    Layer(String),
    /// Nowhere: something is missing, or a default is at fault.
    Nowhere,
}

impl Place {
    /// The byte of the text, if the place is in a file.
    pub(super) fn position(&self) -> Option<usize> {
        if let Self::File { span, .. } = self { Some(span.start) } else { None }
    }

    /// Line and column, both from 1, if the place is in a file.
    #[must_use]
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let Self::File { text, span, .. } = self else { return None };
        let before = &text[..span.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.line_and_column()) {
            (Self::File { path, .. }, Some((line, column))) => write!(f, "{}:{line}:{column}", path.display()),
            (Self::Layer(layer), _) => f.write_str(layer),
            _ => f.write_str("the experiment"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: ``` `strategy.pairing`: must be … ```.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where.
    pub place: Place,
}

impl Problem {
    /// A problem that no line is to blame for.
    #[must_use]
    pub fn elsewhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, place: Place::Nowhere }
    }

    /// With advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, " ({help})"))
    }
}

/// Everything that is wrong with an experiment; at least one problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ExperimentError {
    /// In the order of the file's sections.
    pub problems: Vec<Problem>,
    /// Whether nothing is wrong but that data is not here: images of a dataset.
    pub is_missing_data: bool,
}

impl From<Problem> for ExperimentError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], is_missing_data: false }
    }
}
