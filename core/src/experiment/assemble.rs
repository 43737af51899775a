//! Makes an experiment's plugins.

use super::merged::Merged;
use super::{Experiment, ExperimentError, OnError, Place, Plugins, Problem, Section};
use crate::data::Dataset;
use crate::engine::EngineFactory;
use crate::plugin::{
    Aggregate, Benchmark, ColumnContent, ColumnUse, Columns, Kind, Proxy, ProxyUse, Registry, RegistryError, SearchSpace, SearchStrategy,
    Settings, SettingsError, TrainingUse, Unavailable,
};

/// Makes the plugins of one experiment; what goes wrong points at the line that asked for it.
pub struct Assembly<'a> {
    experiment: &'a Experiment,
    plugins: &'a Plugins,
}

/// A proxy ready to measure, under the strategy's label.
pub struct PlannedProxy {
    /// The strategy's name for it.
    pub label: String,
    /// The registered name.
    pub name: String,
    /// What measures.
    pub proxy: Box<Proxy>,
}

impl<'a> Assembly<'a> {
    /// For this experiment.
    #[must_use]
    pub fn new(experiment: &'a Experiment, plugins: &'a Plugins) -> Self {
        Self { experiment, plugins }
    }

    /// The search space.
    ///
    /// # Errors
    /// If its settings do not fit each other.
    pub fn space(&self) -> Result<Box<dyn SearchSpace>, ExperimentError> {
        self.build("space", &self.experiment.space, &self.plugins.spaces)
    }

    /// The dataset; this reads its files.
    ///
    /// # Errors
    /// If its settings do not fit each other or its files cannot be read.
    pub fn dataset(&self) -> Result<Box<dyn Dataset>, ExperimentError> {
        self.build("dataset", &self.experiment.dataset, &self.plugins.datasets)
    }

    /// What makes the engine.
    ///
    /// # Errors
    /// If its settings do not fit each other.
    pub fn engine(&self) -> Result<Box<dyn EngineFactory>, ExperimentError> {
        self.build("engine", &self.experiment.engine, &self.plugins.engines)
    }

    /// What makes another engine of this name, with its default settings. None where it is the experiment's own, or where there is
    /// no such engine.
    #[must_use]
    pub fn other_engine(&self, name: &str) -> Option<Box<dyn EngineFactory>> {
        let is_other = self.experiment.engine.name != name;
        is_other.then(|| self.plugins.engines.build(name, &Settings::none()).ok()).flatten()
    }

    /// The images that a trained network is tested on; this reads their files.
    ///
    /// # Errors
    /// If the experiment names none, their settings do not fit each other, or their files cannot be read.
    pub fn test(&self) -> Result<Box<dyn Dataset>, ExperimentError> {
        let section = self.experiment.test.as_ref().ok_or_else(|| Problem::elsewhere("[test] is missing"))?;
        let test = self.build("test", section, &self.plugins.datasets)?;
        match test.tokens() {
            None => Ok(test),
            Some(_) => {
                let problem = "[test]: networks are trained and tested on images, and the dataset holds tokens: name a dataset of images";
                Err(self.problem(&["test", "name"], problem))
            }
        }
    }

    /// The strategy.
    ///
    /// # Errors
    /// If the experiment has none, or its settings do not fit each other.
    pub fn strategy(&self) -> Result<Box<dyn SearchStrategy>, ExperimentError> {
        let section = self.experiment.strategy.as_ref().ok_or_else(|| Problem::elsewhere("[strategy] is missing"))?;
        self.build("strategy", section, &self.plugins.strategies)
    }

    /// The benchmark, if the experiment has one.
    ///
    /// # Errors
    /// If its settings do not fit each other.
    pub fn benchmark(&self) -> Result<Option<Box<dyn Benchmark>>, ExperimentError> {
        self.experiment.benchmark.as_ref().map(|section| self.build("benchmark", section, &self.plugins.benchmarks)).transpose()
    }

    /// A problem with one key of the experiment, pointing at its line.
    #[must_use]
    pub fn problem(&self, keys: &[&str], message: impl Into<String>) -> ExperimentError {
        Problem { message: message.into(), help: None, place: self.experiment.merged.place(keys, true) }.into()
    }

    /// A proxy by its registered name, with the settings of its `[proxies.…]` section.
    ///
    /// # Errors
    /// If there is none or its settings do not fit each other.
    pub fn proxy(&self, name: &str) -> Result<Box<Proxy>, ExperimentError> {
        let settings = self.experiment.proxies.get(name).cloned().unwrap_or_default();
        self.make_proxy(name, &settings)
    }

    /// The aggregate of this name, with the settings of its `[proxies.…]` section; `None` if no aggregate has it.
    ///
    /// # Errors
    /// If its settings do not fit each other.
    pub fn aggregate(&self, name: &str) -> Result<Option<Aggregate>, ExperimentError> {
        if self.plugins.aggregates.find(name).is_err() {
            return Ok(None);
        }
        let settings = self.experiment.proxies.get(name).cloned().unwrap_or_default();
        let made = self.plugins.aggregates.build(name, &settings);
        made.map(|aggregate| Some(*aggregate)).map_err(|error| self.proxy_problem(name, error))
    }

    /// The proxies that a strategy asks for.
    ///
    /// # Errors
    /// If one is not registered, its settings are wrong, or the experiment sets what the strategy sets itself.
    pub fn proxies_of(&self, strategy: &dyn SearchStrategy) -> Result<Vec<PlannedProxy>, ExperimentError> {
        strategy.proxies().into_iter().map(|wanted| self.planned(wanted)).collect()
    }

    /// The columns of the benchmark that a strategy asks for.
    ///
    /// # Errors
    /// If the experiment has no benchmark, or the benchmark has no such column.
    pub fn columns_of(&self, strategy: &dyn SearchStrategy) -> Result<Columns, ExperimentError> {
        let columns = strategy.columns().into_iter().map(|column| Ok((column.clone(), self.benchmark_of(&column)?)));
        columns.collect::<Result<_, ExperimentError>>().map(Columns::new)
    }

    /// Makes sure that trainings which are asked for by these keys of the experiment can be made.
    ///
    /// # Errors
    /// If the experiment does not say how to train or what to test on, or its recipe is shorter than what is asked for.
    pub fn check_trainings(&self, wanted: &[TrainingUse], keys: &[&str]) -> Result<(), ExperimentError> {
        let Some(longest) = wanted.iter().map(|training| training.epochs).max() else { return Ok(()) };
        let problem = |message: String, help: String| {
            let place = self.experiment.merged.place(keys, true);
            Problem { message: format!("`{}`: {message}", keys.join(".")), help: Some(help), place }
        };
        let missing = |section: &str, line: &str| {
            let message = format!("architectures are judged by training them, and [{section}] is missing");
            problem(message, format!("add a section [{section}] with a line {line}"))
        };
        let Some(recipe) = &self.experiment.training else {
            return Err(missing("training", &format!("epochs = {longest}")).into());
        };
        if self.experiment.test.is_none() {
            return Err(missing("test", "name = \"…\": the images that a trained network is judged by").into());
        }
        if recipe.epochs < longest {
            let message = format!("`training.epochs` is {}, so nothing can be judged after {longest}", recipe.epochs);
            return Err(problem(message, format!("set training.epochs to {longest} or more, over which the learning rate falls")).into());
        }
        Ok(())
    }

    /// The experiment's benchmark, made to report this column. A benchmark without settings of what to report reports all
    /// that it has.
    fn benchmark_of(&self, column: &ColumnUse) -> Result<Box<dyn Benchmark>, ExperimentError> {
        let place = || self.experiment.merged.place(&["strategy", "oracle"], true);
        let Some(section) = &self.experiment.benchmark else {
            let message = format!("`strategy.oracle`: column `{}` is looked up in a benchmark, and the experiment has none", column.column);
            let help = Some("add a section [benchmark] with a line name = \"…\"".into());
            return Err(Problem { message, help, place: place() }.into());
        };
        let key = match column.content {
            ColumnContent::Accuracy => "targets",
            ColumnContent::Cost | ColumnContent::TrainingCost => "costs",
        };
        let understood = self.plugins.benchmarks.find(&section.name).is_ok_and(|entry| entry.settings.iter().any(|own| own.name == key));
        let settings = if understood { section.settings.clone().with(key, vec![column.column.clone()]) } else { section.settings.clone() };
        self.plugins.benchmarks.build(&section.name, &settings).map_err(|error| match error {
            RegistryError::Settings { error: SettingsError { key: wrong, problem, help, .. }, .. } if wrong == key => {
                Problem { message: format!("`strategy.oracle`: {problem}"), help, place: place() }.into()
            }
            RegistryError::Settings { error, .. } => {
                let place = self.experiment.merged.place(&["benchmark", &error.key], true);
                problem("benchmark", error, place)
            }
            other => Problem { message: other.to_string(), help: None, place: place() }.into(),
        })
    }

    fn planned(&self, wanted: ProxyUse) -> Result<PlannedProxy, ExperimentError> {
        let ProxyUse { label, proxy: name, settings } = wanted;
        let given = self.experiment.proxies.get(&name).cloned().unwrap_or_default();
        for (key, value) in given.iter() {
            // The strategy's value would win; a value that has no effect must not be written down.
            if let Some((_, own)) = settings.iter().find(|(own, _)| *own == key)
                && own != value
            {
                return Err(Problem {
                    message: format!("`proxies.{name}.{key}`: the strategy sets this itself, to {own}"),
                    help: Some(
                        "remove the line, or set it in [strategy] if the strategy has a setting for it (assay list strategies --verbose)"
                            .into(),
                    ),
                    place: self.experiment.merged.place(&["proxies", &name, key], false),
                }
                .into());
            }
        }
        let proxy = self.make_proxy(&name, &settings.or(&given))?;
        Ok(PlannedProxy { label, name, proxy })
    }

    fn make_proxy(&self, name: &str, settings: &Settings) -> Result<Box<Proxy>, ExperimentError> {
        let unavailable = &self.plugins.unavailable;
        if self.experiment.on_error == OnError::Skip && !unavailable.is_empty() && self.plugins.proxies.find(name).is_err() {
            let reason = format!("no plugin that could be loaded has it, and some could not: {}", unavailable.join("; "));
            return Ok(Box::new(Proxy::own(Unavailable { name: name.to_owned(), reason })));
        }
        self.plugins.proxies.build(name, settings).map_err(|error| self.proxy_problem(name, error))
    }

    fn proxy_problem(&self, name: &str, error: RegistryError) -> ExperimentError {
        match error {
            RegistryError::Settings { error, .. } => {
                // The value is the experiment's own, or one that the strategy handed on from its section.
                let own = self.experiment.merged.place(&["proxies", name, &error.key], true);
                let place = if own == Place::Nowhere { self.experiment.merged.place(&["strategy", &error.key], true) } else { own };
                problem(&format!("proxies.{name}"), error, place)
            }
            other => {
                Problem { message: other.to_string(), help: None, place: self.experiment.merged.place(&["strategy", "name"], true) }.into()
            }
        }
    }

    fn build<T: ?Sized + Kind>(&self, key: &str, section: &Section, registry: &Registry<T>) -> Result<Box<T>, ExperimentError> {
        make(&self.experiment.merged, key, section, registry)
    }
}

/// Makes the plugin that a section names; what goes wrong points at the line that asked for it.
pub(super) fn make<T: ?Sized + Kind>(
    merged: &Merged,
    key: &str,
    section: &Section,
    registry: &Registry<T>,
) -> Result<Box<T>, ExperimentError> {
    registry.build(&section.name, &section.settings).map_err(|error| match error {
        RegistryError::Settings { error, .. } => {
            let path: Vec<&str> = std::iter::once(key).chain(error.key.split('.')).collect();
            let at_key = merged.place(&path, true);
            let place = if at_key == Place::Nowhere { merged.place(&[key, "name"], true) } else { at_key };
            problem(key, error, place)
        }
        other => Problem { message: other.to_string(), help: None, place: merged.place(&[key, "name"], true) }.into(),
    })
}

fn problem(within: &str, error: SettingsError, place: Place) -> ExperimentError {
    let SettingsError { key, problem, help, is_missing_data } = error;
    let problem = Problem { message: format!("`{within}.{key}`: {problem}"), help, place };
    ExperimentError { problems: vec![problem], is_missing_data }
}
