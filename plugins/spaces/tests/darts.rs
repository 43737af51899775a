//! What holds for every genotype and every subspace of the DARTS space, and the sizes of published cells.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_core::graph::{Graph, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::{OperatorSet, Subspace};
use assay_spaces::darts::{Darts, Inputs, NetworkKind};
use proptest::prelude::*;

/// DARTS, second order, on CIFAR-10 ("V2"; Liu et al., ICLR 2019, `genotypes.py` of the released code).
const DARTS_V2: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], \
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
    ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])";

/// PC-DARTS on CIFAR-10 (Xu et al., ICLR 2020, `PC_DARTS_cifar` of the released code).
const PC_DARTS: &str = "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), \
    ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], normal_concat=range(2, 6), \
    reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), \
    ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], reduce_concat=range(2, 6))";

/// P-DARTS on CIFAR-10 (Chen et al., ICCV 2019, `PDARTS` of the released code).
const P_DARTS: &str = "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), \
    reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), \
    ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))";

/// TE-NAS on CIFAR-10 (Chen et al., ICLR 2021, figure of the searched cells).
const TE_NAS_CIFAR10: &str = "Genotype(normal=[('dil_conv_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 2), \
    ('skip_connect', 0), ('dil_conv_5x5', 1), ('sep_conv_3x3', 1), ('sep_conv_5x5', 3)], normal_concat=[2, 3, 4, 5], \
    reduce=[('sep_conv_5x5', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 3), ('sep_conv_5x5', 2), ('sep_conv_3x3', 4)], reduce_concat=[2, 3, 4, 5])";

/// TE-NAS on ImageNet (Chen et al., ICLR 2021, figure of the searched cells).
const TE_NAS_IMAGENET: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 1), ('sep_conv_3x3', 2), \
    ('sep_conv_3x3', 0), ('dil_conv_5x5', 3), ('sep_conv_3x3', 0), ('dil_conv_3x3', 4)], normal_concat=[2, 3, 4, 5], \
    reduce=[('dil_conv_3x3', 0), ('sep_conv_5x5', 1), ('dil_conv_3x3', 0), ('sep_conv_3x3', 2), ('sep_conv_3x3', 0), \
    ('dil_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_5x5', 4)], reduce_concat=[2, 3, 4, 5])";

fn cifar(channels: usize, cells: usize) -> MacroNet {
    MacroNet { input: Shape::new(3, 32, 32), channels, cells, classes: 10, part: Part::Classifier }
}

fn imagenet() -> MacroNet {
    MacroNet { input: Shape::new(3, 224, 224), channels: 48, cells: 14, classes: 1000, part: Part::Classifier }
}

fn trunk() -> MacroNet {
    MacroNet { input: Shape::new(1, 3, 3), channels: 1, cells: 2, classes: 10, part: Part::Trunk }
}

fn lower(space: &Darts, text: &str, net: &MacroNet) -> Graph {
    space.lower(&space.parse(text).unwrap(), net).unwrap()
}

fn values(network: &Network) -> BTreeMap<String, Vec<f32>> {
    let specs = network.graph().parameters().iter().enumerate();
    specs.map(|(position, spec)| (spec.path.clone(), network.parameter(position).to_vec())).collect()
}

/// Any operator sets that the space offers.
fn subspaces(space: &Darts) -> impl Strategy<Value = Subspace> + use<> {
    let layout = space.layout().clone();
    let edges: usize = layout.cells.iter().map(|cell| cell.edges.len()).sum();
    prop::collection::vec(any::<u16>(), edges).prop_map(move |masks| {
        let mut masks = masks.into_iter();
        let mut kept = |offered: &OperatorSet| {
            let mask = masks.next().unwrap();
            offered.iter().filter(|operator| mask >> operator & 1 == 1).collect()
        };
        let cells = layout.cells.iter().map(|cell| cell.offers.iter().map(&mut kept).collect()).collect();
        Subspace::new(&layout, cells)
    })
}

fn architectures(inputs: Inputs) -> impl Strategy<Value = Subspace> {
    any::<u64>().prop_map(move |seed| {
        let space = Darts::new().inputs(inputs);
        let whole = Subspace::whole(space.layout());
        draw_architectures(&space, &whole, 1, &Stream::new(seed, "cell")).remove(0)
    })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    prop_oneof![Just(Inputs::Distinct), Just(Inputs::Free)]
}

#[test]
fn published_cells_have_the_parameters_that_their_papers_print() {
    let millions = |space: &Darts, text: &str, net: &MacroNet| lower(space, text, net).parameter_count() as f64 / 1e6;
    let space = Darts::new();
    let on_cifar = |text| millions(&space, text, &cifar(36, 20));
    let on_imagenet = |text| millions(&Darts::new().network(NetworkKind::ImageNet), text, &imagenet());
    let sizes = format!(
        "DARTS V2 {:.2}, PC-DARTS {:.2}, P-DARTS {:.2}, TE-NAS {:.2}; on ImageNet: DARTS V2 {:.2}, TE-NAS {:.2}",
        on_cifar(DARTS_V2),
        on_cifar(PC_DARTS),
        on_cifar(P_DARTS),
        on_cifar(TE_NAS_CIFAR10),
        on_imagenet(DARTS_V2),
        on_imagenet(TE_NAS_IMAGENET)
    );
    // The papers: 3.3, 3.6, 3.4, 3.8; 4.7, 5.4. TE-NAS's 3.8 is not the size of the CIFAR-10 cell that its paper draws and
    // its code trains (`TENAS_cifar10`); its ImageNet cell has it in the network for CIFAR-10.
    insta::assert_snapshot!(sizes, @"DARTS V2 3.35, PC-DARTS 3.63, P-DARTS 3.43, TE-NAS 4.14; on ImageNet: DARTS V2 4.72, TE-NAS 5.42");
    insta::assert_snapshot!(format!("{:.2}", on_cifar(TE_NAS_IMAGENET)), @"3.78");
}

#[test]
fn the_cells_of_cnas_have_the_parameters_of_its_network_on_cifar10() {
    // As the paper's figure has the normal cell, and as the released code has it; the reduction cell is the same.
    let drawn = "('dil_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 2), \
        ('max_pool_3x3', 3), ('sep_conv_3x3', 4), ('sep_conv_5x5', 2)";
    let released = "('dil_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 1), \
        ('max_pool_3x3', 3), ('sep_conv_3x3', 2), ('sep_conv_3x3', 4)";
    let reduce = "('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 2), ('skip_connect', 1), ('dil_conv_3x3', 2), \
        ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 3)";
    let count = |normal: &str| {
        let text = format!("Genotype(normal=[{normal}], normal_concat=range(2, 6), reduce=[{reduce}], reduce_concat=range(2, 6))");
        lower(&Darts::new(), &text, &cifar(36, 20)).parameter_count()
    };
    // Counted by hand; the paper prints 3.7 million, which is recalled and was not checked.
    assert_eq!([count(drawn), count(released)], [3_743_758, 3_695_374]);
}

#[test]
fn the_network_of_darts_v2_has_the_released_codes_parameters_to_the_last() {
    // Without the auxiliary head, as the released evaluation code prints them.
    assert_eq!(lower(&Darts::new(), DARTS_V2, &cifar(36, 20)).parameter_count(), 3_349_342);
}

#[test]
fn the_space_registers_itself_with_the_1e18_architectures_that_its_paper_counts() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    let space = registry.build("darts", &Settings::none()).unwrap();
    let of_a_cell = 3 * 6 * 10 * 7_u128.pow(8);
    assert_eq!(space.numbers(&Subspace::whole(space.layout())), of_a_cell * of_a_cell);
    let free = registry.build("darts", &Settings::none().with("inputs", "free")).unwrap();
    assert_eq!(free.numbers(&Subspace::whole(free.layout())), (16 * 24 * 32 * 40_u128).pow(4));
    assert!(registry.build("darts", &Settings::none().with("network", "resnet")).is_err());
}

#[test]
fn architectures_are_numbered_each_once() {
    let space = Darts::new();
    // Two operators beside none on the edges of three sources, one elsewhere: few enough to count by hand.
    let layout = space.layout();
    let kept = |edge: &str| match edge {
        "0<-0" | "1<-2" => [0, 2, 7].into_iter().collect(),
        "2<-1" | "3<-4" => OperatorSet::EMPTY,
        _ => OperatorSet::EMPTY.with(4),
    };
    let cell = |kind: usize| layout.cells[kind].edges.iter().map(|edge| kept(edge)).collect::<Vec<_>>();
    let skips = vec![OperatorSet::EMPTY.with(1); 14];
    let subspace = Subspace::new(layout, vec![cell(0), skips]);
    // Node 0: 2·1; node 1: 1·1 + 1·2 + 1·2; node 2: three pairs of three sources; node 3: six pairs of four.
    let normal = 2 * 5 * 3 * 6;
    let reduce = 3 * 6 * 10;
    assert_eq!(space.numbers(&subspace), normal * reduce);
    let all: BTreeSet<Subspace> = (0..normal * reduce).map(|number| space.architecture(&subspace, number).unwrap()).collect();
    assert_eq!(all.len() as u128, normal * reduce);
    for architecture in &all {
        assert!(space.is_architecture(architecture), "{architecture}");
        assert!(architecture.choices().all(|choice| subspace.contains(choice)));
    }
    assert_eq!(space.architecture(&subspace, normal * reduce), None);
    assert_eq!(space.architecture(&Subspace::empty(layout), 0), None);
    assert_eq!(draw_architectures(&space, &subspace, 1_000_000, &Stream::new(1, "all")).len() as u128, normal * reduce);
}

#[test]
fn a_genotype_is_written_as_the_literature_writes_it() {
    let space = Darts::new();
    insta::assert_snapshot!(space.write(&space.parse(DARTS_V2).unwrap()).unwrap(), @"Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('skip_connect', 2), ('max_pool_3x3', 1), ('skip_connect', 2)], reduce_concat=range(2, 6))");
}

#[test]
fn a_text_that_is_no_genotype_is_refused_where_it_goes_wrong() {
    let cell = "('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1), \
        ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 4)";
    let genotype = format!("Genotype(normal=[{cell}], normal_concat=range(2, 6), reduce=[{cell}], reduce_concat=[2, 3, 4, 5])");
    let space = Darts::new();
    assert!(space.parse(&genotype).is_ok());
    let once = |from: &str, to: &str| space.parse(&genotype.replacen(from, to, 1)).unwrap_err().to_string().replace(cell, "…");
    let messages = [
        once("Genotype", "Phenotype"),
        once("('skip_connect', 0)", "('skip', 0)"),
        once("('skip_connect', 0)", "('skip_connect', 2)"),
        once("('skip_connect', 0)", "('skip_connect', zero)"),
        once("('skip_connect', 0)", "('skip_connect', 1)"),
        once("('skip_connect', 0)", "('none', 0)"),
        once("('skip_connect', 0), ", ""),
        once("range(2, 6)", "range(2, 5)"),
        once("[2, 3, 4, 5]", "[2, 3, 4]"),
        once("normal_concat", "concat"),
        once("reduce=", "normal="),
        once(", reduce_concat=[2, 3, 4, 5])", ""),
        space.parse(&format!("{genotype} 93.1")).unwrap_err().to_string().replace(cell, "…"),
        space.parse("Genotype(normal_concat=range(2, 6))").unwrap_err().to_string(),
        space.parse("").unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn what_cannot_be_written_or_built_says_why() {
    let space = Darts::new();
    let whole = Subspace::whole(space.layout());
    let cell = space.parse(DARTS_V2).unwrap();
    let lacking = cell.without(cell.choices().next().unwrap());
    let only_none = Subspace::new(space.layout(), vec![vec![OperatorSet::first(1); 14]; 2]);
    let foreign = Subspace::try_from(String::from("011.101")).unwrap();
    let messages = [
        space.write(&whole).unwrap_err().to_string(),
        space.write(&lacking).unwrap_err().to_string(),
        space.write(&only_none).unwrap_err().to_string(),
        space.canonical(&foreign).unwrap_err().to_string(),
        space.lower(&foreign, &trunk()).unwrap_err().to_string(),
        space.lower(&cell, &cifar(36, 0)).unwrap_err().to_string(),
        space.lower(&cell, &MacroNet { channels: 16, ..trunk() }).unwrap_err().to_string(),
        space.lower(&cell, &MacroNet { input: Shape::new(3, 2, 2), ..cifar(4, 8) }).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(![&whole, &lacking, &foreign].into_iter().any(|subspace| space.is_architecture(subspace)));
    assert!(space.is_architecture(&cell));
}

#[test]
fn cells_at_one_and_two_thirds_halve_the_maps_and_double_the_channels() {
    let graph = lower(&Darts::new(), DARTS_V2, &cifar(36, 20));
    let shapes: Vec<String> = graph.blocks().iter().map(|block| graph.node(*block).shape.to_string()).collect();
    let expected = [vec!["108×32×32"], vec!["144×32×32"; 6], vec!["288×16×16"; 7], vec!["576×8×8"; 7]].concat();
    assert_eq!(shapes, expected);
    let graph = lower(&Darts::new().network(NetworkKind::ImageNet), DARTS_V2, &imagenet());
    let shapes: Vec<String> = graph.blocks().iter().map(|block| graph.node(*block).shape.to_string()).collect();
    assert_eq!(shapes, [vec!["48×28×28"], vec!["192×28×28"; 4], vec!["384×14×14"; 5], vec!["768×7×7"; 5]].concat());
}

#[test]
fn a_node_that_reads_only_none_is_zero() {
    let space = Darts::new().inputs(Inputs::Free);
    let cell = "('none', 0), ('none', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('none', 0), ('skip_connect', 2), ('skip_connect', 1), \
        ('skip_connect', 1)";
    let text = format!("Genotype(normal=[{cell}], normal_concat=range(2, 6), reduce=[{cell}], reduce_concat=range(2, 6))");
    let graph = lower(&space, &text, &MacroNet { input: Shape::new(2, 8, 8), channels: 2, ..trunk() });
    let node = |name: &str| graph.node(graph.find(name).unwrap());
    assert_eq!(node("cells.0.nodes.0").operator, Operator::Zero { stride: 1 });
    assert_eq!((&node("cells.1.nodes.0").operator, node("cells.1.nodes.0").shape), (&Operator::Zero { stride: 2 }, Shape::new(4, 4, 4)));
    // The same convolution twice on one source is two convolutions.
    assert!(graph.find("cells.0.inputs.1.a<-0.sep_conv_3x3.a.depthwise").is_some());
    assert!(graph.find("cells.0.inputs.1.b<-0.sep_conv_3x3.a.depthwise").is_some());
    assert_eq!(node("cells.0.nodes.3").operator, Operator::WeightedSum { weights: vec![1.0, 1.0] });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writing_then_parsing_an_architecture_gives_the_architecture(rule in inputs(), seed: u64) {
        let space = Darts::new().inputs(rule);
        let whole = Subspace::whole(space.layout());
        for cell in draw_architectures(&space, &whole, 3, &Stream::new(seed, "cell")) {
            prop_assert!(space.is_architecture(&cell));
            prop_assert_eq!(space.parse(&space.write(&cell).unwrap()).unwrap(), cell);
        }
    }

    #[test]
    fn both_rules_build_the_same_network_of_a_genotype(cell in architectures(Inputs::Distinct)) {
        let (edges, slots) = (Darts::new(), Darts::new().inputs(Inputs::Free));
        let text = edges.write(&cell).unwrap();
        prop_assert_eq!(slots.write(&slots.parse(&text).unwrap()).unwrap(), text.clone());
        let shapes = |graph: &Graph| {
            let nodes = graph.nodes().iter().map(|node| (node.operator.clone(), node.inputs.clone(), node.shape));
            nodes.collect::<Vec<_>>()
        };
        let net = cifar(4, 5);
        prop_assert_eq!(shapes(&lower(&edges, &text, &net)), shapes(&lower(&slots, &text, &net)));
    }

    #[test]
    fn renumbering_the_inner_nodes_leaves_the_canonical_text(rule in inputs(), seed: u64, order in Just([0, 1, 2, 3]).prop_shuffle()) {
        let space = Darts::new().inputs(rule);
        let whole = Subspace::whole(space.layout());
        let cell = draw_architectures(&space, &whole, 1, &Stream::new(seed, "cell")).remove(0);
        let text = space.write(&cell).unwrap();
        let canonical = space.canonical(&cell).unwrap();
        if let Some(renumbered) = renumbered(&text, order) {
            let other = space.parse(&renumbered).unwrap();
            prop_assert_eq!(&space.canonical(&other).unwrap(), &canonical);
            // What computes the same has the same size.
            let size = |cell: &Subspace| {
                let graph = space.lower(cell, &cifar(4, 3)).unwrap();
                (graph.parameter_count(), graph.multiply_adds(), graph.live_parameter_count())
            };
            prop_assert_eq!(size(&cell), size(&other));
        }
        prop_assert_eq!(space.canonical(&space.parse(&canonical).unwrap()).unwrap(), canonical);
    }

    #[test]
    fn a_graph_of_any_subspace_survives_being_written_and_read(
        (rule, subspace) in inputs().prop_flat_map(|rule| (Just(rule), subspaces(&Darts::new().inputs(rule))))
    ) {
        let space = Darts::new().inputs(rule);
        for net in [cifar(3, 3), trunk()] {
            let graph = space.lower(&subspace, &net).unwrap();
            let text = serde_json::to_string(&graph).unwrap();
            prop_assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
        }
    }

    #[test]
    fn a_pruned_supernet_holds_the_weights_of_the_supernet_it_came_from(cell in subspaces(&Darts::new()), seed: u64) {
        let space = Darts::new().network(NetworkKind::TeNas);
        let draw = |subspace: &Subspace| {
            let graph = Arc::new(space.lower(subspace, &cifar(1, 2)).unwrap());
            values(&Network::initialise(graph, Initialiser::UniformFanIn, &Stream::new(seed, "parameters")))
        };
        let whole = draw(&Subspace::whole(space.layout()));
        for (path, values) in draw(&cell) {
            prop_assert_eq!(&whole[&path], &values, "{}", path);
        }
    }
}

/// The same genotype with inner nodes numbered in this order in both cells; none where a node would read a later one.
fn renumbered(text: &str, order: [usize; 4]) -> Option<String> {
    let mut new = [0; 4];
    order.iter().enumerate().for_each(|(number, old)| new[*old] = number);
    let cell = |kind: &str| {
        let (_, rest) = text.split_once(&format!("{kind}=[")).unwrap();
        let pairs = rest.split_once(']').unwrap().0.split("), (").map(|pair| {
            let (operator, source) = pair.trim_matches(['(', ')']).split_once(", ").unwrap();
            let source: usize = source.parse().unwrap();
            (operator.to_owned(), if source < 2 { source } else { 2 + new[source - 2] })
        });
        let pairs: Vec<(String, usize)> = pairs.collect();
        let mut inputs = Vec::new();
        for (position, old) in order.iter().enumerate() {
            for (operator, source) in &pairs[2 * old..2 * old + 2] {
                if *source >= 2 + position {
                    return None;
                }
                inputs.push(format!("({operator}, {source})"));
            }
        }
        Some(format!("{kind}=[{}], {kind}_concat=range(2, 6)", inputs.join(", ")))
    };
    Some(format!("Genotype({}, {})", cell("normal")?, cell("reduce")?))
}
