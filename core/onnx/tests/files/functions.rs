//! Files of functions of each element, normalisations, attention, and of what is computed before the network runs.

use crate::making::{File, Is, Named, float, int, ints, text, tokens, value};

pub(crate) fn functions() -> Vec<(&'static str, File)> {
    let one = |operator: &str, attributes: &[_]| File::of_maps().opset(20).node(operator, "x", "y", attributes);
    let number = |name: &str, number: f32| File::of_maps().floats(name, &[], &[number]);
    let mask = || {
        let mut file = tokens();
        let truths = (0..48).map(|place| i32::from(place % 3 == 0)).collect();
        let mask =
            assay_onnx::schema::TensorProto { dims: vec![6, 8], data_type: 9, name: "m".into(), int32_data: truths, ..Default::default() };
        file.graph().initializer.push(mask);
        file
    };
    vec![
        ("leaky", one("LeakyRelu", &[float("alpha", 0.3)])),
        ("elu", one("Elu", &[float("alpha", 0.7)])),
        ("selu", one("Selu", &[])),
        ("softplus", one("Softplus", &[])),
        ("mish", one("Mish", &[])),
        ("hard_sigmoid", one("HardSigmoid", &[float("alpha", 0.3), float("beta", 0.4)])),
        ("hard_swish", one("HardSwish", &[])),
        ("gelu", one("Gelu", &[])),
        ("gelu_tanh", one("Gelu", &[text("approximate", "tanh")])),
        ("erf", one("Erf", &[])),
        ("neg_exp", File::of_maps().node("Neg", "x", "n", &[]).node("Exp", "n", "y", &[])),
        ("prelu", File::of_maps().floats("s", &[3, 1, 1], &[0.2; 3]).node("PRelu", "x s", "y", &[])),
        ("clip_below", number("low", -0.5).node("Clip", "x low", "y", &[])),
        ("relu_and_min", number("six", 0.6).node("Relu", "x", "r", &[]).node("Min", "r six", "y", &[])),
        ("max", number("low", 0.25).node("Max", "low x", "y", &[])),
        ("cube", number("p", 3.0).node("Pow", "x p", "y", &[])),
        ("less_from_one", number("one", 1.0).node("Sub", "one x", "y", &[])),
        (
            "divided",
            number("two", 2.5)
                .node("Mul", "x x", "s", &[])
                .node("Add", "s two", "d", &[])
                .node("Div", "x d", "q", &[])
                .node("Div", "two d", "r", &[])
                .node("Sub", "q r", "y", &[]),
        ),
        ("silu", File::of_maps().node("Sigmoid", "x", "s", &[]).node("Mul", "s x", "y", &[])),
        (
            "hard_swish_in_parts",
            number("three", 3.0)
                .floats("zero", &[], &[0.0])
                .floats("six", &[], &[6.0])
                .node("Add", "x three", "a", &[])
                .node("Clip", "a zero six", "c", &[])
                .node("Mul", "x c", "p", &[])
                .node("Div", "p six", "y", &[]),
        ),
        ("where", mask().floats("far", &[], &[-2.5]).node("Where", "m x far", "y", &[])),
        (
            "masked_softmax",
            mask().floats("far", &[], &[f32::NEG_INFINITY]).node("Where", "m far x", "w", &[]).node("Softmax", "w", "y", &[]),
        ),
        (
            "gate_of_channels",
            File::of_maps().node("GlobalAveragePool", "x", "g", &[]).node("Sigmoid", "g", "s", &[]).node("Mul", "x s", "y", &[]),
        ),
    ]
}

pub(crate) fn norms() -> Vec<(&'static str, File)> {
    let maps = |channels: i64| File::new(&[Named("batch"), Is(channels), Is(4), Is(4)]);
    let layer = |file: File| file.floats("e", &[], &[1e-5]).floats("two", &[], &[2.0]).weights("l.weight", &[8]).weights("l.bias", &[8]);
    let axis = |name| ints(name, &[-1]);
    let in_parts = layer(tokens())
        .node("ReduceMean", "x", "m", &[axis("axes")])
        .node("Sub", "x m", "c", &[])
        .node("Pow", "c two", "s", &[])
        .node("ReduceMean", "s", "v", &[axis("axes")])
        .node("Add", "v e", "w", &[])
        .node("Sqrt", "w", "d", &[])
        .node("Div", "c d", "n", &[])
        .node("Mul", "n l.weight", "g", &[])
        .node("Add", "g l.bias", "y", &[]);
    let rms = layer(tokens())
        .floats("one", &[], &[1.0])
        .node("Mul", "x x", "s", &[])
        .node("ReduceMean", "s", "v", &[axis("axes")])
        .node("Add", "v e", "w", &[])
        .node("Sqrt", "w", "d", &[])
        .node("Div", "one d", "r", &[])
        .node("Mul", "x r", "n", &[])
        .node("Mul", "l.weight n", "y", &[]);
    let groups = maps(6)
        .wholes("g", &[3], &[0, 2, -1])
        .floats("ones", &[2], &[1.0; 2])
        .floats("zeros", &[2], &[0.0; 2])
        .weights("n.weight", &[6, 1, 1])
        .weights("n.bias", &[6, 1, 1])
        .node("Reshape", "x g", "r", &[])
        .node("InstanceNormalization", "r ones zeros", "i", &[float("epsilon", 1e-3)])
        .node("Shape", "x", "s", &[])
        .node("Reshape", "i s", "b", &[])
        .node("Mul", "b n.weight", "w", &[])
        .node("Add", "w n.bias", "y", &[]);
    let running = maps(3).weights("n.weight", &[3]).weights("n.bias", &[3]).weights("n.mean", &[3]).floats("n.var", &[3], &[0.5, 1.5, 2.0]);
    let rows = tokens()
        .wholes("joined", &[2], &[-1, 8])
        .wholes("apart", &[3], &[-1, 6, 8])
        .weights("n.weight", &[8])
        .weights("n.bias", &[8])
        .weights("n.mean", &[8])
        .floats("n.var", &[8], &[0.5, 1.0, 1.5, 2.0, 0.25, 0.75, 1.25, 3.0])
        .node("Reshape", "x joined", "r", &[])
        .node("BatchNormalization", "r n.weight n.bias n.mean n.var", "b", &[])
        .node("Reshape", "b apart", "y", &[]);
    vec![
        ("layer_norm_in_parts", in_parts),
        ("rms_norm_in_parts", rms),
        ("group_norm_in_parts", groups),
        ("batch_norm_of_rows", rows),
        ("batch_norm", running.node("BatchNormalization", "x n.weight n.bias n.mean n.var", "y", &[])),
        (
            "instance_norm",
            maps(3).weights("n.weight", &[3]).weights("n.bias", &[3]).node("InstanceNormalization", "x n.weight n.bias", "y", &[]),
        ),
        ("layer_norm_of_all", maps(3).weights("n.weight", &[3, 4, 4]).node("LayerNormalization", "x n.weight", "y", &[int("axis", 1)])),
        (
            "group_norm",
            maps(6).opset(21).weights("n.weight", &[6]).weights("n.bias", &[6]).node(
                "GroupNormalization",
                "x n.weight n.bias",
                "y",
                &[int("num_groups", 3)],
            ),
        ),
        ("rms_norm", tokens().opset(23).weights("n.weight", &[8]).node("RMSNormalization", "x n.weight", "y", &[])),
        (
            "attention_of_heads",
            File::new(&[Named("batch"), Is(2), Is(6), Is(4)]).opset(23).node("Attention", "x x x", "y", &[int("is_causal", 1)]),
        ),
        ("attention_flat", tokens().opset(23).node("Attention", "x x x", "y", &[int("q_num_heads", 2), int("kv_num_heads", 2)])),
    ]
}

/// What is computed before the network runs shows where it is added to the image.
pub(crate) fn computed() -> Vec<(&'static str, File)> {
    let rows = || {
        tokens().wholes("zero", &[], &[0]).wholes("six", &[], &[6]).wholes("one", &[], &[1]).wholes("three", &[], &[3]).wholes(
            "last",
            &[1],
            &[-1],
        )
    };
    let column = |file: File, from: &str| {
        file.node("Cast", from, "f", &[int("to", 1)]).node("Unsqueeze", "f last", "u", &[]).node("Add", "x u", "y", &[])
    };
    vec![
        ("range_and_mod", column(rows().node("Range", "zero six one", "r", &[]).node("Mod", "r three", "m", &[]), "m")),
        ("sums_up", column(rows().node("Range", "zero six one", "r", &[]).node("CumSum", "r zero", "m", &[]), "m")),
        (
            "scattered",
            column(
                rows().node("Range", "zero six one", "r", &[]).wholes("i", &[2, 1], &[4, 1]).wholes("v", &[2], &[-7, 9]).node(
                    "ScatterND",
                    "r i v",
                    "m",
                    &[],
                ),
                "m",
            ),
        ),
        (
            "compared",
            column(
                rows().node("Range", "zero six one", "r", &[]).node("Less", "r three", "l", &[]).node("Where", "l six r", "m", &[]),
                "m",
            ),
        ),
        ("made_like_the_image", tokens().wholes("two", &[1], &[2]).node("CastLike", "two x", "t", &[]).node("Mul", "x t", "y", &[])),
        (
            "triangle",
            tokens().floats("ones", &[6, 8], &[1.5; 48]).node("Trilu", "ones", "t", &[int("upper", 0)]).node("Add", "x t", "y", &[]),
        ),
        (
            "frequencies",
            tokens().weights("a", &[6, 1]).weights("b", &[1, 8]).node("MatMul", "a b", "m", &[]).node("Cos", "m", "c", &[]).node(
                "Mul",
                "x c",
                "y",
                &[],
            ),
        ),
        (
            "shape_of_the_image",
            tokens()
                .node("Shape", "x", "s", &[int("start", 1)])
                .node("ReduceProd", "s", "p", &[int("keepdims", 0)])
                .node("Cast", "p", "f", &[int("to", 1)])
                .node("Sqrt", "f", "q", &[])
                .node("Div", "x q", "y", &[]),
        ),
        (
            "rows_of_any_batch",
            tokens()
                .weights("token", &[1, 1, 8])
                .wholes("i", &[1], &[0])
                .wholes("rest", &[2], &[1, 8])
                .node("Shape", "x", "s", &[])
                .node("Gather", "s i", "n", &[])
                .node("Concat", "n rest", "d", &[int("axis", 0)])
                .node("Expand", "token d", "e", &[])
                .node("Concat", "e x", "y", &[int("axis", 1)]),
        ),
        (
            "zeros_of_any_batch",
            tokens()
                .wholes("i", &[1], &[0])
                .wholes("rest", &[2], &[2, 8])
                .node("Shape", "x", "s", &[])
                .node("Gather", "s i", "n", &[])
                .node("Concat", "n rest", "d", &[int("axis", 0)])
                .node("ConstantOfShape", "d", "e", &[])
                .node("Concat", "e x", "y", &[int("axis", 1)]),
        ),
    ]
}

pub(crate) fn vectors() -> Vec<(&'static str, File)> {
    let mut words = File::new(&[Named("batch"), Is(5)]).weights("wte.weight", &[7, 4]).node("Gather", "wte.weight x", "y", &[]);
    words.graph().input = vec![value("x", 7, &[Named("batch"), Is(5)])];
    vec![("embedding", words)]
}
