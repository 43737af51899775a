//! TE-NAS's supernet of the DARTS space, built by the space.

use assay_core::graph::Graph;
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::subspace::Subspace;
use assay_spaces::darts::{Darts, NetworkKind};

use crate::{CLASSES, Fallible, IMAGE};

/// One channel, a normal and a reduction cell, every operator but `none`.
pub(crate) fn supernet() -> Fallible<Graph> {
    let space = Darts::new().network(NetworkKind::TeNas);
    let zero = space.layout().zero.ok_or("the space has no zero operator")?;
    let net = MacroNet { input: IMAGE, channels: 1, cells: 2, classes: CLASSES, part: Part::Classifier };
    Ok(space.lower(&Subspace::whole(space.layout()).without_operator(zero), &net)?)
}
