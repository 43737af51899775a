//! What is wrong with a file is told: the node or tensor, and what to do.

use assay_onnx::schema::{AttributeProto, FunctionProto, NodeProto, StringStringEntryProto, TensorProto};
use assay_onnx::{Options, read, read_bytes};
use prost::Message;

use crate::making::{File, Is, Named, int, ints, value};

fn relu() -> File {
    File::of_maps().node("Relu", "x", "y", &[])
}

#[test]
fn bytes_that_are_not_a_whole_file_are_refused() {
    let whole = File::of_maps().weights("w", &[4, 3, 3, 3]).node("Conv", "x w", "y", &[]).bytes();
    for end in [1, 10, whole.len() / 2, whole.len() - 1] {
        let error = read_bytes(whole[..end].to_vec(), &Options::default()).unwrap_err().to_string();
        assert!(error.starts_with("network: it is not a whole ONNX file: ") || error.contains("operator set 0"), "{end}: {error}");
    }
    let error = |bytes: &[u8]| read_bytes(bytes.to_vec(), &Options::default()).unwrap_err().problem().to_string();
    insta::assert_snapshot!(error(b""), @"it uses operator set 0; Assay reads 11 to 23: export it again, in PyTorch with `opset_version=17`");
    let mut none = relu();
    none.0.graph = None;
    insta::assert_snapshot!(none.error(), @"it is not a whole ONNX file: it has no graph");
    for version in [10, 24, -3] {
        assert!(relu().opset(version).error().starts_with(&format!("it uses operator set {version}; Assay reads 11 to 23")));
    }
}

#[test]
fn a_missing_file_is_named() {
    let place = tempfile::tempdir().unwrap();
    let error = read(&place.path().join("net.onnx"), &Options::default()).unwrap_err().to_string();
    assert!(error.ends_with("net.onnx: it does not exist"), "{error}");
    let error = read(place.path(), &Options::default()).unwrap_err().to_string();
    assert!(error.ends_with("it is a folder, not a file"), "{error}");
}

#[test]
fn an_initialiser_that_disagrees_with_its_shape_is_refused() {
    let claims = File::of_maps().floats("w", &[1 << 15, 1 << 14], &[0.5; 4]).node("Mul", "x w", "y", &[]);
    insta::assert_snapshot!(claims.error(), @"tensor `w`: its shape [32768, 16384] is of 536870912 numbers, and the file holds 16 bytes for it");
    let less = File::of_maps().weights("w", &[4, 2, 3, 3]).node("Conv", "x w", "y", &[]);
    insta::assert_snapshot!(less.error(), @"node `Conv_y` (Conv): its weight of [4, 2, 3, 3] in 1 groups takes 2 channels, and it is given 3");
    let bias = File::of_maps().weights("w", &[4, 3, 3, 3]).weights("b", &[3]).node("Conv", "x w b", "y", &[]);
    insta::assert_snapshot!(bias.error(), @"node `Conv_y` (Conv): its bias is of [3] for 4 channels");
    let none = File::of_maps().floats("w", &[4, 3, 0, 3], &[]).node("Conv", "x w", "y", &[]);
    insta::assert_snapshot!(none.error(), @"node `Conv_y` (Conv): its kernel, strides and dilations must be at least 1");
}

#[test]
fn weights_that_are_not_numbers_are_refused() {
    for (bad, told) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut values = vec![0.5; 12];
        values[7] = bad;
        let file = File::of_maps().floats("stem.weight", &[4, 3, 1, 1], &values).node("Conv", "x stem.weight", "y", &[]);
        assert_eq!(
            file.error(),
            format!("tensor `stem.weight`: its value 7 of 12 is {told}; a network with such weights computes nothing")
        );
    }
}

#[test]
fn nodes_that_make_no_graph_are_refused() {
    let circle = File::of_maps().node("Add", "x b", "a", &[]).node("Relu", "a", "b", &[]).node("Relu", "b", "y", &[]);
    insta::assert_snapshot!(circle.error(), @"node `a` needs its own output, directly or through others: the nodes go in a circle");
    let dangling = File::of_maps().node("Add", "x nowhere", "y", &[]);
    insta::assert_snapshot!(dangling.error(), @"node `y` reads `nowhere`, which no node computes and the file does not hold");
    let twice = File::of_maps().node("Relu", "x", "y", &[]).node("Sigmoid", "x", "y", &[]);
    insta::assert_snapshot!(twice.error(), @"value `y`: two nodes or tensors of the file compute it; every value needs one source");
    let none = File::of_maps().node("Relu", "x", "z", &[]);
    insta::assert_snapshot!(none.error(), @"its output `y` is not computed by any node");
    let second = File::of_maps().node("MaxPool", "x", "a b", &[ints("kernel_shape", &[2, 2])]).node("Relu", "b", "y", &[]);
    insta::assert_snapshot!(second.error(), @"node `Relu_y` (Relu): reads `b`, a further output of its node that Assay does not compute");
    // Nodes in another order are none the worse for it.
    assert!(File::of_maps().node("Relu", "a", "y", &[]).node("Sigmoid", "x", "a", &[]).read().is_ok());
}

#[test]
fn an_input_that_is_open_or_empty_is_refused() {
    let open = File::new(&[Named("batch"), Is(3), Named("height"), Named("width")]).node("Relu", "x", "y", &[]);
    insta::assert_snapshot!(open.error(), @"its input `x` is of 3×height×width, which leaves its shape open; say it, as `--input 3x224x224`");
    let as_asked = read_bytes(open.bytes(), &Options { input: Some(vec![3, 4, 5]) }).unwrap();
    assert_eq!(as_asked.graph.input_shape().to_string(), "3×4×5");
    let asked = |input: &[usize]| read_bytes(relu().bytes(), &Options { input: Some(input.to_vec()) });
    insta::assert_snapshot!(asked(&[3, 8]).unwrap_err().problem(), @"its input `x` is of 3×8×8, beside the batch, and 3×8 was asked for");
    insta::assert_snapshot!(asked(&[3, 0, 8]).unwrap_err().problem(), @"an input of 3×0×8 holds nothing");
    assert_eq!(asked(&[3, 4, 4]).unwrap().notes, ["the file is for inputs of 3×8×8; it is measured on 3×4×4"]);
    let empty = File::new(&[Named("batch"), Is(3), Is(0), Is(8)]).node("Relu", "x", "y", &[]);
    insta::assert_snapshot!(empty.error(), @"its input `x` is of 3×0×8, and an axis of 0 holds nothing");
    let none = File::new(&[Is(0), Is(3)]).node("Relu", "x", "y", &[]);
    insta::assert_snapshot!(none.error(), @"its input `x` is for a batch of 0; 1 to 65536 are read");
    let huge = File::new(&[Named("batch"), Is(1 << 30), Is(1 << 30)]).node("Relu", "x", "y", &[]);
    assert!(huge.error().contains("more than any machine holds"), "{}", huge.error());
    let many = File::new(&[Named("batch"), Is(2), Is(2), Is(2), Is(2), Is(2), Is(2)]).node("Relu", "x", "y", &[]);
    insta::assert_snapshot!(many.error(), @"its input has 6 axes beside the batch; a graph's values have at most 5");
    let mut text = relu();
    text.graph().input = vec![value("x", 8, &[Named("batch"), Is(3)])];
    insta::assert_snapshot!(text.error(), @"its input `x` is of type 8; floats and whole numbers are given to networks");
    let mut two = File::of_maps().node("Add", "x z", "y", &[]);
    two.graph().input.push(value("z", 1, &[Named("batch"), Is(3), Is(8), Is(8)]));
    insta::assert_snapshot!(two.error(), @"its output depends on several inputs (`x`, `z`); networks of one input are measured: export with the others fixed");
    let constant = File::of_maps().weights("w", &[3]).node("Relu", "w", "y", &[]);
    insta::assert_snapshot!(constant.error(), @"its output does not depend on any input");
}

#[test]
fn a_batch_that_is_baked_in_is_refused() {
    let shape = File::of_maps().wholes("shape", &[2], &[1, 192]).node("Reshape", "x shape", "y", &[]);
    insta::assert_snapshot!(shape.error().split(" for a batch").next().unwrap(), @"node `Reshape_y` (Reshape): cannot lay out [10007, 3, 8, 8] as [1, 192]");
    assert!(shape.error().contains("export it with a dynamic batch"), "{}", shape.error());
    let rows = File::new(&[Is(2), Is(3)]).weights("w", &[2, 3]).node("Add", "x w", "y", &[]);
    insta::assert_snapshot!(rows.error(), @"node `Add_y` (Add): meets the batch with a tensor of [2, 3], which has other numbers for each image; the batch is baked into the file: export it with a dynamic one (in PyTorch `dynamic_shapes`)");
    let mixes = File::of_maps().node("ReduceMean", "x", "y", &[ints("axes", &[0])]);
    insta::assert_snapshot!(mixes.error(), @"node `ReduceMean_y` (ReduceMean): averages over the batch, and not in a batch normalisation: what it makes of an image depends on the others");
    let along = File::of_maps().node("Softmax", "x", "y", &[int("axis", 0)]);
    insta::assert_snapshot!(along.error(), @"node `Softmax_y` (Softmax): works along axis 0, which holds the batch: what it makes of an image would depend on the others");
}

#[test]
fn what_a_graph_has_no_operator_for_is_refused_by_name() {
    let unknown = File::of_maps().node("Softmx", "x", "y", &[]).error();
    assert!(
        unknown.starts_with("node `Softmx_y` is of operator `Softmx`, which Assay does not read: did you mean `Softmax`? Known: Add, "),
        "{unknown}"
    );
    for (operator, advice) in [("LSTM", "recurrent cells are not measured here"), ("If", "control flow depends on the data")] {
        let error = File::of_maps().node(operator, "x", "y", &[]).error();
        assert!(
            error.starts_with(&format!("node `{operator}_y` is of operator `{operator}`, which Assay does not read: {advice}")),
            "{error}"
        );
    }
    let body = AttributeProto { name: "body".into(), g: Some(vec![0].into()), ..AttributeProto::default() };
    assert!(File::of_maps().node("Relu", "x", "y", &[body]).error().contains("control flow"));
    let mut own = relu();
    own.graph().node[0] = NodeProto { domain: "my.own".into(), ..own.graph().node[0].clone() };
    insta::assert_snapshot!(own.error(), @"node `Relu_y` is of operator `my.own.Relu`, which Assay does not read: only ONNX's own operators are read; export without optimisations for one runtime");
    own.0.functions = vec![FunctionProto { name: "Relu".into(), domain: "my.own".into() }];
    insta::assert_snapshot!(own.error(), @"node `Relu_y` is of operator `my.own.Relu`, which Assay does not read: the file defines it as a function; write the functions out first (`onnx.inliner.inline_local_functions`)");
    let volume = File::new(&[Named("batch"), Is(1), Is(4), Is(4), Is(4)]).weights("w", &[1, 1, 3, 3, 3]).node("Conv", "x w", "y", &[]);
    assert!(volume.error().ends_with("three dimensions are not supported"), "{}", volume.error());
}

#[test]
fn tensors_of_types_that_are_not_read_are_refused() {
    let mut file = File::of_maps().node("Add", "x w", "y", &[]);
    file.graph().initializer.push(TensorProto {
        dims: vec![1],
        data_type: 14,
        name: "w".into(),
        raw_data: vec![0; 8].into(),
        ..TensorProto::default()
    });
    assert!(file.error().starts_with("tensor `w`: its numbers are of type complex64: Assay reads floats"), "{}", file.error());
    file.graph().initializer[0].data_type = 99;
    insta::assert_snapshot!(file.error(), @"tensor `w`: its numbers are of type 99, which is not known");
}

#[test]
fn what_is_computed_before_the_network_runs_is_bounded() {
    let file =
        File::of_maps().wholes("dims", &[2], &[1 << 20, 1 << 20]).node("ConstantOfShape", "dims", "c", &[]).node("Add", "x c", "y", &[]);
    assert!(file.error().contains("would compute 1099511627776 numbers before the network runs"), "{}", file.error());
    let range = File::of_maps()
        .wholes("a", &[], &[0])
        .wholes("b", &[], &[i64::MAX])
        .wholes("c", &[], &[1])
        .node("Range", "a b c", "r", &[])
        .node("Add", "x r", "y", &[]);
    assert!(range.error().contains("before the network runs"), "{}", range.error());
}

/// A file whose weight is in another one.
fn with_weight_at(location: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut file = File::of_maps().node("Conv", "x stem.weight", "y", &[]);
    let entry = |(key, value): (&str, &str)| StringStringEntryProto { key: key.into(), value: value.into() };
    let external_data = std::iter::once(("location", location)).chain(more.iter().copied()).map(entry).collect();
    let tensor = TensorProto {
        dims: vec![4, 3, 1, 1],
        data_type: 1,
        name: "stem.weight".into(),
        external_data,
        data_location: 1,
        ..TensorProto::default()
    };
    file.graph().initializer.push(tensor);
    file.0.encode_to_vec()
}

#[test]
fn weights_beside_the_file_are_read_from_its_folder_alone() {
    let place = tempfile::tempdir().unwrap();
    let inner = place.path().join("nets");
    std::fs::create_dir(&inner).unwrap();
    let numbers: Vec<u8> = (0..14).flat_map(|value| (value as f32).to_le_bytes()).collect();
    std::fs::write(inner.join("weights.bin"), &numbers).unwrap();
    std::fs::write(place.path().join("secret.bin"), &numbers).unwrap();
    let outcome = |bytes: Vec<u8>| {
        std::fs::write(inner.join("net.onnx"), bytes).unwrap();
        read(&inner.join("net.onnx"), &Options::default()).map_err(|error| error.problem().to_string())
    };
    let net = outcome(with_weight_at("weights.bin", &[("offset", "8"), ("length", "48")])).unwrap();
    assert_eq!(net.parameters["stem.weight"], (2..14).map(|value| value as f32).collect::<Vec<f32>>());
    let escapes = ["../secret.bin", "/etc/passwd", "a/../../secret.bin", "", "..\\secret.bin"];
    for location in escapes {
        let error = outcome(with_weight_at(location, &[])).unwrap_err();
        assert!(error.contains("only the network's own folder is read"), "{location}: {error}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(place.path().join("secret.bin"), inner.join("link.bin")).unwrap();
        let error = outcome(with_weight_at("link.bin", &[("length", "48")])).unwrap_err();
        assert!(error.contains("only the network's own folder is read"), "{error}");
    }
    insta::assert_snapshot!(outcome(with_weight_at("weights.bin", &[("offset", "16"), ("length", "48")])).unwrap_err(), @"tensor `stem.weight`: its numbers are bytes 48 from 16 of weights.bin, which has 56 bytes");
    insta::assert_snapshot!(outcome(with_weight_at("weights.bin", &[])).unwrap_err(), @"tensor `stem.weight`: its shape [4, 3, 1, 1] is of 12 numbers, and the file holds 56 bytes for it");
    insta::assert_snapshot!(outcome(with_weight_at("weights.bin", &[("offset", "-4")])).unwrap_err(), @"tensor `stem.weight`: `offset` of its numbers in weights.bin is not a number: `-4`");
    assert!(outcome(with_weight_at("gone.bin", &[])).unwrap_err().ends_with("gone.bin does not exist"));
}
