//! Drop-path (Larsson et al., ICLR 2017), as DARTS uses it: the output of an operator on an edge is zero for some images,
//! and larger for the others by as much. Edges that only pass their input on are never dropped.

use assay_core::engine::learner::Dropped;
use assay_core::graph::Graph;
use assay_core::stream::Stream;
use rand::RngExt;

/// What is dropped in a step: the outputs of operators that nodes of cells add up, each by a stream of its own.
pub(crate) fn dropped(graph: &Graph, images: usize, probability: f64, step: &Stream) -> Vec<Dropped> {
    if probability == 0.0 {
        return Vec::new();
    }
    let mut paths = graph.paths().to_vec();
    paths.sort_unstable();
    paths.dedup();
    let of = |node| Dropped { node, factors: factors(images, probability, &step.child(&graph.node(node).name)) };
    paths.into_iter().map(of).collect()
}

/// What the images of a step are multiplied by at one node: 0, or 1 / (1 − probability).
fn factors(images: usize, probability: f64, stream: &Stream) -> Vec<f32> {
    let mut rng = stream.rng();
    let keep = 1.0 - probability;
    (0..images).map(|_| if rng.random::<f64>() < keep { (1.0 / keep) as f32 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use assay_core::graph::Shape;
    use assay_core::plugin::{MacroNet, Part, SearchSpace};
    use assay_spaces::darts::Darts;

    use super::*;

    #[test]
    fn operators_are_dropped_and_what_is_passed_on_is_not() {
        let space = Darts::new();
        let text = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('avg_pool_3x3', 0), ('skip_connect', 2), \
            ('skip_connect', 1), ('skip_connect', 0), ('dil_conv_3x3', 0), ('max_pool_3x3', 4)], normal_concat=range(2, 6), \
            reduce=[('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 2), ('skip_connect', 1), ('skip_connect', 3), \
            ('skip_connect', 2), ('skip_connect', 2), ('sep_conv_5x5', 1)], reduce_concat=range(2, 6))";
        let net = MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells: 2, classes: 10, part: Part::Classifier };
        let graph = space.lower(&space.parse(text).unwrap(), &net).unwrap();
        let dropped = dropped(&graph, 1, 0.5, &Stream::new(0, "step"));
        let names = dropped.iter().map(|dropped| graph.node(dropped.node).name.as_str());
        insta::assert_snapshot!(names.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn factors_keep_the_mean() {
        let factors = factors(10_000, 0.3, &Stream::new(0, "drop"));
        let mean = factors.iter().sum::<f32>() / 10_000.0;
        assert!((mean - 1.0).abs() < 0.02 && factors.iter().all(|factor| [0.0, 1.0 / 0.7].contains(factor)), "{mean}");
    }
}
