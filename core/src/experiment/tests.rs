//! The loader, against plugins made for these tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use insta::assert_snapshot;

use super::*;
use crate::engine::EngineFactory;
use crate::plugin::{
    Declared, Entry, Laboratory, Origin, Proxy, ProxyError, ProxyUse, Registry, SearchError, SearchStrategy, SettingsError, Subject,
    ZeroCostProxy,
};
use crate::score::{Direction, Reading};
use crate::subspace::Subspace;

crate::settings! {
    /// Asks for the proxy `slope` with the step that it was itself given.
    struct Climb {
        /// length of a step
        step: Option<f64>, in 0.0..=1.0;
    }
}

impl SearchStrategy for Climb {
    fn proxies(&self) -> Vec<ProxyUse> {
        let settings = self.step.into_iter().fold(Settings::none(), |settings, step| settings.with("step", step));
        vec![ProxyUse { label: "steepness".into(), proxy: "slope".into(), settings }]
    }
    fn protocol(&self) -> String {
        "climb".into()
    }
    fn search(&self, _: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        Err(SearchError::Impossible("not searched in these tests".into()))
    }
}

crate::settings! {
    struct Slope {
        /// length of a step
        step: f64 = 0.5, in 0.0..=1.0;
        /// points measured
        points: usize = 3, in 2..=9;
    }
}

impl ZeroCostProxy for Slope {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }
    fn unit(&self) -> Option<&'static str> {
        None
    }
    fn protocol(&self) -> String {
        format!("{} points of step {}", self.points, self.step)
    }
    fn measure(&self, _: &Subject<'_>) -> Result<Reading, ProxyError> {
        Ok(Reading::Value(self.step))
    }
}

crate::settings! {
    struct Album {
        /// the file
        path: Option<PathBuf>;
    }
}

crate::settings! {
    struct SlideRule {
        /// points measured
        points: usize = 3, in 2..=9;
    }
}

static SPACE: Entry<dyn crate::plugin::SearchSpace> = Entry {
    name: "hills",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: &[],
    resolve: |given| Ok(given.clone()),
    build: &|_| Err(SettingsError::new("settings", "not built in these tests")),
};
static DATASET: Entry<dyn crate::data::Dataset> = Entry {
    name: "photographs",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: Album::SETTINGS,
    resolve: |given| Ok(given.clone()),
    build: &|_| Err(SettingsError::new("path", "there is no such file")),
};
static CPU: Entry<dyn EngineFactory> = Entry {
    name: "cpu",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: &[],
    resolve: |given| Ok(given.clone()),
    build: &|_| Err(SettingsError::new("settings", "not built in these tests")),
};
static SLIDE_RULE: Entry<dyn EngineFactory> = Entry {
    name: "slide-rule",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: SlideRule::SETTINGS,
    resolve: |given| Ok(given.clone()),
    build: &|_| Err(SettingsError::new("points", "a slide rule has no points")),
};
static STRATEGY: Entry<dyn SearchStrategy> = Entry {
    name: "climb",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: Climb::SETTINGS,
    resolve: |given| Ok(given.clone()),
    build: &|settings| Ok(Box::new(settings.read::<Climb>()?)),
};
static PROXY: Entry<Proxy> = Entry {
    name: "slope",
    summary: "",
    origin: Origin::Crate("tests"),
    settings: Slope::SETTINGS,
    resolve: |given| Ok(given.clone()),
    build: &|settings| Ok(Box::new(Proxy::own(settings.read::<Slope>()?))),
};

fn plugins() -> Plugins {
    Plugins {
        spaces: Registry::of([&SPACE]).unwrap(),
        proxies: Registry::of([&PROXY]).unwrap(),
        aggregates: Registry::of([]).unwrap(),
        strategies: Registry::of([&STRATEGY]).unwrap(),
        benchmarks: Registry::of([]).unwrap(),
        datasets: Registry::of([&DATASET]).unwrap(),
        engines: Registry::of([&CPU, &SLIDE_RULE]).unwrap(),
        unavailable: Vec::new(),
    }
}

const GOOD: &str = r#"
version = 1
seed = 3

[space]
name = "hills"

[dataset]
name = "photographs"
path = "album"

[strategy]
name = "climb"

[proxies.slope]
points = 4
"#;

fn resolve(text: &str, set: &[&str]) -> Result<Experiment, ExperimentError> {
    let mut layers = Layers::new().text(Path::new("climb.toml"), text.to_owned())?;
    for assignment in set {
        layers = layers.set(assignment)?;
    }
    layers.resolve(Purpose::Search, &plugins())
}

fn problems(text: &str, set: &[&str]) -> String {
    resolve(text, set).unwrap_err().to_string()
}

#[test]
fn an_experiment_written_out_is_the_same_experiment() {
    let experiment = resolve(GOOD, &["strategy.step=0.25", "name=uphill", "threads=2"]).unwrap();
    let text = experiment.to_toml().unwrap();
    assert_snapshot!(text, @r#"
    version = 1
    name = "uphill"
    seed = 3
    threads = 2
    output = "results"
    on_error = "stop"

    [engine]
    name = "cpu"

    [space]
    name = "hills"

    [dataset]
    name = "photographs"
    path = "album"

    [strategy]
    name = "climb"
    step = 0.25

    [proxies.slope]
    points = 4
    "#);
    let again = resolve(&text, &[]).unwrap();
    assert_eq!(again.to_toml().unwrap(), text);
    let elsewhere = resolve(&text, &["threads=1", "output=elsewhere"]).unwrap();
    assert_eq!(elsewhere.identity().unwrap(), experiment.identity().unwrap(), "threads and folder do not change a result");
    let other = resolve(&text, &["seed=4"]).unwrap();
    assert_ne!(other.identity().unwrap(), experiment.identity().unwrap());
}

#[test]
fn the_name_is_the_files_where_nothing_else_is_said() {
    assert_eq!(resolve(GOOD, &[]).unwrap().name, "climb");
}

#[test]
fn a_later_setting_wins_and_its_value_is_toml_or_else_text() {
    let experiment = resolve(GOOD, &["seed=5", "seed=6", "dataset.path=a=b c", "name=\"7\""]).unwrap();
    assert_eq!((experiment.seed, experiment.name.as_str()), (6, "7"));
    assert_eq!(experiment.dataset.settings, Settings::none().with("path", "a=b c"));
}

#[test]
fn every_unknown_key_is_reported_with_its_line_and_the_nearest_name() {
    let text = GOOD.replace("seed = 3", "sed = 3").replace("points", "point").replace("[space]", "[space]\ncolour = 1");
    assert_snapshot!(problems(&format!("{text}\n[expert]\nx = 1\n"), &[]), @r"
    climb.toml:3:1: `sed`: no such key (did you mean `seed`? Known: version, name, seed, threads, output, on_error, engine, space, dataset, strategy, benchmark, test, plugins, proxies, study, training)
    climb.toml:6:1: `space.colour`: no such setting (none is known)
    climb.toml:17:1: `proxies.slope.point`: no such setting (did you mean `points`? Known: step, points)
    climb.toml:19:2: `expert`: no such section (known: version, name, seed, threads, output, on_error, engine, space, dataset, strategy, benchmark, test, plugins, proxies, study, training)
    ");
}

#[test]
fn wrong_types_and_ranges_point_at_the_value() {
    let text = GOOD.replace("seed = 3", "seed = \"three\"").replace("points = 4", "points = 40").replace("path = \"album\"", "path = 1");
    let text = format!("{text}[engine]\nname = \"slide-rule\"\npoints = 1\n");
    assert_snapshot!(problems(&text, &["strategy.step=2.5"]), @r#"
    climb.toml:3:8: `seed`: must be a whole number, 0 or more, is "three"
    climb.toml:10:8: `dataset.path`: must be a path, is 1
    climb.toml:16:10: `proxies.slope.points`: must be a whole number from 2 to 9, is 40
    climb.toml:19:10: `engine.points`: must be a whole number from 2 to 9, is 1
    --set strategy.step=2.5: `strategy.step`: must be a number from 0 to 1, is 2.5
    "#);
}

#[test]
fn unknown_plugins_and_engines_are_reported_with_what_is_known() {
    let text = GOOD.replace("hills", "hulls").replace("[proxies.slope]", "[proxies.curvature]");
    assert_snapshot!(problems(&format!("{text}[engine]\nname = \"slide-rul\"\n[benchmark]\nname = \"truth\"\n"), &[]), @r"
    climb.toml:6:8: there is no search space `hulls` (did you mean `hills`? Known: hills)
    climb.toml:15:10: there is no proxy `curvature` (known: slope)
    climb.toml:18:8: there is no engine `slide-rul` (did you mean `slide-rule`? Known: cpu, slide-rule)
    climb.toml:20:8: there is no benchmark `truth` (none is known)
    ");
}

#[test]
fn what_is_missing_is_named_with_what_could_stand_there() {
    assert_snapshot!(problems("version = 1\n[space]\n[strategy]\nname = 1\n", &[]), @r#"
    climb.toml:2:2: [space] has no `name`
    climb.toml:4:8: `strategy.name`: must be a text, is 1
    the experiment: [dataset] is missing: the images (add a section [dataset] with a line name = "…"; known: photographs)
    "#);
    assert_snapshot!(problems("seed = 1\n", &[]), @"the experiment: `version` is missing (begin the file with a line version = 1)");
    assert_snapshot!(problems("version = 2\nanything = \"goes\"\n", &[]), @"climb.toml:1:11: `version`: this program does not read experiment files of version 2 (this program reads version = 1)");
    assert_snapshot!(problems("version = 1\nspace = \"hills\"\n", &[]), @r#"
    climb.toml:2:9: `space`: must be a section, is "hills" (write [space] on a line of its own, and its settings below it)
    the experiment: [dataset] is missing: the images (add a section [dataset] with a line name = "…"; known: photographs)
    the experiment: [strategy] is missing: how to search (add a section [strategy] with a line name = "…"; known: climb)
    "#);
}

#[test]
fn what_is_not_toml_is_reported_where_it_is() {
    assert_snapshot!(problems("version = 1\n[space\n", &[]), @"climb.toml:2:7: not valid TOML: unclosed table, expected `]`");
    assert_snapshot!(problems("version = 1\nversion = 1\n", &[]), @"climb.toml:2:1: not valid TOML: duplicate key");
}

#[test]
fn a_setting_that_is_no_assignment_is_reported() {
    assert_snapshot!(problems(GOOD, &["seed"]), @"--set seed: there is no `=` (write --set section.key=value)");
    assert_snapshot!(problems(GOOD, &["a b=1"]), @"--set a b=1: `a b` is not a key: unexpected content, expected nothing (write --set section.key=value)");
}

#[test]
fn a_name_that_leaves_the_output_folder_is_refused() {
    assert_snapshot!(problems(GOOD, &["name=../../etc"]), @"--set name=../../etc: `name`: `../../etc` cannot be the name of a folder");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Layers::new().file(Path::new("no/such/experiment.toml")).unwrap_err().to_string();
    assert!(error.contains("the experiment file `no/such/experiment.toml` cannot be read"), "{error}");
}

#[test]
fn a_proxy_takes_the_strategys_settings_and_the_experiments_where_the_strategy_says_nothing() {
    let plugins = plugins();
    let experiment = resolve(GOOD, &["strategy.step=0.25"]).unwrap();
    let assembly = Assembly::new(&experiment, &plugins);
    let strategy = assembly.strategy().unwrap();
    let proxies = assembly.proxies_of(strategy.as_ref()).unwrap();
    let found: Vec<(&str, &str, String)> =
        proxies.iter().map(|planned| (planned.label.as_str(), planned.name.as_str(), planned.proxy.protocol())).collect();
    assert_eq!(found, [("steepness", "slope", "4 points of step 0.25".to_owned())]);
}

#[test]
fn a_proxy_setting_that_the_strategy_would_override_is_refused() {
    let plugins = plugins();
    let experiment = resolve(&format!("{GOOD}step = 0.125\n"), &["strategy.step=0.25"]).unwrap();
    let assembly = Assembly::new(&experiment, &plugins);
    let strategy = assembly.strategy().unwrap();
    let error = assembly.proxies_of(strategy.as_ref()).map(|_| ()).unwrap_err();
    assert_snapshot!(error, @"climb.toml:17:1: `proxies.slope.step`: the strategy sets this itself, to 0.25 (remove the line, or set it in [strategy] if the strategy has a setting for it (assay list strategies --verbose))");
    let agreeing = resolve(&format!("{GOOD}step = 0.25\n"), &["strategy.step=0.25"]).unwrap();
    assert!(Assembly::new(&agreeing, &plugins).proxies_of(strategy.as_ref()).is_ok());
}

#[test]
fn what_a_plugin_cannot_be_made_of_points_at_the_setting_that_is_to_blame() {
    let plugins = plugins();
    let experiment = resolve(GOOD, &[]).unwrap();
    let error = Assembly::new(&experiment, &plugins).dataset().map(|_| ()).unwrap_err();
    assert_snapshot!(error, @"climb.toml:10:8: `dataset.path`: there is no such file");
    let experiment = resolve(&GOOD.replace("path = \"album\"\n", ""), &[]).unwrap();
    let error = Assembly::new(&experiment, &plugins).dataset().map(|_| ()).unwrap_err();
    assert_snapshot!(error, @"climb.toml:9:8: `dataset.path`: there is no such file");
    let experiment = resolve(&format!("{GOOD}[engine]\nname = \"slide-rule\"\npoints = 5\n"), &[]).unwrap();
    let error = Assembly::new(&experiment, &plugins).engine().map(|_| ()).unwrap_err();
    assert_snapshot!(error, @"climb.toml:19:10: `engine.points`: a slide rule has no points");
}

#[test]
fn scoring_needs_no_strategy_and_no_file() {
    let layers = Layers::new().default_value("space.name", "hills");
    let layers = layers.set("dataset.name=photographs").unwrap();
    let experiment = layers.clone().resolve(Purpose::Score, &plugins()).unwrap();
    assert_eq!((experiment.space.name.as_str(), experiment.strategy), ("hills", None));
    let search = |layers: Layers| layers.resolve(Purpose::Search, &plugins()).unwrap_err();
    assert_snapshot!(search(layers.clone()), @"the experiment: `version` is missing (begin the file with a line version = 1)");
    assert_snapshot!(search(layers.default_value("version", VERSION)), @r#"the experiment: [strategy] is missing: how to search (add a section [strategy] with a line name = "…"; known: climb)"#);
}

#[test]
fn a_space_is_made_by_its_name_and_settings_alone_and_what_else_is_said_is_checked() {
    let space = |set: &[&str]| {
        let layers = set.iter().fold(Layers::new(), |layers, assignment| layers.set(assignment).unwrap());
        layers.space(&plugins()).map(|(name, _)| name)
    };
    assert_snapshot!(space(&["space.name=hills"]).unwrap_err(), @"--set space.name=hills: `space.settings`: not built in these tests");
    assert_snapshot!(space(&[]).unwrap_err(), @r#"the experiment: [space] is missing: the search space (add a section [space] with a line name = "…"; known: hills)"#);
    assert_snapshot!(space(&["space.name=hills", "space.height=3"]).unwrap_err(), @"--set space.height=3: `space.height`: no such setting (none is known)");
    assert_snapshot!(space(&["space.name=hills", "dataset.name=etchings"]).unwrap_err(), @"--set dataset.name=etchings: there is no dataset `etchings` (known: photographs)");
}

#[test]
fn two_plugins_of_one_name_are_an_error_that_names_both_crates_in_any_order() {
    static OTHER: Entry<Proxy> = Entry {
        name: "slope",
        summary: "",
        origin: Origin::Crate("another-crate"),
        settings: &[],
        resolve: |given| Ok(given.clone()),
        build: &|_| Ok(Box::new(Proxy::own(Slope::default()))),
    };
    for entries in [[&PROXY, &OTHER], [&OTHER, &PROXY]] {
        let error = Registry::of(entries).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "two plugins are called proxy `slope`: one from crate `another-crate`, one from crate `tests`; rename one of them, or leave one out"
        );
    }
}
