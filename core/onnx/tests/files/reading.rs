//! Operators one by one: what the graph computes of random images is what onnxruntime computes of the file.

use std::ffi::OsString;
use std::process::Command;

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, Precision};
use serde_json::Value;

use crate::making::{File, Is, Named, value};
use crate::{axes, functions};

const PROGRAM: &str = "
import json, os, sys
import numpy, onnxruntime
printed = {}
for name in sorted(os.listdir('.')):
    if name.endswith('.onnx'):
        images = numpy.array(json.load(open(name[:-5] + '.json')), dtype=numpy.float32)
        session = onnxruntime.InferenceSession(name, providers=['CPUExecutionProvider'])
        input = session.get_inputs()[0]
        if input.type == 'tensor(int64)': images = images.astype(numpy.int64)
        printed[name[:-5]] = session.run(None, {input.name: images})[0].astype(numpy.float64).flatten().tolist()
print(json.dumps(printed))
";

/// A Python with onnxruntime: the one that the variable names, else `python3`.
fn python() -> Option<OsString> {
    const VARIABLE: &str = "ASSAY_PYTHON_ONNX";
    let candidates = [std::env::var_os(VARIABLE), Some("python3".into())];
    let imports = |python: &OsString| {
        Command::new(python).args(["-c", "import numpy, onnxruntime"]).output().is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().flatten().find(imports);
    if found.is_none() {
        assert!(std::env::var_os(VARIABLE).is_none(), "{VARIABLE} names a Python without onnxruntime");
        eprintln!("skipped: no Python with onnxruntime is here (pip install onnxruntime; or name one in {VARIABLE})");
    }
    found
}

#[test]
fn every_operator_computes_what_onnxruntime_does() {
    let Some(python) = python() else { return };
    let place = tempfile::tempdir().unwrap();
    let cases: Vec<(&str, File)> = [
        axes::windows(),
        axes::products(),
        axes::along_axes(),
        functions::functions(),
        functions::norms(),
        functions::computed(),
        functions::vectors(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut ours = Vec::new();
    for (name, file) in &cases {
        let net = file.read().unwrap_or_else(|error| panic!("{name}: {error}"));
        let network = net.network().unwrap();
        let network = match net.statistics.clone() {
            Some(statistics) => network.by_running(statistics),
            None => network,
        };
        let shape = net.graph.input_shape();
        let count = 3 * shape.elements();
        let is_words = *name == "embedding";
        let pixel = |place: usize| if is_words { (place % 7) as f32 } else { ((place * 7919 % 1009) as f32 / 250.0) - 2.0 };
        let pixels: Vec<f32> = (0..count).map(pixel).collect();
        std::fs::write(place.path().join(format!("{name}.onnx")), file.bytes()).unwrap();
        let dims = file.0.graph.as_ref().unwrap().input[0]
            .r#type
            .as_ref()
            .unwrap()
            .tensor_type
            .as_ref()
            .unwrap()
            .shape
            .as_ref()
            .unwrap()
            .dim
            .len();
        let axes: Vec<usize> = shape.axes()[..dims - 1].to_vec();
        std::fs::write(place.path().join(format!("{name}.json")), nested(&pixels, &[&[3], &axes[..]].concat()).to_string()).unwrap();
        let images = Minibatch::new(shape, pixels, vec![0; 3]);
        ours.push(flex().pass(&network, &images, &Ask::new(), Precision::F64).unwrap().output().to_vec());
    }
    let output = Command::new(python).current_dir(place.path()).args(["-c", PROGRAM]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    for ((name, _), ours) in cases.iter().zip(ours) {
        let theirs: Vec<f64> = printed[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
        let largest = theirs.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (place, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert!((ours - theirs).abs() <= 2e-6 * largest.max(0.1), "{name}: element {place} is {ours}, onnxruntime's {theirs}");
        }
    }
}

fn nested(values: &[f32], axes: &[usize]) -> Value {
    match axes {
        [] | [_] => values.into(),
        [_, rest @ ..] => values.chunks(rest.iter().product()).map(|part| nested(part, rest)).collect(),
    }
}

/// Names and notes: weights that two layers share are counted for each, and a table that is taken in part by that part.
#[test]
fn shared_and_partial_weights_are_noted() {
    let mut tied = File::new(&[Named("batch"), Is(5)]).weights("wte.weight", &[7, 4]).weights("wpe.weight", &[9, 4]).wholes(
        "i",
        &[5],
        &[0, 1, 2, 3, 4],
    );
    tied.graph().input = vec![value("x", 7, &[Named("batch"), Is(5)])];
    let tied = tied
        .node("Gather", "wte.weight x", "e", &[])
        .node("Gather", "wpe.weight i", "p", &[])
        .node("Add", "e p", "s", &[])
        .node("Transpose", "wte.weight", "t", &[])
        .node("MatMul", "s t", "y", &[]);
    let net = tied.read().unwrap();
    assert_eq!(
        net.notes,
        [
            "`wte.weight`: used by more than one layer; the graph has a copy for each, and counts and varies them apart",
            "`wpe.weight`: only a part is used, which the graph has",
        ]
    );
    let paths: Vec<&str> = net.graph.parameters().iter().map(|spec| spec.path.as_str()).collect();
    assert_eq!(paths, ["wte.weight", "wpe.weight.value", "wte.2.weight"]);
}
