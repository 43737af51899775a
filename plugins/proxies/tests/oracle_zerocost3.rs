//! VKDNW, NEAR, Dextr, WRCor, InTrain and FreeREA's terms, as their published implementations compute them.

#![allow(clippy::unwrap_used)]

mod published_names;
mod single_pass;
mod zerocost3;
mod zerocost_network;

use assay_burn as _;
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::graph::NodeId;
use assay_core::network::NormStatistics;
use assay_core::plugin::{Aggregate, Column, Proxy, Registry, Settings, WholePass};
use assay_core::score::{Direction, Reading};
use assay_cpu as _;
use assay_engine_tests::engines;
use assay_proxies::dextr::{conditioning_of, curvature, derivatives};
use assay_proxies::intrain::{Intrain, Layers, Tensors};
use assay_proxies::naswot::{Naswot, kernel};
use assay_proxies::near::{Blocks, Near};
use assay_proxies::vkdnw::{Variant, Vkdnw, deciles, entropy};
use assay_proxies::wrcor::{self, Wrcor};
use assay_proxies::{dextr, log_synflow, near};
use assay_spaces as _;
use published_names::our_node;
use single_pass::read;
use zerocost3::{Case, assert_near, cases, number, numbers};

fn pass(precision: Precision) -> WholePass {
    WholePass { precision, batch: 16, ..WholePass::default() }
}

fn precise() -> assay_cpu::CpuEngine {
    assay_cpu::CpuEngine::new()
}

#[test]
fn oracle_zerocost3_networks_are_built_as_published() {
    for case in cases() {
        for engine in engines() {
            let inference = case.network.clone().by(NormStatistics::Running);
            let runs = [("train_input0", &case.network, &case.input), ("train_noise0", &case.network, &case.noise)];
            for (name, network, batch) in runs.into_iter().chain([("eval_noise0", &inference, &case.noise)]) {
                let answer = engine.pass(network, batch, &Ask::new(), Precision::F64).unwrap();
                let theirs = case.tensor(&format!("logits_{name}"));
                let scale = theirs.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
                for (ours, theirs) in answer.output().iter().zip(&theirs) {
                    assert!((ours - theirs).abs() <= 1e-9 * scale, "{}: {name}: a logit is {ours}, not {theirs}", case.title);
                }
            }
        }
    }
}

#[test]
fn oracle_zerocost3_vkdnw() {
    for case in cases() {
        let network = case.network.clone().by(NormStatistics::Running);
        let graph = network.graph();
        assert_eq!(graph.parameters().len() as f64, number(&case.recorded["vkdnw"]["parameter_tensors"]), "{}", case.title);
        let logits = precise().pass(&network, &case.noise, &Ask::new(), Precision::F64).unwrap();
        for (scalars, key) in [(1, "p1"), (2, "p2")] {
            for (variant, name) in [(Variant::Code, "code_half_alpha"), (Variant::CodeFullAlpha, "code"), (Variant::Fisher, "true")] {
                let vkdnw = Vkdnw { variant, scalars, ..Vkdnw::default() };
                let ours = vkdnw.singular_values(&network, &case.noise, logits.output(), &precise()).unwrap().unwrap();
                let theirs = case.tensor(&format!("vkdnw_{key}.singular_values_{name}"));
                let title = format!("{}: {key}, {name}", case.title);
                assert_eq!(ours.len(), theirs.len(), "{title}");
                for (ours, own) in ours.iter().zip(&theirs) {
                    assert!((ours - own).abs() <= 1e-9 * theirs[0], "{title}: a singular value is {ours}, not {own}");
                }
                let recorded = &case.recorded["vkdnw"][key];
                let ours = deciles(ours);
                for (ours, own) in ours.iter().zip(numbers(&recorded[format!("deciles_{name}")])) {
                    assert!((ours - own).abs() <= 1e-9 * theirs[0], "{title}: a decile is {ours}, not {own}");
                }
                assert_near(entropy(&ours), number(&recorded[format!("entropy_{name}")]), 1e-8, &title);
            }
        }
    }
}

#[test]
fn oracle_zerocost3_vkdnw_on_every_engine() {
    let case = &cases()[1];
    let network = case.network.clone().by(NormStatistics::Running);
    let recorded = &case.recorded["vkdnw"];
    for engine in engines() {
        let score = |proxy: &str, precision: &str| {
            let settings = Settings::none().with("batch", 16).with("precision", precision);
            let Proxy::Passes(proxy) = *Registry::<Proxy>::collect().unwrap().build(proxy, &settings).unwrap() else { panic!("passes") };
            read(proxy.as_ref(), &network, &[&case.noise], engine.as_ref()).value().unwrap()
        };
        let theirs = number(&recorded["p1"]["entropy_code_half_alpha"]);
        assert_near(score("vkdnw", "f64"), theirs, 1e-8, &engine.name());
        assert_near(score("vkdnw", "f32"), theirs, 1e-2, &engine.name());
        let single = number(&recorded["parameter_tensors"]) + theirs;
        assert_near(score("vkdnw-single", "f64"), single, 1e-8, &engine.name());
    }
}

#[test]
fn oracle_zerocost3_near() {
    for case in cases() {
        let graph = case.network.graph();
        let recorded = &case.recorded["near"];
        let layers = recorded["layers"].as_array().unwrap();
        let ours = near::layers(graph);
        let names: Vec<&str> = ours.iter().map(|layer| graph.node(*layer).name.as_str()).collect();
        let theirs: Vec<String> = layers.iter().map(|layer| our_node(layer["name"].as_str().unwrap(), &case.arch)).collect();
        assert_eq!(names, theirs, "{}", case.title);
        for (precision, bound) in [(Precision::F64, 1e-8), (Precision::F32, 1e-3)] {
            for engine in engines() {
                let title = format!("{} on {}, {precision}", case.title, engine.name());
                let answer = engine.pass(&case.network, &case.input, &Ask::new().values(&ours), precision).unwrap();
                let mut score = 0.0;
                for (layer, recorded) in ours.iter().zip(layers) {
                    let block = number(&recorded["block"]) as usize;
                    let rows = near::rows(answer.value(*layer).unwrap(), graph.node(*layer).shape, block);
                    assert_eq!(rows.nrows() as f64, number(&recorded["rows"]), "{title}");
                    let rank = near::effective_rank(&rows);
                    assert_near(rank, number(&recorded["erank"]), bound, &format!("{title}: {}", recorded["name"]));
                    score += rank;
                }
                assert_near(score, number(&recorded["score"]), bound, &title);
                let first = Near { pass: pass(precision), blocks: Blocks::First };
                let first = read(&first, &case.network, &[&case.input], engine.as_ref()).value().unwrap();
                assert_near(first, number(&recorded["score_block0"]), bound, &title);
            }
        }
    }
}

/// The published program hooks containers as well: each has the ratio of the layer that is called last in it.
fn ratio_of(case: &Case, name: &str, ratio: &impl Fn(&str) -> Option<f64>) -> f64 {
    let inner = ["", ".2", ".1", ".op.2"].iter().find_map(|inner| ratio(&format!("{name}{inner}")));
    let cell = || name.strip_prefix("cells.").filter(|cell| cell.parse::<usize>().is_ok());
    let block = |cell: &str| cell.parse::<usize>().map(|cell| case.network.graph().blocks()[cell + 1]).unwrap();
    let of_cell = || cell().and_then(|cell| ratio(&format!("#{}", block(cell).0)));
    of_cell().or(inner).unwrap_or_else(|| panic!("{}: no layer is `{name}`", case.title))
}

#[test]
fn oracle_zerocost3_dextr_layers() {
    for case in cases() {
        let graph = case.network.graph();
        let layers = dextr::layers(graph);
        for (key, images) in [("batch16", 16), ("batch1", 1)] {
            let recorded = &case.recorded["dextr"][key];
            for (precision, bound) in [(Precision::F64, 1e-8), (Precision::F32, 1e-3)] {
                let title = format!("{}: {key}, {precision}", case.title);
                let batch = case.noise.part(0, images);
                let all: Vec<_> = (1..graph.nodes().len()).map(NodeId).collect();
                let answer = precise().pass(&case.network, &batch, &Ask::new().values(&all), precision).unwrap();
                let ratio = |node: NodeId| {
                    let shape = graph.node(node).shape;
                    conditioning_of(&answer.value(node).unwrap()[..shape.elements()], shape.channels)
                };
                let by_name = |name: &str| match name.strip_prefix('#') {
                    Some(node) => Some(ratio(NodeId(node.parse().unwrap()))),
                    None => graph.find(&our_node(name, &case.arch)).map(ratio),
                };
                let mut total = 0.0;
                let mut found = 0;
                for layer in recorded["layers"].as_array().unwrap() {
                    let (name, kind) = (layer["name"].as_str().unwrap(), layer["kind"].as_str().unwrap());
                    let (least, most) = (number(&layer["sigma_min"]), number(&layer["sigma_max"]));
                    let theirs = if most == 0.0 { 0.0 } else { least / most };
                    total += theirs;
                    let ours = match kind {
                        "Zero" => 0.0,
                        // A skip connection passes on a node's value, which has a ratio under another name.
                        "Identity" => continue,
                        "Logits" => 1.0,
                        "AdaptiveAvgPool2d" => by_name("pool").or_else(|| by_name("global_pooling")).unwrap_or(1.0),
                        _ => ratio_of(&case, name, &by_name),
                    };
                    assert!((ours - theirs).abs() <= bound, "{title}: {name}: {ours}, not {theirs}");
                    found += 1;
                }
                assert!(found > layers.len(), "{title}");
                assert_near(total, number(&recorded["sum_of_ratios"]), 1e-8, &title);
                // The score of the published layers.
                let (a, b) = (total.ln_1p(), number(&recorded["b"]));
                assert_near(a * b / (a + b), number(&recorded["score"]), 1e-8, &title);
            }
        }
    }
}

#[test]
fn oracle_zerocost3_dextr_curvature() {
    for case in cases() {
        let recorded = &case.recorded["dextr"];
        let (velocity, acceleration) = derivatives(&case.network, &case.basis, 1).unwrap();
        for (ours, theirs) in [(&velocity, "velocity"), (&acceleration, "acceleration")] {
            let theirs = numbers(&recorded[theirs]);
            let largest = theirs.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            // The outputs that were drawn, some more than once.
            for (coordinate, theirs) in case.coordinates.iter().zip(theirs) {
                assert!((ours[*coordinate] - theirs).abs() <= 1e-8 * largest, "{}: {} is not {theirs}", case.title, ours[*coordinate]);
            }
        }
        let drawn = |values: &[f64]| case.coordinates.iter().map(|coordinate| values[*coordinate]).collect::<Vec<_>>();
        assert_near(curvature(&drawn(&velocity), &drawn(&acceleration)), number(&recorded["curvature"]), 1e-8, &case.title);
        let (velocity, acceleration) = derivatives(&case.network, &case.basis, 8).unwrap();
        for (ours, name) in [(&velocity, "velocity"), (&acceleration, "acceleration")] {
            let theirs = case.tensor(&format!("dextr.{name}_8points"));
            let largest = theirs.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            let drawn: Vec<f64> = ours.chunks(10).flat_map(|point| case.coordinates.iter().map(|at| point[*at])).collect();
            let agrees = |ours: &[f64]| ours.iter().zip(&theirs).all(|(ours, theirs)| (ours - theirs).abs() <= 1e-8 * largest);
            assert!(agrees(ours) || agrees(&drawn), "{}: {name} {:?} is not {:?}", case.title, &drawn[..10], &theirs[..10]);
        }
        let points = velocity.chunks(10).zip(acceleration.chunks(10));
        let total: f64 = points.map(|(velocity, acceleration)| curvature(&drawn_of(&case, velocity), &drawn_of(&case, acceleration))).sum();
        assert_near(total, number(&recorded["curvature_8points"]), 1e-8, &case.title);
    }
}

fn drawn_of(case: &Case, values: &[f64]) -> Vec<f64> {
    case.coordinates.iter().map(|coordinate| values[*coordinate]).collect()
}

#[test]
fn oracle_zerocost3_wrcor() {
    for case in cases() {
        let recorded = &case.recorded["wrcor"];
        for (variant, kernel, score) in
            [(wrcor::Variant::Code, "wrcor_kernel", "score"), (wrcor::Variant::Relu, "wrcor_kernel_relu_only", "score_relu_only")]
        {
            for engine in engines() {
                for (precision, bound) in [(Precision::F64, 1e-8), (Precision::F32, 1e-3)] {
                    let title = format!("{} on {}, {precision}: {score}", case.title, engine.name());
                    let proxy = Wrcor { pass: pass(precision), variant };
                    let ours = proxy.kernel(&case.network, &case.input, engine.as_ref()).unwrap();
                    for (ours, theirs) in ours.iter().zip(case.tensor(kernel)) {
                        assert!((ours - theirs).abs() <= bound * theirs.abs(), "{title}: an entry is {ours}, not {theirs}");
                    }
                    let found = read(&proxy, &case.network, &[&case.input], engine.as_ref()).value().unwrap();
                    assert_near(found, number(&recorded[score]), bound, &title);
                }
            }
        }
    }
}

#[test]
fn oracle_zerocost3_intrain() {
    let check = |case: &Case, engine: &dyn Engine, precision, bound: f64, layers: (Layers, &str), gradients: (Tensors, &str)| {
        let intrain = Intrain { pass: pass(precision), side: None, layers: layers.0, gradients: gradients.0 };
        let found = read(&intrain, &case.network, &[&case.noise], engine).value().unwrap();
        let title = format!("{} on {}, {precision}: {}, {}", case.title, engine.name(), layers.1, gradients.1);
        assert_near(found, number(&case.recorded["intrain"][layers.1][gradients.1]), bound, &title);
    };
    let (all, weights) = ((Tensors::All, "score"), (Tensors::Weights, "score_weights_only"));
    for case in cases() {
        for (layers, key) in [(Layers::Activation, "relu"), (Layers::Weighted, "convolution"), (Layers::Every, "every")] {
            check(&case, &precise(), Precision::F64, 1e-8, (layers, key), all);
            check(&case, &precise(), Precision::F64, 1e-8, (layers, key), weights);
        }
        for engine in engines() {
            // What only rounding keeps from zero counts as zero, so float32 is near float64, other than PyTorch's.
            check(&case, engine.as_ref(), Precision::F32, 1e-3, (Layers::Activation, "relu"), all);
        }
    }
}

#[test]
fn oracle_zerocost3_freerea() {
    let cases = cases();
    let mut columns: [Vec<Reading>; 3] = Default::default();
    for case in &cases {
        let recorded = &case.recorded["freerea"];
        for engine in engines() {
            let title = format!("{} on {}", case.title, engine.name());
            // In float32, engines round otherwise than PyTorch, and a unit within rounding of zero may have another sign.
            let answer = engine.pass(&case.network, &case.input, &Ask::new().patterns(), Precision::F64).unwrap();
            assert_eq!(answer.patterns().unwrap().units() as f64 * 16.0, number(&recorded["bits"]), "{title}");
            for (ours, theirs) in kernel(answer.patterns().unwrap()).iter().zip(case.tensor("naswot_kernel")) {
                assert_eq!(*ours, theirs, "{title}: an entry of the kernel");
            }
            let score = |precision| read(&Naswot(pass(precision)), &case.network, &[&case.input], engine.as_ref());
            let naswot = score(Precision::F64);
            assert_near(naswot.value().unwrap(), number(&recorded["naswot_f64"]), 1e-8, &title);
            assert_near(score(Precision::F32).value().unwrap(), number(&recorded["naswot"]), 1e-3, &title);
            let flow = log_synflow::score(&case.network, engine.as_ref()).unwrap();
            assert_near(flow.value().unwrap(), number(&recorded["logsynflow"]), 1e-8, &title);
            if engine.name() == precise().name() {
                columns[0].push(naswot);
                columns[1].push(flow);
            }
        }
        let skip = case.structural("skip-length");
        assert_eq!(skip, Reading::Value(number(&recorded["skip"])), "{}", case.title);
        columns[2].push(skip);
    }
    let aggregate = Registry::<Aggregate>::collect().unwrap().build("freerea", &Settings::none()).unwrap();
    let columns = columns.each_ref().map(|readings| Column { direction: Direction::HigherIsBetter, readings });
    for (case, score) in cases.iter().zip(aggregate.combine(&columns).unwrap()) {
        // Recorded with a determinant of float32.
        assert_near(score.value().unwrap(), number(&case.recorded["freerea"]["score_among_the_four"]), 1e-6, &case.title);
    }
}
