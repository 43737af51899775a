//! `transnas-bench-101-macro`: the skeletons of TransNAS-Bench-101 (Duan et al., CVPR 2021), 3,256 networks.
//!
//! Four to six modules of two residual blocks. The first block of a module keeps the shape (1), doubles the channels (2), halves height
//! and width (3), or does both (4); in a network channels are doubled one to three times, and height and width halved one to four times.
//! The benchmark's networks have 64 channels behind the stem and two blocks a module, and read images of 256×256:
//! `network.channels = 64`, `network.cells = 2`.
//!
//! The text form is the benchmark's own: `64-1234-basic`. Two texts are of the same architecture if they have the same modules.

mod block;
mod codes;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::{ArchitectureError, MacroNet, SearchSpace};
use assay_core::subspace::{CellLayout, Layout, OperatorSet, Sketch, SketchError, SketchNode, Subspace};

use crate::notation::Written;
use crate::transnas_bench_101::{Heads, Module, lower};
use codes::{CODES, Code, FEWEST, MOST};

assay_core::settings! {
    /// The settings of the space.
    #[derive(Clone, Copy, Debug)]
    struct Given {
        with heads: Heads;
    }
}

assay_core::register! {
    dyn SearchSpace,
    name: "transnas-bench-101-macro",
    summary: "4 to 6 modules that widen or halve, 3,256 networks (Duan et al., CVPR 2021)",
    settings: Given,
    build: |Given { heads }| Ok(Box::new(Macro { heads: heads.check()?, ..Macro::new() })),
}

/// What a module does, by the benchmark's digit less 1; the last says that there is none.
const OPERATORS: [&str; 5] = ["plain", "widen", "halve", "widen_halve", "absent"];
/// The position of what says that there is no module.
const ABSENT: usize = OPERATORS.len() - 1;
const LAYERS: [&str; MOST] = ["module 0", "module 1", "module 2", "module 3", "module 4", "module 5"];
/// How an architecture is written.
const FORM: &str = "four to six modules (1 plain, 2 channels doubled, 3 height and width halved, 4 both), of which one to three double and \
    one to four halve, for example 64-1234-basic";

/// The space. One kind of cell, `network`, whose edges are the modules.
#[derive(Clone, Debug)]
pub struct Macro {
    layout: Layout,
    heads: Heads,
}

impl Macro {
    /// The space, with as many outputs as the images have classes.
    #[must_use]
    pub fn new() -> Self {
        let offers = (0..MOST).map(|module| OperatorSet::first(if module < FEWEST { ABSENT } else { OPERATORS.len() })).collect();
        let network = CellLayout { offers, ..CellLayout::uniform("network", LAYERS, OPERATORS.len()) };
        Self { layout: Layout::new(OPERATORS, vec![network]), heads: Heads { task: None } }
    }

    /// The modules of a network, or why what is kept is not one.
    fn code(&self, architecture: &Subspace) -> Result<Code, ArchitectureError> {
        if !architecture.fits(&self.layout) {
            return Err(ArchitectureError(format!("the mask `{architecture}` does not belong to transnas-bench-101-macro")));
        }
        let mut code = Vec::with_capacity(MOST);
        let mut has_ended = false;
        for (kept, module) in architecture.cells()[0].iter().zip(LAYERS) {
            match (kept.iter().next(), kept.len()) {
                (Some(ABSENT), 1) => has_ended = true,
                (Some(_), 1) if has_ended => {
                    return Err(ArchitectureError(format!("{module} stands behind one that is absent; absent ones come last")));
                }
                (Some(operator), 1) => code.push(operator),
                (_, count) => {
                    return Err(ArchitectureError(format!("{module} keeps {count} operators, but an architecture has exactly one each")));
                }
            }
        }
        codes::check(&code).map_err(ArchitectureError)?;
        Ok(code)
    }

    /// What keeps exactly this network.
    fn keeping(&self, code: &[usize]) -> Subspace {
        let kept = (0..MOST).map(|module| OperatorSet::EMPTY.with(code.get(module).copied().unwrap_or(ABSENT))).collect();
        Subspace::new(&self.layout, vec![kept])
    }

    /// The networks that a subspace contains, in their order.
    fn within<'s>(&'s self, subspace: &'s Subspace) -> impl Iterator<Item = &'static Code> + 's {
        let kept = subspace.fits(&self.layout).then(|| &subspace.cells()[0]);
        let contains = move |code: &&Code| {
            kept.is_some_and(|kept| kept.iter().enumerate().all(|(at, kept)| kept.contains(code.get(at).copied().unwrap_or(ABSENT))))
        };
        CODES.iter().filter(contains)
    }
}

impl Default for Macro {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for Macro {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let written = Written::new(text, FORM)?;
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix("64-").and_then(|rest| rest.strip_suffix("-basic"));
        let digits = digits.ok_or_else(|| written.wrong(0, "this does not begin with `64-` and end with `-basic`"))?;
        let module = |(at, digit): (usize, char)| {
            let module = digit.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1)).filter(|module| *module < ABSENT);
            module.ok_or_else(|| written.wrong_in(&digits[at..], "this is not a module"))
        };
        let code = digits.char_indices().map(module).collect::<Result<Code, _>>()?;
        codes::check(&code).map_err(|problem| written.wrong_in(digits, &problem))?;
        Ok(self.keeping(&code))
    }

    fn is_architecture(&self, subspace: &Subspace) -> bool {
        self.code(subspace).is_ok()
    }

    fn numbers(&self, subspace: &Subspace) -> u128 {
        self.within(subspace).count() as u128
    }

    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        let number = usize::try_from(number).ok()?;
        self.within(subspace).nth(number).map(|code| self.keeping(code))
    }

    fn number(&self, architecture: &Subspace) -> Option<u128> {
        let code = self.code(architecture).ok()?;
        CODES.iter().position(|other| *other == code).map(|number| number as u128)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        let digits: String = self.code(architecture)?.into_iter().map(|module| (module + 1).to_string()).collect();
        Ok(format!("64-{digits}-basic"))
    }

    /// No two networks compute the same.
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.write(architecture)
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let code = self.code(architecture).map_err(|error| SketchError::NotOne(error.to_string()))?;
        let module = |module: usize| SketchNode::operator(OPERATORS[module].replace('_', " and "), module);
        Ok(vec![Sketch::chain("network", "images", code.into_iter().map(module), "classes")])
    }

    /// The network of one architecture. Modules of different shapes cannot be averaged, so there are no supernets; the empty subspace
    /// gives what surrounds the modules.
    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        let is_empty = subspace.fits(&self.layout) && subspace.choices().next().is_none();
        let code = if is_empty { Ok(Code::new()) } else { self.code(subspace) };
        let code = code.map_err(|error| {
            GraphError::Unsupported(format!("transnas-bench-101-macro has no network of several architectures at once: {error}"))
        })?;
        let modules: Vec<Module> = code.into_iter().map(|module| Module::ALL[module]).collect();
        lower(net, &modules, self.heads, &mut block::build)
    }
}
