//! Scores of given architectures, as `assay score` measures them.

use std::path::PathBuf;
use std::sync::Arc;

use assay::command::score::Score;
use assay::failure::Failure;
use pyo3::prelude::*;

use crate::network::Network;
use crate::waiting::{Listener, Telling, Told, wait_for};

/// Scores architectures, or networks by their names, with proxies: the text that `assay score --json` prints.
#[pyfunction]
#[pyo3(signature = (architectures, networks, proxies, space, input, dataset, config, set, repeats, reference, seed, progress, line))]
#[expect(clippy::too_many_arguments, reason = "Python calls it with keywords")]
pub(crate) fn score<'py>(
    py: Python<'py>,
    architectures: Vec<String>,
    networks: Vec<(String, Bound<'py, Network>)>,
    proxies: Vec<String>,
    space: Option<String>,
    input: Option<String>,
    dataset: Option<String>,
    config: Option<PathBuf>,
    set: Vec<String>,
    repeats: u32,
    reference: u32,
    seed: Option<u64>,
    progress: Option<Bound<'py, PyAny>>,
    line: Bound<'py, PyAny>,
) -> PyResult<String> {
    let score = Score {
        architectures,
        proxy: proxies,
        space,
        input,
        dataset,
        config,
        set,
        repeats,
        reference,
        seed,
        json: true,
        profile: false,
        networks: networks.into_iter().map(|(name, network)| (name, network.get().imported())).collect(),
    };
    let listener = Listener::new(progress, line);
    let outcome = wait_for(py, &listener, move |told| work(&score, told))?;
    outcome.map_err(|failure| listener.exception(py, &failure))
}

fn work(score: &Score, told: Arc<Told>) -> Result<String, Failure> {
    let scores = score.scores(&Telling(told), None)?;
    serde_json::to_string(&scores).map_err(|error| Failure::new(error.to_string()))
}
