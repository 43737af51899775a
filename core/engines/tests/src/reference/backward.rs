//! Backward: the gradient of every parameter and every value.

use assay_core::graph::{Graph, NodeId, Operator, Shape};
use assay_core::network::Network;

use super::links::{links, window};
use super::norms::Norm;
use super::places::{element, places, repeated, spread, with};
use super::products::{By, bias_of, products};
use super::{Tensor, Way, functions, parameters};

/// The gradient of Σ cotangent · output with respect to every parameter.
pub(crate) fn gradients(network: &Network, values: &[Tensor], cotangent: &[f64]) -> Vec<Vec<f64>> {
    pull_back(network, values, network.graph().output(), cotangent).0
}

/// The gradient of Σ cotangent · value of a node with respect to every parameter, and with respect to every node's value.
pub(crate) fn pull_back(network: &Network, values: &[Tensor], from: NodeId, cotangent: &[f64]) -> (Vec<Vec<f64>>, Vec<Tensor>) {
    pull_back_by(network, values, &[(from, cotangent.to_vec())], Way::default())
}

/// The same from several nodes together, where the values came about in this way. The gradient of a value that is dropped for
/// some images is that of the value before it is.
pub(crate) fn pull_back_by(
    network: &Network,
    values: &[Tensor],
    from: &[(NodeId, Vec<f64>)],
    way: Way<'_>,
) -> (Vec<Vec<f64>>, Vec<Tensor>) {
    let graph: &Graph = network.graph();
    let mut all: Vec<Vec<f64>> = graph.parameters().iter().map(|spec| vec![0.0; spec.elements()]).collect();
    let mut sensitivities: Vec<Tensor> = values.iter().map(|value| Tensor::zeros(value.batch, value.shape)).collect();
    for (from, cotangent) in from {
        for (to, value) in sensitivities[from.0].data.iter_mut().zip(cotangent) {
            *to += value;
        }
    }
    for (position, node) in graph.nodes().iter().enumerate().rev() {
        way.drop(position, &mut sensitivities[position]);
        let dy = sensitivities[position].clone();
        let own = parameters(network, way, position);
        let gradients = &mut all[graph.parameters_of(NodeId(position))];
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|input| &values[input.0]).collect();
        if let Some(norm) = inputs.first().and_then(|input| Norm::new(&node.operator, network, way, position, input)) {
            let dx = of_norm(&norm, inputs[0], &own, &dy, gradients);
            add(&mut sensitivities[node.inputs[0].0].data, &dx);
            continue;
        }
        let weights = if let Operator::WeightedSum { weights } = &node.operator { way.weights(position, weights) } else { Vec::new() };
        let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape).collect();
        for image in 0..dy.batch {
            let values: Vec<&[f64]> = inputs.iter().map(|input| input.image(image)).collect();
            let mut found: Vec<Vec<f64>> = shapes.iter().map(|shape| vec![0.0; shape.elements()]).collect();
            let read = Read { operator: &node.operator, weights: &weights, values: &values, shapes: &shapes, parameters: &own };
            of_image(&read, (dy.image(image), node.shape), &mut found, gradients);
            for (input, found) in node.inputs.iter().zip(&found) {
                add(sensitivities[input.0].image_mut(image), found);
            }
        }
    }
    (all, sensitivities)
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

fn of_norm(norm: &Norm, input: &Tensor, parameters: &[Vec<f64>], dy: &Tensor, gradients: &mut [Vec<f64>]) -> Vec<f64> {
    let normalised = norm.normalised(input);
    let mut inner = dy.data.clone();
    for (index, gradient) in inner.iter_mut().enumerate() {
        let factor = norm.factor[index % dy.shape.elements()];
        if let Some(which) = norm.offset {
            gradients[which][factor] += *gradient;
        }
        if let Some(which) = norm.scale {
            gradients[which][factor] += *gradient * normalised[index];
            *gradient *= parameters[which][factor];
        }
    }
    norm.pull_back(&normalised, &inner)
}

/// What a node read of one image.
struct Read<'a> {
    operator: &'a Operator,
    weights: &'a [f64],
    values: &'a [&'a [f64]],
    shapes: &'a [Shape],
    parameters: &'a [Vec<f64>],
}

/// The gradients of one image's inputs, and what it adds to those of parameters, for an operator that does not mix images.
fn of_image(read: &Read<'_>, (dy, shape): (&[f64], Shape), found: &mut [Vec<f64>], gradients: &mut [Vec<f64>]) {
    let Read { operator, weights, values, shapes, parameters } = read;
    if let Some(links) = links(operator, weights, shapes, shape) {
        for link in links {
            found[link.input][link.from] += link.factor * dy[link.to];
        }
        return;
    }
    let right = values.get(1).copied().or(parameters.first().map(Vec::as_slice)).unwrap_or_default();
    let mut of_right = vec![0.0; right.len()];
    let mut split = |to: usize, left: usize, by: usize| {
        found[0][left] += dy[to] * right[by];
        of_right[by] += dy[to] * values[0][left];
    };
    if let Some(by) = products(operator, shapes, shape, &mut split) {
        add(if by == By::Weight { &mut gradients[0] } else { &mut found[1] }, &of_right);
        for (from, to) in bias_of(operator, shape).into_iter().flatten().enumerate() {
            gradients[1][to] += dy[from];
        }
        return;
    }
    match operator {
        Operator::Relu => {
            for (to, (dy, x)) in found[0].iter_mut().zip(dy.iter().zip(values[0])) {
                *to = if *x > 0.0 { *dy } else { 0.0 };
            }
        }
        Operator::Activation(activation) => {
            for (to, (dy, x)) in found[0].iter_mut().zip(dy.iter().zip(values[0])) {
                *to = dy * functions::slope(*activation, *x);
            }
        }
        Operator::MaxPool(pool) => {
            for (from, [c, y, x, ..]) in places(shape).into_iter().enumerate() {
                let mut best: Option<usize> = None;
                for (iy, ix) in window(*pool, shapes[0], y, x) {
                    let this = element(shapes[0], [c, iy, ix, 0, 0]);
                    if best.is_none_or(|best| values[0][this] > values[0][best]) {
                        best = Some(this);
                    }
                }
                found[0][best.unwrap()] += dy[from];
            }
        }
        Operator::Product => {
            for which in 0..values.len() {
                let mut factors = dy.to_vec();
                for other in (0..values.len()).filter(|other| *other != which) {
                    factors.iter_mut().zip(spread(values[other], shapes[other], shape)).for_each(|(to, factor)| *to *= factor);
                }
                for (place, factor) in places(shape).into_iter().zip(factors) {
                    found[which][repeated(shapes[which], place)] += factor;
                }
            }
        }
        Operator::Softmax { axis } => {
            let exp = |at: usize| values[0][at].exp();
            for (to, place) in places(shape).into_iter().enumerate() {
                let beside: Vec<usize> = (0..shape.axis(*axis)).map(|index| element(shape, with(place, *axis, index))).collect();
                let total: f64 = beside.iter().map(|at| exp(*at)).sum();
                for at in beside {
                    let same = if at == to { 1.0 } else { 0.0 };
                    found[0][to] += dy[at] * exp(at) / total * (same - exp(to) / total);
                }
            }
        }
        Operator::Embedding { features, axis, .. } => {
            for (from, place) in places(shape).into_iter().enumerate() {
                let which = values[0][element(shapes[0], with(place, *axis, 0))] as usize;
                gradients[0][which * features + place[*axis]] += dy[from];
            }
        }
        Operator::Parameter { .. } => add(&mut gradients[0], dy),
        Operator::Input | Operator::Constant { .. } => {}
        other => unreachable!("`{}` has no plain loops", other.kind()),
    }
}
