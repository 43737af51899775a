//! Networks of NAS-Bench-201, built by the space.

use assay_core::graph::Graph;
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;

use crate::{CLASSES, Fallible, IMAGE};

fn lower(subspace: &Subspace, channels: usize, cells: usize) -> Fallible<Graph> {
    let net = MacroNet { input: IMAGE, channels, cells, classes: CLASSES, part: Part::Classifier };
    Ok(NasBench201::new().lower(subspace, &net)?)
}

/// TE-NAS's supernet: every operator but `none`, 3 channels, one cell a stage.
pub(crate) fn supernet() -> Fallible<Graph> {
    let space = NasBench201::new();
    let zero = space.layout().zero.ok_or("the space has no zero operator")?;
    lower(&Subspace::whole(space.layout()).without_operator(zero), 3, 1)
}

/// A 3×3 convolution on every edge.
pub(crate) fn all_3x3(channels: usize, cells: usize) -> Fallible<Graph> {
    let conv = |source| format!("nor_conv_3x3~{source}");
    let text = format!("|{0}|+|{0}|{1}|+|{0}|{1}|{2}|", conv(0), conv(1), conv(2));
    lower(&NasBench201::new().parse(&text)?, channels, cells)
}
