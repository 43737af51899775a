//! Errors as people see them: what, where, and what to do next.

use assay_core::experiment::{ExperimentError, Place, Problem};
use assay_results::exit;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// An error for the terminal.
#[derive(Debug)]
pub struct Failure {
    message: String,
    help: Option<String>,
    source: Option<Box<(NamedSource<String>, LabeledSpan)>>,
    related: Vec<Failure>,
    is_missing_data: bool,
}

impl Failure {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, source: None, related: Vec::new(), is_missing_data: false }
    }

    /// With advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// That nothing but data is missing.
    #[must_use]
    pub(crate) fn of_missing_data(mut self) -> Self {
        self.is_missing_data = true;
        self
    }

    /// The exit code of a program that fails so.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_missing_data { exit::MISSING_DATA } else { exit::FAILED }
    }

    /// With this advice after any that is there.
    #[must_use]
    pub fn with_more_help(self, more: impl std::fmt::Display) -> Self {
        let help = self.help.as_ref().map_or_else(|| more.to_string(), |help| format!("{help}\n{more}"));
        self.with_help(help)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let Problem { message, help, place } = problem;
        match place {
            Place::Nowhere => Self { help, ..Self::new(message) },
            Place::Layer(layer) => Self { help, ..Self::new(format!("{message} (from {layer})")) },
            Place::File { path, text, span } => {
                let source = NamedSource::new(path.display().to_string(), text.to_string()).with_language("TOML");
                Self { help, source: Some(Box::new((source, LabeledSpan::underline(span)))), ..Self::new(message) }
            }
        }
    }
}

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Self {
        let mut problems = error.problems.into_iter().map(Self::from);
        let mut first = problems.next().unwrap_or_else(|| Self::new("the experiment is wrong"));
        first.related = problems.collect();
        if error.is_missing_data { first.of_missing_data() } else { first }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Diagnostic for Failure {
    fn help(&self) -> Option<Box<dyn std::fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| &source.0 as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref().map(|source| Box::new(std::iter::once(source.1.clone())) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related(&self) -> Option<Box<dyn Iterator<Item = &dyn Diagnostic> + '_>> {
        (!self.related.is_empty()).then(|| Box::new(self.related.iter().map(|failure| failure as &dyn Diagnostic)) as Box<_>)
    }
}
