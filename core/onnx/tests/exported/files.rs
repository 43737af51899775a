//! Networks of files: those of the oracles `onnx_*`, from both files of each.

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Engine, Precision};
use assay_core::network::Network;
use assay_export::{Model, to_onnx};
use assay_onnx::{Imported, Options, read, read_bytes};

use crate::{logits, weights};

fn given() -> impl Iterator<Item = (String, Imported)> {
    let folder = assay_oracles::folder();
    ["resnet18_a", "mobilenetv2_a", "densenet_a", "senet_a", "convnext_a", "vit_a"]
        .into_iter()
        .flat_map(|name| ["onnx", "dynamo.onnx"].map(|end| format!("onnx_{name}.{end}")))
        .map(move |name| (name.clone(), read(&folder.join(name), &Options::default()).unwrap()))
}

fn export(title: &str, imported: &Imported) -> Vec<u8> {
    let weights = weights(imported);
    to_onnx(&Model { folded_norms: imported.folded_norms, ..Model::new(title, &weights) }).unwrap()
}

fn images(network: &Network) -> Minibatch {
    let shape = network.graph().input_shape();
    let pixels = (0..3 * shape.elements()).map(|place| ((place * 7919 % 1000) as f32 / 500.0) - 1.0).collect();
    Minibatch::new(shape, pixels, vec![0, 1, 2])
}

#[test]
fn an_exported_oracle_onnx_network_reads_back_to_the_very_network_and_exports_to_the_very_file() {
    for (name, given) in given() {
        let bytes = export(&name, &given);
        let back = read_bytes(bytes.clone(), &Options::default()).unwrap();
        let nodes = |imported: &Imported| imported.graph.nodes().iter().map(|node| format!("{node:?}")).collect::<Vec<_>>();
        for (ours, theirs) in nodes(&back).iter().zip(nodes(&given)) {
            assert_eq!(*ours, theirs, "{name}");
        }
        assert_eq!(back.graph, given.graph, "{name}");
        assert!(back.parameters == given.parameters && back.statistics == given.statistics, "{name}");
        assert_eq!((back.folded_norms, back.notes.as_slice()), (given.folded_norms, &[][..]), "{name}");
        assert!(export(&name, &back) == bytes, "{name}");

        let [network, again] = [&given, &back].map(|imported| imported.network().unwrap());
        let images = images(&network);
        assert_eq!(logits(&again, &images), logits(&network, &images), "{name}");
        let gram = |network: &Network| flex().tangent_gram(network, &images, Precision::F64).unwrap().entries().to_vec();
        assert_eq!(gram(&again), gram(&network), "{name}");
    }
}
