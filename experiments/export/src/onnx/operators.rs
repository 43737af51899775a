//! From a graph's operators to ONNX's.

use assay_core::graph::{Conv2d, Extent, NodeId, Operator, Pool, Sides};

use super::{INPUT, OUTPUT};
use crate::Model;
use assay_onnx::schema::{AttributeProto, AttributeType, DataType, NodeProto, TensorProto};

/// The nodes and constants of an ONNX graph.
#[derive(Default)]
pub(super) struct Operators {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
}

impl Operators {
    /// Every node that the output depends on, and its parameters.
    pub(super) fn of(model: &Model<'_>) -> Self {
        let graph = model.graph();
        let mut operators = Self::default();
        for (position, needed) in graph.needed_by(&[]).into_iter().enumerate().skip(1) {
            if needed {
                operators.node(model, NodeId(position));
            }
        }
        operators.add("Flatten", &[name(model, graph.output())], OUTPUT.into(), vec![whole("axis", 1)]);
        operators
    }

    /// Adds what computes a node, under the node's name. Vectors are maps of one pixel.
    fn node(&mut self, model: &Model<'_>, id: NodeId) {
        let graph = model.graph();
        let node = graph.node(id);
        let output = name(model, id);
        let inputs: Vec<String> = node.inputs.iter().map(|input| name(model, *input)).collect();
        let part = |part: &str| format!("{output}/{part}");
        match &node.operator {
            Operator::Input => {}
            Operator::Conv2d(conv) => {
                let Conv2d { kernel, stride, padding, dilation, groups, .. } = *conv;
                let read = [inputs, self.parameters(model, id, &|shape| shape.to_vec())].concat();
                let mut attributes = window(kernel, stride, padding);
                attributes.extend([list("dilations", &dilation.both()), whole("group", groups)]);
                self.add("Conv", &read, output, attributes);
            }
            Operator::BatchNorm { affine, epsilon } => self.batch_norm(model, id, *affine, *epsilon),
            Operator::Relu => self.add("Relu", &inputs, output, vec![]),
            Operator::AvgPool(Pool { kernel, stride, padding, .. }) => {
                let mut attributes = window(*kernel, *stride, *padding);
                attributes.push(whole("count_include_pad", 0));
                self.add("AveragePool", &inputs, output, attributes);
            }
            Operator::MaxPool(Pool { kernel, stride, padding, .. }) => {
                self.add("MaxPool", &inputs, output, window(*kernel, *stride, *padding));
            }
            Operator::GlobalAvgPool => self.add("GlobalAveragePool", &inputs, output, vec![]),
            Operator::Linear { .. } => {
                self.add("Flatten", &inputs, part("flat"), vec![whole("axis", 1)]);
                let read = [vec![part("flat")], self.parameters(model, id, &|shape| shape.to_vec())].concat();
                self.add("Gemm", &read, part("product"), vec![whole("transB", 1)]);
                let axes = self.integers(&part("axes"), &[2, 3]);
                self.add("Unsqueeze", &[part("product"), axes], output, vec![]);
            }
            Operator::WeightedSum { weights } => {
                let mut terms = Vec::new();
                for (number, (weight, input)) in weights.iter().zip(inputs).enumerate() {
                    terms.push(if *weight == 1.0 {
                        input
                    } else {
                        let factor = self.floats(&part(&format!("weight{number}")), &[], &[*weight]);
                        self.add("Mul", &[input, factor], part(&format!("term{number}")), vec![]);
                        part(&format!("term{number}"))
                    });
                }
                self.add("Sum", &terms, output, vec![]);
            }
            Operator::Concat { .. } => self.add("Concat", &inputs, output, vec![whole("axis", 1)]),
            Operator::Shift { offset } => {
                let offset = *offset as i64;
                let [starts, ends, axes] = [("starts", [offset; 2]), ("ends", [i64::MAX; 2]), ("axes", [2, 3])]
                    .map(|(name, values)| self.integers(&part(name), &values));
                self.add("Slice", &[inputs[0].clone(), starts, ends, axes], part("kept"), vec![]);
                let pads = self.integers(&part("pads"), &[0, 0, 0, 0, 0, 0, offset, offset]);
                self.add("Pad", &[part("kept"), pads], output, vec![]);
            }
            Operator::Truncate { channels } => {
                let [starts, ends, axes] =
                    [("starts", 0), ("ends", *channels as i64), ("axes", 1)].map(|(name, value)| self.integers(&part(name), &[value]));
                self.add("Slice", &[inputs[0].clone(), starts, ends, axes], output, vec![]);
            }
            Operator::Zero { .. } => {
                let shape = node.shape;
                self.add("Shape", &[INPUT.into()], part("images"), vec![whole("start", 0), whole("end", 1)]);
                let sizes = self.integers(&part("sizes"), &[shape.channels, shape.height, shape.width].map(|size| size as i64));
                self.add("Concat", &[part("images"), sizes], part("shape"), vec![whole("axis", 0)]);
                self.add("ConstantOfShape", &[part("shape")], output, vec![]);
            }
            other => unreachable!("`{}` is not basic, which was checked", other.kind()),
        }
    }

    /// By running statistics with ONNX's own operator, else by those of the batch, step by step: that operator's training mode
    /// is left out of inference runtimes.
    fn batch_norm(&mut self, model: &Model<'_>, id: NodeId, affine: bool, epsilon: f64) {
        let graph = model.graph();
        let node = graph.node(id);
        let channels = node.shape.channels;
        let (input, output) = (name(model, node.inputs[0]), name(model, id));
        let part = |part: &str| format!("{output}/{part}");
        if let Some(moments) = model.weights.statistics.as_ref().and_then(|statistics| statistics.nodes.get(&id)) {
            let mut read = vec![input];
            if affine {
                read.extend(self.parameters(model, id, &|shape| shape.to_vec()));
            } else {
                read.push(self.floats(&part("ones"), &[channels], &vec![1.0; channels]));
                read.push(self.floats(&part("zeros"), &[channels], &vec![0.0; channels]));
            }
            read.push(self.floats(&format!("{}.running_mean", node.name), &[channels], &moments.mean));
            read.push(self.floats(&format!("{}.running_var", node.name), &[channels], &moments.variance));
            self.add("BatchNormalization", &read, output, vec![number("epsilon", epsilon as f32)]);
            return;
        }
        let over = || vec![list("axes", &[0, 2, 3]), whole("keepdims", 1)];
        self.add("ReduceMean", std::slice::from_ref(&input), part("mean"), over());
        self.add("Sub", &[input, part("mean")], part("centred"), vec![]);
        self.add("Mul", &[part("centred"), part("centred")], part("squares"), vec![]);
        self.add("ReduceMean", &[part("squares")], part("variance"), over());
        let epsilon = self.floats(&part("epsilon"), &[], &[epsilon as f32]);
        self.add("Add", &[part("variance"), epsilon], part("shifted"), vec![]);
        self.add("Sqrt", &[part("shifted")], part("deviation"), vec![]);
        let normalised = if affine { part("normalised") } else { output.clone() };
        self.add("Div", &[part("centred"), part("deviation")], normalised.clone(), vec![]);
        if affine {
            // One value a channel, as a shape that spreads over images and maps.
            let parameters = self.parameters(model, id, &|shape| [shape, &[1, 1]].concat());
            self.add("Mul", &[normalised, parameters[0].clone()], part("scaled"), vec![]);
            self.add("Add", &[part("scaled"), parameters[1].clone()], output, vec![]);
        }
    }

    /// The node's parameters as initialisers, in their order, with their names.
    fn parameters(&mut self, model: &Model<'_>, id: NodeId, shaped: &dyn Fn(&[usize]) -> Vec<usize>) -> Vec<String> {
        let network = &model.weights.network;
        let range = network.graph().parameters_of(id);
        range
            .map(|position| {
                let spec = &network.graph().parameters()[position];
                self.floats(&spec.path, &shaped(&spec.shape), network.parameter(position))
            })
            .collect()
    }

    fn add(&mut self, operator: &str, inputs: &[String], output: String, attribute: Vec<AttributeProto>) {
        let name = output.clone();
        self.nodes.push(NodeProto {
            input: inputs.to_vec(),
            output: vec![output],
            name,
            op_type: operator.into(),
            attribute,
            ..NodeProto::default()
        });
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, shape, DataType::Float, bytes)
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.tensor(name, &[values.len()], DataType::Int64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn tensor(&mut self, name: &str, shape: &[usize], data_type: DataType, raw_data: Vec<u8>) -> String {
        let dims = shape.iter().map(|size| *size as i64).collect();
        self.initializers.push(TensorProto {
            dims,
            data_type: data_type.into(),
            name: name.into(),
            raw_data: raw_data.into(),
            ..TensorProto::default()
        });
        name.into()
    }
}

/// What a node's value is called.
fn name(model: &Model<'_>, id: NodeId) -> String {
    if id == NodeId(0) { INPUT.into() } else { model.graph().node(id).name.clone() }
}

fn window(kernel: Extent, stride: Extent, padding: Sides) -> Vec<AttributeProto> {
    let Sides { top, left, bottom, right } = padding;
    let pads = list("pads", &[top, left, bottom, right]);
    vec![list("kernel_shape", &kernel.both()), list("strides", &stride.both()), pads]
}

fn whole(name: &str, value: usize) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value as i64), r#type: AttributeType::Int.into(), ..AttributeProto::default() }
}

fn number(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: Some(value), r#type: AttributeType::Float.into(), ..AttributeProto::default() }
}

fn list(name: &str, values: &[usize]) -> AttributeProto {
    let ints = values.iter().map(|value| *value as i64).collect();
    AttributeProto { name: name.into(), ints, r#type: AttributeType::Ints.into(), ..AttributeProto::default() }
}
