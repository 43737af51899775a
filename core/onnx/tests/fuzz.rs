//! Damaged files: the reader survives each of them within limits of time and memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use assay_export::{Model, to_onnx};
use assay_fuzz::Fuzz;
use assay_onnx::schema::{ModelProto, NodeProto};
use assay_onnx::{Options, read_bytes};
use assay_weights::Weights;
use prost::Message;

/// Names of operators and attributes, and bytes of the format: field keys, huge lengths, numbers without an end.
const WORDS: [&[u8]; 26] = [
    b"Conv",
    b"Reshape",
    b"Transpose",
    b"Expand",
    b"ConstantOfShape",
    b"Range",
    b"Tile",
    b"Gather",
    b"Slice",
    b"Concat",
    b"Where",
    b"MatMul",
    b"ScatterND",
    b"Split",
    b"Pad",
    b"perm",
    b"axes",
    b"pads",
    b"images",
    b"assay.learned",
    b"assay.blocks",
    b"\x0a\x00",
    b"\x3a\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x08\x80\x80\x80\x80\x08",
    b"\x12\x00",
];

const FILES: [&str; 6] =
    ["densenet_a.onnx", "densenet_a.dynamo.onnx", "senet_a.onnx", "convnext_a.onnx", "vit_a.onnx", "vit_a.dynamo.onnx"];

fn seeds() -> Vec<Vec<u8>> {
    let folder = assay_oracles::folder();
    let read = |file: &&str| std::fs::read(folder.join(format!("onnx_{file}"))).unwrap_or_else(|error| panic!("{file}: {error}"));
    let given: Vec<Vec<u8>> = FILES.iter().map(read).collect();
    // Assay's own files say more than those of others.
    let [.., vit, _] = &given[..] else { panic!("there are files") };
    let net = read_bytes(vit.clone(), &Options::default()).unwrap();
    let own = Weights { network: net.network().unwrap(), statistics: None };
    let own = to_onnx(&Model::new("vit", &own)).unwrap();
    given.into_iter().chain([own]).collect()
}

fn read(bytes: Vec<u8>) {
    let small = Options { input: Some(vec![3, 16, 16]) };
    let _ = read_bytes(bytes.clone(), &Options::default()).map(|net| net.network());
    let _ = read_bytes(bytes, &small);
}

#[test]
fn damaged_networks() {
    Fuzz::of("damaged_networks").seeds(seeds()).words(&WORDS).costly(4).run(|bytes| read(bytes.to_vec()));
}

/// Numbers that a random byte stands for: small ones, and what is too large, negative, or the batch of a file.
const NUMBERS: [i64; 16] = [0, 1, 2, 3, 4, 5, 7, 12, 17, 48, -1, -2, 10_007, 1 << 20, i64::MAX, i64::MIN];

/// Operators that take another's place.
const OPERATORS: [&str; 32] = [
    "Add",
    "Attention",
    "AveragePool",
    "Concat",
    "ConstantOfShape",
    "CumSum",
    "DepthToSpace",
    "Div",
    "Expand",
    "Flatten",
    "Gather",
    "Gemm",
    "GatherND",
    "GlobalMaxPool",
    "GroupNormalization",
    "LayerNormalization",
    "MatMul",
    "NonZero",
    "Pad",
    "Pow",
    "Range",
    "ReduceL2",
    "ReduceMean",
    "Reshape",
    "ScatterND",
    "Slice",
    "Softmax",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Where",
];

/// Files whose bytes are right and whose content is not: each input is a list of changes to a network of the oracles.
#[test]
fn damaged_structures() {
    let models: Vec<ModelProto> =
        seeds().iter().map(|bytes| ModelProto::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{error}"))).collect();
    let start: Vec<Vec<u8>> =
        (0..24_u8).map(|number| (0..24_u8).map(|place| place.wrapping_mul(37).wrapping_add(number * 11)).collect()).collect();
    Fuzz::of("damaged_structures").seeds(start).words(&[[0_u8, 255, 1, 254]]).costly(4).run(|bytes| {
        let [chosen, changes @ ..] = bytes else { return };
        let mut model = models[usize::from(*chosen) % models.len()].clone();
        changes.chunks_exact(6).take(8).for_each(|change| alter(&mut model, change));
        read(model.encode_to_vec());
    });
}

/// One change of a network: of a node, what it reads, a setting of it, or a tensor.
fn alter(model: &mut ModelProto, change: &[u8]) {
    let [kind, high, low, which, to, other] = *change else { return };
    let Some(graph) = model.graph.as_mut() else { return };
    let position = usize::from(high) << 8 | usize::from(low);
    let number = NUMBERS[usize::from(to) % NUMBERS.len()];
    let names: Vec<String> =
        graph.node.iter().flat_map(|node| node.output.clone()).chain(graph.initializer.iter().map(|tensor| tensor.name.clone())).collect();
    let name = names[(usize::from(to) << 8 | usize::from(other)) % names.len()].clone();
    let tensors = graph.initializer.len();
    let count = graph.node.len();
    let node: &mut NodeProto = &mut graph.node[position % count];
    let of = |length: usize| usize::from(which) % length.max(1);
    match kind % 8 {
        0 => node.op_type = OPERATORS[usize::from(to) % OPERATORS.len()].into(),
        1 => {
            let place = of(node.input.len());
            if let Some(input) = node.input.get_mut(place) {
                *input = name;
            }
        }
        2 => node.input.push(name),
        3 | 4 => {
            let place = of(node.attribute.len());
            if let Some(attribute) = node.attribute.get_mut(place) {
                attribute.i = attribute.i.map(|_| number);
                let length = attribute.ints.len();
                if let Some(own) = attribute.ints.get_mut(usize::from(other) % length.max(1)) {
                    *own = number;
                }
                if let Some(tensor) = attribute.t.as_mut().filter(|tensor| tensor.data_type == 7 && tensor.raw_data.len() == 8) {
                    tensor.raw_data = number.to_le_bytes().to_vec().into();
                }
            }
        }
        5 => drop(node.input.pop()),
        6 => {
            let tensor = &mut graph.initializer[position % tensors];
            let place = of(tensor.dims.len());
            if let Some(extent) = tensor.dims.get_mut(place) {
                *extent = number;
            }
        }
        _ => {
            let tensor = &mut graph.initializer[position % tensors];
            if tensor.data_type == 7 && tensor.raw_data.len() >= 8 {
                let mut bytes = tensor.raw_data.to_vec();
                let place = of(bytes.len() / 8) * 8;
                bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
                tensor.raw_data = bytes.into();
            }
        }
    }
}
