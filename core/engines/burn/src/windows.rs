//! Convolutions and pools: where zeros have to stand around a map so that burn's own operators run them.

use assay_core::graph::{Conv2d, NodeId, Pool, Shape, Sides};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use burn_tensor::module::{avg_pool2d, conv_transpose2d, conv2d};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn_tensor::s;

use super::axes::{dimensions, value};
use super::layers::{Layers, Window};
use super::tensors::{primitive, wrap};

/// What is put around a map before an operator of burn's runs, and the padding that the operator adds itself, which is the same on
/// opposite sides.
#[derive(Clone, Copy, Debug)]
struct Frame {
    around: Sides,
    padding: [usize; 2],
}

impl Frame {
    fn of_sides(sides: Sides) -> Self {
        if sides.top == sides.bottom && sides.left == sides.right {
            return Self { around: Sides::default(), padding: [sides.top, sides.left] };
        }
        Self { around: sides, padding: [0; 2] }
    }

    /// That of a pool: windows may reach beyond the padding.
    fn of_pool(pool: &Pool, input: Shape, out: Shape) -> Self {
        if !pool.ceil && !pool.counts_padding {
            return Self::of_sides(pool.padding);
        }
        let behind = |out: usize, stride: usize, kernel: usize, before: usize, size: usize| {
            ((out - 1) * stride + kernel).saturating_sub(before + size)
        };
        let Sides { top, left, .. } = pool.padding;
        let bottom = behind(out.height, pool.stride.rows, pool.kernel.rows, top, input.height);
        let right = behind(out.width, pool.stride.columns, pool.kernel.columns, left, input.width);
        Self { around: Sides { top, left, bottom, right }, padding: [0; 2] }
    }

    /// The map with its frame of this number.
    /// (burn's own `pad` makes its zeros in the backend's default precision.)
    fn framed<B: Backend>(&self, layers: &impl Layers<B>, map: Tensor<B, 4>, number: f32) -> Tensor<B, 4> {
        let [images, channels, height, width] = map.dims();
        let Sides { top, left, bottom, right } = self.around;
        if self.around == Sides::default() {
            return map;
        }
        let around = layers.zeros([images, channels, top + height + bottom, left + width + right]).add_scalar(number);
        around.slice_assign([0..images, 0..channels, top..top + height, left..left + width], map)
    }

    /// The dimensions of the map with its frame.
    fn with(&self, [images, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let Sides { top, left, bottom, right } = self.around;
        [images, channels, top + height + bottom, left + width + right]
    }

    /// What is inside the frame.
    fn inside<B: Backend>(&self, framed: Tensor<B, 4>, [images, channels, height, width]: [usize; 4]) -> Tensor<B, 4> {
        let Sides { top, left, .. } = self.around;
        if self.around == Sides::default() {
            return framed;
        }
        framed.slice([0..images, 0..channels, top..top + height, left..left + width])
    }
}

/// The value of a convolution.
pub(crate) fn convolved<B: Backend>(
    layers: &impl Layers<B>,
    conv: &Conv2d,
    input: Tensor<B, 4>,
    weight: Tensor<B, 4>,
    bias: Option<Tensor<B, 1>>,
) -> Tensor<B, 4> {
    let frame = Frame::of_sides(conv.padding);
    let options = ConvOptions::new(conv.stride.both(), frame.padding, conv.dilation.both(), conv.groups);
    let input = frame.framed(layers, input, 0.0);
    layers.widen(conv2d(layers.narrow(input), layers.narrow(weight), bias.map(|bias| layers.narrow(bias)), options))
}

/// The cotangent of a convolution's input, whose maps are these.
pub(crate) fn through_convolution<B: Backend>(conv: &Conv2d, cotangent: Tensor<B, 4>, weight: Tensor<B, 4>, input: Shape) -> Tensor<B, 4> {
    let frame = Frame::of_sides(conv.padding);
    let dims = dimensions(input, cotangent.dims()[0]);
    let framed = frame.with(dims);
    // Rows or columns that a strided convolution never reached, which its transpose has to add.
    let unreached = |axis: usize| {
        let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(|extent| extent.both()[axis]);
        let reached = (cotangent.dims()[2 + axis] - 1) * stride + dilation * (kernel - 1) + 1;
        framed[2 + axis] + 2 * frame.padding[axis] - reached
    };
    let options =
        ConvTransposeOptions::new(conv.stride.both(), frame.padding, [unreached(0), unreached(1)], conv.dilation.both(), conv.groups);
    frame.inside(conv_transpose2d(cotangent, weight, None, options), dims)
}

/// A convolution's input as each kernel tap sees it: `[images, channels, taps, height · width]` of the output's map.
pub(crate) fn columns<B: Backend>(layers: &impl Layers<B>, conv: &Conv2d, input: Tensor<B, 4>, output: [usize; 2]) -> Tensor<B, 4> {
    let padded = Frame { around: conv.padding, padding: [0; 2] }.framed(layers, input, 0.0);
    let [batch, channels, ..] = padded.dims();
    let span = |tap: usize, size: usize, stride: usize, dilation: usize| {
        let start = tap * dilation;
        (start, start + (size - 1) * stride + 1)
    };
    let [down, across] = conv.stride.both().map(|step| step as isize);
    let mut taps = Vec::with_capacity(conv.kernel.area());
    for row in 0..conv.kernel.rows {
        for column in 0..conv.kernel.columns {
            let (top, bottom) = span(row, output[0], conv.stride.rows, conv.dilation.rows);
            let (left, right) = span(column, output[1], conv.stride.columns, conv.dilation.columns);
            let seen = padded.clone().slice(s![.., .., top..bottom;down, left..right;across]);
            taps.push(seen.reshape([batch, channels, 1, output[0] * output[1]]));
        }
    }
    Tensor::cat(taps, 2)
}

/// The value of a max pool.
pub(crate) fn max_pooled<B: Backend>(
    layers: &mut impl Layers<B>,
    id: NodeId,
    pool: &Pool,
    input: Tensor<B, 4>,
    shapes: [Shape; 2],
) -> Tensor<B, 4> {
    let frame = Frame::of_pool(pool, shapes[0], shapes[1]);
    // No window lies in the frame as a whole.
    let framed = frame.framed(layers, input, f32::MIN);
    layers.max_pool(id, framed, Window { kernel: pool.kernel.both(), stride: pool.stride.both(), padding: frame.padding })
}

/// The cotangent of a max pool's input. `maxima` says where they lay, as often as there are cotangents.
pub(crate) fn through_max_pool<B: Backend>(
    layers: &impl Layers<B>,
    pool: &Pool,
    cotangent: Tensor<B, 4>,
    maxima: Tensor<B, 4, burn_tensor::Int>,
    [input, out]: [Shape; 2],
) -> Tensor<B, 4> {
    let frame = Frame::of_pool(pool, input, out);
    let dims = dimensions(input, cotangent.dims()[0]);
    let (x, dy) = (primitive(layers.zeros(frame.with(dims))), primitive(cotangent));
    let (kernel, stride) = (pool.kernel.both(), pool.stride.both());
    let pulled = B::max_pool2d_with_indices_backward(x, kernel, stride, frame.padding, [1; 2], false, dy, maxima.into_primitive());
    frame.inside(wrap(pulled.x_grad), dims)
}

/// The value of an average pool.
pub(crate) fn averaged<B: Backend>(layers: &impl Layers<B>, pool: &Pool, input: Tensor<B, 4>, [shape, out]: [Shape; 2]) -> Tensor<B, 4> {
    let frame = Frame::of_pool(pool, shape, out);
    let framed = frame.framed(layers, input, 0.0);
    let mean = avg_pool2d(framed, pool.kernel.both(), pool.stride.both(), frame.padding, false, false);
    weighed(layers, &frame, pool, mean, [shape, out])
}

/// The cotangent of an average pool's input.
pub(crate) fn through_average<B: Backend>(
    layers: &impl Layers<B>,
    pool: &Pool,
    cotangent: Tensor<B, 4>,
    [input, out]: [Shape; 2],
) -> Tensor<B, 4> {
    let frame = Frame::of_pool(pool, input, out);
    let dims = dimensions(input, cotangent.dims()[0]);
    let cotangent = weighed(layers, &frame, pool, cotangent, [input, out]);
    let pulled = wrap(B::avg_pool2d_backward(
        primitive(layers.zeros(frame.with(dims))),
        primitive(cotangent),
        pool.kernel.both(),
        pool.stride.both(),
        frame.padding,
        false,
        false,
    ));
    frame.inside(pulled, dims)
}

/// Means over windows of a framed map, as means over what counts of them.
fn weighed<B: Backend>(layers: &impl Layers<B>, frame: &Frame, pool: &Pool, mean: Tensor<B, 4>, [input, out]: [Shape; 2]) -> Tensor<B, 4> {
    if frame.around == Sides::default() {
        return mean;
    }
    let [rows, columns] = pool.padding.pairs();
    let along = |out: usize, size: usize, kernel: usize, stride: usize, [before, after]: [usize; 2]| -> Vec<usize> {
        // Where the frame ends and what counts begins and ends, along one axis.
        let (begin, end) = if pool.counts_padding { (0, before + size + after) } else { (before, before + size) };
        (0..out).map(|at| (at * stride + kernel).min(end) - (at * stride).max(begin)).collect()
    };
    let rows = along(out.height, input.height, pool.kernel.rows, pool.stride.rows, rows);
    let columns = along(out.width, input.width, pool.kernel.columns, pool.stride.columns, columns);
    let area = pool.kernel.area() as f64;
    let counts: Vec<f32> = rows.iter().flat_map(|rows| columns.iter().map(move |columns| (rows * columns) as f32)).collect();
    let factors = layers.numbers::<2>(&counts, [1, counts.len()]).recip() * area;
    let maps = mean.dims()[0] * out.channels;
    value(mean.reshape([maps, out.area()]) * factors, out)
}
