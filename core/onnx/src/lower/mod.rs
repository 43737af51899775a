//! From a file's operators to the graph's, one after the other.
//!
//! A value is known, a tensor, or live, a node of the draft. What depends on known values only is computed at once; the rest becomes
//! nodes.

mod align;
mod attention;
mod axes;
mod elementwise;
mod joining;
mod normalise;
mod products;
mod resize;
mod window;

use std::collections::HashMap;

use assay_core::graph::{Operator, Shape};
use assay_core::plugin::suggestion;

use crate::Problem;
use crate::attributes::Step;
use crate::draft::{Draft, Id};
use crate::error::short;
use crate::file::Beside;
use crate::fold::{self, Budget};
use crate::layout::Layout;
use crate::names;
use crate::schema::NodeProto;
use crate::tensor::{Data, Named, Origin, Tensor};

/// What is known of a value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Its numbers.
    Known(Tensor),
    /// The node that computes it.
    Live(Live),
}

/// A value that is computed when the network runs.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) id: Id,
    pub(crate) layout: Layout,
    /// Whether it is of whole numbers, as the tokens of a text.
    pub(crate) is_whole: bool,
}

impl From<Live> for Value {
    fn from(live: Live) -> Self {
        Self::Live(live)
    }
}

/// How an operator becomes nodes.
type Rule = fn(&mut Lowering<'_>, &Call<'_>) -> Result<Vec<Value>, Problem>;

/// The operators that are read on values that are live, without those that are recognised in parts.
const RULES: &[(&str, Rule)] = &[
    ("Add", elementwise::add),
    ("Attention", attention::attention),
    ("AveragePool", window::average_pool),
    ("BatchNormalization", normalise::batch_norm),
    ("Cast", elementwise::cast),
    ("CastLike", elementwise::cast),
    ("Clip", elementwise::clip),
    ("Concat", joining::concat),
    ("ConstantOfShape", resize::constant_of_shape),
    ("Conv", window::conv),
    ("DepthToSpace", resize::depth_to_space),
    ("Div", elementwise::div),
    ("Dropout", elementwise::same),
    ("Elu", elementwise::activation),
    ("Erf", elementwise::activation),
    ("Exp", elementwise::activation),
    ("Expand", resize::expand),
    ("Flatten", resize::flatten),
    ("Gather", axes::gather),
    ("Gelu", elementwise::activation),
    ("Gemm", products::gemm),
    ("GlobalAveragePool", window::global_average_pool),
    ("GlobalMaxPool", window::global_max_pool),
    ("GroupNormalization", normalise::group_norm),
    ("HardSigmoid", elementwise::activation),
    ("HardSwish", elementwise::activation),
    ("Identity", elementwise::same),
    ("InstanceNormalization", normalise::instance_norm),
    ("LayerNormalization", normalise::layer_norm),
    ("LeakyRelu", elementwise::activation),
    ("MatMul", products::mat_mul),
    ("Max", elementwise::bounded),
    ("MaxPool", window::max_pool),
    ("Min", elementwise::bounded),
    ("Mish", elementwise::mish),
    ("Mul", elementwise::mul),
    ("Neg", elementwise::neg),
    ("PRelu", elementwise::prelu),
    ("Pad", axes::pad),
    ("Pow", elementwise::pow),
    ("RMSNormalization", normalise::rms_norm),
    ("Reciprocal", elementwise::activation),
    ("ReduceL2", axes::reduce),
    ("ReduceMean", axes::reduce),
    ("ReduceSum", axes::reduce),
    ("ReduceSumSquare", axes::reduce),
    ("Relu", elementwise::relu),
    ("Reshape", resize::reshape),
    ("Selu", elementwise::selu),
    ("Sigmoid", elementwise::activation),
    ("Slice", axes::slice),
    ("Softmax", axes::softmax),
    ("Softplus", elementwise::activation),
    ("SpaceToDepth", resize::space_to_depth),
    ("Split", axes::split),
    ("Sqrt", elementwise::activation),
    ("Squeeze", resize::squeeze),
    ("Sub", elementwise::sub),
    ("Sum", elementwise::add),
    ("Swish", elementwise::swish),
    ("Tanh", elementwise::activation),
    ("Tile", resize::tile),
    ("Transpose", resize::transpose),
    ("Unsqueeze", resize::unsqueeze),
    ("Where", joining::choose),
];

/// A node of the file on its values.
pub(crate) struct Call<'a> {
    pub(crate) step: Step<'a>,
    pub(crate) inputs: Vec<Option<Value>>,
}

impl Call<'_> {
    /// An input that the node must have.
    pub(crate) fn input(&self, place: usize) -> Result<&Value, Problem> {
        self.optional(place).ok_or_else(|| self.step.wrong(format!("has no input {place}, which it needs")))
    }

    pub(crate) fn optional(&self, place: usize) -> Option<&Value> {
        self.inputs.get(place).and_then(Option::as_ref)
    }

    /// An input that must be known, if the node has it.
    pub(crate) fn known(&self, place: usize) -> Result<Option<&Tensor>, Problem> {
        match self.optional(place) {
            None => Ok(None),
            Some(Value::Known(tensor)) => Ok(Some(tensor)),
            Some(Value::Live(_)) => Err(self
                .step
                .wrong(format!("its input {place} depends on what the network computes; Assay reads it only where it is constant"))),
        }
    }

    /// A list of whole numbers: an attribute up to some operator set, an input that must be known since then.
    pub(crate) fn list(&self, attribute: &str, place: usize) -> Result<Option<Vec<i64>>, Problem> {
        if let Some(list) = self.step.ints(attribute) {
            return Ok(Some(list.to_vec()));
        }
        let whole = |tensor: &Tensor| tensor.to_wholes().ok_or_else(|| self.step.wrong(format!("its `{attribute}` are not whole numbers")));
        self.known(place)?.map(whole).transpose()
    }

    /// What is wrong with the node.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> Problem {
        self.step.wrong(problem)
    }

    /// What the node is called in the graph, where no weight names it.
    pub(crate) fn name(&self) -> String {
        names::path_of(self.step.name())
    }
}

/// A network as far as it was read.
pub(crate) struct Lowering<'a> {
    pub(crate) draft: Draft,
    /// Images in the batch: those that the file is for, or a number that stands for any.
    pub(crate) batch: usize,
    /// Whether the file is for batches of any size.
    pub(crate) is_any_batch: bool,
    pub(crate) values: HashMap<&'a str, Value>,
    pub(crate) notes: Vec<String>,
    pub(crate) budget: Budget,
    pub(crate) opset: i64,
    /// Operators that the file defines itself.
    pub(crate) functions: Vec<String>,
}

impl<'a> Lowering<'a> {
    /// Reads one node.
    pub(crate) fn node(&mut self, node: &'a NodeProto, beside: &mut Beside) -> Result<(), Problem> {
        let step = Step { node, opset: self.opset };
        self.check(&step)?;
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            let value = || {
                self.values
                    .get(name.as_str())
                    .cloned()
                    .ok_or_else(|| step.wrong(format!("reads `{}`, a further output of its node that Assay does not compute", short(name))))
            };
            inputs.push(if name.is_empty() { None } else { Some(value()?) });
        }
        let call = Call { step, inputs };
        let outputs = self.outputs(&call, beside)?;
        for (name, value) in node.output.iter().zip(outputs) {
            if !name.is_empty() {
                self.values.insert(name, value);
            }
        }
        Ok(())
    }

    fn outputs(&mut self, call: &Call<'_>, beside: &mut Beside) -> Result<Vec<Value>, Problem> {
        let operator = call.step.node.op_type.as_str();
        if operator == "Constant" {
            return Ok(vec![Value::Known(fold::constant(&call.step, beside)?)]);
        }
        if let ("Shape" | "Size", Some(Value::Live(live))) = (operator, call.optional(0)) {
            return Ok(vec![Value::Known(fold::shape_of(&call.step, &live.layout.dims(self.batch))?)]);
        }
        // What a tensor is made like of is a type, not a value.
        if let ("CastLike", Some(Value::Known(tensor)), Some(Value::Live(like))) = (operator, call.optional(0), call.optional(1)) {
            let like = if like.is_whole { Tensor::wholes(vec![0], vec![]) } else { Tensor::floats(vec![0], vec![]) };
            let outputs = fold::fold(&call.step, &[Some(tensor), Some(&like)], &mut self.budget)?;
            return Ok(outputs.into_iter().flatten().map(Value::Known).collect());
        }
        if let Some(known) = call.all_known()
            && !self.is_live_all_the_same(operator, &known)
            && let Some(outputs) = fold::fold(&call.step, &known, &mut self.budget)?
        {
            self.tell_of_computed(call, &known, &outputs);
            return Ok(outputs.into_iter().map(|tensor| Value::Known(renamed(&call.step, tensor))).collect());
        }
        match RULES.binary_search_by_key(&operator, |(name, _)| name) {
            Ok(place) => RULES[place].1(self, call),
            Err(_) => Err(self.unknown(&call.step)),
        }
    }

    /// What cannot be read whatever its inputs are.
    fn check(&self, step: &Step<'_>) -> Result<(), Problem> {
        const RECURRENT: [&str; 3] = ["LSTM", "GRU", "RNN"];
        let operator = step.node.op_type.as_str();
        let refused = |advice: &str| Err(Problem::Unknown { node: short(step.name()), operator: short(operator), advice: advice.into() });
        if !["", "ai.onnx"].contains(&step.node.domain.as_str()) {
            return Err(self.unknown(step));
        }
        if step.has_body() || ["If", "Loop", "Scan"].contains(&operator) {
            return refused("control flow depends on the data; export the network with the branch or the number of rounds fixed");
        }
        if RECURRENT.contains(&operator) {
            return refused("recurrent cells are not measured here");
        }
        Ok(())
    }

    fn unknown(&self, step: &Step<'_>) -> Problem {
        let operator = step.node.op_type.as_str();
        let known: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        let (operator, advice) = match step.node.domain.as_str() {
            "" | "ai.onnx" => (operator.to_owned(), suggestion(operator, &known)),
            domain if self.functions.iter().any(|function| function == operator) => {
                let advice = "the file defines it as a function; write the functions out first (`onnx.inliner.inline_local_functions`)";
                (format!("{domain}.{operator}"), advice.into())
            }
            domain => {
                (format!("{domain}.{operator}"), "only ONNX's own operators are read; export without optimisations for one runtime".into())
            }
        };
        Problem::Unknown { node: short(step.name()), operator: short(&operator), advice }
    }

    /// What becomes a node though its inputs are known: learned numbers that are repeated, so that they stay as many as they are, and
    /// what has an entry for each image of any batch.
    fn is_live_all_the_same(&self, operator: &str, known: &[Option<&Tensor>]) -> bool {
        let first = known.first().copied().flatten();
        let is_of_batch = |place: usize| {
            let dims = known.get(place).copied().flatten().and_then(Tensor::to_wholes).unwrap_or_default();
            self.is_any_batch && dims.iter().any(|extent| *extent > 0 && (*extent as u64).is_multiple_of(self.batch as u64))
        };
        match operator {
            "Gather" => {
                let is_learned = first.is_some_and(|table| matches!(table.data, Data::Float(_)) && table.origin.parameter().is_some());
                let mut indices = known.get(1).copied().flatten().and_then(Tensor::to_wholes).unwrap_or_default();
                let count = indices.len();
                indices.sort_unstable();
                indices.dedup();
                is_learned && indices.len() < count
            }
            "Expand" => is_of_batch(1),
            "ConstantOfShape" => is_of_batch(0),
            _ => false,
        }
    }

    /// Says that a learned tensor reaches the network by way of a computation that is not part of the graph.
    fn tell_of_computed(&mut self, call: &Call<'_>, known: &[Option<&Tensor>], outputs: &[Tensor]) {
        let lost = known.iter().flatten().find_map(|tensor| match &tensor.data {
            Data::Float(_) => tensor.origin.parameter(),
            _ => None,
        });
        if let (Some(name), Some(Tensor { data: Data::Float(_), origin: Origin::Computed, .. })) = (lost, outputs.first()) {
            let operator = &call.step.node.op_type;
            let note = format!(
                "`{}` reaches the network through `{}`: what comes of it is taken as it is, and not as a parameter",
                short(name),
                short(operator)
            );
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// A value as a node.
    pub(crate) fn live(&mut self, call: &Call<'_>, place: usize) -> Result<Live, Problem> {
        match call.input(place)? {
            Value::Live(live) => Ok(live.clone()),
            Value::Known(tensor) => self.held(call, tensor.clone()),
        }
    }

    /// A known value as a node.
    pub(crate) fn held(&mut self, call: &Call<'_>, tensor: Tensor) -> Result<Live, Problem> {
        let layout = Layout::without_batch(&tensor.dims);
        let is_whole = !matches!(tensor.data, Data::Float(_));
        let id = self.draft.hold(tensor, &call.name()).map_err(|problem| call.wrong(problem))?;
        Ok(Live { id, layout, is_whole })
    }

    /// A node of an operator that keeps shape and layout.
    pub(crate) fn keeping(&mut self, call: &Call<'_>, live: &Live, operator: Operator) -> Result<Live, Problem> {
        let id = self.draft.add(operator, &[live.id], &call.name()).map_err(|problem| call.wrong(problem))?;
        Ok(Live { id, layout: live.layout.clone(), is_whole: false })
    }

    /// The shape of a live value.
    pub(crate) fn shape(&self, live: &Live) -> Shape {
        self.draft.shape(live.id)
    }
}

impl Call<'_> {
    /// The inputs, if all are known.
    fn all_known(&self) -> Option<Vec<Option<&Tensor>>> {
        self.inputs
            .iter()
            .map(|input| match input {
                None => Some(None),
                Some(Value::Known(tensor)) => Some(Some(tensor)),
                Some(Value::Live(_)) => None,
            })
            .collect()
    }
}

/// Of several parameters that begin with the same numbers, PyTorch's exporter writes one, and copies that have the others' names.
fn renamed(step: &Step<'_>, tensor: Tensor) -> Tensor {
    match (step.node.op_type.as_str(), &tensor.origin, step.node.output.first()) {
        ("Identity", Origin::Whole(named), Some(name)) if named.is_told_by_its_name() && names::is_of_a_parameter(name) => {
            tensor.from(Origin::Whole(Named::of_file(name)))
        }
        _ => tensor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_their_names() {
        assert!(RULES.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
