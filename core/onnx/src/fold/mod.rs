//! What is computed once, when the file is read: shapes, indices, tables, and weights in another order.
//!
//! With the input's shape fixed, PyTorch's exporters leave hundreds of such nodes in a transformer. How many numbers may be made
//! of a file's is bounded.

mod arithmetic;
mod generate;
mod indexing;
mod reduce;
mod relayout;

pub(crate) use generate::filling;
pub(crate) use indexing::equal_parts;
pub(crate) use relayout::resolved;

use crate::Problem;
use crate::attributes::Step;
use crate::file::Beside;
use crate::schema::AttributeProto;
use crate::tensor::{Data, Tensor};

/// How many numbers may still be computed.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    /// Enough for a file that holds so many.
    pub(crate) fn for_numbers(held: usize) -> Self {
        const BESIDE: usize = 1 << 24;
        Self(held.saturating_mul(4).saturating_add(BESIDE))
    }

    /// Takes some away.
    pub(crate) fn take(&mut self, count: usize) -> Result<(), String> {
        match self.0.checked_sub(count) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(format!("would compute {count} numbers before the network runs, which is more than the file is large enough for")),
        }
    }
}

/// A node on known inputs.
pub(crate) struct Given<'a, 'b> {
    pub(crate) step: &'a Step<'a>,
    inputs: &'a [Option<&'a Tensor>],
    pub(crate) budget: &'b mut Budget,
}

type Outcome = Result<Vec<Tensor>, String>;
type Rule = fn(&mut Given<'_, '_>) -> Outcome;

const RULES: &[(&str, Rule)] = &[
    ("Abs", arithmetic::unary),
    ("Add", arithmetic::binary),
    ("And", arithmetic::logical),
    ("Cast", arithmetic::cast),
    ("CastLike", arithmetic::cast),
    ("Ceil", arithmetic::unary),
    ("Clip", arithmetic::clip),
    ("Concat", indexing::concat),
    ("ConstantOfShape", generate::constant_of_shape),
    ("Cos", arithmetic::unary),
    ("CumSum", reduce::cum_sum),
    ("Div", arithmetic::binary),
    ("Dropout", relayout::same),
    ("Equal", arithmetic::compare),
    ("Erf", arithmetic::unary),
    ("Exp", arithmetic::unary),
    ("Expand", relayout::expand),
    ("EyeLike", generate::eye_like),
    ("Flatten", relayout::flatten),
    ("Floor", arithmetic::unary),
    ("Gather", indexing::gather),
    ("GatherND", indexing::gather_nd),
    ("Greater", arithmetic::compare),
    ("GreaterOrEqual", arithmetic::compare),
    ("Identity", relayout::same),
    ("Less", arithmetic::compare),
    ("LessOrEqual", arithmetic::compare),
    ("Log", arithmetic::unary),
    ("MatMul", reduce::mat_mul),
    ("Max", arithmetic::extreme),
    ("Min", arithmetic::extreme),
    ("Mod", arithmetic::binary),
    ("Mul", arithmetic::binary),
    ("Neg", arithmetic::unary),
    ("NonZero", generate::non_zero),
    ("Not", arithmetic::unary),
    ("Or", arithmetic::logical),
    ("Pad", indexing::pad),
    ("Pow", arithmetic::binary),
    ("Range", generate::range),
    ("Reciprocal", arithmetic::unary),
    ("ReduceMax", reduce::reduce),
    ("ReduceMean", reduce::reduce),
    ("ReduceMin", reduce::reduce),
    ("ReduceProd", reduce::reduce),
    ("ReduceSum", reduce::reduce),
    ("Relu", arithmetic::unary),
    ("Reshape", relayout::reshape),
    ("Round", arithmetic::unary),
    ("ScatterND", indexing::scatter_nd),
    ("Shape", relayout::shape),
    ("Sigmoid", arithmetic::unary),
    ("Sign", arithmetic::unary),
    ("Sin", arithmetic::unary),
    ("Size", relayout::shape),
    ("Slice", indexing::slice),
    ("Split", indexing::split),
    ("Sqrt", arithmetic::unary),
    ("Squeeze", relayout::squeeze),
    ("Sub", arithmetic::binary),
    ("Tanh", arithmetic::unary),
    ("Tile", relayout::tile),
    ("Transpose", relayout::transpose),
    ("Trilu", generate::trilu),
    ("Unsqueeze", relayout::unsqueeze),
    ("Where", arithmetic::choose),
    ("Xor", arithmetic::logical),
];

/// What a node computes of known inputs; nothing if it is not computed here.
pub(crate) fn fold(step: &Step<'_>, inputs: &[Option<&Tensor>], budget: &mut Budget) -> Result<Option<Vec<Tensor>>, Problem> {
    let Ok(place) = RULES.binary_search_by_key(&step.node.op_type.as_str(), |(name, _)| name) else { return Ok(None) };
    let outputs = RULES[place].1(&mut Given { step, inputs, budget });
    outputs.map(Some).map_err(|problem| step.wrong(problem))
}

impl Given<'_, '_> {
    pub(crate) fn input(&self, place: usize) -> Result<&Tensor, String> {
        self.optional(place).ok_or_else(|| format!("has no input {place}, which it needs"))
    }

    pub(crate) fn optional(&self, place: usize) -> Option<&Tensor> {
        self.inputs.get(place).copied().flatten()
    }

    pub(crate) fn count(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn operator(&self) -> &str {
        &self.step.node.op_type
    }

    /// The whole numbers of an input.
    pub(crate) fn wholes(&self, place: usize) -> Result<Vec<i64>, String> {
        self.input(place)?.to_wholes().ok_or_else(|| format!("its input {place} is not of whole numbers"))
    }

    /// A list that is an attribute up to some operator set, an input since then.
    pub(crate) fn list(&self, attribute: &str, place: usize) -> Result<Option<Vec<i64>>, String> {
        if let Some(list) = self.step.ints(attribute) {
            return Ok(Some(list.to_vec()));
        }
        self.optional(place).map(|_| self.wholes(place)).transpose()
    }

    /// How many numbers a result of these extents has, taken from what may be computed.
    pub(crate) fn room(&mut self, dims: &[usize]) -> Result<usize, String> {
        let count = dims.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent));
        let count = count.ok_or_else(|| format!("would compute {dims:?}, which is more than any machine holds"))?;
        self.budget.take(count)?;
        Ok(count)
    }
}

/// The tensor of a node that is one.
pub(crate) fn constant(step: &Step<'_>, beside: &mut Beside) -> Result<Tensor, Problem> {
    let name = step.node.output.first().map_or_else(|| step.name(), String::as_str);
    if let Some(tensor) = step.tensor("value") {
        return Tensor::read(tensor, name, beside);
    }
    let number = |attribute: &str| step.node.attribute.iter().find(|own| own.name == attribute);
    let list = |dims: Vec<usize>, data: Data| Ok(Tensor::computed(dims, data));
    let floats = |values: Vec<f32>| Data::Float(values.into());
    let wholes = |values: Vec<i64>| Data::Whole(values.into());
    if let Some(AttributeProto { f: Some(value), .. }) = number("value_float") {
        return list(vec![], floats(vec![*value]));
    }
    if let Some(AttributeProto { i: Some(value), .. }) = number("value_int") {
        return list(vec![], wholes(vec![*value]));
    }
    if let Some(values) = step.floats("value_floats") {
        return list(vec![values.len()], floats(values.to_vec()));
    }
    match step.ints("value_ints") {
        Some(values) => list(vec![values.len()], wholes(values.to_vec())),
        None => Err(step.wrong("is a constant of texts or of mostly zeros; Assay reads tensors and numbers")),
    }
}

/// The extents of a value, as the node asks for them.
pub(crate) fn shape_of(step: &Step<'_>, dims: &[usize]) -> Result<Tensor, Problem> {
    relayout::extents(step, dims).map_err(|problem| step.wrong(problem))
}

/// The product of two tensors, element by element; nothing where they do not fit.
pub(crate) fn product(left: &Tensor, right: &Tensor, budget: &mut Budget) -> Result<Option<Tensor>, String> {
    let Some(dims) = arithmetic::broadcast(&left.dims, &right.dims) else { return Ok(None) };
    let count = dims.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent)).ok_or("is more than any machine holds")?;
    budget.take(count)?;
    let places = |tensor: &Tensor| arithmetic::places(&tensor.dims, &dims);
    let (a, b) = (left.to_floats(), right.to_floats());
    let values = places(left).zip(places(right)).map(|(left, right)| a[left] * b[right]).collect();
    Ok(Some(Tensor::floats(dims, values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_their_names() {
        assert!(RULES.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
