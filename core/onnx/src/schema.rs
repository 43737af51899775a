//! The part of ONNX's protocol-buffer schema that a network takes, with the field numbers of `onnx.proto`.
//!
//! What neither the reader nor Assay's writer looks at is left out, which protocol buffers allow: types of values inside, training
//! information, notes for tools.

use prost::bytes::Bytes;
use prost::{Enumeration, Message, Oneof};

/// A whole file.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// The version of the file format.
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// What wrote it.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// That program's version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// What it is.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// The computation.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    /// The sets of operators that it uses.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// Texts for whoever knows their names.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
    /// Operators that the file defines itself.
    #[prost(message, repeated, tag = "25")]
    pub functions: Vec<FunctionProto>,
}

/// An operator that a file defines by others. Its body is not read.
#[derive(Clone, PartialEq, Message)]
pub struct FunctionProto {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The set of operators it belongs to.
    #[prost(string, tag = "10")]
    pub domain: String,
}

/// A set of operators and its version.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
    /// Empty for ONNX's own.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// Its version.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// Operators, constants, and what goes in and out.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// In topological order, if the file is right.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// A name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The constants.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// Constants that are mostly zeros. They are not read, only counted.
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub sparse_initializer: Vec<Bytes>,
    /// What goes in.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// What comes out.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
}

/// One operator.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of values.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of values.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// A name for tools.
    #[prost(string, tag = "3")]
    pub name: String,
    /// `Conv`, `Relu`, …
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Its settings.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
    /// The set of operators that it is of; empty for ONNX's own.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// One setting of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value, if it is a number.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// The value, if it is a whole number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// The value, if it is a text.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub s: Option<Bytes>,
    /// The value, if it is a tensor.
    #[prost(message, optional, tag = "5")]
    pub t: Option<TensorProto>,
    /// The value, if it is a graph of its own, as in control flow. It is not read.
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub g: Option<Bytes>,
    /// The value, if it is a list of numbers.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// The value, if it is a list of whole numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Which of them it is.
    #[prost(enumeration = "AttributeType", tag = "20")]
    pub r#type: i32,
}

/// The types of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum AttributeType {
    /// None.
    Undefined = 0,
    /// A number.
    Float = 1,
    /// A whole number.
    Int = 2,
    /// A text.
    String = 3,
    /// A tensor.
    Tensor = 4,
    /// A graph.
    Graph = 5,
    /// A list of numbers.
    Floats = 6,
    /// A list of whole numbers.
    Ints = 7,
    /// A list of texts.
    Strings = 8,
    /// A tensor that is mostly zeros.
    SparseTensor = 11,
}

/// A constant.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// Its shape.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// What its numbers are.
    #[prost(enumeration = "DataType", tag = "2")]
    pub data_type: i32,
    /// Its numbers, if they are 32-bit floats and not in `raw_data`.
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// Its numbers, if they are of fewer bits, or truth values, and not in `raw_data`.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// Its numbers, if they are 64-bit integers and not in `raw_data`.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// Its name as a value.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Its numbers, little-endian, row-major.
    #[prost(bytes = "bytes", tag = "9")]
    pub raw_data: Bytes,
    /// Its numbers, if they are 64-bit floats and not in `raw_data`.
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    /// Its numbers, if they are unsigned integers of 32 or 64 bits and not in `raw_data`.
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: Vec<u64>,
    /// Where its numbers are, if they are in another file: `location`, `offset`, `length`.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<StringStringEntryProto>,
    /// 1 if its numbers are in another file.
    #[prost(int32, tag = "14")]
    pub data_location: i32,
}

/// A name with its value.
#[derive(Clone, PartialEq, Message)]
pub struct StringStringEntryProto {
    /// The name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// The types of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum DataType {
    /// None.
    Undefined = 0,
    /// 32-bit floats.
    Float = 1,
    /// Whole numbers from 0 to 255.
    Uint8 = 2,
    /// Whole numbers from −128 to 127.
    Int8 = 3,
    /// Whole numbers of 16 bits without a sign.
    Uint16 = 4,
    /// Whole numbers of 16 bits.
    Int16 = 5,
    /// Whole numbers of 32 bits.
    Int32 = 6,
    /// 64-bit integers.
    Int64 = 7,
    /// Texts.
    String = 8,
    /// Truth values.
    Bool = 9,
    /// 16-bit floats.
    Float16 = 10,
    /// 64-bit floats.
    Double = 11,
    /// Whole numbers of 32 bits without a sign.
    Uint32 = 12,
    /// Whole numbers of 64 bits without a sign.
    Uint64 = 13,
    /// Pairs of 32-bit floats.
    Complex64 = 14,
    /// Pairs of 64-bit floats.
    Complex128 = 15,
    /// The upper halves of 32-bit floats.
    Bfloat16 = 16,
}

/// An input or output.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
}

/// The type of a value.
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    /// Tensors are the only one used here.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
}

/// A tensor's numbers and shape.
#[derive(Clone, PartialEq, Message)]
pub struct TensorType {
    /// What its numbers are.
    #[prost(enumeration = "DataType", tag = "1")]
    pub elem_type: i32,
    /// Its dimensions.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
}

/// A shape.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// Outermost first.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// One dimension.
#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    /// A size, or a name for any size.
    #[prost(oneof = "Size", tags = "1, 2")]
    pub value: Option<Size>,
}

/// How long a dimension is.
#[derive(Clone, PartialEq, Oneof)]
pub enum Size {
    /// This many.
    #[prost(int64, tag = "1")]
    Fixed(i64),
    /// Any length, the same wherever the name stands.
    #[prost(string, tag = "2")]
    Named(String),
}
