//! Forward: the value of every node.

use assay_core::data::Minibatch;
use assay_core::graph::{Operator, Shape};
use assay_core::network::Network;

use super::links::{links, window};
use super::norms::Norm;
use super::places::{element, places, spread, with};
use super::products::{By, bias_of, products};
use super::{Tensor, Way, functions, parameters};

/// The values of all nodes, needed or not.
pub(crate) fn forward(network: &Network, batch: &Minibatch) -> Vec<Tensor> {
    forward_by(network, batch, Way::default())
}

/// The same in this way.
pub(crate) fn forward_by(network: &Network, batch: &Minibatch, way: Way<'_>) -> Vec<Tensor> {
    let graph = network.graph();
    let mut values: Vec<Tensor> = Vec::new();
    for (position, node) in graph.nodes().iter().enumerate() {
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|input| &values[input.0]).collect();
        let mut out = Tensor::zeros(batch.len(), node.shape);
        if let Operator::Input = node.operator {
            out.data = batch.pixels().iter().map(|pixel| f64::from(*pixel)).collect();
        } else if let Some(norm) = inputs.first().and_then(|input| Norm::new(&node.operator, network, way, position, input)) {
            let own = parameters(network, way, position);
            out.data = norm.normalised(inputs[0]);
            for (index, value) in out.data.iter_mut().enumerate() {
                let factor = norm.factor[index % node.shape.elements()];
                *value *= norm.scale.map_or(1.0, |which| own[which][factor]);
                *value += norm.offset.map_or(0.0, |which| own[which][factor]);
            }
        } else {
            let own = parameters(network, way, position);
            let weights = if let Operator::WeightedSum { weights } = &node.operator { way.weights(position, weights) } else { Vec::new() };
            for image in 0..batch.len() {
                let values: Vec<&[f64]> = inputs.iter().map(|input| input.image(image)).collect();
                let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape).collect();
                of_image(&node.operator, &weights, (&values, &shapes), &own, (out.image_mut(image), node.shape));
            }
        }
        way.drop(position, &mut out);
        values.push(out);
    }
    values
}

/// One image's value of an operator that does not mix images.
fn of_image(
    operator: &Operator,
    weights: &[f64],
    (values, shapes): (&[&[f64]], &[Shape]),
    parameters: &[Vec<f64>],
    (out, shape): (&mut [f64], Shape),
) {
    if let Some(links) = links(operator, weights, shapes, shape) {
        for link in links {
            out[link.to] += link.factor * values[link.input][link.from];
        }
        return;
    }
    let right = values.get(1).copied().or(parameters.first().map(Vec::as_slice)).unwrap_or_default();
    let mut multiply = |to: usize, left: usize, by: usize| out[to] += values[0][left] * right[by];
    if let Some(By::Weight | By::Input) = products(operator, shapes, shape, &mut multiply) {
        for (to, from) in bias_of(operator, shape).into_iter().flatten().enumerate() {
            out[to] += parameters[1][from];
        }
        return;
    }
    match operator {
        Operator::Relu => out.iter_mut().zip(values[0]).for_each(|(to, x)| *to = x.max(0.0)),
        Operator::Activation(activation) => {
            out.iter_mut().zip(values[0]).for_each(|(to, x)| *to = functions::value(*activation, *x));
        }
        Operator::MaxPool(pool) => {
            for (to, [c, y, x, ..]) in places(shape).into_iter().enumerate() {
                let most = window(*pool, shapes[0], y, x).into_iter().map(|(iy, ix)| values[0][element(shapes[0], [c, iy, ix, 0, 0])]);
                out[to] = most.fold(f64::NEG_INFINITY, f64::max);
            }
        }
        Operator::Product => {
            out.fill(1.0);
            for (value, from) in values.iter().zip(shapes) {
                out.iter_mut().zip(spread(value, *from, shape)).for_each(|(to, factor)| *to *= factor);
            }
        }
        Operator::Softmax { axis } => {
            for (to, place) in places(shape).into_iter().enumerate() {
                let all = (0..shape.axis(*axis)).map(|index| values[0][element(shape, with(place, *axis, index))].exp());
                out[to] = values[0][to].exp() / all.sum::<f64>();
            }
        }
        Operator::Embedding { features, axis, .. } => {
            for (to, place) in places(shape).into_iter().enumerate() {
                let which = values[0][element(shapes[0], with(place, *axis, 0))] as usize;
                out[to] = parameters[0][which * features + place[*axis]];
            }
        }
        Operator::Parameter { .. } => out.copy_from_slice(&parameters[0]),
        Operator::Constant { values, .. } => out.iter_mut().zip(values).for_each(|(to, value)| *to = f64::from(*value)),
        other => unreachable!("`{}` has no plain loops", other.kind()),
    }
}
