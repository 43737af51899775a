//! Files of operators that move windows, multiply matrices and work along axes.

use crate::making::{File, Is, Named, float, int, ints, text, tokens};

pub(crate) fn windows() -> Vec<(&'static str, File)> {
    let kernel = |sides: &[i64]| ints("kernel_shape", sides);
    let conv = |attributes: &[_]| File::of_maps().weights("w", &[4, 3, 3, 2]).weights("b", &[4]).node("Conv", "x w b", "y", attributes);
    let grouped = File::of_maps().weights("w", &[6, 1, 3, 3]).node(
        "Conv",
        "x w",
        "y",
        &[int("group", 3), ints("strides", &[2, 1]), ints("dilations", &[1, 2])],
    );
    let one = File::new(&[Named("batch"), Is(3), Is(9)]).weights("w", &[4, 3, 3]).node(
        "Conv",
        "x w",
        "y",
        &[ints("pads", &[1, 0]), ints("strides", &[2])],
    );
    let average = |attributes: &[_]| File::of_maps().node("AveragePool", "x", "y", attributes);
    let largest = |attributes: &[_]| File::of_maps().node("MaxPool", "x", "y", attributes);
    vec![
        ("conv_sides", conv(&[ints("pads", &[1, 0, 2, 1])])),
        ("conv_same_upper", conv(&[text("auto_pad", "SAME_UPPER"), ints("strides", &[2, 2])])),
        ("conv_same_lower", conv(&[text("auto_pad", "SAME_LOWER")])),
        ("conv_grouped", grouped),
        ("conv_of_a_sequence", one),
        ("average_counts_padding", average(&[kernel(&[3, 3]), ints("pads", &[1, 1, 1, 1]), int("count_include_pad", 1)])),
        ("average_ceil", average(&[kernel(&[3, 3]), ints("strides", &[2, 2]), int("ceil_mode", 1)])),
        ("average_without_padding", average(&[kernel(&[3, 2]), ints("pads", &[1, 0, 0, 1])])),
        ("max_ceil", largest(&[kernel(&[3, 3]), ints("strides", &[2, 2]), int("ceil_mode", 1)])),
        ("global_max", File::of_maps().node("GlobalMaxPool", "x", "y", &[])),
        ("global_average", File::of_maps().node("GlobalAveragePool", "x", "y", &[])),
    ]
}

pub(crate) fn products() -> Vec<(&'static str, File)> {
    let flat = || File::new(&[Named("batch"), Is(8)]).weights("w", &[8, 5]).weights("v", &[5, 8]).weights("b", &[5]);
    vec![
        ("gemm_factors", flat().node("Gemm", "x w b", "y", &[float("alpha", 0.5), float("beta", 2.0)])),
        ("gemm_transposed", flat().node("Gemm", "x v", "y", &[int("transB", 1)])),
        ("layer_and_bias", tokens().weights("w", &[8, 5]).weights("b", &[5]).node("MatMul", "x w", "p", &[]).node("Add", "b p", "y", &[])),
        ("mixer_of_tokens", tokens().weights("w", &[5, 6]).node("MatMul", "w x", "y", &[])),
        ("two_values", tokens().node("Transpose", "x", "t", &[ints("perm", &[0, 2, 1])]).node("MatMul", "x t", "y", &[])),
        ("matrix_of_three_axes", tokens().weights("w", &[1, 8, 5]).node("MatMul", "x w", "y", &[])),
        (
            "heads",
            tokens()
                .wholes("s", &[4], &[0, 6, 2, 4])
                .node("Reshape", "x s", "r", &[])
                .node("Transpose", "r", "h", &[ints("perm", &[0, 2, 1, 3])])
                .node("Transpose", "r", "k", &[ints("perm", &[0, 2, 3, 1])])
                .node("MatMul", "h k", "a", &[])
                .node("Softmax", "a", "p", &[int("axis", -1)])
                .node("MatMul", "p h", "y", &[]),
        ),
        (
            "tokens_first",
            tokens()
                .weights("w", &[8, 5])
                .node("Transpose", "x", "t", &[ints("perm", &[1, 0, 2])])
                .node("MatMul", "t w", "m", &[])
                .node("Transpose", "m", "y", &[ints("perm", &[1, 2, 0])])
                .opset(17),
        ),
    ]
}

pub(crate) fn along_axes() -> Vec<(&'static str, File)> {
    let maps = File::of_maps;
    let list = |file: File, name: &str, values: &[i64]| file.wholes(name, &[values.len() as i64], values);
    vec![
        ("softmax_old", maps().opset(11).node("Softmax", "x", "y", &[int("axis", 2)])),
        ("softmax_channels", maps().node("Softmax", "x", "y", &[int("axis", 1)])),
        (
            "split_old",
            maps().opset(11).node("Split", "x", "a b", &[int("axis", 2), ints("split", &[3, 5])]).node(
                "Concat",
                "b a",
                "y",
                &[int("axis", 2)],
            ),
        ),
        (
            "split_sizes",
            list(maps(), "s", &[1, 2]).node("Split", "x s", "a b", &[int("axis", 1)]).node("Concat", "b a", "y", &[int("axis", 1)]),
        ),
        (
            "split_equally",
            maps().opset(18).node("Split", "x", "a b c", &[int("axis", 3), int("num_outputs", 3)]).node(
                "Concat",
                "c a b",
                "y",
                &[int("axis", -1)],
            ),
        ),
        (
            "slice_steps",
            list(list(list(list(maps(), "s", &[1, -7]), "e", &[i64::MAX, -1]), "a", &[1, 3]), "t", &[1, 2]).node(
                "Slice",
                "x s e a t",
                "y",
                &[],
            ),
        ),
        ("pad", list(maps(), "p", &[0, 1, 0, 2, 0, 0, 3, 0]).node("Pad", "x p", "y", &[])),
        ("pad_axes", list(list(maps(), "p", &[2, 1]), "a", &[3]).opset(18).node("Pad", "x p - a", "y", &[])),
        ("gather_one", maps().wholes("i", &[], &[-1]).node("Gather", "x i", "y", &[int("axis", 2)])),
        ("gather_some", maps().wholes("i", &[2, 2], &[3, 0, 3, 5]).node("Gather", "x i", "y", &[int("axis", 3)])),
        ("tile", list(maps(), "r", &[1, 2, 1, 3]).node("Tile", "x r", "y", &[])),
        ("expand", list(list(tokens(), "a", &[2]), "s", &[1, 6, 3, 8]).node("Unsqueeze", "x a", "u", &[]).node("Expand", "u s", "y", &[])),
        ("squeeze", list(list(tokens(), "a", &[1, 3]), "b", &[3]).node("Unsqueeze", "x a", "u", &[]).node("Squeeze", "u b", "y", &[])),
        ("flatten", maps().node("Flatten", "x", "y", &[])),
        (
            "depth_to_space",
            maps().opset(13).node("SpaceToDepth", "x", "d", &[int("blocksize", 2)]).node(
                "DepthToSpace",
                "d",
                "y",
                &[int("blocksize", 2), text("mode", "CRD")],
            ),
        ),
        (
            "depth_to_space_first",
            maps().opset(13).node("SpaceToDepth", "x", "d", &[int("blocksize", 4)]).node("DepthToSpace", "d", "y", &[int("blocksize", 2)]),
        ),
        ("mean", maps().node("ReduceMean", "x", "y", &[ints("axes", &[1, 3]), int("keepdims", 0)])),
        ("sum", list(maps(), "a", &[-1]).node("ReduceSum", "x a", "y", &[])),
        ("root_of_squares", maps().node("ReduceL2", "x", "y", &[ints("axes", &[2, 3])])),
        (
            "last_element_first",
            list(list(list(list(tokens(), "s", &[0]), "e", &[2]), "a", &[1]), "t", &[1]).node("Slice", "x s e a t", "p", &[]).node(
                "Concat",
                "p x",
                "y",
                &[int("axis", 1)],
            ),
        ),
    ]
}
