//! Strategies that are written in Python, among those of the program.

use std::sync::Arc;
use std::thread::Builder;

use assay::plugins::brought;
use assay_core::plugin::{Entry, Laboratory as Answers, Origin, ProxyUse, SearchError, SearchStrategy, Settings, SettingsError};
use assay_core::subspace::Subspace;
use pyo3::prelude::*;

use crate::brought::{About, Own, kept};
use crate::exception;
use crate::laboratory::opened;

/// What all strategies of one `@assay.strategy` have in common.
struct Declaration {
    about: About,
    /// Makes one of the settings as JSON, and gives it with the proxies that it uses: each a label, a proxy, and settings as JSON.
    make: Py<PyAny>,
}

/// A proxy that a strategy uses: its label, its name, and settings as JSON.
type Used = (String, String, String);

/// A strategy whose search is Python's.
struct PythonStrategy {
    declaration: Arc<Declaration>,
    own: Arc<Own>,
    proxies: Vec<ProxyUse>,
    /// Takes a laboratory, and gives what was found.
    search: Py<PyAny>,
}

/// From now on there is a strategy of this name; one that was brought before under it is replaced.
#[pyfunction]
pub(crate) fn bring_strategy(py: Python<'_>, about: About, make: Py<PyAny>) -> PyResult<()> {
    let settings = about.settings(&[]).map_err(|problem| exception::asked(py, format!("strategy `{}`: {problem}", about.name)))?;
    let (name, summary, origin) = (kept(about.name.clone()), kept(about.summary.clone()), Origin::File(kept(about.file.clone())));
    let declaration = Arc::new(Declaration { about, make });
    let build = move |given: &Settings| made(&declaration, given);
    let resolve = |given: &Settings| Ok(given.clone());
    let entry = Entry { name, summary, origin, settings, resolve, build: kept(build) };
    brought::strategy(kept(entry)).map_err(|failure| exception::of(py, &failure))
}

/// A strategy with these settings.
fn made(declaration: &Arc<Declaration>, given: &Settings) -> Result<Box<dyn SearchStrategy>, SettingsError> {
    let name = &declaration.about.name;
    let (_, own) = declaration.about.divided(given, &[])?;
    let make = |py: Python<'_>| -> PyResult<(Py<PyAny>, Vec<Used>)> { declaration.make.call1(py, (own.json(),))?.extract(py) };
    let made = Python::try_attach(|py| make(py).map_err(|raised| own.failed(py, "strategy", name, raised)));
    let refused = |problem: String| SettingsError::new("name", problem);
    let (search, used) = made.unwrap_or_else(|| Err("Python ends".into())).map_err(refused)?;
    let used = used.into_iter().map(|(label, proxy, settings)| {
        let settings = serde_json::from_str(&settings).map_err(|error| SettingsError::new("name", format!("`{label}`: {error}")))?;
        Ok(ProxyUse { label, proxy, settings })
    });
    let proxies = used.collect::<Result<_, SettingsError>>()?;
    Ok(Box::new(PythonStrategy { declaration: Arc::clone(declaration), own: Arc::new(own), proxies, search }))
}

impl SearchStrategy for PythonStrategy {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.proxies.clone()
    }

    fn protocol(&self) -> String {
        let About { name, source, .. } = &self.declaration.about;
        format!("{name}: {}({source})", self.own.clause())
    }

    fn search(&self, laboratory: &mut dyn Answers) -> Result<Subspace, SearchError> {
        let name = self.declaration.about.name.clone();
        let (lent, end, asked) = opened();
        let search = Python::try_attach(|py| self.search.clone_ref(py));
        let search = search.ok_or_else(|| SearchError::Impossible("Python ends".into()))?;
        let (own, called) = (Arc::clone(&self.own), name.clone());
        let work = move || {
            let search = |py: Python<'_>| search.call1(py, (lent,)).and_then(|found| found.extract(py));
            let found = Python::try_attach(|py| search(py).map_err(|raised| own.failed(py, "strategy", &called, raised)));
            end.tell(found.unwrap_or_else(|| Err("Python ends".into())));
        };
        let begun = Builder::new().name("assay-strategy".into()).spawn(work);
        let thread = begun.map_err(|error| SearchError::Impossible(format!("the system gives no thread: {error}")))?;
        let found = asked.answer(laboratory, &name);
        drop(thread.join());
        found
    }
}
