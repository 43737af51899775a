//! A file as far as it is written: its nodes and tensors, their names, and how the values of nodes are laid out.
//!
//! A graph's values have axes without a batch, and those of extent 1 at the end don't count. A file's have the batch in front and a
//! number of axes of their own: each node says how many it takes, and axes of extent 1 are added or taken away at the end.

use std::collections::{BTreeSet, HashSet};

use assay_core::graph::{Graph, NodeId, Operator};
use assay_weights::{mean_path, variance_path};

use super::attributes::{list, whole};
use super::schema::{AttributeProto, DataType, NodeProto, TensorProto};
use super::{INPUT, OUTPUT};
use crate::{ExportError, Model};

/// The value of a node in the file.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) name: String,
    /// Its axes beside the batch.
    pub(super) rank: usize,
    /// Whether it is of whole numbers, as the tokens of a text.
    pub(super) is_whole: bool,
}

/// What is written so far.
pub(super) struct Writing<'a> {
    pub(super) model: &'a Model<'a>,
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
    /// The names of the tensors that are learned.
    pub(super) learned: BTreeSet<String>,
    /// The value of each node that is written.
    pub(super) values: Vec<Option<Value>>,
    /// How often each node is read by those that are written.
    pub(super) readers: Vec<usize>,
    /// The last that reads each.
    pub(super) last_reader: Vec<Option<NodeId>>,
    taken: HashSet<String>,
    /// The node that is being written, and the name of its value.
    node: NodeId,
    output: String,
}

impl<'a> Writing<'a> {
    pub(super) fn new(model: &'a Model<'a>, needed: &[bool]) -> Self {
        let graph = model.graph();
        let mut taken: HashSet<String> = [INPUT, OUTPUT].map(str::to_owned).into();
        let (mut readers, mut last_reader) = (vec![0; graph.nodes().len()], vec![None; graph.nodes().len()]);
        readers[graph.output().0] += 1;
        for (position, node) in graph.nodes().iter().enumerate().filter(|(position, _)| needed[*position]) {
            // The names of weights tell which layer they are of, so no other tensor takes one.
            if !matches!(node.operator, Operator::Parameter { .. }) {
                taken.extend(graph.parameters()[graph.parameters_of(NodeId(position))].iter().map(|spec| spec.path.clone()));
            }
            if matches!(node.operator, Operator::BatchNorm { .. }) {
                taken.extend([mean_path(&node.name), variance_path(&node.name)]);
            }
            if !matches!(node.operator, Operator::Zero { .. }) {
                for input in &node.inputs {
                    readers[input.0] += 1;
                    last_reader[input.0] = Some(NodeId(position));
                }
            }
        }
        Self {
            model,
            nodes: Vec::new(),
            initializers: Vec::new(),
            learned: BTreeSet::new(),
            values: vec![None; graph.nodes().len()],
            readers,
            last_reader,
            taken,
            node: NodeId(0),
            output: String::new(),
        }
    }

    pub(super) fn graph(&self) -> &'a Graph {
        self.model.graph()
    }

    /// A name that no other value has. The reader leaves slashes in front away.
    pub(super) fn free(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while name.is_empty() || !self.taken.insert(name.clone()) {
            name.insert(0, '/');
        }
        name
    }

    /// Begins with a node: its value has its name.
    pub(super) fn begin(&mut self, id: NodeId) {
        self.node = id;
        self.output = self.free(&self.graph().node(id).name);
    }

    /// What is wrong with the node that is being written.
    pub(super) fn wrong(&self, problem: impl Into<String>) -> ExportError {
        ExportError { node: self.graph().node(self.node).name.clone(), format: "ONNX", problem: problem.into() }
    }

    /// The value of one of the node's inputs, as floats.
    pub(super) fn input(&mut self, place: usize) -> Result<Value, ExportError> {
        let value = self.moved(place)?;
        if !value.is_whole {
            return Ok(value);
        }
        let name = self.part("Cast", &[value.name], &format!("floats{place}"), vec![whole("to", DataType::Float as usize)]);
        Ok(Value { name, is_whole: false, ..value })
    }

    /// The value of one of the node's inputs, floats or whole numbers.
    pub(super) fn moved(&self, place: usize) -> Result<Value, ExportError> {
        let id = self.graph().node(self.node).inputs.get(place);
        let value = id.and_then(|id| self.values[id.0].clone());
        value.ok_or_else(|| self.wrong(format!("its input {place} is not written")))
    }

    /// The value with as many axes beside the batch.
    pub(super) fn of_rank(&mut self, value: Value, rank: usize) -> Value {
        let (operator, between) = if value.rank < rank { ("Unsqueeze", value.rank..rank) } else { ("Squeeze", rank..value.rank) };
        if between.is_empty() {
            return value;
        }
        let axes: Vec<i64> = between.map(|axis| axis as i64 + 1).collect();
        let axes = self.integers("axes", &axes);
        let name = self.part(operator, &[value.name, axes], "laid_out", vec![]);
        Value { name, rank, ..value }
    }

    /// The value with that many axes at the least.
    pub(super) fn of_rank_at_least(&mut self, value: Value, rank: usize) -> Value {
        let rank = rank.max(value.rank);
        self.of_rank(value, rank)
    }

    /// Adds an operator that computes a part of the node.
    pub(super) fn part(&mut self, operator: &str, inputs: &[String], part: &str, attributes: Vec<AttributeProto>) -> String {
        let output = self.free(&format!("{}/{part}", self.output));
        self.add(operator, inputs, output.clone(), output.clone(), attributes);
        output
    }

    /// Adds the operator that computes the node's value.
    pub(super) fn last(&mut self, operator: &str, inputs: &[String], attributes: Vec<AttributeProto>) -> String {
        let name = self.graph().node(self.node).name.clone();
        self.add(operator, inputs, self.output.clone(), name, attributes);
        self.output.clone()
    }

    /// Adds the operator that computes what the network puts out.
    pub(super) fn put_out(&mut self, operator: &str, input: String, attributes: Vec<AttributeProto>) {
        self.add(operator, &[input], OUTPUT.into(), OUTPUT.into(), attributes);
    }

    fn add(&mut self, operator: &str, inputs: &[String], output: String, name: String, attribute: Vec<AttributeProto>) {
        self.nodes.push(NodeProto {
            input: inputs.to_vec(),
            output: vec![output],
            name,
            op_type: operator.into(),
            attribute,
            ..NodeProto::default()
        });
    }

    /// The average over some of a value's axes in the file, 0 being the batch; their extent becomes 1.
    pub(super) fn mean(&mut self, input: &str, axes: &[usize], part: &str) -> String {
        self.part("ReduceMean", &[input.to_owned()], part, vec![list("axes", axes), whole("keepdims", 1)])
    }

    /// The extents of a batch of values of these extents.
    pub(super) fn batch_of(&mut self, extents: &[usize]) -> String {
        let images = self.part("Shape", &[INPUT.into()], "images", vec![whole("start", 0), whole("end", 1)]);
        let sizes: Vec<i64> = extents.iter().map(|size| *size as i64).collect();
        let sizes = self.integers("sizes", &sizes);
        self.part("Concat", &[images, sizes], "shape", vec![whole("axis", 0)])
    }

    /// The node's parameters as learned tensors, in their order, with their paths for names. Their axes may be told otherwise.
    pub(super) fn parameters(&mut self, shaped: &dyn Fn(&[usize]) -> Vec<usize>) -> Vec<String> {
        let network = &self.model.weights.network;
        let mut names = Vec::new();
        for position in network.graph().parameters_of(self.node) {
            let spec = &network.graph().parameters()[position];
            self.learned.insert(spec.path.clone());
            names.push(self.tensor(spec.path.clone(), &shaped(&spec.shape), network.parameter(position)));
        }
        names
    }

    /// The numbers of the node itself, which has them without any input; they have its name.
    pub(super) fn own_tensor(&mut self, id: NodeId, dims: &[usize]) -> String {
        let network = &self.model.weights.network;
        let node = self.graph().node(id);
        let name = self.free(&node.name);
        match &node.operator {
            Operator::Constant { values, .. } => self.tensor(name, dims, values),
            _ => {
                self.learned.insert(name.clone());
                let values = network.graph().parameters_of(id).next().map_or(&[][..], |position| network.parameter(position));
                self.tensor(name, dims, values)
            }
        }
    }

    /// Numbers that are not learned.
    pub(super) fn floats(&mut self, part: &str, dims: &[usize], values: &[f32]) -> String {
        let name = self.free(&format!("{}/{part}", self.output));
        self.tensor(name, dims, values)
    }

    /// A number that is not learned.
    pub(super) fn scalar(&mut self, part: &str, value: f32) -> String {
        self.floats(part, &[], &[value])
    }

    /// Floats with a name that was taken for them.
    pub(super) fn tensor(&mut self, name: String, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.hold(name, dims, DataType::Float, bytes)
    }

    pub(super) fn integers(&mut self, part: &str, values: &[i64]) -> String {
        let name = self.free(&format!("{}/{part}", self.output));
        self.hold(name, &[values.len()], DataType::Int64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn hold(&mut self, name: String, dims: &[usize], data_type: DataType, raw_data: Vec<u8>) -> String {
        self.initializers.push(TensorProto {
            dims: dims.iter().map(|size| *size as i64).collect(),
            data_type: data_type.into(),
            name: name.clone(),
            raw_data: raw_data.into(),
            ..TensorProto::default()
        });
        name
    }
}
