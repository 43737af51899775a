//! An ONNX file: operator set 17, weights inside, any number of images.

mod operators;

pub use assay_onnx::schema;
use assay_onnx::schema::{
    DataType, Dimension, GraphProto, ModelProto, OperatorSetIdProto, Size, TensorShapeProto, TensorType, TypeProto, ValueInfoProto,
};
use prost::Message;

use self::operators::Operators;
use crate::{ExportError, Model};

/// The version of ONNX's operators that files are written for (ONNX 1.12, 2022).
pub const OPERATOR_SET: i64 = 17;
/// The version of the file format that came with them.
const IR_VERSION: i64 = 8;
/// What goes in: `[batch, channels, height, width]`.
pub const INPUT: &str = "images";
/// What comes out: `[batch, outputs]`.
pub const OUTPUT: &str = "logits";

/// The bytes of an ONNX file. Parameters are initialisers that have their paths for names.
///
/// # Errors
/// If a node has the name of the file's input or output.
pub fn to_onnx(model: &Model<'_>) -> Result<Vec<u8>, ExportError> {
    model.check_basic("ONNX")?;
    let graph = model.graph();
    if let Some(node) = graph.nodes().iter().find(|node| [INPUT, OUTPUT].contains(&node.name.as_str())) {
        let problem = "the file's input or output has its name".into();
        return Err(ExportError { node: node.name.clone(), format: "ONNX", problem });
    }
    let shape = graph.input_shape();
    let outputs = graph.node(graph.output()).shape.elements();
    let Operators { nodes, initializers } = Operators::of(model);
    let file = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "assay".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("{}\n{}\n{}", model.title, model.size(), model.normalisation()),
        graph: Some(GraphProto {
            node: nodes,
            name: "network".into(),
            initializer: initializers,
            input: vec![value(INPUT, &[shape.channels, shape.height, shape.width])],
            output: vec![value(OUTPUT, &[outputs])],
            ..GraphProto::default()
        }),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPERATOR_SET }],
        ..ModelProto::default()
    };
    Ok(file.encode_to_vec())
}

/// A value for a batch of this many images.
fn value(name: &str, sizes: &[usize]) -> ValueInfoProto {
    let fixed = sizes.iter().map(|size| Size::Fixed(*size as i64));
    let dim = std::iter::once(Size::Named("batch".into())).chain(fixed).map(|size| Dimension { value: Some(size) }).collect();
    let tensor_type = TensorType { elem_type: DataType::Float.into(), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}
