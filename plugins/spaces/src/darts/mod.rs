//! `darts`: the space of DARTS (Liu, Simonyan and Yang, ICLR 2019): a normal and a reduction cell, 10¹⁸ pairs of them.
//!
//! A cell reads the outputs of the two cells before it. Each of its four inner nodes adds up two earlier nodes, each through
//! one of seven operators, and the cell's output concatenates the inner nodes. Cells at one and two thirds of the network
//! are reductions: twice the channels, half the height and width.
//!
//! A supernet keeps any operators on all 14 edges of each kind of cell; an architecture has two edges left a node, with one
//! operator each, and no `none`. Its text form is the literature's: `Genotype(normal=[('sep_conv_3x3', 0), …],
//! normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6))`. Also read are log lines and Python files with one,
//! dictionaries and nested lists, and the configurations of NAS-Bench-301. Two texts are of the same architecture if every inner node
//! has the same two inputs, in either order.

mod edges;
mod genotype;
mod lower;
mod notation;
mod operator;
mod shared;
mod slots;
mod text;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::supernet::{Kept, PerChoice, SharedForm, SharedNet};
use assay_core::plugin::{ArchitectureError, MacroNet, Read, Reads, SearchSpace};
use assay_core::subspace::{Layout, OperatorSet, Sketch, SketchError, Subspace};

use edges::Edges;
use genotype::{Cell, Genotype};
use lower::{SharedTerm, Terms};
use slots::Slots;

assay_core::settings! {
    /// The settings of the space.
    #[derive(Clone, Copy, Debug)]
    struct Given {
        /// what surrounds the cells: a stem of 3C channels, three strided convolutions, or TE-NAS's (C channels, a last activation)
        network: NetworkKind = NetworkKind::Cifar;
        /// whether a node's two inputs are different nodes and never `none`, as in DARTS, or chosen each by itself
        inputs: Inputs = Inputs::Distinct;
    }
}

assay_core::register! {
    dyn SearchSpace,
    name: "darts",
    summary: "normal and reduction cells of 7 operators, two inputs a node (Liu et al., ICLR 2019)",
    settings: Given,
    build: |Given { network, inputs }| Ok(Box::new(Darts::new().network(network).inputs(inputs))),
}

/// The kinds of cell.
const CELLS: [&str; 2] = ["normal", "reduce"];
/// Outputs of earlier cells that a cell reads: its nodes 0 and 1.
const INPUTS: usize = 2;
/// Inner nodes of a cell: its nodes 2 to 5, which messages count from 0.
const NODES: usize = 4;
/// The names of nodes in the literature's figures: c_{k−2} and c_{k−1} are the outputs of the two cells before.
const NODE_NAMES: [&str; INPUTS + NODES + 1] = ["c_{k-2}", "c_{k-1}", "0", "1", "2", "3", "c_{k}"];
/// How an architecture is written.
const FORM: &str = "Genotype(normal=[…], normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6)) with eight inputs a cell, \
    two a node, for example ('sep_conv_3x3', 0), ('skip_connect', 1)";

assay_core::words! {
    /// What surrounds the cells of a network.
    #[derive(Default)]
    pub enum NetworkKind {
        /// As DARTS trains on CIFAR: a 3×3 convolution to 3C channels before, pooling and a linear layer behind.
        #[default]
        Cifar = "cifar",
        /// As DARTS trains on ImageNet: three convolutions of stride 2, and a first cell that halves its earlier input.
        ImageNet = "imagenet",
        /// As TE-NAS measures: a 3×3 convolution to C channels, and batch normalisation and ReLU before pooling.
        TeNas = "te-nas",
    }
}

assay_core::words! {
    /// Which two inputs an inner node may have.
    #[derive(Default)]
    pub enum Inputs {
        /// Two different nodes, through operators other than `none`: DARTS's rule.
        #[default]
        Distinct = "distinct",
        /// Any node and operator, each input by itself, as in genotypes that were drawn at random without that rule: one node
        /// may be read twice, and `none` may be an operator.
        Free = "free",
    }
}

/// How the choices of a cell are laid out: what a cell of the layout keeps, and what that means.
trait Choices: std::fmt::Debug + Send + Sync {
    fn layout(&self) -> Layout;

    /// The cell that is kept, or why it is not a single one.
    fn cell(&self, kept: &[OperatorSet]) -> Result<Cell, String>;

    /// What keeps exactly this cell, or why the choices do not allow it.
    fn kept(&self, cell: &Cell) -> Result<Vec<OperatorSet>, String>;

    /// What every inner node adds up.
    fn terms(&self, kept: &[OperatorSet]) -> Terms;

    /// What an inner node adds up where architectures share weights.
    fn shared(&self, kept: &[OperatorSet], node: usize) -> Vec<SharedTerm>;

    /// What there is to choose, where each input of a node is chosen by itself.
    fn reads(&self) -> Option<Reads> {
        None
    }

    /// As [`SearchSpace::numbers`], of one cell.
    fn numbers(&self, kept: &[OperatorSet]) -> u128;

    /// As [`SearchSpace::architecture`], of one cell.
    fn numbered(&self, kept: &[OperatorSet], number: u128) -> Option<Vec<OperatorSet>>;

    /// The number of one cell among those that `kept` contains, the inverse of [`numbered`](Self::numbered).
    fn number(&self, kept: &[OperatorSet], chosen: &[OperatorSet]) -> Option<u128>;
}

/// The space. Two kinds of cell, `normal` and `reduce`; with distinct inputs their edges are `0<-0`, `0<-1`, `1<-0`, …,
/// `3<-4`: the inner node, counted from 0, and what it reads, where 0 and 1 are the cell's inputs.
#[derive(Clone, Debug)]
pub struct Darts {
    choices: &'static dyn Choices,
    layout: Layout,
    network: NetworkKind,
}

impl Darts {
    /// The space, with distinct inputs and the network for CIFAR.
    #[must_use]
    pub fn new() -> Self {
        Self { choices: &Edges, layout: Edges.layout(), network: NetworkKind::default() }
    }

    /// With these surroundings.
    #[must_use]
    pub fn network(mut self, network: NetworkKind) -> Self {
        self.network = network;
        self
    }

    /// With this rule for a node's inputs.
    #[must_use]
    pub fn inputs(mut self, inputs: Inputs) -> Self {
        self.choices = match inputs {
            Inputs::Distinct => &Edges,
            Inputs::Free => &Slots,
        };
        self.layout = self.choices.layout();
        self
    }

    fn genotype(&self, architecture: &Subspace) -> Result<Genotype, ArchitectureError> {
        if !architecture.fits(&self.layout) {
            return Err(ArchitectureError(format!("the mask `{architecture}` does not belong to darts")));
        }
        let cell = |kind: usize| {
            let cell = self.choices.cell(&architecture.cells()[kind]);
            cell.map_err(|problem| ArchitectureError(format!("the {} cell: {problem}", CELLS[kind])))
        };
        Ok(Genotype { cells: [cell(0)?, cell(1)?] })
    }
}

impl Default for Darts {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for Darts {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let (found, written) = notation::parse(text)?;
        let kept = |((kind, cell), at): ((&&str, &Cell), usize)| {
            let kept = self.choices.kept(cell);
            kept.map_err(|problem| written.wrong(at, &format!("the {kind} cell: {problem}")))
        };
        let cells = CELLS.iter().zip(&found.genotype.cells).zip(found.at).map(kept).collect::<Result<_, _>>()?;
        Ok(Subspace::new(&self.layout, cells))
    }

    fn is_architecture(&self, subspace: &Subspace) -> bool {
        self.genotype(subspace).is_ok()
    }

    fn numbers(&self, subspace: &Subspace) -> u128 {
        subspace.cells().iter().map(|kept| self.choices.numbers(kept)).product()
    }

    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        let [normal, reduce] = subspace.cells() else { return None };
        let reductions = self.choices.numbers(reduce);
        let of_normal = self.choices.numbered(normal, number.checked_div(reductions)?)?;
        let of_reduce = self.choices.numbered(reduce, number % reductions)?;
        Some(Subspace::new(&self.layout, vec![of_normal, of_reduce]))
    }

    fn number(&self, architecture: &Subspace) -> Option<u128> {
        if !self.is_architecture(architecture) {
            return None;
        }
        let mut number: u128 = 0;
        for (cell, chosen) in self.layout.cells.iter().zip(architecture.cells()) {
            number = number * self.choices.numbers(&cell.offers) + self.choices.number(&cell.offers, chosen)?;
        }
        Some(number)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(text::write(&self.genotype(architecture)?))
    }

    /// Cells that differ only in the numbering of their inner nodes share one text. They compute the same function except for
    /// the order of the channels that they concatenate.
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(text::write(&self.genotype(architecture)?.canonical()))
    }

    /// Each inner node with its two inputs, however they are chosen.
    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let genotype = self.genotype(architecture).map_err(|error| SketchError::NotOne(error.to_string()))?;
        Ok(CELLS.iter().zip(&genotype.cells).map(|(kind, cell)| genotype::sketch(kind, cell)).collect())
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        match subspace.cells() {
            [normal, reduce] if subspace.fits(&self.layout) => {
                lower::lower(&[self.choices.terms(normal), self.choices.terms(reduce)], self.network, net)
            }
            _ => Err(GraphError::Unsupported(format!("the mask `{subspace}` does not belong to darts"))),
        }
    }

    /// Two edges a node, those whose largest number is largest, each with that operator; `none` counts on neither.
    fn strongest(&self, probabilities: &PerChoice) -> Subspace {
        Subspace::new(&self.layout, probabilities.0.iter().map(|edges| edges::strongest(edges)).collect())
    }

    fn shared_net(&self, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
        shared::lower(&self.layout, self.choices, self.network, kept, form)
    }

    fn reads(&self) -> Option<Reads> {
        self.choices.reads()
    }

    fn of_reads(&self, cells: &[Vec<[Read; 2]>]) -> Option<Subspace> {
        let Reads { nodes, operators } = self.reads()?;
        let fits = |(node, inputs): (usize, &[Read; 2])| {
            node < nodes && inputs.iter().all(|read| read.source < INPUTS + node && read.operator < operators)
        };
        let is_known = cells.len() == CELLS.len() && cells.iter().all(|cell| cell.iter().enumerate().all(fits));
        is_known.then(|| Subspace::new(&self.layout, cells.iter().map(|cell| slots::of_reads(cell)).collect()))
    }
}
