//! Errors as people see them: what, where, and what to do next.

use assay_core::experiment::{ExperimentError, Place, Problem};
use assay_core::visible::visible;
use assay_results::{ReadError, exit};
use assay_run::RunError;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// An error for the terminal.
#[derive(Debug)]
pub struct Failure {
    message: String,
    help: Option<String>,
    source: Option<Box<(NamedSource<String>, LabeledSpan)>>,
    related: Vec<Failure>,
    sort: Sort,
}

/// What sort of thing went wrong, for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What was asked for does not fit: a wrong setting, an unknown name, a text that is not an architecture.
    Asked,
    /// Nothing but data is missing: images of a dataset, or the table of a benchmark.
    MissingData,
    /// Anything else.
    #[default]
    Other,
}

impl Failure {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: shortened(&visible(&message.into())), help: None, source: None, related: Vec::new(), sort: Sort::Other }
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
        self.sort = Sort::MissingData;
        self
    }

    /// That what was asked for does not fit.
    #[must_use]
    pub fn of_what_was_asked(mut self) -> Self {
        self.sort = Sort::Asked;
        self
    }

    /// What sort of thing went wrong.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The exit code of a program that fails so.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.sort == Sort::MissingData { exit::MISSING_DATA } else { exit::FAILED }
    }

    /// As the command line shows it, without colours: what is wrong, the lines of the file where, other problems, and what to do.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_wrap_lines(false);
        // A text takes all that is written to it.
        let _ = handler.render_report(&mut text, self);
        text
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// With this advice after any that is there.
    #[must_use]
    pub fn with_more_help(self, more: impl std::fmt::Display) -> Self {
        let help = self.help.as_ref().map_or_else(|| more.to_string(), |help| format!("{help}\n{more}"));
        self.with_help(help)
    }
}

/// Bytes of a message that are shown. What is wrong may be quoted in it, and be a whole file.
const MOST_SHOWN: usize = 8000;

/// Bytes of the lines around a place that are shown.
const MOST_AROUND: usize = 4000;

/// The message without the middle of one that fills screens.
fn shortened(message: &str) -> String {
    if message.len() <= MOST_SHOWN {
        return message.to_owned();
    }
    let head = (0..=MOST_SHOWN / 2).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    let tail = (message.len() - MOST_SHOWN / 2..=message.len()).find(|at| message.is_char_boundary(*at)).unwrap_or(message.len());
    format!("{} … {}", &message[..head], &message[tail..])
}

/// The length of the lines that a place is shown in: its own, the one before and the one after.
fn around(place: &Place) -> usize {
    let Place::File { text, span, .. } = place else { return 0 };
    let (Some(before), Some(after)) = (text.get(..span.start), text.get(span.end..)) else { return 0 };
    let first = before.rmatch_indices('\n').nth(1).map_or(before.len(), |(at, _)| before.len() - at);
    let last = after.match_indices('\n').nth(1).map_or(after.len(), |(at, _)| at);
    first + span.len() + last
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let Problem { message, help, place } = problem;
        let failure = match &place {
            Place::Layer(layer) => Self::new(format!("{message} (from {layer})")),
            Place::Nowhere | Place::File { .. } => Self::new(message),
        };
        let failure = help.into_iter().fold(failure, Self::with_help);
        if around(&place) > MOST_AROUND {
            return Self { message: shortened(&format!("{} ({place})", failure.message)), ..failure };
        }
        let Place::File { path, text, span } = place else { return failure };
        // Where the place is in the text as it is shown.
        let shown = |position: usize| text.get(..position).map_or(position, |before| visible(before).len());
        let span = shown(span.start)..shown(span.end);
        let source = NamedSource::new(visible(&path.display().to_string()), visible(&text).into_owned()).with_language("TOML");
        Self { source: Some(Box::new((source, LabeledSpan::underline(span)))), ..failure }
    }
}

/// More problems of one experiment are only counted: each is shown with its file.
const MOST_PROBLEMS: usize = 20;

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Self {
        let others = error.problems.len().saturating_sub(MOST_PROBLEMS);
        let mut problems = error.problems.into_iter().take(MOST_PROBLEMS).map(Self::from);
        let mut first = problems.next().unwrap_or_else(|| Self::new("the experiment is wrong"));
        first.related = problems.collect();
        if others > 0 {
            first.related.push(Self::new(format!("{others} other problems were found")));
        }
        if error.is_missing_data { first.of_missing_data() } else { first.of_what_was_asked() }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let failure = Self::new(error.to_string());
        match error.help() {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let is_missing_data = error.is_missing_data();
        let failure = match error {
            RunError::Experiment(error) => Self::from(error),
            RunError::Refused { what, help } => Self::new(what).with_help(help).of_what_was_asked(),
            other => match other.help() {
                Some(help) => Self::new(other.to_string()).with_help(help),
                None => Self::new(other.to_string()),
            },
        };
        if is_missing_data { failure.of_missing_data() } else { failure }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, span: std::ops::Range<usize>) -> Failure {
        let place = Place::File { path: "a.toml".into(), text: text.into(), span };
        Problem { message: "`k`: no such key".into(), help: None, place }.into()
    }

    #[test]
    fn a_line_that_fills_screens_is_not_shown_but_its_place_is_said() {
        let short = problem("a = 1\nk = 1\nb = 1\n", 6..7);
        assert!(short.source.is_some() && short.message == "`k`: no such key");
        let long = problem(&format!("a = 1\nk = \"{}\"\n", "x".repeat(10_000)), 6..7);
        assert!(long.source.is_none());
        assert_eq!(long.message, "`k`: no such key (a.toml:2:1)");
        // Other lines may be as long as they like.
        assert!(problem(&format!("{}\n1\n2\n3\n4\n{}", "x".repeat(10_000), "x".repeat(10_000)), 10_005..10_006).source.is_some());
    }

    #[test]
    fn the_middle_of_a_message_that_fills_screens_is_left_out() {
        let message = Failure::new(format!("begins {} ends", "é".repeat(100_000))).message;
        assert!(message.len() <= MOST_SHOWN + 5 && message.starts_with("begins ") && message.ends_with(" ends"), "{} bytes", message.len());
    }

    #[test]
    fn of_very_many_problems_some_are_shown_and_the_rest_counted() {
        let problem = |number: usize| Problem::elsewhere(number.to_string());
        let failure = Failure::from(ExperimentError { problems: (0..30).map(problem).collect(), is_missing_data: false });
        assert_eq!((failure.related.len(), failure.related[19].message.as_str()), (20, "10 other problems were found"));
    }
}
