//! Errors as people see them: what, where, and what to do next.

use assay_core::experiment::{ExperimentError, Place, Problem};
use assay_core::visible::visible;
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
        Self { message: visible(&message.into()).into_owned(), help: None, source: None, related: Vec::new(), is_missing_data: false }
    }

    /// With advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(visible(&help.into()).into_owned());
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
        let failure = match &place {
            Place::Layer(layer) => Self::new(format!("{message} (from {layer})")),
            Place::Nowhere | Place::File { .. } => Self::new(message),
        };
        let failure = help.into_iter().fold(failure, Self::with_help);
        let Place::File { path, text, span } = place else { return failure };
        // Where the place is in the text as it is shown.
        let shown = |position: usize| text.get(..position).map_or(position, |before| visible(before).len());
        let span = shown(span.start)..shown(span.end);
        let source = NamedSource::new(visible(&path.display().to_string()), visible(&text).into_owned()).with_language("TOML");
        Self { source: Some(Box::new((source, LabeledSpan::underline(span)))), ..failure }
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
