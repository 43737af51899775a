//! What spaces say of how their edges join nodes.

#![allow(clippy::unwrap_used)]

use assay_core::plugin::{Registry, SearchSpace, Settings};
use assay_core::subspace::Extent;
use assay_spaces::darts::{Darts, Inputs};
use assay_spaces::nas_bench_201::NasBench201;
use assay_spaces::transnas_bench_101_micro::Micro;

/// Depth and width of each kind of cell of an architecture.
fn extents(space: &dyn SearchSpace, text: &str) -> Vec<(usize, f64)> {
    let architecture = space.parse(text).unwrap();
    let extents = architecture.cells().iter().enumerate().map(|(kind, kept)| space.layout().extent(kind, kept).unwrap());
    extents.map(|Extent { depth, width }| (depth, width)).collect()
}

#[test]
fn edges_join_the_nodes_that_their_names_say() {
    // Files have no cells.
    for entry in Registry::<dyn SearchSpace>::collect().unwrap().iter().filter(|entry| entry.name != "files") {
        let space = (entry.build)(&Settings::none()).unwrap();
        for cell in &space.layout().cells {
            let Some(wiring) = &cell.wiring else { continue };
            wiring.check(cell.edges.len()).unwrap();
            // Spaces whose cells concatenate their inner nodes count those without the inputs.
            let inputs =
                if wiring.concatenated.is_empty() { 0 } else { (0..wiring.nodes.len()).filter(|node| wiring.is_input(*node)).count() };
            for (name, edge) in cell.edges.iter().zip(&wiring.edges) {
                let (target, source) = name.split_once("<-").unwrap();
                assert_eq!((target.parse(), source.parse()), (Ok(edge.to - inputs), Ok(edge.from)), "{} {name}", entry.name);
            }
        }
    }
}

#[test]
fn nodes_are_called_as_figures_of_the_literature_call_them() {
    let nodes = |space: &dyn SearchSpace| space.layout().cells[0].wiring.as_ref().map(|wiring| wiring.nodes.join(" "));
    assert_eq!(nodes(&NasBench201::new()).unwrap(), "in 1 2 out");
    assert_eq!(nodes(&Micro::new()).unwrap(), "in 1 2 out");
    assert_eq!(nodes(&Darts::new()).unwrap(), "c_{k-2} c_{k-1} 0 1 2 3 c_{k}");
    assert_eq!(nodes(&Darts::new().inputs(Inputs::Free)), None, "an input that is chosen is not an edge between two nodes");
}

#[test]
fn the_zero_operator_is_none_where_there_is_one() {
    // Files have no cells.
    for entry in Registry::<dyn SearchSpace>::collect().unwrap().iter().filter(|entry| entry.name != "files") {
        let space = (entry.build)(&Settings::none()).unwrap();
        assert_eq!(space.layout().zero, space.layout().operator("none"), "{}", entry.name);
    }
}

#[test]
fn cells_are_as_deep_and_as_wide_as_counted_by_hand() {
    // The normal cell of DARTS (second order).
    let wide = "[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
        ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)]";
    let deep = "[('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 1), ('skip_connect', 2), ('skip_connect', 2), \
        ('skip_connect', 3), ('skip_connect', 3), ('skip_connect', 4)]";
    let text = format!("Genotype(normal={wide}, normal_concat=range(2, 6), reduce={deep}, reduce_concat=range(2, 6))");
    // Input → 0 → 3 → output, and input → 0 → 1 → 2 → 3 → output.
    assert_eq!(extents(&Darts::new(), &text), [(3, 3.5), (5, 1.5)]);
}

#[test]
fn zeros_and_dead_ends_do_not_count() {
    let space = NasBench201::new();
    let conv = "nor_conv_3x3";
    let all = format!("|{conv}~0|+|{conv}~0|{conv}~1|+|{conv}~0|{conv}~1|{conv}~2|");
    assert_eq!(extents(&space, &all), [(3, 1.5)], "node 1 reads the input alone, node 2 also node 1");
    // Node 2 leads nowhere: what is left is the edge from input to output, and node 1.
    let dead = format!("|{conv}~0|+|{conv}~0|{conv}~1|+|{conv}~0|{conv}~1|none~2|");
    assert_eq!(extents(&space, &dead), [(2, 1.0)]);
    assert_eq!(extents(&space, "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"), [(0, 0.0)]);
}
