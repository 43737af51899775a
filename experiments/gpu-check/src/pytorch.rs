//! The networks and images of κ and training as files that `pack/pytorch.py` reads: the very weights and images that engines have.

use std::path::Path;

use assay_core::network::RunningStatistics;
use assay_export::{Model, to_pytorch};
use assay_weights::Weights;
use miette::{IntoDiagnostic, WrapErr};
use serde::Serialize;

use crate::subjects::{self, Subject};
use crate::training;

/// What `networks.json` says.
#[derive(Serialize)]
struct Listed {
    kappa: Vec<Entry>,
    training: Vec<Entry>,
    /// Of all images in `images.f32`.
    labels: Vec<u32>,
    rate: f64,
}

#[derive(Serialize)]
struct Entry {
    case: String,
    batch: usize,
    module: String,
    weights: String,
}

/// Writes them all.
pub(crate) fn write(data: &Path, output: &Path) -> miette::Result<()> {
    std::fs::create_dir_all(output).into_diagnostic().wrap_err_with(|| format!("{} cannot be made", output.display()))?;
    let images = subjects::images(data)?;
    let entries = |subjects: Vec<Subject>, name: &str, trains: bool| -> miette::Result<Vec<Entry>> {
        let entry = |(number, subject): (usize, Subject)| entry(subject, &format!("{name}{number}"), trains, output);
        subjects.into_iter().enumerate().map(entry).collect()
    };
    let listed = Listed {
        kappa: entries(subjects::of_kappa()?, "kappa", false)?,
        training: entries(subjects::of_training()?, "training", true)?,
        labels: images.labels().to_vec(),
        rate: training::RATE,
    };
    let pixels: Vec<u8> = images.pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
    file(output, "images.f32", &pixels)?;
    file(output, "networks.json", &serde_json::to_vec_pretty(&listed).into_diagnostic()?)
}

/// A network as a module and a file of weights. One that trains has running statistics, as at the beginning of training.
fn entry(subject: Subject, name: &str, trains: bool, output: &Path) -> miette::Result<Entry> {
    let Subject { case, network, batch, .. } = subject;
    let statistics = trains.then(|| RunningStatistics::initial(network.graph()));
    let weights = Weights { network, statistics };
    let values = format!("{name}.safetensors");
    file(output, &format!("{name}.py"), to_pytorch(&Model::new(&case, &weights)).into_diagnostic()?.as_bytes())?;
    file(output, &values, &weights.to_bytes().into_diagnostic()?)?;
    Ok(Entry { case, batch, module: name.to_owned(), weights: values })
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> miette::Result<()> {
    let path = folder.join(name);
    assay_whole_file::write(&path, bytes).into_diagnostic().wrap_err_with(|| format!("{} cannot be written", path.display()))
}
