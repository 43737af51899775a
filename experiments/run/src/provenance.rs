//! What the measurements of a run belong to, and whether a run is continued that they belong to.

use std::collections::BTreeMap;
use std::path::Path;

use assay_core::data::{Content, Dataset, fingerprint};
use assay_core::experiment::{Experiment, Plugins};
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError, Cost, SearchSpace, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_results::{Begun, Provenance, files};

use crate::{RunError, VERSION};

/// The provenance of an experiment's measurements, as far as all kinds of run have it: settings, images, program.
///
/// # Errors
/// If an image cannot be read.
pub(crate) fn of(experiment: &Experiment, plugins: &Plugins, images: &[(&str, &dyn Dataset)]) -> Result<Provenance, RunError> {
    let images = images.iter().map(|(section, images)| match fingerprint(*images) {
        Ok(fingerprint) => Ok(((*section).to_owned(), fingerprint)),
        Err(error) => Err(RunError::Machine(format!("[{section}]: {error}"))),
    });
    Ok(Provenance {
        settings: experiment.settings(plugins)?,
        images: images.collect::<Result<_, RunError>>()?,
        tables: BTreeMap::new(),
        measured_by: BTreeMap::from([("assay".into(), VERSION.into())]),
    })
}

/// So many architectures of a table are looked at: more take longer than a run can spare.
const LOOKED_AT: usize = 4096;

/// The fingerprint of what a table says of some architectures of a space, the same ones each time; nothing where the table is
/// not here.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn of_table(benchmark: &dyn Benchmark, space: &dyn SearchSpace) -> Result<Option<String>, RunError> {
    if benchmark.check().is_err() {
        return Ok(None);
    }
    let texts: Vec<String> = match benchmark.architectures()? {
        Some(held) => held.iter().step_by(held.len().div_ceil(LOOKED_AT).max(1)).cloned().collect(),
        None => {
            let drawn = draw_architectures(space, &Subspace::whole(space.layout()), LOOKED_AT, &Stream::new(0, "provenance"));
            drawn.iter().filter_map(|subspace| space.write(subspace).ok()).collect()
        }
    };
    let mut content = Content::default();
    content.add(benchmark.describe().as_bytes());
    for text in texts {
        content.add(text.as_bytes());
        let accuracies = match benchmark.accuracies(&text) {
            // Not every table holds all of its space.
            Err(BenchmarkError::UnknownArchitecture(_)) => continue,
            accuracies => accuracies?,
        };
        for Accuracy { target, percent, .. } in accuracies {
            content.add(target.as_bytes());
            content.add(&percent.to_le_bytes());
        }
        for Cost { target, reading, .. } in benchmark.costs(&text)? {
            content.add(target.as_bytes());
            content.add(reading.to_string().as_bytes());
        }
    }
    Ok(Some(content.finish()))
}

/// Makes sure that the run in a folder belongs to what it would be continued with. Of a run of an earlier version, which did not
/// write down what it belongs to, this cannot be known; then it gives false.
///
/// # Errors
/// Naming what changed.
pub(crate) fn check(folder: &Path, now: &Provenance) -> Result<bool, RunError> {
    let begun = Begun::read(folder)?;
    let Some(mut then) = begun.and_then(|begun| begun.provenance) else { return Ok(false) };
    // Runs of an earlier version hold how plugins were run, on which no result depends.
    then.settings.retain(|key, _| !key.starts_with("plugins."));
    let mut allowed = now.clone();
    // Readings are the same whether a failed measurement stops the run or not; a run that one stopped is told to skip it.
    if now.settings.get("on_error").is_some_and(|on_error| on_error == "\"skip\"") {
        allowed.settings.extend(then.settings.get_key_value("on_error").map(|(key, value)| (key.clone(), value.clone())));
    }
    let changes = then.changes(&allowed);
    if changes.is_empty() {
        return Ok(true);
    }
    let what = format!("what was measured in `{}` does not belong to this experiment: {}", folder.display(), changes.join("; "));
    let help = format!(
        "undo the change (the settings stand in {}), or begin a new run with it in another folder",
        folder.join(files::EXPERIMENT).display()
    );
    Err(RunError::refused(what, help))
}

/// Whether anything was measured in a folder.
pub(crate) fn is_measured(folder: &Path) -> bool {
    [files::JOURNAL, files::CHECKPOINT, files::SUPERNET]
        .iter()
        .any(|name| std::fs::metadata(folder.join(name)).is_ok_and(|data| data.len() > 0))
}
