//! What a proxy asks of the host while it is called, as plain data, so that it can be asked from another process too.

use serde::{Deserialize, Serialize};

/// One call of a function of the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Query {
    Log { level: u32, line: String },
    Graph { pass: u32 },
    ParameterCount { pass: u32 },
    Parameter { pass: u32, parameter: u32 },
    Batch { pass: u32 },
    Draw { purpose: String, distribution: u32, count: usize },
    AskValue { pass: u32, node: u32 },
    AskMoments { pass: u32, node: u32 },
    AskPatterns { pass: u32 },
    Objective { pass: u32, node: u32, cotangent: Vec<f64> },
    AskGradients { pass: u32, objective: u32, wanted: u32, node: u32 },
    Output { pass: u32 },
    Value { pass: u32, node: u32 },
    Moments { pass: u32, node: u32 },
    Patterns { pass: u32 },
    ParameterGradient { pass: u32, objective: u32, parameter: u32 },
    NodeGradient { pass: u32, objective: u32, node: u32 },
    NodeProducts { pass: u32, objective: u32, node: u32 },
    Gram { pass: u32 },
}

/// What an answer lends; which of these, and what the numbers are, follows from the query.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lent<'a> {
    pub(crate) text: &'a str,
    pub(crate) numbers: [u64; 9],
    pub(crate) real: f64,
    pub(crate) floats: &'a [f32],
    pub(crate) doubles: [&'a [f64]; 2],
    pub(crate) words: &'a [u64],
    pub(crate) labels: &'a [u32],
}

impl<'a> Lent<'a> {
    pub(crate) fn doubles(doubles: &'a [f64]) -> Self {
        Self { doubles: [doubles, &[]], ..Self::default() }
    }

    pub(crate) fn number(number: usize) -> Self {
        Self { numbers: [number as u64, 0, 0, 0, 0, 0, 0, 0, 0], ..Self::default() }
    }
}

/// Answers queries. What it lends stays as long as it does.
pub(crate) trait Source {
    /// # Errors
    /// If there is no answer; the text is for the plugin's author.
    fn answer(&self, query: &Query) -> Result<Lent<'_>, String>;
}
