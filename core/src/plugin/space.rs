//! The contract of a search space.

use std::collections::HashSet;

use rand::RngExt;

use super::shared_net::{Kept, PerChoice, SharedForm, SharedNet};
use super::{Given, MacroNet};
use crate::graph::{Graph, GraphError};
use crate::stream::Stream;
use crate::subspace::{Layout, Sketch, SketchError, Subspace};

/// A set of architectures: its operators, its wiring, its text form.
pub trait SearchSpace: Send + Sync {
    /// Cells, edges and operators.
    fn layout(&self) -> &Layout;

    /// Reads an architecture as the literature writes it.
    ///
    /// # Errors
    /// If the text is malformed or names an unknown operator; the message says where and what is known.
    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError>;

    /// Whether a subspace is one architecture: something that can be written, trained and looked up.
    ///
    /// In most spaces those are the single paths. A space says otherwise where an architecture leaves edges empty (a DARTS
    /// cell keeps two a node), or where not every single path is an architecture.
    fn is_architecture(&self, subspace: &Subspace) -> bool {
        subspace.fits(self.layout()) && subspace.is_single_path()
    }

    /// Into how many numbers the architectures of a subspace are counted: each has one below this. Where it is hard to
    /// count architectures, some numbers may have none.
    fn numbers(&self, subspace: &Subspace) -> u128 {
        subspace.single_paths()
    }

    /// The architecture of `subspace` with this number; none where the number has none, or is not below
    /// [`numbers`](Self::numbers).
    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        subspace.single_path(number)
    }

    /// The number of an architecture among those of the whole space, the inverse of [`architecture`](Self::architecture):
    /// a key that no other architecture has. None for any other subspace.
    fn number(&self, architecture: &Subspace) -> Option<u128> {
        if !self.is_architecture(architecture) {
            return None;
        }
        Subspace::whole(self.layout()).number_of(architecture)
    }

    /// Writes an architecture as the literature does.
    ///
    /// # Errors
    /// If `architecture` is not one: see [`is_architecture`](Self::is_architecture).
    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError>;

    /// The architecture that stands for this one and for all that are the same: what lists and draws hold once. In most spaces
    /// that is itself: two are the same if they keep the same operators, in whatever notation they are written. A space says
    /// otherwise where the literature counts architectures as one that keep different operators, as NAS-Bench-101 does
    /// isomorphic cells.
    ///
    /// [`canonical`](Self::canonical) may join more: it also joins architectures that have records of their own.
    fn representative(&self, architecture: &Subspace) -> Subspace {
        architecture.clone()
    }

    /// One text for all architectures that compute the same function, whatever the initial weights.
    ///
    /// # Errors
    /// If `architecture` is not one: see [`is_architecture`](Self::is_architecture).
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError>;

    /// What a picture of an architecture shows, one sketch a kind of cell: in most spaces what the layout's wiring says. A space
    /// says it otherwise where its choices are not operators on edges between nodes.
    ///
    /// # Errors
    /// If `architecture` is not one, or the space has no pictures.
    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        Sketch::wired(self.layout(), architecture)
    }

    /// The network of a subspace: an edge with several kept operators averages them. What is lowered from the empty
    /// subspace has the parameters that all architectures share.
    ///
    /// # Errors
    /// If the images are too small for the space's strides, or the space has no networks of several architectures.
    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError>;

    /// What the network of an architecture brings along, where the space did not make it but was given it. None in spaces that build
    /// their networks, as most do.
    ///
    /// # Errors
    /// If it cannot be read any more.
    fn given(&self, architecture: &Subspace) -> Result<Option<Given>, GraphError> {
        let _ = architecture;
        Ok(None)
    }

    /// What protocols say of the networks that the space was given: which they are, and with which weights. None in spaces that
    /// build their networks.
    fn protocol(&self) -> Option<String> {
        None
    }

    /// What protocols say of the rule by which architectures are left out that the space would have without it. None in spaces without
    /// one, as most are. By such a rule single architectures are none of the space: it is asked of each
    /// ([`is_architecture`](Self::is_architecture), [`architecture`](Self::architecture)), and says nothing of larger parts of the space.
    fn filter(&self) -> Option<String> {
        None
    }

    /// The architecture that is left of these numbers, one a choice, as searches that learn them by gradients report it: on each edge
    /// the operator of the largest, the first of equals. A space says otherwise whose architectures leave edges empty.
    fn strongest(&self, probabilities: &PerChoice) -> Subspace {
        probabilities.largest(self.layout())
    }

    /// What there is to choose in a space whose inner nodes each read two earlier nodes, through an operator each; see
    /// [`of_reads`](Self::of_reads). None in all others.
    fn reads(&self) -> Option<Reads> {
        None
    }

    /// What is kept where the inner nodes of each kind of cell read so, in their order. Nodes that are left out read nothing, and
    /// are zero. None where the space is not one of [`reads`](Self::reads), or has no such node or operator.
    fn of_reads(&self, cells: &[Vec<[Read; 2]>]) -> Option<Subspace> {
        let _ = cells;
        None
    }

    /// The network of what is kept, in the form that searches train whose architectures share weights. Those of any two subspaces
    /// have equal parameters where their paths are equal.
    ///
    /// # Errors
    /// If the space has no such networks, or the images are too small for its strides.
    fn shared_net(&self, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
        let _ = (kept, form);
        let others = "those of nas-bench-201, darts, nas-bench-macro and nats-bench-size can";
        Err(GraphError::Unsupported(format!("architectures of this space cannot share weights; {others}")))
    }
}

/// What there is to choose in cells whose inner nodes each read two earlier nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Inner nodes of a cell. Before them come two nodes, which are what the cell reads.
    pub nodes: usize,
    /// Operators, which are the first of the layout's.
    pub operators: usize,
}

/// What an inner node reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// The node: 0 and 1 are what the cell reads, 2 is the first inner node.
    pub source: usize,
    /// Through which operator, in the order of the layout.
    pub operator: usize,
}

/// What messages call a subspace: an architecture as its space writes it, and any other by its mask.
#[must_use]
pub fn called(space: &dyn SearchSpace, subspace: &Subspace) -> String {
    space.write(subspace).unwrap_or_else(|_| subspace.to_string())
}

/// This number of different architectures of `subspace`, drawn uniformly, in the order of the draws. Where there are fewer, all
/// of them. Of architectures that are the same only the first is drawn.
#[must_use]
pub fn draw_architectures(space: &dyn SearchSpace, subspace: &Subspace, wanted: usize, stream: &Stream) -> Vec<Subspace> {
    let numbers = space.numbers(subspace);
    let mut rng = stream.rng();
    let (mut tried, mut seen) = (HashSet::new(), HashSet::new());
    let mut drawn = Vec::new();
    while drawn.len() < wanted && (tried.len() as u128) < numbers {
        let number = rng.random_range(0..numbers);
        if tried.insert(number) {
            let architecture = space.architecture(subspace, number);
            drawn.extend(architecture.filter(|architecture| seen.insert(space.representative(architecture))));
        }
    }
    drawn
}

/// Why a text is not an architecture of the space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArchitectureError(pub String);
