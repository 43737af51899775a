//! Random networks on maps that use what the networks of files have: windows of two sides, other functions and normalisations,
//! values that are repeated, and axes that are cut, joined and moved.

use assay_core::graph::{Activation, Conv2d, Extent, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool, Shape, Sides};

use super::Draw;

/// Functions whose argument may be any number.
pub(super) const FUNCTIONS: [Activation; 13] = [
    Activation::RELU6,
    Activation::Clip { low: -0.5, high: 0.75 },
    Activation::Sigmoid,
    Activation::HardSigmoid { slope: 0.2, offset: 0.5 },
    Activation::HardSwish,
    Activation::Silu,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Elu { alpha: 1.5 },
    Activation::Softplus,
    Activation::Erf,
];

/// A graph on maps.
pub(super) fn graph<R: rand::Rng>(draw: &mut Draw<R>) -> Graph {
    let size = Shape::new(1 + draw.below(5), 3 + draw.below(6), 3 + draw.below(6));
    let mut b = GraphBuilder::new(size).unwrap();
    let mut nodes = vec![b.input()];
    for step in 0..4 + draw.below(8) {
        let input = if draw.below(3) > 0 { nodes[nodes.len() - 1] } else { draw.of(&nodes) };
        let name = format!("n{step}");
        let added = match draw.below(14) {
            0 | 1 => convolution(&mut b, draw, &name, input),
            2 | 3 => b.add(name, Operator::Activation(draw.of(&FUNCTIONS)), &[input]),
            4 => pool(&mut b, draw, name, input),
            5 => squeeze_excite(&mut b, draw, &name, input),
            6 => norm(&mut b, draw, &name, input),
            7 => shuffle(&mut b, draw, &name, input),
            8 => own_factor(&mut b, draw, &name, input),
            9 => cut(&mut b, draw, &name, input),
            10 => joined(&mut b, draw, name, input, &nodes),
            11 => bounded(&mut b, draw, &name, input),
            12 => repeated(&mut b, draw, name, input, &nodes),
            _ => b.relu(name, input),
        };
        draw.keep(&mut b, &mut nodes, added, 600);
    }
    let last = nodes[nodes.len() - 1];
    let output = match draw.below(4) {
        0 => last,
        1 => b.add("mean", Operator::Mean { axes: vec![1, 2] }, &[last]).unwrap(),
        _ => {
            let pooled = b.add("pooled", Operator::GlobalAvgPool, &[last]).unwrap();
            b.linear("classifier", pooled, 3, draw.below(2) == 0).unwrap()
        }
    };
    b.finish(output)
}

/// A graph as mobile networks are: square windows, functions, depthwise convolutions, channels that are weighed, and products.
pub(super) fn mobile<R: rand::Rng>(draw: &mut Draw<R>) -> Graph {
    let size = Shape::new(1 + draw.below(5), 3 + draw.below(6), 3 + draw.below(6));
    let mut b = GraphBuilder::new(size).unwrap();
    let mut nodes = vec![b.input()];
    for step in 0..4 + draw.below(8) {
        let input = if draw.below(3) > 0 { nodes[nodes.len() - 1] } else { draw.of(&nodes) };
        let (name, shape) = (format!("n{step}"), b.shape(input));
        let same: Vec<NodeId> = nodes.iter().copied().filter(|node| b.shape(*node) == shape).collect();
        let added = match draw.below(11) {
            10 => pool(&mut b, draw, name, input),
            0..=2 => {
                let groups = if draw.below(2) == 0 { shape.channels } else { 1 };
                let out_channels = groups * (1 + draw.below(if groups == 1 { 7 } else { 2 }));
                let kernel = draw.of(&[1, 3, 3, 5]);
                let conv = Conv2d::new(out_channels, kernel).stride(1 + draw.below(2)).padding(kernel / 2).groups(groups);
                let conv = b.conv(&name, input, conv.bias(draw.below(3) == 0));
                conv.and_then(|conv| b.batch_norm(format!("{name}.norm"), conv)).and_then(|norm| function(&mut b, draw, &name, norm))
            }
            3 | 4 => function(&mut b, draw, &name, input),
            5 | 6 => squeeze_excite(&mut b, draw, &name, input),
            7 => b.add(name, Operator::Product, &[draw.of(&same), input]),
            8 => b.weighted_sum(name, &[(0.5, draw.of(&same)), (1.0, input)]),
            _ => b.relu(name, input),
        };
        draw.keep(&mut b, &mut nodes, added, 600);
    }
    let pooled = b.add("pooled", Operator::GlobalAvgPool, &[nodes[nodes.len() - 1]]).unwrap();
    let vector = b.add("vector", Operator::Reshape { axes: vec![b.shape(pooled).channels] }, &[pooled]).unwrap();
    let output = b.linear("classifier", vector, 3, true).unwrap();
    b.finish(output)
}

/// One of the functions that mobile networks have.
fn mobile_function<R: rand::Rng>(draw: &mut Draw<R>) -> Activation {
    loop {
        let function = draw.of(&FUNCTIONS);
        if !matches!(function, Activation::Gelu | Activation::Erf) {
            return function;
        }
    }
}

fn function<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let function = mobile_function(draw);
    b.add(format!("{name}.function"), Operator::Activation(function), &[input])
}

fn extent<R: rand::Rng>(draw: &mut Draw<R>, most: usize) -> Extent {
    [1 + draw.below(most), 1 + draw.below(most)].into()
}

fn sides<R: rand::Rng>(draw: &mut Draw<R>, most: Extent) -> Sides {
    let [rows, columns] = most.both();
    [draw.below(rows + 1), draw.below(columns + 1), draw.below(rows + 1), draw.below(columns + 1)].into()
}

fn convolution<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let channels = b.shape(input).channels;
    let groups = if draw.below(3) == 0 { channels } else { 1 };
    let kernel = extent(draw, 4);
    let conv = Conv2d {
        out_channels: groups * (1 + draw.below(if groups == 1 { 7 } else { 2 })),
        kernel,
        stride: extent(draw, 2),
        padding: sides(draw, kernel),
        dilation: extent(draw, 2),
        groups,
        bias: draw.below(2) == 0,
    };
    let conv = b.conv(name, input, conv)?;
    if draw.below(3) > 0 { b.batch_norm(format!("{name}.norm"), conv) } else { Ok(conv) }
}

fn pool<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: String, input: NodeId) -> Result<NodeId, GraphError> {
    let kernel = extent(draw, 4);
    let padding = sides(draw, [kernel.rows / 2, kernel.columns / 2].into());
    let pool = Pool { kernel, stride: extent(draw, 3), padding, counts_padding: draw.below(2) == 0, ceil: draw.below(2) == 0 };
    b.add(name, if draw.below(2) == 0 { Operator::AvgPool(pool) } else { Operator::MaxPool(pool) }, &[input])
}

/// Channels multiplied by what a small network makes of their means.
fn squeeze_excite<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let channels = b.shape(input).channels;
    let mean = if draw.below(2) == 0 { Operator::GlobalAvgPool } else { Operator::Mean { axes: vec![1, 2] } };
    let mean = b.add(format!("{name}.mean"), mean, &[input])?;
    let inner = b.conv(format!("{name}.reduce"), mean, Conv2d::new(2, 1).bias(true))?;
    let inner = b.add(format!("{name}.inner"), Operator::Activation(mobile_function(draw)), &[inner])?;
    let outer = b.linear(format!("{name}.expand"), inner, channels, true)?;
    let gate = draw.of(&[Activation::Sigmoid, Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 }]);
    let gate = b.add(format!("{name}.gate"), Operator::Activation(gate), &[outer])?;
    let factors = if draw.below(2) == 0 { [gate, input] } else { [input, gate] };
    b.add(name, Operator::Product, &factors)
}

fn norm<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let epsilon = 1e-3;
    let channels = b.shape(input).channels;
    match draw.below(4) {
        0 => {
            let groups = draw.of(&[1, channels]);
            b.add(name, Operator::GroupNorm { groups, affine: draw.below(2) == 0, epsilon }, &[input])
        }
        1 => {
            let (scale, offset) = (draw.below(2) == 0, draw.below(2) == 0);
            b.add(name, Operator::LayerNorm { axis: draw.below(3), scale, offset, epsilon }, &[input])
        }
        2 => b.add(name, Operator::RmsNorm { axis: draw.below(3), scale: draw.below(2) == 0, epsilon }, &[input]),
        // Over the channels of each pixel, as ConvNeXt has it.
        _ => {
            let last = b.add(format!("{name}.last"), Operator::Transpose { order: vec![1, 2, 0] }, &[input])?;
            let norm = b.add(format!("{name}.norm"), Operator::LayerNorm { axis: 2, scale: true, offset: true, epsilon }, &[last])?;
            let wide = b.add(format!("{name}.wide"), Operator::Linear { out_features: channels, bias: true, axis: 2 }, &[norm])?;
            b.add(name, Operator::Transpose { order: vec![2, 0, 1] }, &[wide])
        }
    }
}

/// Channels in another order, through four axes.
fn shuffle<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let Shape { channels, height, width, .. } = b.shape(input);
    let groups = if channels.is_multiple_of(2) { 2 } else { channels };
    let split = b.add(format!("{name}.split"), Operator::Reshape { axes: vec![groups, channels / groups, height, width] }, &[input])?;
    let split = match draw.below(3) {
        0 => b.add(format!("{name}.max"), Operator::Softmax { axis: draw.below(4) }, &[split])?,
        1 => b.add(format!("{name}.norm"), Operator::BatchNorm { affine: true, epsilon: 1e-3 }, &[split])?,
        _ => split,
    };
    let moved = b.add(format!("{name}.moved"), Operator::Transpose { order: vec![1, 0] }, &[split])?;
    b.add(name, Operator::Reshape { axes: vec![channels, height, width] }, &[moved])
}

/// A factor or summand that the network learns, and one that it does not.
fn own_factor<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let Shape { channels, height, width, .. } = b.shape(input);
    let axes = draw.of(&[[channels, 1, 1], [1, height, width], [channels, height, 1], [channels, height, width]]).to_vec();
    let values = (0..width).map(|column| 0.5 - 0.25 * column as f32).collect();
    let own = b.add(format!("{name}.own"), Operator::Parameter { axes }, &[])?;
    let fixed = b.add(format!("{name}.fixed"), Operator::Constant { axes: vec![1, 1, width], values }, &[])?;
    match draw.below(2) {
        0 => b.weighted_sum(name, &[(0.5, own), (1.0, input), (1.0, fixed)]),
        _ => b.add(name, Operator::Product, &[input, own, fixed]),
    }
}

/// Some rows, columns or channels, and zeros around them.
fn cut<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let axis = draw.below(3);
    let extent = b.shape(input).axis(axis);
    match draw.below(4) {
        0 => {
            let start = draw.below(extent);
            let end = start + 1 + draw.below(extent - start);
            b.add(name, Operator::Slice { axis, start, end, step: 1 + draw.below(3) }, &[input])
        }
        1 => {
            let indices = (0..1 + draw.below(extent + 2)).map(|_| draw.below(extent)).collect();
            b.add(name, Operator::Gather { axis, indices }, &[input])
        }
        2 => {
            let amounts = (0..1 + draw.below(3)).map(|_| [draw.below(3), draw.below(2)]).collect();
            b.add(name, Operator::Pad { amounts }, &[input])
        }
        _ => {
            let order = draw.of(&[[1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0]]).to_vec();
            b.add(name, Operator::Transpose { order }, &[input])
        }
    }
}

fn joined<R: rand::Rng>(
    b: &mut GraphBuilder,
    draw: &mut Draw<R>,
    name: String,
    input: NodeId,
    nodes: &[NodeId],
) -> Result<NodeId, GraphError> {
    let axis = draw.below(3);
    let shape = b.shape(input).with_axis(axis, 1);
    let same: Vec<NodeId> = nodes.iter().copied().filter(|node| b.shape(*node).with_axis(axis, 1) == shape).collect();
    let parts: Vec<NodeId> = (0..1 + draw.below(3)).map(|_| draw.of(&same)).collect();
    b.add(name, Operator::Concat { axis }, &parts)
}

/// Functions of numbers that must be positive, or small.
fn bounded<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, input: NodeId) -> Result<NodeId, GraphError> {
    let small = b.add(format!("{name}.small"), Operator::Activation(Activation::Tanh), &[input])?;
    let positive = b.add(format!("{name}.positive"), Operator::Activation(Activation::Exp), &[small])?;
    match draw.below(3) {
        0 => Ok(positive),
        1 => b.add(name, Operator::Activation(Activation::Sqrt), &[positive]),
        _ => b.add(name, Operator::Activation(Activation::Reciprocal), &[positive]),
    }
}

/// A sum or product of values one of which may be repeated.
fn repeated<R: rand::Rng>(
    b: &mut GraphBuilder,
    draw: &mut Draw<R>,
    name: String,
    input: NodeId,
    nodes: &[NodeId],
) -> Result<NodeId, GraphError> {
    let shape = b.shape(input);
    let fitting: Vec<NodeId> = nodes.iter().copied().filter(|node| b.shape(*node).broadcast(&shape).is_some()).collect();
    let other = draw.of(&fitting);
    if draw.below(2) == 0 {
        return b.weighted_sum(name, &[(0.5, other), (-1.0, input)]);
    }
    b.add(name, Operator::Product, &[other, input])
}
