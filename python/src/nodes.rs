//! Nodes and tensors that Python hands over, as a model in ONNX's terms: what its reader makes networks of.
#![allow(unsafe_code, reason = "the memory of tensors is lent")]

use std::collections::BTreeMap;

use assay_onnx::schema::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, Size, TensorProto,
    TensorShapeProto, TensorType, TypeProto, ValueInfoProto,
};
use prost::bytes::Bytes;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The version of ONNX's operators that nodes are of.
const OPERATOR_SET: i64 = 23;

/// A node: its operator, its name, what it reads and computes, and its settings.
#[derive(FromPyObject)]
pub(crate) struct Node(String, String, Vec<String>, Vec<String>, BTreeMap<String, Attribute>);

/// A setting of a node.
#[derive(FromPyObject)]
enum Attribute {
    Whole(i64),
    Number(f32),
    Text(String),
    Wholes(Vec<i64>),
    Numbers(Vec<f32>),
}

/// A tensor: its name, its extents, the name of its type in NumPy, its memory, and whether it is learned.
#[derive(FromPyObject)]
pub(crate) struct Tensor<'py>(String, Vec<i64>, String, Bound<'py, PyAny>, bool);

/// What goes in: its name, the extents of one image, and whether it is of whole numbers.
#[derive(FromPyObject)]
pub(crate) struct Input(String, Vec<i64>, bool);

/// The model of these nodes, and the names of the tensors that are learned.
pub(crate) fn model(
    producer: (String, String),
    input: Input,
    nodes: Vec<Node>,
    tensors: Vec<Tensor<'_>>,
    outputs: Vec<String>,
) -> PyResult<(ModelProto, Vec<String>)> {
    let learned = tensors.iter().filter(|tensor| tensor.4).map(|tensor| tensor.0.clone()).collect();
    let Input(name, axes, is_whole) = input;
    let kind = if is_whole { DataType::Int64 } else { DataType::Float };
    let dim = std::iter::once(Size::Named("batch".into())).chain(axes.into_iter().map(Size::Fixed));
    let shape = TensorShapeProto { dim: dim.map(|size| Dimension { value: Some(size) }).collect() };
    let kind = TypeProto { tensor_type: Some(TensorType { elem_type: kind.into(), shape: Some(shape) }) };
    let graph = GraphProto {
        node: nodes.into_iter().map(Node::message).collect(),
        initializer: tensors.into_iter().map(Tensor::message).collect::<PyResult<_>>()?,
        input: vec![ValueInfoProto { name, r#type: Some(kind) }],
        output: outputs.into_iter().map(|name| ValueInfoProto { name, r#type: None }).collect(),
        ..GraphProto::default()
    };
    let model = ModelProto {
        producer_name: producer.0,
        producer_version: producer.1,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPERATOR_SET }],
        ..ModelProto::default()
    };
    Ok((model, learned))
}

impl Node {
    fn message(self) -> NodeProto {
        let Self(op_type, name, input, output, attributes) = self;
        let attribute = attributes.into_iter().map(|(name, value)| value.message(name)).collect();
        NodeProto { input, output, name, op_type, attribute, domain: String::new() }
    }
}

impl Attribute {
    fn message(self, name: String) -> AttributeProto {
        let empty = AttributeProto { name, ..AttributeProto::default() };
        let of = |kind: AttributeType| kind.into();
        match self {
            Self::Whole(value) => AttributeProto { i: Some(value), r#type: of(AttributeType::Int), ..empty },
            Self::Number(value) => AttributeProto { f: Some(value), r#type: of(AttributeType::Float), ..empty },
            Self::Text(value) => AttributeProto { s: Some(value.into_bytes().into()), r#type: of(AttributeType::String), ..empty },
            Self::Wholes(ints) => AttributeProto { ints, r#type: of(AttributeType::Ints), ..empty },
            Self::Numbers(floats) => AttributeProto { floats, r#type: of(AttributeType::Floats), ..empty },
        }
    }
}

impl Tensor<'_> {
    fn message(self) -> PyResult<TensorProto> {
        let Self(name, dims, kind, memory, _) = self;
        let (kind, size) = match kind.as_str() {
            "float32" => (DataType::Float, 4),
            "float64" => (DataType::Double, 8),
            "int32" => (DataType::Int32, 4),
            "int64" => (DataType::Int64, 8),
            "bool" => (DataType::Bool, 1),
            other => return Err(PyValueError::new_err(format!("the tensor `{name}` is of {other}"))),
        };
        let memory = Lent(PyBuffer::get(&memory)?);
        if !memory.0.is_c_contiguous() || !memory.as_ref().len().is_multiple_of(size) {
            return Err(PyValueError::new_err(format!("the memory of the tensor `{name}` is not in one piece")));
        }
        Ok(TensorProto { dims, data_type: kind.into(), name, raw_data: Bytes::from_owner(memory), ..TensorProto::default() })
    }
}

/// Memory of Python's, which lives until its last reader has let it go.
struct Lent(PyBuffer<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        let (start, length) = (self.0.buf_ptr().cast::<u8>(), self.0.len_bytes());
        if length == 0 || start.is_null() {
            return &[];
        }
        // SAFETY: Python's buffer protocol holds so many bytes there, in one piece as was checked, until the buffer is released, which
        // is when this is dropped. Every pattern of bits is a byte; a thread of Python that writes there meanwhile changes numbers that
        // are read, as with NumPy's arrays.
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}
