//! Making small files.

use assay_onnx::schema::{
    AttributeProto, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, Size, TensorProto, TensorShapeProto, TensorType,
    TypeProto, ValueInfoProto,
};
use assay_onnx::{Imported, OnnxError, Options, read_bytes};
use prost::Message;

/// An extent of an axis: a number, or a name for any.
pub(crate) enum Open {
    Is(i64),
    Named(&'static str),
}

pub(crate) use Open::{Is, Named};

/// A file of one input `x`, 32-bit floats unless said otherwise, and one output `y`.
pub(crate) struct File(pub(crate) ModelProto);

impl File {
    pub(crate) fn new(input: &[Open]) -> Self {
        // The output's shape is left to whoever reads it.
        let tensor_type = Some(TensorType { elem_type: 1, shape: None });
        let output = ValueInfoProto { name: "y".into(), r#type: Some(TypeProto { tensor_type }) };
        let graph = GraphProto { input: vec![value("x", 1, input)], output: vec![output], ..GraphProto::default() };
        let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 17 }];
        Self(ModelProto { ir_version: 8, graph: Some(graph), opset_import, producer_name: "test".into(), ..ModelProto::default() })
    }

    /// Any batch of maps of 3×8×8.
    pub(crate) fn of_maps() -> Self {
        Self::new(&[Named("batch"), Is(3), Is(8), Is(8)])
    }

    pub(crate) fn graph(&mut self) -> &mut GraphProto {
        self.0.graph.as_mut().unwrap()
    }

    pub(crate) fn opset(mut self, version: i64) -> Self {
        self.0.opset_import[0].version = version;
        self
    }

    /// `outputs = operator(inputs)`, both separated by spaces; `-` is an input that is left out.
    pub(crate) fn node(mut self, operator: &str, inputs: &str, outputs: &str, attributes: &[AttributeProto]) -> Self {
        let list = |names: &str| names.split_whitespace().map(|name| if name == "-" { String::new() } else { name.to_owned() }).collect();
        let (input, output): (Vec<String>, Vec<String>) = (list(inputs), list(outputs));
        let name = format!("{operator}_{}", output[0]);
        let node = NodeProto { input, output, name, op_type: operator.into(), attribute: attributes.to_vec(), ..NodeProto::default() };
        self.graph().node.push(node);
        self
    }

    pub(crate) fn floats(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into();
        self.graph().initializer.push(TensorProto {
            dims: dims.to_vec(),
            data_type: 1,
            name: name.into(),
            raw_data,
            ..TensorProto::default()
        });
        self
    }

    /// Numbers that differ.
    pub(crate) fn weights(self, name: &str, dims: &[i64]) -> Self {
        let count = dims.iter().product::<i64>();
        let values: Vec<f32> = (0..count).map(|place| ((place * 37 % 101) as f32 - 50.0) / 60.0).collect();
        self.floats(name, dims, &values)
    }

    pub(crate) fn wholes(mut self, name: &str, dims: &[i64], values: &[i64]) -> Self {
        let tensor =
            TensorProto { dims: dims.to_vec(), data_type: 7, name: name.into(), int64_data: values.to_vec(), ..TensorProto::default() };
        self.graph().initializer.push(tensor);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    pub(crate) fn read(&self) -> Result<Imported, OnnxError> {
        read_bytes(self.bytes(), &Options::default())
    }

    pub(crate) fn error(&self) -> String {
        self.read().unwrap_err().problem().to_string()
    }
}

pub(crate) fn value(name: &str, elem_type: i32, dims: &[Open]) -> ValueInfoProto {
    let size = |extent: &Open| match extent {
        Is(extent) => Size::Fixed(*extent),
        Named(name) => Size::Named((*name).into()),
    };
    let dim = dims.iter().map(|extent| Dimension { value: Some(size(extent)) }).collect();
    let tensor_type = Some(TensorType { elem_type, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value), r#type: 2, ..AttributeProto::default() }
}

pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: Some(value), r#type: 1, ..AttributeProto::default() }
}

pub(crate) fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto { name: name.into(), s: Some(value.as_bytes().to_vec().into()), r#type: 3, ..AttributeProto::default() }
}

pub(crate) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { name: name.into(), ints: values.to_vec(), r#type: 7, ..AttributeProto::default() }
}

/// A sequence of 6 tokens × 8 features.
pub(crate) fn tokens() -> File {
    File::new(&[Named("batch"), Is(6), Is(8)])
}
