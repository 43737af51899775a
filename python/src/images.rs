//! Images that Python has as arrays, among the datasets of the program.

use assay::plugins::brought;
use assay_core::data::{Dataset, InMemory, Normalisation};
use assay_core::graph::Shape;
use assay_core::plugin::{Entry, Origin, Settings};
use pyo3::prelude::*;

use crate::brought::kept;
use crate::exception;

/// From now on there is a dataset of this name, which protocols describe so. `pixels` are images × channels × rows × columns; `mean` and
/// `deviation` have a number a channel, of pixels scaled to 0–1. One that was brought before under the name is replaced.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python calls it with keywords")]
pub(crate) fn bring_images(
    py: Python<'_>,
    name: &str,
    description: &str,
    pixels: &[u8],
    labels: Vec<u32>,
    shape: [usize; 3],
    classes: usize,
    mean: Vec<f32>,
    deviation: Vec<f32>,
) -> PyResult<()> {
    let [channels, height, width] = shape;
    let shape = Shape::new(channels, height, width);
    let images = InMemory::new(description, shape, classes, Normalisation { mean, deviation }, pixels.to_vec(), labels);
    let images = images.map_err(|error| exception::asked(py, error.to_string()))?;
    let build = move |_: &Settings| Ok::<Box<dyn Dataset>, _>(Box::new(images.clone()));
    let entry = Entry {
        name: kept(name.to_owned()),
        summary: "images that the program gave as arrays",
        origin: Origin::File("<python>"),
        settings: &[],
        resolve: |given: &Settings| Ok(given.clone()),
        build: kept(build),
    };
    brought::dataset(kept(entry)).map_err(|failure| exception::of(py, &failure))
}
