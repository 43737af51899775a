//! The laboratory that a Python strategy asks, while another thread answers that has the laboratory itself.
//!
//! The strategy runs on a thread of Python's; each question is a message, and whoever asks lets Python's other threads go on until the
//! answer is there, proxies that are written in Python among them. So nothing of a search outlives it, whatever Python keeps.

use std::sync::mpsc::{Receiver, Sender, channel};

use assay_core::plugin::{Laboratory as Answers, Request, SearchError, SearchSpace, Step, draw_architectures};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;
use pyo3::prelude::*;
use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::exception;
use assay::failure::Failure;

/// Architectures that a strategy may draw at once: some hundreds of megabytes.
const MOST_DRAWN: usize = 1 << 20;

/// What a strategy asks. Architectures are texts of the space, or masks.
#[derive(Debug, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
enum Question {
    Layout,
    Mask { of: String },
    Write { of: String },
    Draw { within: Option<String>, purpose: String, count: usize },
    Words { purpose: String },
    Direction { label: String },
    Measure { requests: Vec<(String, String, String)> },
    Expect { measurements: usize },
    Record { title: String, before: String, after: String, readings: Vec<(String, Option<f64>)> },
    Log { line: String },
}

/// What the strategy's thread sends: a question and where its answer goes, or the end of the search.
enum Message {
    Asked(Question, Sender<Result<Value, String>>),
    Ended(Result<String, String>),
}

/// The laboratory as Python has it.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Laboratory(Sender<Message>);

#[pymethods]
impl Laboratory {
    /// Asks a question, and gives the answer: both JSON.
    fn ask(&self, py: Python<'_>, question: &str) -> PyResult<String> {
        let failed = |problem: String| exception::of(py, &Failure::new(problem));
        let question = serde_json::from_str(question).map_err(|error| exception::asked(py, format!("the laboratory is asked: {error}")))?;
        let (reply, answer) = channel();
        let over = || exception::named(py, "Gone", &Failure::new("the search is over; a laboratory is asked within `search`"));
        self.0.send(Message::Asked(question, reply)).map_err(|_| over())?;
        let answer = py.detach(move || answer.recv()).map_err(|_| over())?;
        answer.map(|answer| answer.to_string()).map_err(failed)
    }
}

/// Where a search's questions come from.
pub(crate) struct Asked(Receiver<Message>);

/// Tells that the search is over, and how.
pub(crate) struct End(Sender<Message>);

impl End {
    pub(crate) fn tell(self, found: Result<String, String>) {
        // Nobody listens any more where the search was given up.
        drop(self.0.send(Message::Ended(found)));
    }
}

/// A laboratory for Python, the end of its search, and where both are heard.
pub(crate) fn opened() -> (Laboratory, End, Asked) {
    let (sender, receiver) = channel();
    (Laboratory(sender.clone()), End(sender), Asked(receiver))
}

impl Asked {
    /// Answers until the search is over.
    ///
    /// # Errors
    /// What stopped the laboratory, an interrupt among it; or that the search failed, or found nothing that is an architecture.
    pub(crate) fn answer(self, laboratory: &mut dyn Answers, name: &str) -> Result<Subspace, SearchError> {
        let mut stopped = None;
        for message in self.0 {
            match message {
                Message::Asked(question, reply) => {
                    let answer = match &stopped {
                        None => answered(laboratory, question, &mut stopped),
                        Some(error) => Err(SearchError::to_string(error)),
                    };
                    drop(reply.send(answer));
                }
                Message::Ended(found) => {
                    if let Some(error) = stopped {
                        return Err(error);
                    }
                    let text = found.map_err(SearchError::Impossible)?;
                    let wrong = |problem: String| SearchError::Impossible(format!("strategy `{name}` found `{text}`, which {problem}"));
                    let found =
                        subspace(laboratory.space(), &text).map_err(|problem| wrong(format!("is not an architecture: {problem}")))?;
                    return if laboratory.space().is_architecture(&found) {
                        Ok(found)
                    } else {
                        Err(wrong("leaves more than one operator on an edge, or none".into()))
                    };
                }
            }
        }
        Err(SearchError::Impossible(format!("the thread of strategy `{name}` ended without a word")))
    }
}

/// The subspace that a mask or an architecture's text is.
fn subspace(space: &dyn SearchSpace, text: &str) -> Result<Subspace, String> {
    match Subspace::try_from(text.to_owned()) {
        Ok(mask) if mask.fits(space.layout()) => Ok(mask),
        _ => space.parse(text).map_err(|error| error.to_string()),
    }
}

/// The answer to one question. What stops the laboratory is kept in `stopped`.
fn answered(laboratory: &mut dyn Answers, question: Question, stopped: &mut Option<SearchError>) -> Result<Value, String> {
    let mut kept = |error: SearchError| {
        let problem = error.to_string();
        *stopped = Some(error);
        problem
    };
    let of = |laboratory: &dyn Answers, text: &str| subspace(laboratory.space(), text);
    Ok(match question {
        Question::Layout => {
            let whole = Subspace::whole(laboratory.space().layout());
            json!({"layout": laboratory.space().layout(), "whole": whole})
        }
        Question::Mask { of: text } => json!(of(laboratory, &text)?),
        Question::Write { of: text } => {
            json!(laboratory.space().write(&of(laboratory, &text)?).map_err(|error| error.to_string())?)
        }
        Question::Draw { within, purpose, count } => {
            if count > MOST_DRAWN {
                return Err(format!("more than {MOST_DRAWN} architectures cannot be drawn at once"));
            }
            let whole = || Ok(Subspace::whole(laboratory.space().layout()));
            let within = within.map_or_else(whole, |text| of(laboratory, &text))?;
            json!(draw_architectures(laboratory.space(), &within, count, &laboratory.stream(&purpose)))
        }
        Question::Words { purpose } => {
            let mut rng = laboratory.stream(&purpose).rng();
            json!(std::array::from_fn::<u64, 4, _>(|_| rng.random()))
        }
        Question::Direction { label } => {
            let direction = laboratory.direction(&label).map_err(|error| error.to_string())?;
            json!(if direction == Direction::LowerIsBetter { "lower" } else { "higher" })
        }
        Question::Measure { requests } => {
            let request = |(label, text, draws): (String, String, String)| {
                Ok(Request { label, subspace: of(laboratory, &text)?, parameters: draws.clone(), images: draws })
            };
            let requests = requests.into_iter().map(request).collect::<Result<Vec<Request>, String>>()?;
            json!(laboratory.measure(&requests).map_err(&mut kept)?)
        }
        Question::Expect { measurements } => {
            laboratory.expect(measurements);
            Value::Null
        }
        Question::Record { title, before, after, readings } => {
            let (before, after) = (of(laboratory, &before)?, of(laboratory, &after)?);
            let reading = |value: Option<f64>| match value {
                Some(value) => Reading::finite(value),
                None => Reading::undefined("it has no score"),
            };
            let readings = readings.into_iter().map(|(label, value)| (label, reading(value))).collect();
            let step = Step { title, before, after: after.clone(), candidates: Vec::new(), readings };
            laboratory.record_of(step, &after).map_err(&mut kept)?;
            Value::Null
        }
        Question::Log { line } => {
            tracing::info!(target: "assay::python", "{}", assay_core::visible::visible(&line));
            Value::Null
        }
    })
}
