//! The gradients of a node's own parameters, one a cotangent.

use assay_core::graph::{Conv2d, Node, NodeId, Operator, ParameterRole};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use super::batch_norm::batch_norm_sums;
use super::forward::Pass;
use super::norms::RowNorm;
use super::products::{embedding_weight, linear_weight, numbers};
use super::tensors::to_host;
use super::windows::columns;

/// Gradients of one parameter, `[K, elements]`, or nothing where the output does not depend on it.
pub(super) type Gradient = Option<Vec<f64>>;

/// The gradients of those of a node's parameters that are wanted, for `count` cotangents one after the other.
pub(super) fn gradients<B: Backend>(pass: &Pass<B>, id: NodeId, cotangent: &Tensor<B, 4>, count: usize, wanted: &[bool]) -> Vec<Gradient> {
    let node = pass.graph.node(id);
    let specs = &pass.graph.parameters()[pass.graph.parameters_of(id)];
    let input = || pass.value(node.inputs[0]).clone();
    let if_wanted =
        |found: [Tensor<B, 2>; 2]| found.into_iter().zip(wanted).map(|(found, wanted)| wanted.then(|| to_host(found))).collect();
    let weight = || match &node.operator {
        Operator::Conv2d(conv) => conv_weight(pass, id, conv, cotangent, count),
        Operator::Linear { .. } => {
            let shape = [specs[0].shape[0], specs[0].shape[1]];
            to_host(linear_weight(cotangent.clone(), input(), shape, count))
        }
        Operator::Embedding { count: vectors, features, .. } => {
            // The forward pass read the same numbers.
            let numbers = numbers(node, input(), *vectors).unwrap_or_default();
            embedding_weight(&to_host(cotangent.clone()), &numbers, [*vectors, *features], count)
        }
        // A value of the network's own.
        _ => to_host(cotangent.clone().reshape([count, pass.batch, node.shape.elements()]).sum_dim(1)),
    };
    match &node.operator {
        Operator::BatchNorm { .. } => if_wanted(batch_norm_sums(pass, id, cotangent, count)),
        operator @ (Operator::LayerNorm { .. } | Operator::RmsNorm { .. } | Operator::GroupNorm { .. }) => {
            let [rows, _] = pass.kept_rows(id, count);
            let found = RowNorm::new(operator, node.shape).map(|norm| norm.gradients(cotangent.clone(), rows, count));
            found.into_iter().flatten().zip(wanted).map(|(found, wanted)| wanted.then(|| to_host(found))).collect()
        }
        _ => specs
            .iter()
            .zip(wanted)
            .map(|(spec, wanted)| {
                wanted.then(|| if spec.role == ParameterRole::Bias { bias(pass, node, cotangent, count) } else { weight() })
            })
            .collect(),
    }
}

/// Σ dy over all that each bias is added to.
fn bias<B: Backend>(pass: &Pass<B>, node: &Node, cotangent: &Tensor<B, 4>, count: usize) -> Vec<f64> {
    let axis = if let Operator::Linear { axis, .. } = node.operator { axis } else { 0 };
    let axes = node.shape.axes();
    let (before, biases): (usize, usize) = (axes[..axis].iter().product(), axes[axis]);
    let after = axes[axis + 1..].iter().product();
    let maps = cotangent.clone().reshape([count * pass.batch * before * biases, after]).sum_dim(1);
    to_host(maps.reshape([count, pass.batch * before, biases]).sum_dim(1))
}

/// dW\[k\] = dy\[k\] · im2col(x)ᵀ for all cotangents at once: a matrix product a group of channels.
fn conv_weight<B: Backend>(pass: &Pass<B>, id: NodeId, conv: &Conv2d, cotangent: &Tensor<B, 4>, count: usize) -> Vec<f64> {
    let node = pass.graph.node(id);
    let input = pass.value(node.inputs[0]).clone();
    let [batch, channels, ..] = input.dims();
    let (groups, taps) = (conv.groups, conv.kernel.area());
    let (into, out, area) = (channels / groups, conv.out_channels / groups, node.shape.area());
    // `[groups, batch · area, into · taps]`
    let columns = columns(pass, conv, input, [node.shape.height, node.shape.width])
        .reshape([batch, groups, into * taps, area])
        .permute([1, 0, 3, 2])
        .reshape([groups, batch * area, into * taps]);
    // `[groups, K · out, batch · area]`
    let dy =
        cotangent.clone().reshape([count, batch, groups, out, area]).permute([2, 0, 3, 1, 4]).reshape([groups, count * out, batch * area]);
    let product: Tensor<B, 3> = dy.matmul(columns);
    to_host(product.reshape([groups, count, out * into * taps]).swap_dims(0, 1))
}
