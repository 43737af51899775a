//! The network as it is being read: graph operators on values of one image, not yet named, with the weights that they were given.
//!
//! Nodes are only added, each after what it reads. What is recognised as one operator of the graph, as a GELU written out, is added
//! in place of its last part; parts that nothing reads any more are left out in the end.

mod activation;
mod normalise;
mod shape;

use assay_core::graph::{AXES, Activation, Operator, Shape};
use assay_core::network::RunningMoments;

use crate::tensor::Tensor;

/// The position of a node in its draft.
pub(crate) type Id = usize;

/// What a node computes.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// An operator of the graph.
    Operator(Operator),
    /// scale · x + offset.
    Affine { scale: f64, offset: f64 },
    /// The average over the batch and these axes, as in a batch normalisation that is written out.
    BatchMean { axes: Vec<usize> },
    /// A tensor of the file. Its use decides whether it is learned.
    Held(Tensor),
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Id>,
    pub(crate) shape: Shape,
    /// Of the node in the file that it comes from.
    pub(crate) name: String,
    pub(crate) weight: Option<Tensor>,
    pub(crate) bias: Option<Tensor>,
    /// Of a batch normalisation.
    pub(crate) moments: Option<RunningMoments>,
}

/// Nodes; the first is the input.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) nodes: Vec<Node>,
}

impl Draft {
    pub(crate) fn new(input: Shape) -> Self {
        let mut draft = Self { nodes: Vec::new() };
        draft.push(Kind::Operator(Operator::Input), &[], input, "input");
        draft
    }

    fn push(&mut self, kind: Kind, inputs: &[Id], shape: Shape, name: &str) -> Id {
        let inputs = inputs.to_vec();
        self.nodes.push(Node { kind, inputs, shape, name: name.into(), weight: None, bias: None, moments: None });
        self.nodes.len() - 1
    }

    pub(crate) fn shape(&self, id: Id) -> Shape {
        self.nodes[id].shape
    }

    pub(crate) fn operator(&self, id: Id) -> Option<&Operator> {
        match &self.nodes[id].kind {
            Kind::Operator(operator) => Some(operator),
            _ => None,
        }
    }

    /// The input of a node that has one.
    fn input(&self, id: Id) -> Option<Id> {
        match self.nodes[id].inputs.as_slice() {
            [input] => Some(*input),
            _ => None,
        }
    }

    /// Adds an operator as it is.
    pub(crate) fn add(&mut self, operator: Operator, inputs: &[Id], name: &str) -> Result<Id, String> {
        let shapes: Vec<Shape> = inputs.iter().map(|input| self.shape(*input)).collect();
        let shape = operator.infer(&shapes)?;
        Ok(self.push(Kind::Operator(operator), inputs, shape, name))
    }

    /// Adds an operator with its weights.
    pub(crate) fn add_layer(
        &mut self,
        operator: Operator,
        input: Id,
        weight: Option<Tensor>,
        bias: Option<Tensor>,
        name: &str,
    ) -> Result<Id, String> {
        let id = self.add(operator, &[input], name)?;
        (self.nodes[id].weight, self.nodes[id].bias) = (weight, bias);
        Ok(id)
    }

    /// Adds a tensor of the file.
    pub(crate) fn hold(&mut self, tensor: Tensor, name: &str) -> Result<Id, String> {
        let too_many = || format!("is of {} axes; a value of one image has at most {}", tensor.dims.len(), AXES);
        let shape = Shape::of_axes(&tensor.dims).ok_or_else(too_many)?;
        if shape.elements() == 0 {
            return Err(format!("has a tensor of {:?}, which holds nothing", tensor.dims));
        }
        Ok(self.push(Kind::Held(tensor), &[], shape, name))
    }

    /// scale · x + offset.
    pub(crate) fn affine(&mut self, input: Id, scale: f64, offset: f64, name: &str) -> Id {
        if let (Kind::Affine { scale: first, offset: moved }, Some(inner)) = (&self.nodes[input].kind, self.input(input)) {
            let (scale, offset) = (near(first * scale), moved * scale + offset);
            return self.affine(inner, scale, offset, name);
        }
        if scale == 1.0 && offset == 0.0 {
            return input;
        }
        if let Some(id) = self.hard_sigmoid(input, scale, offset, name) {
            return id;
        }
        self.push(Kind::Affine { scale, offset }, &[input], self.shape(input), name)
    }

    /// Σ factor · x. A factor of an input's own is taken into the sum.
    pub(crate) fn sum(&mut self, terms: &[(f64, Id)], name: &str) -> Result<Id, String> {
        let absorbed: Vec<(f64, Id)> = terms
            .iter()
            .map(|(factor, id)| {
                let (own, input) = self.scaled(*id);
                (factor * own, input)
            })
            .collect();
        let weights = absorbed.iter().map(|(factor, _)| *factor as f32).collect();
        let inputs: Vec<Id> = absorbed.iter().map(|(_, id)| *id).collect();
        self.add(Operator::WeightedSum { weights }, &inputs, name)
    }

    /// The product of two values, or what it is the last part of.
    pub(crate) fn product(&mut self, left: Id, right: Id, name: &str) -> Result<Id, String> {
        for (x, factor) in [(left, right), (right, left)] {
            if let Some(id) = self.gated(x, factor, name)? {
                return Ok(id);
            }
            if let Some(id) = self.normalised(x, factor, name)? {
                return Ok(id);
            }
        }
        self.add(Operator::Product, &[left, right], name)
    }

    /// The average over axes of the image.
    pub(crate) fn mean(&mut self, input: Id, mut axes: Vec<usize>, name: &str) -> Result<Id, String> {
        axes.sort_unstable();
        axes.dedup();
        let shape = self.shape(input);
        if axes == [1, 2] && shape.is_maps() {
            return self.add(Operator::GlobalAvgPool, &[input], name);
        }
        // An average over one element is the element.
        if axes.iter().all(|axis| shape.axis(*axis) == 1) {
            return Ok(input);
        }
        self.add(Operator::Mean { axes }, &[input], name)
    }

    /// The average over the batch and axes of the image.
    pub(crate) fn batch_mean(&mut self, input: Id, axes: Vec<usize>, name: &str) -> Id {
        // Axes beyond the last are of extent 1 in any case.
        let there = axes.iter().filter(|axis| **axis < AXES);
        let shape = there.fold(self.shape(input), |shape, axis| shape.with_axis(*axis, 1));
        self.push(Kind::BatchMean { axes }, &[input], shape, name)
    }

    pub(crate) fn activation(&mut self, activation: Activation, input: Id, name: &str) -> Result<Id, String> {
        self.add(Operator::Activation(activation), &[input], name)
    }

    /// A factor of one number and what it scales: itself where there is none.
    fn scaled(&self, id: Id) -> (f64, Id) {
        match (&self.nodes[id].kind, self.input(id)) {
            (Kind::Affine { scale, offset: 0.0 }, Some(input)) => (*scale, input),
            _ => (1.0, id),
        }
    }

    /// What an activation is applied to, if the node is this one.
    fn under(&self, id: Id, activation: Activation) -> Option<Id> {
        match self.operator(id) {
            Some(Operator::Activation(own)) if *own == activation => self.input(id),
            _ => None,
        }
    }
}

/// A number that is 1 but for rounding is 1.
fn near(scale: f64) -> f64 {
    if is_about(scale, 1.0) { 1.0 } else { scale }
}

/// Whether two numbers are the same but for rounding in 32 bits.
fn is_about(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-6 * right.abs()
}
