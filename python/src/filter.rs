//! Search spaces that a Python function filters: those of another space, without the architectures that the function refuses.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use assay::failure::Failure;
use assay::plugins::{self, brought};
use assay_core::graph::{Graph, GraphError, ParameterSpec, Shape};
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet};
use assay_core::plugin::{
    ArchitectureError, Entry, Given, MacroNet, Origin, Part, Registry, RegistryError, SearchSpace, Setting, Settings, SettingsError,
};
use assay_core::subspace::{Layout, Sketch, SketchError, Subspace};
use pyo3::prelude::*;

use crate::brought::{About, Own, kept};
use crate::exception;

/// After this many architectures in a row that are left out, the filter is taken to leave nothing.
const IN_A_ROW: usize = 1_000_000;
/// Answers that are remembered.
const REMEMBERED: usize = 1 << 18;

/// What all spaces of one `@assay.filter` have in common.
struct Declaration {
    about: About,
    /// The space that is filtered.
    of: String,
    spaces: Registry<dyn SearchSpace>,
    /// Takes a candidate, the settings of its space and the filter's own, both as JSON, and says whether it is kept.
    function: Py<PyAny>,
}

/// A space whose filter is Python's.
struct Filtered {
    declaration: Arc<Declaration>,
    space: Arc<dyn SearchSpace>,
    /// The settings of the space that is filtered, as JSON.
    settings: String,
    own: Own,
    /// What was answered: an architecture is asked about once, by whichever part of a run.
    answers: Mutex<HashMap<Subspace, bool>>,
    left_out_in_a_row: AtomicUsize,
}

/// From now on there is a space of this name; one that was brought before under it is replaced.
#[pyfunction]
pub(crate) fn bring_filter(py: Python<'_>, about: About, of: String, function: Py<PyAny>) -> PyResult<()> {
    let refused = |problem: String| exception::asked(py, format!("filter `{}`: {problem}", about.name));
    let spaces = plugins::installed().map_err(|failure| exception::of(py, &failure))?.spaces;
    let shared = spaces.find(&of).map_err(|error| refused(error.to_string()))?.settings;
    let settings = about.settings(shared).map_err(refused)?;
    let (name, summary, origin) = (kept(about.name.clone()), kept(about.summary.clone()), Origin::File(kept(about.file.clone())));
    let declaration = Arc::new(Declaration { about, of, spaces, function });
    let build = move |given: &Settings| Filtered::of(&declaration, shared, given);
    let resolve = |given: &Settings| Ok(given.clone());
    let entry = Entry { name, summary, origin, settings, resolve, build: kept(build) };
    brought::space(kept(entry)).map_err(|failure| exception::of(py, &failure))
}

/// Ends the work that asks: a space has no errors to answer with. Who waits for the work hears why from [`Own`].
fn give_up() -> ! {
    resume_unwind(Box::new("a filter gave up"))
}

impl Filtered {
    fn of(declaration: &Arc<Declaration>, shared: &[Setting], given: &Settings) -> Result<Box<dyn SearchSpace>, SettingsError> {
        let (inner, own) = declaration.about.divided(given, shared)?;
        let space = declaration.spaces.build(&declaration.of, &inner).map_err(|error| match error {
            RegistryError::Settings { error, .. } => error,
            other => SettingsError::new("name", other.to_string()),
        })?;
        let settings = serde_json::Value::from(inner.with("name", declaration.of.clone())).to_string();
        let (declaration, space) = (Arc::clone(declaration), Arc::from(space));
        Ok(Box::new(Self { declaration, space, settings, own, answers: Mutex::default(), left_out_in_a_row: AtomicUsize::new(0) }))
    }

    /// Whether an architecture of the space is kept.
    fn keeps(&self, architecture: &Subspace) -> bool {
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers().get(architecture).copied();
        known.unwrap_or_else(|| {
            let kept = self.answer(architecture);
            let mut answers = answers();
            if answers.len() >= REMEMBERED {
                answers.clear();
            }
            answers.insert(architecture.clone(), kept);
            kept
        })
    }

    fn answer(&self, architecture: &Subspace) -> bool {
        if self.own.is_interrupted() {
            give_up();
        }
        let Ok(text) = self.space.write(architecture) else { return false };
        let candidate = Candidate { text, space: Arc::clone(&self.space), architecture: architecture.clone() };
        let ask = |py: Python<'_>| -> PyResult<bool> {
            self.declaration.function.call1(py, (candidate, &self.settings, self.own.json()))?.extract(py)
        };
        let name = &self.declaration.about.name;
        let answered = Python::try_attach(|py| ask(py).map_err(|raised| self.own.failed(py, "filter", name, raised)));
        match answered {
            Some(Ok(kept)) => kept,
            Some(Err(problem)) => {
                self.own.gives_up(Failure::new(problem));
                give_up()
            }
            None => give_up(),
        }
    }

    fn left_out(&self) -> ArchitectureError {
        ArchitectureError(format!("the filter `{}` leaves it out", self.declaration.about.name))
    }

    /// An architecture that is not left out.
    fn only_kept(&self, architecture: &Subspace) -> Result<(), ArchitectureError> {
        if !self.space.is_architecture(architecture) || self.keeps(architecture) { Ok(()) } else { Err(self.left_out()) }
    }
}

impl SearchSpace for Filtered {
    fn layout(&self) -> &Layout {
        self.space.layout()
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let architecture = self.space.parse(text)?;
        self.only_kept(&architecture).map(|()| architecture)
    }

    fn is_architecture(&self, subspace: &Subspace) -> bool {
        self.space.is_architecture(subspace) && self.keeps(subspace)
    }

    fn numbers(&self, subspace: &Subspace) -> u128 {
        self.space.numbers(subspace)
    }

    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        let architecture = self.space.architecture(subspace, number)?;
        if self.keeps(&architecture) {
            self.left_out_in_a_row.store(0, Ordering::Relaxed);
            return Some(architecture);
        }
        if self.left_out_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= IN_A_ROW {
            let name = &self.declaration.about.name;
            let problem = format!("filter `{name}` left out {IN_A_ROW} architectures in a row");
            self.own.gives_up(Failure::new(problem).with_help("let it keep more of the space").of_what_was_asked());
            give_up();
        }
        None
    }

    fn number(&self, architecture: &Subspace) -> Option<u128> {
        self.space.number(architecture).filter(|_| self.keeps(architecture))
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        let text = self.space.write(architecture)?;
        self.only_kept(architecture).map(|()| text)
    }

    fn representative(&self, architecture: &Subspace) -> Subspace {
        self.space.representative(architecture)
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.space.canonical(architecture)
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        self.space.sketch(architecture)
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        self.space.lower(subspace, net)
    }

    fn given(&self, architecture: &Subspace) -> Result<Option<Given>, GraphError> {
        self.space.given(architecture)
    }

    fn protocol(&self) -> Option<String> {
        self.space.protocol()
    }

    fn filter(&self) -> Option<String> {
        let About { name, source, .. } = &self.declaration.about;
        let own = format!("filter {name} of {}: {}({source})", self.declaration.of, self.own.clause());
        Some(self.space.filter().map_or(own.clone(), |inner| format!("{inner} and by {own}")))
    }

    fn shared_net(&self, _: Kept<'_>, _: &SharedForm) -> Result<SharedNet, GraphError> {
        let name = &self.declaration.about.name;
        Err(GraphError::Unsupported(format!(
            "architectures that the filter `{name}` leaves out would share their weights with the others, and could be found; use a strategy \
             that draws architectures, as random or regularized-evolution"
        )))
    }
}

/// An architecture that a filter is asked about.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Candidate {
    text: String,
    space: Arc<dyn SearchSpace>,
    architecture: Subspace,
}

#[pymethods]
impl Candidate {
    /// As the space writes it.
    fn text(&self) -> &str {
        &self.text
    }

    /// Parameters and multiply-adds of its network, of which nothing but the structure is made.
    fn counts(&self, py: Python<'_>, channels: usize, cells: usize, classes: usize, image: [usize; 3]) -> PyResult<(usize, u64)> {
        let [depth, height, width] = image;
        let net = MacroNet { input: Shape::new(depth, height, width), channels, cells, classes, part: Part::Classifier };
        let graph = self.space.lower(&self.architecture, &net);
        let graph = graph.map_err(|error| exception::asked(py, format!("the network of `{}` cannot be built: {error}", self.text)))?;
        Ok((graph.parameters().iter().map(ParameterSpec::elements).sum(), graph.multiply_adds()))
    }
}
