//! The way back through a batch normalisation.

use assay_core::graph::NodeId;
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use super::axes::channel_rows;
use super::forward::{Pass, Saved};

/// dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), means over the batch and the map, cotangent by cotangent; by running
/// statistics dx = γ/σ · dy.
pub(super) fn through_batch_norm<B: Backend>(pass: &Pass<B>, id: NodeId, cotangent: Tensor<B, 4>, count: usize) -> Tensor<B, 2> {
    let (rows, inverse_deviation, by_running) = saved(pass, id);
    let shape = pass.graph.node(id).shape;
    let images = count * pass.batch;
    let scale = match pass.parameter_of(id, 0) {
        Some(gamma) => gamma * inverse_deviation.clone(),
        None => inverse_deviation.clone(),
    };
    let scale = channel_rows(scale, images);
    let rows_of = |cotangent: Tensor<B, 4>| cotangent.reshape([images * shape.channels, shape.area()]);
    if by_running {
        return rows_of(cotangent) * scale;
    }
    let size = (pass.batch * shape.area()) as f64;
    let [slope, shift] = batch_norm_sums(pass, id, &cotangent, count);
    let dy = rows_of(cotangent);
    let normalised = rows.clone().repeat_dim(0, count);
    let spread = |sums: Tensor<B, 2>| {
        let sums = sums / size;
        sums.reshape([count, 1, shape.channels]).repeat_dim(1, pass.batch).reshape([images * shape.channels, 1])
    };
    (dy - spread(shift) - normalised * spread(slope)) * scale
}

/// Σ dy · x̂ and Σ dy over the batch and the map, `[K, channels]` each: the gradients of γ and β.
pub(super) fn batch_norm_sums<B: Backend>(pass: &Pass<B>, id: NodeId, cotangent: &Tensor<B, 4>, count: usize) -> [Tensor<B, 2>; 2] {
    let (rows, ..) = saved(pass, id);
    let shape = pass.graph.node(id).shape;
    let dy = cotangent.clone().reshape([count * pass.batch * shape.channels, shape.area()]);
    let total = |products: Tensor<B, 2>| {
        let maps = products.sum_dim(1).reshape([count, pass.batch, shape.channels]);
        maps.sum_dim(1).reshape([count, shape.channels])
    };
    let slope = dy.clone() * rows.clone().repeat_dim(0, count);
    [total(slope), total(dy)]
}

fn saved<B: Backend>(pass: &Pass<B>, id: NodeId) -> (&Tensor<B, 2>, &Tensor<B, 1>, bool) {
    let Saved::Normalised { rows, inverse_deviation, by_running } = &pass.saved[id.0] else {
        unreachable!("batch normalisation saves what it normalised")
    };
    (rows, inverse_deviation, *by_running)
}
