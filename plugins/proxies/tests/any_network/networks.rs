//! Small networks with the operators of networks that others make.

use assay_core::graph::{Activation, Conv2d, Graph, GraphBuilder, NodeId, Operator, Shape};

fn relu(builder: &mut GraphBuilder, name: &str, input: NodeId) -> NodeId {
    builder.relu(name, input).unwrap()
}

fn active(builder: &mut GraphBuilder, name: &str, activation: Activation, input: NodeId) -> NodeId {
    builder.add(name, Operator::Activation(activation), &[input]).unwrap()
}

fn classified(mut builder: GraphBuilder, features: NodeId) -> Graph {
    let pooled = builder.add("pool", Operator::GlobalAvgPool, &[features]).unwrap();
    let logits = builder.linear("classifier", pooled, 4, true).unwrap();
    builder.finish(logits)
}

fn begun() -> (GraphBuilder, NodeId) {
    let builder = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let images = builder.input();
    (builder, images)
}

/// Convolutions with batch normalisation, ReLU6, and a block that weighs channels by what they are on the average.
pub(super) fn squeeze_excite() -> Graph {
    let (mut builder, images) = begun();
    let maps = builder.conv("stem", images, Conv2d::new(8, 3).padding(1)).unwrap();
    let maps = builder.batch_norm("stem.bn", maps).unwrap();
    let maps = active(&mut builder, "stem.relu6", Activation::RELU6, maps);
    builder.block(maps);
    let wide = builder.conv("depthwise", maps, Conv2d::new(8, 3).padding(1).groups(8)).unwrap();
    let wide = builder.batch_norm("bn", wide).unwrap();
    let wide = active(&mut builder, "act", Activation::HardSwish, wide);
    let mean = builder.add("squeeze", Operator::GlobalAvgPool, &[wide]).unwrap();
    let few = builder.conv("reduce", mean, Conv2d::new(2, 1).bias(true)).unwrap();
    let few = relu(&mut builder, "reduce.relu", few);
    let all = builder.conv("expand", few, Conv2d::new(8, 1).bias(true)).unwrap();
    let gate = active(&mut builder, "gate", Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 }, all);
    let weighed = builder.add("weighed", Operator::Product, &[wide, gate]).unwrap();
    let sum = builder.weighted_sum("sum", &[(1.0, weighed), (1.0, maps)]).unwrap();
    builder.block(sum);
    classified(builder, sum)
}

/// Convolutions and ReLUs alone.
pub(super) fn without_norms() -> Graph {
    let (mut builder, images) = begun();
    let mut maps = images;
    for layer in 0..3 {
        maps = builder.conv(format!("conv{layer}"), maps, Conv2d::new(6, 3).padding(1).bias(true)).unwrap();
        maps = relu(&mut builder, &format!("relu{layer}"), maps);
        builder.block(maps);
    }
    classified(builder, maps)
}

/// Convolutions with GELU and layer normalisation along channels that were moved behind the rest.
pub(super) fn convnext() -> Graph {
    let (mut builder, images) = begun();
    let maps = builder.conv("stem", images, Conv2d::new(8, 2).stride(2)).unwrap();
    builder.block(maps);
    let wide = builder.conv("depthwise", maps, Conv2d::new(8, 3).padding(1).groups(8)).unwrap();
    let last = builder.add("to_last", Operator::Transpose { order: vec![1, 2, 0] }, &[wide]).unwrap();
    let norm = Operator::LayerNorm { axis: 2, scale: true, offset: true, epsilon: 1e-6 };
    let last = builder.add("norm", norm, &[last]).unwrap();
    let last = builder.add("expand", Operator::Linear { out_features: 16, bias: true, axis: 2 }, &[last]).unwrap();
    let last = active(&mut builder, "gelu", Activation::Gelu, last);
    let last = builder.add("project", Operator::Linear { out_features: 8, bias: true, axis: 2 }, &[last]).unwrap();
    let first = builder.add("to_first", Operator::Transpose { order: vec![2, 0, 1] }, &[last]).unwrap();
    let scale = builder.add("scale", Operator::Parameter { axes: vec![8] }, &[]).unwrap();
    let scaled = builder.add("scaled", Operator::Product, &[first, scale]).unwrap();
    let sum = builder.weighted_sum("sum", &[(1.0, scaled), (1.0, maps)]).unwrap();
    builder.block(sum);
    classified(builder, sum)
}

/// Patches as tokens, one layer of attention, and the class of a token of its own.
pub(super) fn transformer() -> Graph {
    let (mut builder, images) = begun();
    let add = |builder: &mut GraphBuilder, name: &str, operator, inputs: &[NodeId]| builder.add(name, operator, inputs).unwrap();
    let patches = builder.conv("patches", images, Conv2d::new(8, 4).stride(4).bias(true)).unwrap();
    let flat = add(&mut builder, "flat", Operator::Reshape { axes: vec![8, 4] }, &[patches]);
    let tokens = add(&mut builder, "tokens", Operator::Transpose { order: vec![1, 0] }, &[flat]);
    let class = add(&mut builder, "class", Operator::Parameter { axes: vec![1, 8] }, &[]);
    let tokens = add(&mut builder, "joined", Operator::Concat { axis: 0 }, &[class, tokens]);
    let places = add(&mut builder, "places", Operator::Parameter { axes: vec![5, 8] }, &[]);
    let tokens = builder.weighted_sum("placed", &[(1.0, tokens), (1.0, places)]).unwrap();
    builder.block(tokens);
    let norm = Operator::LayerNorm { axis: 1, scale: true, offset: true, epsilon: 1e-6 };
    let normed = add(&mut builder, "norm", norm.clone(), &[tokens]);
    let linear = |features| Operator::Linear { out_features: features, bias: true, axis: 1 };
    let heads = |builder: &mut GraphBuilder, name: &str| {
        let mixed = add(builder, name, linear(8), &[normed]);
        let split = add(builder, &format!("{name}.split"), Operator::Reshape { axes: vec![5, 2, 4] }, &[mixed]);
        add(builder, &format!("{name}.heads"), Operator::Transpose { order: vec![1, 0, 2] }, &[split])
    };
    let (queries, keys, values) = (heads(&mut builder, "q"), heads(&mut builder, "k"), heads(&mut builder, "v"));
    let keys = add(&mut builder, "keys", Operator::Transpose { order: vec![0, 2, 1] }, &[keys]);
    let likeness = add(&mut builder, "likeness", Operator::MatMul { axis: 1 }, &[queries, keys]);
    let likeness = builder.weighted_sum("scaled", &[(0.5, likeness)]).unwrap();
    let weights = add(&mut builder, "softmax", Operator::Softmax { axis: 2 }, &[likeness]);
    let mixed = add(&mut builder, "mixed", Operator::MatMul { axis: 1 }, &[weights, values]);
    let mixed = add(&mut builder, "back", Operator::Transpose { order: vec![1, 0, 2] }, &[mixed]);
    let mixed = add(&mut builder, "all_heads", Operator::Reshape { axes: vec![5, 8] }, &[mixed]);
    let mixed = add(&mut builder, "out", linear(8), &[mixed]);
    let tokens = builder.weighted_sum("sum", &[(1.0, mixed), (1.0, tokens)]).unwrap();
    builder.block(tokens);
    let wide = add(&mut builder, "mlp", linear(16), &[tokens]);
    let wide = active(&mut builder, "gelu", Activation::Gelu, wide);
    let tokens = add(&mut builder, "mlp.out", linear(8), &[wide]);
    let tokens = add(&mut builder, "last_norm", norm, &[tokens]);
    let first = add(&mut builder, "first", Operator::Slice { axis: 0, start: 0, end: 1, step: 1 }, &[tokens]);
    let vector = add(&mut builder, "vector", Operator::Reshape { axes: vec![8] }, &[first]);
    let logits = builder.linear("classifier", vector, 4, true).unwrap();
    builder.finish(logits)
}

/// Linear layers with ReLU on the pixels as one vector.
pub(super) fn perceptron() -> Graph {
    let (mut builder, images) = begun();
    let vector = builder.add("flat", Operator::Reshape { axes: vec![192] }, &[images]).unwrap();
    let hidden = builder.linear("hidden", vector, 16, true).unwrap();
    let hidden = relu(&mut builder, "relu", hidden);
    let logits = builder.linear("classifier", hidden, 4, true).unwrap();
    builder.finish(logits)
}

/// Five tokens in, a number for each word at each place out.
pub(super) fn language_model() -> Graph {
    let mut builder = GraphBuilder::new(Shape::vector(5)).unwrap();
    let words = builder.input();
    let vectors = builder.add("embedding", Operator::Embedding { count: 10, features: 4, axis: 1 }, &[words]).unwrap();
    let head = builder.add("head", Operator::Linear { out_features: 10, bias: false, axis: 1 }, &[vectors]).unwrap();
    builder.finish(head)
}

/// The same, and the numbers of the last place alone.
pub(super) fn next_word() -> Graph {
    let mut builder = GraphBuilder::new(Shape::vector(5)).unwrap();
    let words = builder.input();
    let vectors = builder.add("embedding", Operator::Embedding { count: 10, features: 4, axis: 1 }, &[words]).unwrap();
    let all = builder.add("all", Operator::Reshape { axes: vec![20] }, &[vectors]).unwrap();
    let hidden = builder.linear("hidden", all, 8, true).unwrap();
    let hidden = relu(&mut builder, "relu", hidden);
    let head = builder.linear("head", hidden, 10, false).unwrap();
    builder.finish(head)
}
