//! Networks that others made, as what is scored: ONNX files and folders of them as arguments of commands, and networks that a program
//! read before.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, ExperimentError, Layers};
use assay_core::graph::{Graph, Shape};
use assay_core::plugin::looked_up;
use assay_onnx::Imported;
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
/// the size and classes of the first network, or of tokens that it looks up, if there are such.
pub(crate) fn layers(mut layers: Layers, files: &[PathBuf], input: Option<&str>) -> Result<Layers, Failure> {
    let paths: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    layers = layers.default_value("space.name", SPACE).default_value("space.files", paths);
    if layers.value_of("dataset.name").is_none() {
        let first = Files::read(&chosen(files.first().map(PathBuf::as_path), input)).map_err(|error| Failure::new(error.problem))?;
        layers = with_data(layers, first.graphs().next());
    }
    Ok(layers)
}

/// What an experiment says whose architectures are these networks; see [`layers`].
pub(crate) fn layers_of_given(mut layers: Layers, networks: &[(String, Imported)]) -> Layers {
    layers = layers.default_value("space.name", SPACE);
    match layers.value_of("dataset.name") {
        None => with_data(layers, networks.first().map(|(_, network)| network.graph.as_ref())),
        Some(_) => layers,
    }
}

/// Synthetic images of the size and classes of a network, or tokens that it looks up, if there are such.
fn with_data(layers: Layers, graph: Option<&Graph>) -> Layers {
    if let Some(Tokens { length, vocabulary, labels, classes }) = graph.and_then(tokens) {
        let layers = layers.default_value("dataset.name", "tokens").default_value("dataset.length", length);
        let layers = layers.default_value("dataset.vocabulary", vocabulary).default_value("dataset.labels", labels);
        return layers.default_value("dataset.classes", classes);
    }
    match graph.and_then(images) {
        Some((size, classes)) => layers.default_value("dataset.size", size).default_value("dataset.classes", classes),
        None => layers,
    }
}

/// The space of networks that were read before.
pub(crate) fn space_of_given(networks: &[(String, Imported)], experiment: &Experiment) -> Result<Files, Failure> {
    let asked = |message: String| Failure::new(message).of_what_was_asked();
    if experiment.space.name != SPACE {
        let problem = format!("networks that are given are not architectures of {}: leave the space away", experiment.space.name);
        return Err(asked(problem));
    }
    let chosen: Chosen = experiment.space.settings.read().map_err(|error| asked(format!("`space.{}`: {}", error.key, error.problem)))?;
    Files::of(networks.iter().cloned(), chosen.weights).map_err(|error| asked(error.problem))
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

/// Sequences that enter a network.
struct Tokens {
    length: usize,
    vocabulary: usize,
    labels: &'static str,
    classes: usize,
}

/// The sequences that enter a network which looks its input up: where it has logits for each token, their labels are the next ones.
/// None where it takes others.
fn tokens(graph: &Graph) -> Option<Tokens> {
    let vocabulary = looked_up(graph).map(|(_, count)| count).min()?;
    let (input, output) = (graph.input_shape(), graph.node(graph.output()).shape);
    let length = input.channels;
    if input != Shape::vector(length) {
        return None;
    }
    let classes = output.elements();
    let is_of_each = length > 1 && classes == length * vocabulary && output.channels == length;
    Some(if is_of_each {
        Tokens { length, vocabulary, labels: "each", classes: vocabulary }
    } else {
        Tokens { length, vocabulary, labels: "next", classes }
    })
}
