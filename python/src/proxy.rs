//! Proxies that are written in Python, among those of the program.

use std::sync::Arc;

use assay::plugins::brought;
use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::network::Network;
use assay_core::plugin::{
    AskError, Declared, Entry, Measured, Origin, Pass, PassProxy, Proxy, ProxyError, Settings, SettingsError, Shared, WholePass,
};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use pyo3::prelude::*;

use crate::asked::{Asked, Written};
use crate::brought::{About, Own, kept};
use crate::exception;
use crate::measurement::Measurement;

/// What a proxy's function gives: a value, or why there is none.
type Given = (Option<f64>, Option<String>);

/// What all proxies of one `@assay.proxy` have in common.
struct Declaration {
    about: About,
    direction: Direction,
    unit: Option<&'static str>,
    asked: Asked,
    /// Takes the measurement and the settings as JSON.
    function: Py<PyAny>,
}

/// A proxy whose function is Python's.
struct PythonProxy {
    declaration: Arc<Declaration>,
    pass: WholePass,
    own: Own,
}

/// From now on there is a proxy of this name; one that was brought before under it is replaced.
#[pyfunction]
#[pyo3(signature = (about, better, unit, ask, function))]
pub(crate) fn bring_proxy(
    py: Python<'_>,
    about: About,
    better: &str,
    unit: Option<String>,
    ask: Vec<Written>,
    function: Py<PyAny>,
) -> PyResult<()> {
    let refused = |problem: String| exception::asked(py, format!("proxy `{}`: {problem}", about.name));
    let direction = match better {
        "higher" => Direction::HigherIsBetter,
        "lower" => Direction::LowerIsBetter,
        other => return Err(refused(format!("`better` is `{other}`: give \"higher\" or \"lower\""))),
    };
    let asked = Asked::read(ask).map_err(&refused)?;
    let settings = about.settings(WholePass::SETTINGS).map_err(&refused)?;
    let (name, summary, origin) = (kept(about.name.clone()), kept(about.summary.clone()), Origin::File(kept(about.file.clone())));
    let declaration = Arc::new(Declaration { about, direction, unit: unit.map(|unit| kept(unit).as_str()), asked, function });
    let build = move |given: &Settings| {
        let (pass, own) = declaration.about.divided(given, WholePass::SETTINGS)?;
        let proxy = PythonProxy { declaration: Arc::clone(&declaration), pass: pass.read()?, own };
        Ok::<_, SettingsError>(Box::new(Proxy::passes(proxy)))
    };
    let resolve = |given: &Settings| Ok(given.clone());
    let entry = Entry { name, summary, origin, settings, resolve, build: kept(build) };
    brought::proxy(kept(entry)).map_err(|failure| exception::of(py, &failure))
}

impl PythonProxy {
    fn score(&self, py: Python<'_>, measurement: Measurement) -> PyResult<Given> {
        self.declaration.function.call1(py, (measurement, self.own.json()))?.extract(py)
    }
}

impl PassProxy for PythonProxy {
    fn direction(&self) -> Direction {
        self.declaration.direction
    }

    fn unit(&self) -> Option<&'static str> {
        self.declaration.unit
    }

    fn protocol(&self) -> String {
        let about = &self.declaration.about;
        format!("{}: {}{} ({})", about.name, self.own.clause(), self.pass, about.source)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, _: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        Ok(self.declaration.asked.of(network.graph()))
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let copied =
            passes.iter().map(|pass| (Arc::new(pass.network.clone()), Arc::new(pass.batch.clone()), Arc::new(pass.answer.clone())));
        let copied: Vec<_> = copied.collect();
        let shared = copied.iter().zip(passes).map(|((network, batch, answer), pass)| Shared { network, batch, ask: pass.ask, answer });
        self.read_shared(&shared.collect::<Vec<_>>(), stream, engine)
    }

    fn read_shared(&self, passes: &[Shared<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let name = &self.declaration.about.name;
        let [pass] = passes else { return Err(ProxyError::Other(format!("`{name}` was given {} passes in place of one", passes.len()))) };
        let gram = || engine.tangent_gram(pass.network, pass.batch, self.pass.precision);
        let gram = self.declaration.asked.has_gram.then(gram).transpose()?;
        let measurement = Measurement::new(pass, gram, stream);
        let read = Python::try_attach(|py| self.score(py, measurement).map_err(|raised| self.own.failed(py, "proxy", name, raised)));
        match read {
            Some(Ok((Some(value), _))) => Ok(Reading::finite(value)),
            Some(Ok((None, because))) => Ok(Reading::undefined(because.unwrap_or_else(|| "the proxy gave no value".into()))),
            Some(Err(problem)) => Err(ProxyError::Other(problem)),
            None => Err(ProxyError::Other(format!("Python ends, and proxy `{name}` cannot be asked any more"))),
        }
    }
}
