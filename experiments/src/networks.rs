//! Networks of files as arguments of commands: ONNX files, and folders of them.

use std::path::{Path, PathBuf};

use assay_core::experiment::{ExperimentError, Layers};
use assay_core::graph::{Graph, Shape};
use assay_spaces::files::{Chosen, Files};

use crate::failure::Failure;

/// The space of networks that files hold.
pub(crate) const SPACE: &str = "files";

/// Whether an argument is the name of an ONNX file.
pub(crate) fn is_file(argument: &str) -> bool {
    Path::new(argument).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

/// The files that arguments name: themselves, and those in folders. None where an argument is something else.
pub(crate) fn named(arguments: &[String]) -> Result<Option<Vec<PathBuf>>, Failure> {
    if !arguments.iter().all(|argument| is_file(argument) || Path::new(argument).is_dir()) {
        return Ok(None);
    }
    let mut files = Vec::new();
    for argument in arguments {
        if is_file(argument) {
            files.push(PathBuf::from(argument));
            continue;
        }
        let wrong = |error: std::io::Error| Failure::new(format!("`{argument}` cannot be read: {error}"));
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(argument).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            inside.extend(Some(path).filter(|path| path.to_str().is_some_and(is_file)));
        }
        if inside.is_empty() {
            return Err(Failure::new(format!("`{argument}` holds no file that ends in .onnx")));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(Some(files))
}

/// What an experiment says whose architectures are these files. Where no layer names a dataset, it is of synthetic images of
/// the size and classes of the first network, if there are such.
pub(crate) fn layers(mut layers: Layers, files: &[PathBuf], input: Option<&str>) -> Result<Layers, Failure> {
    let paths: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    layers = layers.default_value("space.name", SPACE).default_value("space.files", paths);
    let asked = layers.value_of("dataset.name");
    if asked.is_none() {
        let first = Files::read(&chosen(files.first().map(PathBuf::as_path), input)).map_err(|error| Failure::new(error.problem))?;
        if let Some((size, classes)) = first.graphs().next().and_then(images) {
            layers = layers.default_value("dataset.size", size).default_value("dataset.classes", classes);
        }
    }
    Ok(layers)
}

/// The layer that sets the axes of an image.
pub(crate) fn with_input(layers: Layers, input: Option<&str>) -> Result<Layers, ExperimentError> {
    match input {
        Some(input) => layers.set(&format!("space.input='{input}'")),
        None => Ok(layers),
    }
}

/// A file, as the space of files is made of it.
pub(crate) fn chosen(file: Option<&Path>, input: Option<&str>) -> Chosen {
    Chosen { files: file.map(|file| vec![file.to_owned()]), input: input.map(str::to_owned), ..Chosen::default() }
}

/// The size and the classes of the synthetic images that enter a network. None where it takes others.
fn images(graph: &Graph) -> Option<(usize, usize)> {
    let size = graph.input_shape().height;
    let classes = graph.node(graph.output()).shape.elements();
    (graph.input_shape() == Shape::new(3, size, size) && (2..=1024).contains(&size)).then_some((size, classes))
}
