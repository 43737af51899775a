//! An ONNX file: operator set 17, weights inside, any number of images.
//!
//! Any graph can be written, and what is read of the file is the same network again: its parameters have their paths for names, and
//! what ONNX has no words for is told in the file's [metadata](assay_onnx::Metadata).

mod attributes;
mod functions;
mod moves;
mod norms;
mod operators;
mod sums;
mod writing;

use assay_core::graph::{Graph, NodeId, Operator, Shape};
use assay_onnx::Metadata;
pub use assay_onnx::schema;
use assay_onnx::schema::{
    DataType, Dimension, GraphProto, ModelProto, OperatorSetIdProto, Size, TensorShapeProto, TensorType, TypeProto, ValueInfoProto,
};
use prost::Message;

use self::writing::{Value, Writing};
use crate::{ExportError, Model};

/// The version of ONNX's operators that files are written for (ONNX 1.12, 2022).
pub const OPERATOR_SET: i64 = 17;
/// The version of the file format that came with them.
const IR_VERSION: i64 = 8;
/// What goes in: `[batch, channels, height, width]`, or a batch of what else the network takes.
pub const INPUT: &str = "images";
/// What comes out: `[batch, outputs]`.
pub const OUTPUT: &str = "logits";

/// The bytes of an ONNX file. Parameters are initialisers that have their paths for names; a learned value without a layer, as a class
/// token, has its node's.
///
/// # Errors
/// If a table of vectors is looked up by numbers that the network computes.
pub fn to_onnx(model: &Model<'_>) -> Result<Vec<u8>, ExportError> {
    let graph = model.graph();
    let needed = graph.needed_by(&[]);
    let mut file = Writing::new(model, &needed);
    let axes = input_axes(graph);
    let is_whole = is_looked_up(graph, &needed);
    file.values[0] = Some(Value { name: INPUT.into(), rank: axes.len(), is_whole });
    operators::write(&mut file, &needed)?;
    let kind = if is_whole { DataType::Int64 } else { DataType::Float };
    let metadata = Metadata { learned: std::mem::take(&mut file.learned), blocks: blocks(&file), folded_norms: model.folded_norms };
    let file = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "assay".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("{}\n{}\n{}", model.title, model.size(), model.normalisation()),
        graph: Some(GraphProto {
            node: file.nodes,
            name: "network".into(),
            initializer: file.initializers,
            input: vec![value(INPUT, kind, &axes)],
            output: vec![value(OUTPUT, DataType::Float, &counting(graph.node(graph.output()).shape))],
            ..GraphProto::default()
        }),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPERATOR_SET }],
        metadata_props: metadata.entries(),
        ..ModelProto::default()
    };
    Ok(file.encode_to_vec())
}

/// The axes of a shape that count, one at the least.
fn counting(shape: Shape) -> Vec<usize> {
    let axes = shape.axes();
    let last = axes.iter().rposition(|extent| *extent != 1).unwrap_or(0);
    axes[..=last].to_vec()
}

/// The axes of the input: maps where the network is made of such, else those that count.
fn input_axes(graph: &Graph) -> Vec<usize> {
    let shape = graph.input_shape();
    let is_of_maps = graph.nodes().iter().any(|node| {
        let moves_a_window = matches!(node.operator, Operator::Conv2d(_) | Operator::AvgPool(_) | Operator::MaxPool(_));
        moves_a_window && node.inputs.contains(&NodeId(0))
    });
    let axes = counting(shape);
    if is_of_maps { shape.axes()[..axes.len().max(3)].to_vec() } else { axes }
}

/// Whether a table is looked up by the network's input, which then is of whole numbers.
fn is_looked_up(graph: &Graph, needed: &[bool]) -> bool {
    let mut moved = vec![false; graph.nodes().len()];
    moved[0] = true;
    for (position, node) in graph.nodes().iter().enumerate().skip(1) {
        let all_moved = !node.inputs.is_empty() && node.inputs.iter().all(|input| moved[input.0]);
        if needed[position] && all_moved && matches!(node.operator, Operator::Embedding { .. }) {
            return true;
        }
        moved[position] = all_moved
            && matches!(
                node.operator,
                Operator::Slice { .. }
                    | Operator::Truncate { .. }
                    | Operator::Gather { .. }
                    | Operator::Pad { .. }
                    | Operator::Shift { .. }
                    | Operator::Transpose { .. }
                    | Operator::Reshape { .. }
                    | Operator::Concat { .. }
            );
    }
    false
}

/// The values that end the graph's blocks; nothing where the output does not depend on one of them.
fn blocks(file: &Writing<'_>) -> Option<Vec<String>> {
    let ends = file.graph().blocks().iter();
    ends.map(|id| file.values[id.0].as_ref().map(|value| value.name.clone())).collect()
}

/// A value for a batch of this many images.
fn value(name: &str, kind: DataType, sizes: &[usize]) -> ValueInfoProto {
    let fixed = sizes.iter().map(|size| Size::Fixed(*size as i64));
    let dim = std::iter::once(Size::Named("batch".into())).chain(fixed).map(|size| Dimension { value: Some(size) }).collect();
    let tensor_type = TensorType { elem_type: kind.into(), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}
