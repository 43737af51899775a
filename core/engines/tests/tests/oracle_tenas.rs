//! The published TE-NAS implementation's own numbers, reproduced by every engine.
//!
//! Each oracle holds a supernet's parameters, real images, and for several pruning states the logits, the tangent Gram
//! matrix, its condition number κ and the number of linear regions (see the oracles' README for the conventions).

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_burn as _;
use assay_cpu as _;
use assay_spaces as _;

use assay_core::data::Minibatch;
use assay_core::engine::{ConditionNumber, Engine, Patterns, Precision};
use assay_core::graph::Shape;
use assay_core::network::Network;
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::subspace::{OperatorSet, Subspace};
use assay_engine_tests::engines;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    space: String,
    batch: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    /// Cell, edge, operator; 1 = kept.
    mask: Vec<Vec<Vec<u8>>>,
    matrix_precision: String,
    kappa_official_f32: f64,
    kappa_f64: f64,
    lambda_min_f64: f64,
    lambda_max_f64: f64,
    linear_regions_unique_patterns: usize,
    relu_units: usize,
    params_in_gradient: usize,
}

fn oracle_folder() -> PathBuf {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/oracles");
    std::env::var_os("ASSAY_ORACLES").map_or_else(|| PathBuf::from(shared), PathBuf::from)
}

/// Every oracle of either space in the folder. None at all is a failure: a test that finds nothing proves nothing.
fn oracles() -> Vec<PathBuf> {
    let folder = oracle_folder();
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let of_space = |prefix: &str| {
        let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
        let mut found: Vec<PathBuf> =
            files.iter().filter(named).filter(|path| path.extension().is_some_and(|extension| extension == "json")).cloned().collect();
        assert!(!found.is_empty(), "no oracle {prefix}*.json in {}", folder.display());
        found.sort();
        found
    };
    [of_space("tenas_nb201"), of_space("tenas_darts")].concat()
}

/// The space as TE-NAS measures it, and its cells: a stage, or in all.
fn measured_space(name: &str) -> (Box<dyn SearchSpace>, usize) {
    let (settings, cells) = match name {
        "darts" => (Settings::none().with("network", "te-nas"), 2),
        _ => (Settings::none(), 1),
    };
    (Registry::<dyn SearchSpace>::collect().unwrap().build(name, &settings).unwrap(), cells)
}

struct Tensors<'a>(SafeTensors<'a>);

impl Tensors<'_> {
    fn f64(&self, name: &str) -> Vec<f64> {
        let tensor = self.0.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        match tensor.dtype() {
            Dtype::F32 => tensor.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
            Dtype::F64 => tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn f32(&self, name: &str) -> Vec<f32> {
        self.f64(name).into_iter().map(|value| value as f32).collect()
    }

    /// The parameters below `prefix`, under the names that the space gives them.
    fn parameters(&self, prefix: &str) -> BTreeMap<String, Vec<f32>> {
        let names = self.0.names();
        let ours = names.into_iter().filter_map(|name| Some((our_path(name.strip_prefix(prefix)?), self.f32(name))));
        ours.collect()
    }
}

const NAS_BENCH_201: [&str; 5] = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
const DARTS: [&str; 8] =
    ["none", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "avg_pool_3x3", "max_pool_3x3"];

/// `cells.0.edges.1<-0.2.op.1.weight` → `cells.0.edges.1<-0.nor_conv_1x1.conv.weight`,
/// `cells.0.edges.1<-0._ops.2.op_a.op.1.weight` → `cells.0.edges.1<-0.sep_conv_3x3.a.depthwise.weight`, and so on.
fn our_path(published: &str) -> String {
    let replaced = |path: &str, pairs: &[(&str, &str)]| pairs.iter().fold(path.to_owned(), |path, (from, to)| path.replace(from, to));
    let path = replaced(published, &[("stem.0.", "stem.conv."), ("stem.1.", "stem.bn."), ("lastact.0.", "lastact.bn.")]);
    let Some((before, after)) = path.split_once(".edges.") else {
        return replaced(&path, &[("downsample.1.", "downsample.conv."), (".op.1.", ".conv."), (".op.2.", ".bn.")]);
    };
    let (edge, after) = after.split_once('.').unwrap();
    let (operators, parts, after): (&[&str], &[(&str, &str)], &str) = match after.strip_prefix("_ops.") {
        None => (&NAS_BENCH_201, &[("op.1.", "conv."), ("op.2.", "bn.")], after),
        Some(after) => {
            let halves = [("op_a.", "a."), ("op_b.", "b."), ("convs.0.", "even."), ("convs.1.", "odd.")];
            let layers = [("op.1.", "depthwise."), ("op.2.", "pointwise."), ("op.3.", "bn.")];
            (&DARTS, &[halves.as_slice(), layers.as_slice()].concat(), after)
        }
    };
    let (slot, after) = after.split_once('.').unwrap();
    format!("{before}.edges.{edge}.{}.{}", operators[slot.parse::<usize>().unwrap()], replaced(after, parts))
}

struct Subject {
    title: String,
    case: Case,
    ntk: Network,
    images: Minibatch,
    regions: Network,
    crops: Vec<Minibatch>,
    logits: Vec<f64>,
    matrix: Vec<f64>,
}

fn subjects(file: &Path) -> Vec<Subject> {
    let oracle: Oracle = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let bytes = std::fs::read(file.with_extension("safetensors")).unwrap();
    let tensors = Tensors(SafeTensors::deserialize(&bytes).unwrap());
    let (space, cells) = measured_space(&oracle.space);
    let classes = tensors.f64("ntk.param.classifier.bias").len();
    let images = tensors.f32("ntk.input");
    let side = ((images.len() / oracle.batch / 3) as f64).sqrt() as usize;
    let images = Minibatch::new(Shape::new(3, side, side), images, vec![0; oracle.batch]);
    let crops = tensors.f32("lr.input");
    let crops: Vec<Minibatch> =
        crops.chunks(9000).map(|part| Minibatch::new(Shape::new(1, 3, 3), part.to_vec(), vec![0; part.len() / 9])).collect();
    let channels = tensors.f64("ntk.param.stem.1.weight").len();
    let ntk = MacroNet { input: images.shape(), channels, cells, classes, part: Part::Classifier };
    let trunk = MacroNet { input: crops[0].shape(), channels: 1, cells, classes, part: Part::Trunk };
    let network = |subspace: &Subspace, net: &MacroNet, prefix: &str| {
        let graph = Arc::new(space.lower(subspace, net).unwrap());
        Network::with_parameters(graph, &tensors.parameters(prefix)).unwrap()
    };
    let cases = oracle.cases.into_iter().enumerate();
    cases
        .map(|(number, case)| {
            let kept = |edge: &Vec<u8>| edge.iter().enumerate().filter(|(_, kept)| **kept == 1).map(|(index, _)| index).collect();
            let cells = case.mask.iter().map(|cell| cell.iter().map(kept).collect::<Vec<OperatorSet>>()).collect();
            let subspace = Subspace::new(space.layout(), cells);
            Subject {
                title: format!("{} case {number}", file.file_stem().unwrap().to_string_lossy()),
                ntk: network(&subspace, &ntk, "ntk.param."),
                regions: network(&subspace, &trunk, "lr.param."),
                images: images.clone(),
                crops: crops.clone(),
                logits: tensors.f64(&format!("case{number}.ntk.logits")),
                matrix: tensors.f64(&format!("case{number}.ntk.matrix")),
                case,
            }
        })
        .collect()
}

/// Runs `check` for every engine on every case of every oracle.
fn for_each_case(check: impl Fn(&dyn Engine, &Subject)) {
    for file in oracles() {
        for subject in subjects(&file) {
            for engine in engines() {
                check(engine.as_ref(), &subject);
            }
        }
    }
}

fn assert_close(ours: f64, theirs: f64, tolerance: f64, scale: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance * scale, "{what}: ours {ours}, the oracle's {theirs}");
}

#[test]
fn oracle_logits_are_the_published_implementations() {
    for_each_case(|engine, subject| {
        let forward = engine.forward(&subject.ntk, &subject.images, &[], Precision::F32).unwrap();
        let scale = subject.logits.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert_eq!(forward.output.len(), subject.logits.len());
        for (ours, theirs) in forward.output.iter().zip(&subject.logits) {
            assert_close(*ours, *theirs, 1e-4, scale, &format!("{} on {}: a logit", subject.title, engine.name()));
        }
    });
}

#[test]
fn oracle_gram_matrix_and_kappa_are_the_published_implementations() {
    for_each_case(|engine, subject| {
        let title = format!("{} on {}", subject.title, engine.name());
        let (precision, reference, tolerance) = match subject.case.matrix_precision.as_str() {
            "f64" => (Precision::F64, subject.case.kappa_f64, 1e-5),
            _ => (Precision::F32, subject.case.kappa_official_f32, 1e-3),
        };
        let gram = engine.tangent_gram(&subject.ntk, &subject.images, precision).unwrap();
        let scale = subject.matrix.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        for (ours, theirs) in gram.entries().iter().zip(&subject.matrix) {
            assert_close(*ours, *theirs, 1e-3, scale, &format!("{title}: a Gram entry"));
        }
        match gram.condition_number() {
            ConditionNumber::Defined { kappa, smallest, largest } => {
                assert_close(kappa, reference, tolerance, reference, &format!("{title}: κ"));
                for (ours, theirs) in [(smallest, subject.case.lambda_min_f64), (largest, subject.case.lambda_max_f64)] {
                    assert_close(ours, theirs, tolerance, theirs, &format!("{title}: λ"));
                }
            }
            ConditionNumber::Undefined { because } => panic!("{title}: κ is undefined, because {because}"),
        }
    });
}

#[test]
fn oracle_linear_regions_are_counted_exactly() {
    for_each_case(|engine, subject| {
        let mut patterns: Option<Patterns> = None;
        for crops in &subject.crops {
            let found = engine.relu_patterns(&subject.regions, crops).unwrap();
            match &mut patterns {
                Some(patterns) => patterns.extend(&found),
                none => *none = Some(found),
            }
        }
        let patterns = patterns.unwrap();
        let title = format!("{} on {}", subject.title, engine.name());
        assert_eq!(patterns.units(), subject.case.relu_units, "{title}: ReLU units");
        assert_eq!(patterns.distinct(), subject.case.linear_regions_unique_patterns, "{title}: regions");
    });
}

#[test]
fn oracle_counts_the_same_parameters_in_the_gradient() {
    for file in oracles() {
        for subject in subjects(&file) {
            let graph = subject.ntk.graph();
            let live = graph.liveness();
            let counted = graph.parameters().iter().filter(|spec| spec.is_named_weight() && live.is_needed(spec.node));
            let elements: usize = counted.map(assay_core::graph::ParameterSpec::elements).sum();
            assert_eq!(elements, subject.case.params_in_gradient, "{}", subject.title);
        }
    }
}
