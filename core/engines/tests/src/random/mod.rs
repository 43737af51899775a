//! Random networks: a chain of random operators with side branches that are summed or joined.

mod maps;
mod sequences;

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool, Shape};
use assay_core::network::{Network, RunningStatistics};
use assay_core::stream::Stream;
use rand::RngExt;

struct Draw<R>(R);

impl<R: rand::Rng> Draw<R> {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Keeps a node that was added, and makes some of them the end of a block. What does not fit, or is larger than so many elements,
    /// is left out.
    fn keep(&mut self, b: &mut GraphBuilder, nodes: &mut Vec<NodeId>, added: Result<NodeId, GraphError>, most: usize) {
        if let Ok(node) = added
            && b.shape(node).elements() <= most
        {
            nodes.push(node);
            if self.below(4) == 0 {
                b.block(node);
            }
        }
    }
}

/// A network over all basic operators, and a batch whose size need not fill the lanes.
pub fn network(seed: u64) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(seed, "graph").rng());
    let graph = graph(&mut draw, true);
    let images = draw.of(&[1, 2, 3, 5, 8, 9, 16, 17, 19]);
    with_values(graph, images, &mut draw)
}

/// A network on maps over operators that are not basic.
pub fn network_of_any_operator(seed: u64) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(seed, "maps").rng());
    let graph = maps::graph(&mut draw);
    let images = draw.of(&[1, 2, 3, 5, 9]);
    with_values(graph, images, &mut draw)
}

/// A network as mobile networks are: with functions other than ReLU, depthwise convolutions, and products.
pub fn mobile_network(seed: u64) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(seed, "mobile").rng());
    let graph = maps::mobile(&mut draw);
    let images = draw.of(&[1, 2, 3, 5, 8, 9, 17]);
    with_values(graph, images, &mut draw)
}

/// A network on sequences of tokens.
pub fn network_on_sequences(seed: u64) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(seed, "sequences").rng());
    let graph = sequences::graph(&mut draw);
    let images = draw.of(&[1, 2, 3, 5]);
    let counts = graph.nodes().iter().any(|node| matches!(node.operator, Operator::Embedding { .. }));
    let (network, batch) = with_values(graph, images, &mut draw);
    if !counts {
        return (network, batch);
    }
    let numbers = batch.pixels().iter().map(|_| draw.below(sequences::VOCABULARY) as f32).collect();
    (network, Minibatch::new(batch.shape(), numbers, batch.labels().to_vec()))
}

/// The same in inference mode, by statistics that differ from channel to channel.
pub fn in_inference_mode(network: Network) -> Network {
    let mut statistics = RunningStatistics::initial(network.graph());
    for moments in statistics.nodes.values_mut() {
        for (channel, (mean, variance)) in moments.mean.iter_mut().zip(&mut moments.variance).enumerate() {
            (*mean, *variance) = (0.25 * (channel % 3) as f32 - 0.25, 0.5 + 0.5 * (channel % 4) as f32);
        }
    }
    network.by_running(statistics)
}

/// A network without ReLU and maximum, so that rounding cannot change what a gradient is.
pub fn smooth_network(seed: u64) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(seed, "smooth").rng());
    let graph = graph(&mut draw, false);
    let images = draw.of(&[5, 8, 9, 17]);
    with_values(graph, images, &mut draw)
}

/// A small network with convolutions and batch normalisation, and copies of one image.
pub fn constant_batch(images: usize) -> (Network, Minibatch) {
    let mut draw = Draw(Stream::new(1, "constant").rng());
    let mut b = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let stem = b.conv("stem", b.input(), Conv2d::new(4, 3).padding(1)).unwrap();
    let norm = b.batch_norm("norm", stem).unwrap();
    let relu = b.relu("relu", norm).unwrap();
    let conv = b.conv("conv", relu, Conv2d::new(4, 3).padding(1)).unwrap();
    let norm = b.batch_norm("norm2", conv).unwrap();
    let pool = b.add("pool", Operator::GlobalAvgPool, &[norm]).unwrap();
    let out = b.linear("out", pool, 10, true).unwrap();
    let (network, batch) = with_values(b.finish(out), 1, &mut draw);
    let pixels = batch.pixels().repeat(images);
    (network, Minibatch::new(batch.shape(), pixels, vec![0; images]))
}

fn with_values<R: rand::Rng>(graph: Graph, images: usize, draw: &mut Draw<R>) -> (Network, Minibatch) {
    let shape = graph.input_shape();
    let mut values = BTreeMap::new();
    for spec in graph.parameters() {
        // Batch normalisation as it is initialised is a path of its own in the engine.
        let plain = draw.below(2) == 0;
        let value = match spec.role {
            assay_core::graph::ParameterRole::Scale if plain => vec![1.0; spec.elements()],
            assay_core::graph::ParameterRole::Offset if plain => vec![0.0; spec.elements()],
            _ => (0..spec.elements()).map(|_| draw.0.random::<f32>() * 2.0 - 1.0).collect(),
        };
        values.insert(spec.path.clone(), value);
    }
    let network = Network::with_parameters(Arc::new(graph), &values).unwrap();
    let pixels = (0..images * shape.elements()).map(|_| draw.0.random::<f32>() * 2.0 - 1.0).collect();
    (network, Minibatch::new(shape, pixels, vec![0; images]))
}

fn graph<R: rand::Rng>(draw: &mut Draw<R>, kinks: bool) -> Graph {
    // Now and then so large that the engine works through it in strips of rows.
    let size = match draw.below(16) {
        0 => Shape::new(5, 48, 7),
        _ => Shape::new(1 + draw.below(5), 3 + draw.below(7), 3 + draw.below(7)),
    };
    let most = 1500.max(3 * size.elements());
    let mut b = GraphBuilder::new(size).unwrap();
    let mut nodes = vec![b.input()];
    for step in 0..4 + draw.below(8) {
        // Mostly the newest node, so that graphs are deep; sometimes an older one, so that they branch.
        let input = if draw.below(3) > 0 { nodes[nodes.len() - 1] } else { draw.of(&nodes) };
        let shape = b.shape(input);
        let name = format!("n{step}");
        let added = match draw.below(14) {
            0..=2 => {
                let groups = if draw.below(4) == 0 { shape.channels } else { 1 };
                let out_channels = groups * (1 + draw.below(if groups == 1 { 9 } else { 2 }));
                let kernel = draw.of(&[1, 2, 3, 3, 5, 7]);
                let stride: usize = draw.of(&[1, 1, 2, 3]);
                let padding = draw.below(kernel + 1);
                let dilation: usize = draw.of(&[1, 1, 2]);
                let conv = Conv2d::new(out_channels, kernel).stride(stride).padding(padding).dilation(dilation).groups(groups);
                let conv = conv.bias(draw.below(2) == 0);
                b.conv(&name, input, conv)
                    .and_then(|conv| if draw.below(3) > 0 { b.batch_norm(format!("{name}.norm"), conv) } else { Ok(conv) })
            }
            // ReLU, 1×1 and 3×3 convolutions and a pool of one value: what a supernet's edge is.
            3 | 4 => supernet_edge(&mut b, &name, input, kinks),
            5 => b.add(name, Operator::BatchNorm { affine: draw.below(2) == 0, epsilon: 1e-3 }, &[input]),
            6 | 7 if kinks => b.relu(name, input),
            8 => {
                let kernel = 1 + draw.below(3);
                b.avg_pool(name, input, Pool::new(kernel, 1 + draw.below(2), draw.below(kernel / 2 + 1)))
            }
            9 if kinks => {
                let kernel = 1 + draw.below(3);
                b.add(name, Operator::MaxPool(Pool::new(kernel, 1 + draw.below(2), draw.below(kernel / 2 + 1))), &[input])
            }
            10 => {
                let same: Vec<NodeId> = nodes.iter().copied().filter(|node| b.shape(*node) == shape).collect();
                let terms: Vec<(f32, NodeId)> = (0..1 + draw.below(4)).map(|_| (draw.of(&[1.0, 0.25, -0.5]), draw.of(&same))).collect();
                b.weighted_sum(name, &terms)
            }
            11 => {
                let same: Vec<NodeId> = nodes
                    .iter()
                    .copied()
                    .filter(|node| (b.shape(*node).height, b.shape(*node).width) == (shape.height, shape.width))
                    .collect();
                let parts: Vec<NodeId> = (0..1 + draw.below(2)).map(|_| draw.of(&same)).collect();
                b.add(name, Operator::CONCAT, &parts)
            }
            12 => {
                let shifted = b.add(&name, Operator::Shift { offset: 1 }, &[input]);
                let zero = b.add(format!("{name}.zero"), Operator::Zero { stride: 1 }, &[input]);
                shifted.and_then(|shifted| zero.and_then(|zero| b.weighted_sum(format!("{name}.sum"), &[(1.0, shifted), (0.5, zero)])))
            }
            13 => b.add(name, Operator::Truncate { channels: 1 + draw.below(shape.channels) }, &[input]),
            _ => continue,
        };
        draw.keep(&mut b, &mut nodes, added, most);
    }
    let last = nodes[nodes.len() - 1];
    let output = match draw.below(4) {
        0 => last,
        _ => {
            let pooled = b.add("pooled", Operator::GlobalAvgPool, &[last]).unwrap();
            b.linear("classifier", pooled, 3, draw.below(2) == 0).unwrap()
        }
    };
    b.finish(output)
}

fn supernet_edge(b: &mut GraphBuilder, name: &str, input: NodeId, kinks: bool) -> Result<NodeId, GraphError> {
    let channels = b.shape(input).channels;
    let start = if kinks { b.relu(format!("{name}.relu"), input)? } else { input };
    let again = if kinks { b.relu(format!("{name}.again"), input)? } else { input };
    let one = b.conv(format!("{name}.one"), start, Conv2d::new(channels, 1))?;
    let one = b.batch_norm(format!("{name}.one.norm"), one)?;
    let three = b.conv(format!("{name}.three"), again, Conv2d::new(channels, 3).padding(1))?;
    let three = b.batch_norm(format!("{name}.three.norm"), three)?;
    let pool = b.avg_pool(format!("{name}.pool"), input, Pool::new(3, 1, 1))?;
    b.weighted_sum(name, &[(0.25, input), (0.25, one), (0.25, three), (0.25, pool)])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assay_core::graph::{Activation, Operator};

    use super::{Network, maps, network, network_of_any_operator, network_on_sequences};

    /// The operators that outputs of networks of so many seeds depend on.
    fn used(of: fn(u64) -> (Network, super::Minibatch)) -> Vec<Operator> {
        let of_seed = |seed| {
            let graph = of(seed).0.graph().clone();
            let needed = graph.needed_by(&[]);
            graph.nodes().iter().zip(needed).filter(|(_, needed)| *needed).map(|(node, _)| node.operator.clone()).collect::<Vec<_>>()
        };
        (0..150).flat_map(of_seed).collect()
    }

    #[test]
    fn outputs_of_random_networks_depend_on_every_operator() {
        let all = [used(network), used(network_of_any_operator), used(network_on_sequences)].concat();
        let kinds: BTreeSet<&str> = all.iter().map(Operator::kind).collect();
        let basic = "input conv2d batch_norm relu avg_pool max_pool global_avg_pool linear weighted_sum concat shift truncate zero";
        let others =
            "layer_norm rms_norm group_norm mean embedding product mat_mul softmax slice gather pad transpose reshape parameter constant";
        let rest = [Activation::Exp, Activation::Sqrt, Activation::Reciprocal];
        let functions = maps::FUNCTIONS.iter().chain(&rest).map(Activation::kind);
        let missing: Vec<&str> = basic.split(' ').chain(others.split(' ')).chain(functions).filter(|kind| !kinds.contains(kind)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let pools = || {
            all.iter()
                .filter_map(|operator| if let Operator::AvgPool(pool) | Operator::MaxPool(pool) = operator { Some(pool) } else { None })
        };
        assert!(pools().any(|pool| pool.ceil && pool.counts_padding && pool.padding.side().is_none() && pool.kernel.side().is_none()));
        let convolutions = || all.iter().filter_map(|operator| if let Operator::Conv2d(conv) = operator { Some(conv) } else { None });
        assert!(convolutions().any(|conv| conv.groups > 1 && !conv.is_square()));
        assert!(convolutions().any(|conv| conv.groups == 1 && conv.padding.side().is_none() && conv.dilation.side().is_none()));
    }
}
