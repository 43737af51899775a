//! Values as tensors, and what moves their elements along axes.
//!
//! A node's value is a tensor `[images, channels, height, rest]`, row-major, where the rest are the width and all further axes. To
//! work along an axis it is seen as `[images · axes before, extent, axes after]`.

use assay_core::graph::{AXES, Shape};
use burn_tensor::backend::Backend;
use burn_tensor::{IndexingUpdateOp, Int, Tensor};

/// The dimensions of a value of so many images.
pub(crate) fn dimensions(shape: Shape, images: usize) -> [usize; 4] {
    [images, shape.channels, shape.height, shape.area() / shape.height]
}

/// Elements of a shape as a value.
pub(crate) fn value<B: Backend, const D: usize>(tensor: Tensor<B, D>, shape: Shape) -> Tensor<B, 4> {
    let images = tensor.shape().num_elements() / shape.elements();
    tensor.reshape(dimensions(shape, images))
}

/// A value seen along one axis.
pub(crate) fn along<B: Backend>(value: Tensor<B, 4>, shape: Shape, axis: usize) -> Tensor<B, 3> {
    let (axes, images) = (shape.axes(), value.dims()[0]);
    let before: usize = axes[..axis].iter().product();
    value.reshape([images * before, axes[axis], axes[axis + 1..].iter().product()])
}

/// A value of `from` repeated along its axes of extent 1 to `to`.
pub(crate) fn spread<B: Backend>(tensor: Tensor<B, 4>, from: Shape, to: Shape) -> Tensor<B, 4> {
    let wider = (0..AXES).filter(|axis| from.axis(*axis) != to.axis(*axis));
    let (tensor, _) = wider.fold((tensor, from), |(tensor, shape), axis| {
        let wider = shape.with_axis(axis, to.axis(axis));
        (value(along(tensor, shape, axis).repeat_dim(1, to.axis(axis)), wider), wider)
    });
    tensor
}

/// The gradient of a value of `to` that was [`spread`] to `from`.
pub(crate) fn gathered<B: Backend>(gradient: Tensor<B, 4>, from: Shape, to: Shape) -> Tensor<B, 4> {
    let narrower = (0..AXES).filter(|axis| from.axis(*axis) != to.axis(*axis));
    let (gradient, _) = narrower.fold((gradient, from), |(gradient, shape), axis| {
        let narrower = shape.with_axis(axis, 1);
        (value(along(gradient, shape, axis).sum_dim(1), narrower), narrower)
    });
    gradient
}

/// So many of an axis, from the `first` on.
pub(crate) fn narrowed<B: Backend>(tensor: Tensor<B, 4>, shape: Shape, axis: usize, first: usize, count: usize) -> Tensor<B, 4> {
    value(along(tensor, shape, axis).narrow(1, first, count), shape.with_axis(axis, count))
}

/// Zeros before and after along an axis.
pub(crate) fn padded<B: Backend>(
    tensor: Tensor<B, 4>,
    shape: Shape,
    axis: usize,
    [before, after]: [usize; 2],
    zeros: impl Fn([usize; 4]) -> Tensor<B, 4>,
) -> Tensor<B, 4> {
    if before + after == 0 {
        return tensor;
    }
    let seen = along(tensor, shape, axis);
    let [outer, extent, inner] = seen.dims();
    let none = |count: usize| (count > 0).then(|| zeros([1, outer, count, inner]).reshape([outer, count, inner]));
    let parts = [none(before), Some(seen), none(after)].into_iter().flatten().collect();
    value(Tensor::cat(parts, 1), shape.with_axis(axis, before + extent + after))
}

/// These elements of an axis.
pub(crate) fn selected<B: Backend>(tensor: Tensor<B, 4>, shape: Shape, axis: usize, indices: &[usize]) -> Tensor<B, 4> {
    let numbers = integers(indices, &tensor);
    value(along(tensor, shape, axis).select(1, numbers), shape.with_axis(axis, indices.len()))
}

/// The gradient of a value of `shape` of which such elements were [`selected`].
pub(crate) fn scattered<B: Backend>(
    gradient: Tensor<B, 4>,
    shape: Shape,
    axis: usize,
    indices: &[usize],
    zeros: impl Fn([usize; 4]) -> Tensor<B, 4>,
) -> Tensor<B, 4> {
    let images = gradient.dims()[0];
    let numbers = integers(indices, &gradient);
    let nothing = along(zeros(dimensions(shape, images)), shape, axis);
    let seen = along(gradient, shape.with_axis(axis, indices.len()), axis);
    value(nothing.select_assign(1, numbers, seen, IndexingUpdateOp::Add), shape)
}

/// Whole numbers on a tensor's device.
pub(crate) fn integers<B: Backend, const D: usize>(numbers: &[usize], beside: &Tensor<B, D>) -> Tensor<B, 1, Int> {
    let numbers: Vec<i64> = numbers.iter().map(|number| i64::try_from(*number).unwrap_or(i64::MAX)).collect();
    Tensor::from_ints(numbers.as_slice(), &beside.device())
}

/// The axes in another order: axis k of the result is axis `order[k]` of the value, and axes that are not named stay.
pub(crate) fn transposed<B: Backend>(tensor: Tensor<B, 4>, shape: Shape, order: &[usize]) -> Tensor<B, 4> {
    let images = tensor.dims()[0];
    let [a, b, c, d, e] = shape.axes();
    let all: [usize; AXES] = std::array::from_fn(|axis| order.get(axis).copied().unwrap_or(axis));
    let to = all.iter().enumerate().fold(shape, |to, (axis, from)| to.with_axis(axis, shape.axis(*from)));
    let [i, j, k, l, m] = all.map(|axis| axis + 1);
    value(tensor.reshape([images, a, b, c, d, e]).permute([0, i, j, k, l, m]), to)
}

/// One value a channel as one value a row of `[images · channels, …]`. In rows, burn-flex broadcasts some twenty times
/// faster than over `[1, channels, 1, 1]`.
pub(crate) fn channel_rows<B: Backend>(channels: Tensor<B, 1>, images: usize) -> Tensor<B, 2> {
    let count = channels.dims()[0];
    channels.reshape([1, count]).repeat_dim(0, images).reshape([images * count, 1])
}
