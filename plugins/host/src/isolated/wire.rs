//! What this process and a child that runs a plugin say to each other: frames of JSON, and numbers as they lie in memory.
//! Both are the same program, so the form may change from one version to the next.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use assay_core::score::Reading;
use assay_plugin_sdk::abi::AssayPass;
use bytemuck::Pod;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::description::Description;
use crate::error::LoadProblem;
use crate::source::{Lent, Query};

/// To the child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    Open { file: PathBuf },
    Make { proxy: usize, settings: String },
    Protocol,
    Passes { given: AssayPass },
    Ask { pass: u32 },
    Score,
}

impl Order {
    /// What the plugin's function is called that carries it out.
    pub(super) fn function(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Make { .. } => "create",
            Self::Protocol => "protocol",
            Self::Passes { .. } => "pass",
            Self::Ask { .. } => "ask",
            Self::Score => "score",
        }
    }
}

/// From the child: a query, which is answered before it goes on, or how an order ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Query(Query),
    Done(Result<Answer, Failure>),
}

/// What an order gives.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Nothing,
    Described(Description),
    Text(String),
    Passes(Vec<AssayPass>),
    Reading(Reading),
}

/// How an order fails.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Failure {
    Load(LoadProblem),
    Clause(String),
}

/// The beginning of an answer to a query; the numbers follow.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    problem: Option<String>,
    text: String,
    numbers: [u64; 9],
    /// The bits of a number, which JSON might not have.
    real: u64,
    floats: usize,
    doubles: [usize; 2],
    words: usize,
    labels: usize,
}

/// An answer to a query, kept where it was received.
#[derive(Debug, Default)]
pub(super) struct Owned {
    text: String,
    numbers: [u64; 9],
    real: f64,
    floats: Vec<f32>,
    doubles: [Vec<f64>; 2],
    words: Vec<u64>,
    labels: Vec<u32>,
}

impl Owned {
    pub(super) fn lend(&self) -> Lent<'_> {
        let Self { text, numbers, real, floats, doubles: [first, second], words, labels } = self;
        Lent { text, numbers: *numbers, real: *real, floats, doubles: [first, second], words, labels }
    }
}

pub(super) fn send(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&json)?;
    out.flush()
}

pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    // Takes no more memory than really comes.
    let mut json = Vec::new();
    if from.by_ref().take(length).read_to_end(&mut json)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&json)?)
}

pub(super) fn send_answer(out: &mut impl Write, answer: Result<Lent<'_>, String>) -> io::Result<()> {
    let (lent, problem) = match answer {
        Ok(lent) => (lent, None),
        Err(problem) => (Lent::default(), Some(problem)),
    };
    let Lent { text, numbers, real, floats, doubles, words, labels } = lent;
    let head = Head {
        problem,
        text: text.into(),
        numbers,
        real: real.to_bits(),
        floats: floats.len(),
        doubles: doubles.map(<[f64]>::len),
        words: words.len(),
        labels: labels.len(),
    };
    send(out, &head)?;
    out.write_all(bytemuck::cast_slice(floats))?;
    out.write_all(bytemuck::cast_slice(doubles[0]))?;
    out.write_all(bytemuck::cast_slice(doubles[1]))?;
    out.write_all(bytemuck::cast_slice(words))?;
    out.write_all(bytemuck::cast_slice(labels))?;
    out.flush()
}

pub(super) fn receive_answer(from: &mut impl Read) -> io::Result<Result<Owned, String>> {
    let Head { problem, text, numbers, real, floats, doubles: [first, second], words, labels } = receive(from)?;
    if let Some(problem) = problem {
        return Ok(Err(problem));
    }
    let floats = read(from, floats)?;
    let doubles = [read(from, first)?, read(from, second)?];
    let (words, labels) = (read(from, words)?, read(from, labels)?);
    Ok(Ok(Owned { text, numbers, real: f64::from_bits(real), floats, doubles, words, labels }))
}

fn read<T: Pod>(from: &mut impl Read, count: usize) -> io::Result<Vec<T>> {
    let mut values = vec![T::zeroed(); count];
    from.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}

#[cfg(test)]
mod tests;
