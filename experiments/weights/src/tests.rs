use assay_core::graph::Shape;
use assay_core::network::Initialiser;
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::stream::Stream;
use assay_spaces::darts::Darts;

use super::*;

const CELL: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 1), \
    ('max_pool_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
    ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";

fn graph(channels: usize) -> Arc<Graph> {
    let space = Darts::new();
    let net = MacroNet { input: Shape::new(3, 16, 16), channels, cells: 3, classes: 10, part: Part::Classifier };
    Arc::new(space.lower(&space.parse(CELL).unwrap(), &net).unwrap())
}

fn weights(graph: &Arc<Graph>) -> Weights {
    Weights::untrained(Network::initialise(Arc::clone(graph), Initialiser::UniformFanIn, &Stream::new(3, "parameters")))
}

fn trained(graph: &Arc<Graph>) -> Weights {
    let mut statistics = RunningStatistics::initial(graph);
    for (position, moments) in statistics.nodes.values_mut().enumerate() {
        moments.mean.fill(position as f32);
        moments.variance.fill(0.5 + position as f32);
    }
    Weights { statistics: Some(statistics), ..weights(graph) }
}

fn same(left: &Weights, right: &Weights) -> bool {
    left.tensors() == right.tensors()
}

/// The file with one tensor renamed, reshaped, or whatever `change` does to the list.
fn changed(weights: &Weights, change: impl FnOnce(&mut Vec<(String, Vec<usize>, &[f32])>)) -> Vec<u8> {
    let mut tensors = weights.tensors();
    change(&mut tensors);
    write_tensors(tensors, BTreeMap::new()).unwrap()
}

#[test]
fn what_is_written_is_read_back_to_the_last_bit() {
    let graph = graph(4);
    for weights in [weights(&graph), trained(&graph)] {
        let bytes = weights.to_bytes().unwrap();
        let read = Weights::read(Arc::clone(&graph), &bytes).unwrap();
        assert!(same(&weights, &read));
        assert_eq!(read.statistics, weights.statistics);
        assert_eq!(bytes, read.to_bytes().unwrap(), "equal weights give equal files");
    }
}

#[test]
fn a_file_that_does_not_fit_is_refused_with_the_tensors_name() {
    let graph = graph(4);
    let weights = trained(&graph);
    let message = |bytes: &[u8]| Weights::read(Arc::clone(&graph), bytes).unwrap_err().to_string();
    insta::assert_snapshot!(message(b"PK"), @"this is not a safetensors file that can be read (header too small); write one with `assay export` or with safetensors.torch.save_file");
    insta::assert_snapshot!(message(&changed(&weights, |tensors| drop(tensors.remove(1)))), @"there is no tensor `stem.bn.weight`, which the network has: the file is of another architecture or size of network");
    insta::assert_snapshot!(message(&changed(&weights, |tensors| tensors[0].1 = vec![12, 27])), @"tensor `stem.conv.weight` has shape [12, 27], but the network's has [12, 3, 3, 3]");
    insta::assert_snapshot!(message(&changed(&weights, |tensors| tensors.push(("auxiliary.conv.weight".into(), vec![1], &[0.0])))), @"the network has no tensor `auxiliary.conv.weight` (nor 0 others of the file): the file is of another architecture or size of network");
    let last = message(&changed(&weights, |tensors| drop(tensors.pop())));
    assert!(last.starts_with("there is no tensor `cells.") && last.contains("running_var`"), "{last}");
    let of_another_size = Weights::read(super::tests::graph(8), &weights.to_bytes().unwrap()).unwrap_err();
    insta::assert_snapshot!(of_another_size, @"tensor `stem.conv.weight` has shape [12, 3, 3, 3], but the network's has [24, 3, 3, 3]");
}

#[test]
fn a_state_dict_of_doubles_with_pytorchs_counters_is_read() {
    let graph = graph(4);
    let weights = trained(&graph);
    let wide: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .tensors()
        .into_iter()
        .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect()))
        .collect();
    let mut views: Vec<_> =
        wide.iter().map(|(name, shape, bytes)| (name.clone(), TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap())).collect();
    views.push(("stem.bn.num_batches_tracked".into(), TensorView::new(Dtype::I64, vec![], &[7, 0, 0, 0, 0, 0, 0, 0]).unwrap()));
    let bytes = safetensors::serialize(views, None).unwrap();
    assert!(same(&weights, &Weights::read(graph, &bytes).unwrap()));
}
