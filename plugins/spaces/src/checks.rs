//! What several spaces ask of an architecture or of the network around it.

use assay_core::graph::GraphError;
use assay_core::plugin::{ArchitectureError, MacroNet};
use assay_core::subspace::{Layout, Subspace};

/// That the channels of a network without a stem are those of the images; `parts` says of what: `cells have`.
pub(crate) fn trunk(net: &MacroNet, parts: &str) -> Result<(), GraphError> {
    if net.channels == net.input.channels {
        return Ok(());
    }
    Err(GraphError::Unsupported(format!(
        "a trunk has no stem, so its {parts} the images' {} channels; {} were asked for",
        net.input.channels, net.channels
    )))
}

/// How messages call what an architecture has one of.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    /// The space.
    pub(crate) space: &'static str,
    /// What stands before the name of an edge.
    pub(crate) before: &'static str,
    /// What is kept: `operators`.
    pub(crate) kept: &'static str,
    /// Of what there is one: `an edge`.
    pub(crate) each: &'static str,
}

/// What an architecture keeps on each of the N edges of its one kind of cell.
pub(crate) fn one_each<const N: usize>(layout: &Layout, architecture: &Subspace, words: Words) -> Result<[usize; N], ArchitectureError> {
    let Words { space, before, kept: what, each } = words;
    if !architecture.fits(layout) {
        return Err(ArchitectureError(format!("the mask `{architecture}` does not belong to {space}")));
    }
    let mut chosen = [0; N];
    for ((chosen, kept), edge) in chosen.iter_mut().zip(&architecture.cells()[0]).zip(&layout.cells[0].edges) {
        *chosen = match (kept.iter().next(), kept.len()) {
            (Some(operator), 1) => operator,
            (_, count) => {
                let problem = format!("{before}{edge} keeps {count} {what}, but an architecture has exactly one {each}");
                return Err(ArchitectureError(problem));
            }
        };
    }
    Ok(chosen)
}
