//! A network that others made: what `assay show` prints of one of a file, and how it is exported.

use std::path::Path;

use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::batch_norms;
use assay_core::number::grouped;
use assay_export::{Model, to_onnx};
use assay_onnx::{Imported, Options};
use assay_weights::Weights;
use comfy_table::CellAlignment;
use serde::Serialize;

use super::Ending;
use super::tabular::{render, table};
use crate::failure::Failure;
use crate::output::{self, out};

/// A network of a file, for whoever reads JSON.
#[derive(Serialize)]
struct Described<'a> {
    file: &'a str,
    opset: i64,
    producer: &'a str,
    input: Vec<usize>,
    output: Vec<usize>,
    parameters: usize,
    /// Of one image.
    multiply_adds: u64,
    batch_norms: usize,
    /// Whether batch normalisations were folded into convolutions.
    folded_norms: bool,
    notes: &'a [String],
    nodes: Vec<Line<'a>>,
}

/// A node.
#[derive(Serialize)]
struct Line<'a> {
    node: &'a str,
    operator: &'static str,
    inputs: Vec<&'a str>,
    shape: Vec<usize>,
    parameters: usize,
    multiply_adds: u64,
}

/// Prints the structure of the network in this file, for images of these axes.
pub(super) fn show(file: &Path, input: Option<&str>, json: bool) -> Result<(), Ending> {
    let axes = input.map(assay_spaces::files::axes).transpose().map_err(|error| Failure::new(error.problem))?;
    let imported = assay_onnx::read(file, &Options { input: axes }).map_err(|error| Failure::new(error.to_string()))?;
    let name = file.display().to_string();
    let described = described(&name, &imported);
    if json {
        let json = serde_json::to_string_pretty(&described).map_err(|error| Failure::new(error.to_string()))?;
        return Ok(output::json(&json)?);
    }
    let mut rows = table(&["node", "operator", "shape", "parameters", "multiply-adds"]);
    let count = |count: u128| if count == 0 { String::new() } else { grouped(count) };
    for (line, node) in described.nodes.iter().zip(imported.graph.nodes()) {
        let (parameters, work) = (count(line.parameters as u128), count(line.multiply_adds.into()));
        rows.add_row([line.node.to_owned(), told(&node.operator), node.shape.to_string(), parameters, work]);
    }
    for column in [3, 4] {
        if let Some(column) = rows.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let norms = match (described.folded_norms, described.batch_norms) {
        (true, left) => format!("{left}; others were folded into convolutions when the file was written"),
        (false, count) => count.to_string(),
    };
    let graph = imported.graph.as_ref();
    let producer = if described.producer.is_empty() { "not said" } else { described.producer };
    out!("{}\n", render(&rows))?;
    out!("file           {}", described.file)?;
    out!("made by        {producer}, operator set {}", described.opset)?;
    out!("input, output  {}, {}", graph.input_shape(), graph.node(graph.output()).shape)?;
    out!("parameters     {}", grouped(described.parameters as u128))?;
    out!("multiply-adds  {}", grouped(described.multiply_adds.into()))?;
    out!("batch norms    {norms}")?;
    for note in described.notes {
        out!("note           {note}")?;
    }
    Ok(())
}

/// What `assay show --json` says of a network of this file.
///
/// # Errors
/// None that a network could cause.
pub fn as_json(file: &str, imported: &Imported) -> Result<String, Failure> {
    serde_json::to_string(&described(file, imported)).map_err(|error| Failure::new(error.to_string()))
}

/// Writes a network that was read as an ONNX file, as `assay export` does.
///
/// # Errors
/// If it has what ONNX has no words for, or the file cannot be written.
pub fn write_onnx(imported: &Imported, title: &str, path: &Path) -> Result<(), Failure> {
    let weights = weights(imported)?;
    let bytes = onnx(&Model { folded_norms: imported.folded_norms, ..Model::new(title, &weights) })?;
    assay_whole_file::write(path, &bytes).map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", path.display())))
}

/// The weights and the running statistics that a network was read with.
pub(super) fn weights(imported: &Imported) -> Result<Weights, Failure> {
    let network = imported.network().map_err(|error| Failure::new(error.to_string()))?;
    Ok(Weights { network, statistics: imported.statistics.clone() })
}

/// The bytes of an ONNX file.
pub(super) fn onnx(model: &Model<'_>) -> Result<Vec<u8>, Failure> {
    const LARGEST: usize = i32::MAX as usize;
    let bytes = to_onnx(model).map_err(|error| Failure::new(error.to_string()))?;
    if bytes.len() <= LARGEST {
        return Ok(bytes);
    }
    let problem = format!("the ONNX file would have {} bytes, and no program reads one of more than {LARGEST}", bytes.len());
    Err(Failure::new(problem).with_help("assay export --to safetensors writes weights of any size"))
}

fn described<'a>(file: &'a str, imported: &'a Imported) -> Described<'a> {
    let graph = imported.graph.as_ref();
    Described {
        file,
        opset: imported.opset,
        producer: &imported.producer,
        input: axes(graph, NodeId(0)),
        output: axes(graph, graph.output()),
        parameters: graph.parameter_count(),
        multiply_adds: graph.multiply_adds(),
        batch_norms: batch_norms(graph).count(),
        folded_norms: imported.folded_norms,
        notes: &imported.notes,
        nodes: (0..graph.nodes().len()).map(|position| line(graph, NodeId(position))).collect(),
    }
}

fn line(graph: &Graph, id: NodeId) -> Line<'_> {
    let node = graph.node(id);
    Line {
        node: &node.name,
        operator: node.operator.kind(),
        inputs: node.inputs.iter().map(|input| graph.node(*input).name.as_str()).collect(),
        shape: axes(graph, id),
        parameters: graph.parameters()[graph.parameters_of(id)].iter().map(|spec| spec.elements()).sum(),
        multiply_adds: graph.multiply_adds_of(id),
    }
}

/// The axes of a value up to the last that counts.
fn axes(graph: &Graph, id: NodeId) -> Vec<usize> {
    let axes = graph.node(id).shape.axes();
    let last = axes.iter().rposition(|extent| *extent != 1).unwrap_or(0);
    axes[..=last].to_vec()
}

/// An operator with what tells it from others of its kind.
fn told(operator: &Operator) -> String {
    match operator {
        Operator::Conv2d(conv) => {
            let groups = if conv.groups == 1 { String::new() } else { format!(", {} groups", conv.groups) };
            format!("conv2d {}×{}, stride {}{groups}", conv.kernel.rows, conv.kernel.columns, conv.stride.rows)
        }
        Operator::AvgPool(pool) | Operator::MaxPool(pool) => {
            format!("{} {}×{}, stride {}", operator.kind(), pool.kernel.rows, pool.kernel.columns, pool.stride.rows)
        }
        other => other.kind().to_owned(),
    }
}
