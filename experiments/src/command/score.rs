//! `assay score`: scores given architectures.

use std::path::PathBuf;
use std::sync::Arc;

use assay_core::engine::profile::Profile;
use assay_core::experiment::{Assembly, Experiment, ExperimentError, Layers, PlannedProxy, Purpose};
use assay_core::plugin::{Aggregate, Listed, NotListed, Request};
use assay_core::score::{Direction, Reading, Score as ProxyScore};
use assay_core::subspace::Subspace;
use assay_onnx::Imported;
use assay_results::present::reading::describe;
use assay_run::Observer;
use assay_run::bench::workbench::{Workbench, repeats};
use clap::Args;
use serde::Serialize;

use super::Ending;
use super::profile::Profiling;
use super::tabular::{render, table};
use crate::architectures::Architectures;
use crate::failure::Failure;
use crate::networks;
use crate::output::{self, OutputError, out, tell};
use crate::reference::{Judged, Reference, Standing};

/// What measurements are for: the draws of a score, which those of an aggregate share with its reference.
const PURPOSE: &str = "score";

/// Score architectures with proxies, without training and without an experiment file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay score '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|' \\
    --proxy ntk-condition --proxy linear-regions --set proxies.ntk-condition.batch=16
  assay score @best.txt --proxy naswot --json          a list: an architecture a line, # begins a comment
  head -3 best.txt | assay score - --proxy params      a list on standard input
  assay score @best.txt --proxy freerea --reference 50     an aggregate: one number, and how many of 50 random cells are worse
  assay score net.onnx models/ --proxy synflow --proxy naswot --input 3x224x224
                                                       networks of ONNX files, and of all in a folder, with their weights")]
pub struct Score {
    /// Architectures as the space writes them; @FILE and - for lists, one a line; or ONNX files, and folders of them
    #[arg(required = true, value_name = "ARCH")]
    pub architectures: Vec<String>,
    /// A proxy or an aggregate of proxies to score with (may be given again)
    #[arg(long, required = true, value_name = "NAME")]
    pub proxy: Vec<String>,
    /// The search space [default: nas-bench-201, and `files` where ONNX files are given]
    #[arg(long, value_name = "NAME")]
    pub space: Option<String>,
    /// The axes of one image, where ONNX files leave them open
    #[arg(long, value_name = "CxHxW")]
    pub input: Option<String>,
    /// The images [default: synthetic, for ONNX files of their size]
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// Take space, dataset, engine and proxy settings from this experiment file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a key of the experiment: dataset.path=FILE, proxies.ntk-condition.batch=16
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How often each is measured, with new weights and images; all architectures see the same ones
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub repeats: u32,
    /// Architectures that an aggregate compares with: a sample of the space, drawn by the seed, measured once and kept
    #[arg(long, default_value_t = Score::REFERENCE, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub reference: u32,
    /// Seeds weights and images [default: the experiment file's, else 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Print JSON with every digit and reading
    #[arg(long)]
    pub json: bool,
    /// Print at the end, to standard error, where the time went: by kind of work, with its speed
    #[arg(long)]
    pub profile: bool,
    /// Networks that a program read before, each with its name, in place of the architectures
    #[arg(skip)]
    pub networks: Vec<(String, Imported)>,
}

/// The scores of one architecture by one proxy.
#[derive(Debug, Serialize)]
struct Line {
    architecture: String,
    proxy: String,
    /// What measured it, where that is not the engine that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    #[serde(flatten)]
    score: ProxyScore,
    /// Of an aggregate, how many in a hundred of the reference are worse.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentile: Option<f64>,
    readings: Vec<Reading>,
}

/// Says what is worth keeping, and no progress.
struct Said;

impl Observer for Said {
    fn say(&self, line: &str) {
        tell!("{line}");
    }
}

/// What is scored with.
enum Asked {
    /// The proxy at this place of the workbench.
    Proxy(usize),
    /// An aggregate of the proxies at these places.
    Aggregate { name: String, aggregate: Aggregate, components: Vec<usize> },
}

/// Scores with their protocol. As JSON they have every digit and reading.
#[derive(Debug, Serialize)]
pub struct Scores {
    protocol: String,
    scores: Vec<Line>,
}

impl Score {
    /// How many architectures an aggregate compares with where nothing else is said.
    pub const REFERENCE: u32 = 100;

    pub(super) fn run(self) -> Result<(), Ending> {
        let profiling = Profiling::start(self.profile);
        // Nothing is kept of a score, so Ctrl-C may end the program as it is.
        let scores = self.scores(&Said, profiling.profile())?;
        if self.json {
            let json = serde_json::to_string_pretty(&scores).map_err(|error| Failure::new(error.to_string()))?;
            output::json(&json)?;
        } else {
            print(&scores)?;
        }
        profiling.print();
        Ok(())
    }

    /// The scores that are asked for. The times of the work are added to the profile, if there is one.
    ///
    /// # Errors
    /// If what is asked for does not fit, or a measurement fails or is interrupted.
    pub fn scores(&self, observer: &dyn Observer, profile: Option<&Arc<Profile>>) -> Result<Scores, Failure> {
        let mut layers = self.layers()?;
        let is_free = layers.value_of("space.name").is_none() && self.networks.is_empty();
        let files = if is_free { networks::named(&self.architectures)? } else { None };
        let given = match &files {
            Some(files) => {
                layers = networks::layers(layers, files, self.input.as_deref())?;
                Architectures::of(files.iter().map(|file| file.display().to_string()))
            }
            None if self.networks.is_empty() => Architectures::read(&self.architectures)?,
            None => {
                layers = networks::layers_of_given(layers, &self.networks);
                Architectures::of(self.networks.iter().map(|(name, _)| name.clone()))
            }
        };
        layers = layers.default_value("space.name", "nas-bench-201").default_value("dataset.name", "synthetic");
        let plugins = crate::plugins::of(&layers)?;
        let experiment = layers.resolve(Purpose::Score, &plugins)?;
        let assembly = Assembly::new(&experiment, &plugins);
        let space = match self.networks.as_slice() {
            [] => assembly.space()?,
            networks => Box::new(networks::space_of_given(networks, &experiment)?),
        };
        let listed = Listed::read(space.as_ref(), &given.texts).map_err(|NotListed { row, error }| {
            Failure::new(format!("{} is not an architecture of {}: {error}", given.called(row), experiment.space.name)).of_what_was_asked()
        })?;
        listed.repeated.iter().for_each(|repeated| tell!("{repeated}; it is measured once."));
        let (asked, proxies) = self.asked(&assembly)?;
        // Also where the space was named: its sample would be the files themselves, whatever they hold when they are read again.
        let of_files = experiment.space.name == networks::SPACE;
        if let (true, Some(Asked::Aggregate { name, .. })) = (of_files, asked.iter().find(|asked| matches!(asked, Asked::Aggregate { .. })))
        {
            let problem = format!("`{name}` compares an architecture with a sample of its space, and networks of files have none");
            return Err(Failure::new(problem).with_help("score the files by its components").of_what_was_asked());
        }
        let workbench = Workbench::of(&experiment, &assembly, space, proxies, profile)?;
        workbench.told().iter().for_each(|line| tell!("{line}"));
        let mut protocol = workbench.protocol();
        let references = self.references(&asked, &experiment, &workbench, observer)?;
        for (asked, reference) in asked.iter().zip(&references) {
            if let (Asked::Aggregate { name, aggregate, .. }, Some(reference)) = (asked, reference) {
                let size = reference.size();
                protocol.push_str(&format!("; {name}: {} among {size} random architectures and its own", aggregate.protocol()));
            }
        }
        let scores = self.measure(&workbench, (&asked, &references), &given.texts, &listed, observer)?;
        Ok(Scores { protocol, scores })
    }

    fn layers(&self) -> Result<Layers, ExperimentError> {
        let mut layers = Layers::new();
        if let Some(path) = &self.config {
            layers = layers.file(path)?;
        }
        layers = networks::with_input(layers.environment(), self.input.as_deref())?;
        let named = [("space.name", &self.space), ("dataset.name", &self.dataset)];
        let named = named.into_iter().filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}={value}")));
        let seed = self.seed.map(|seed| format!("seed={seed}"));
        for assignment in named.chain(seed).chain(self.set.iter().cloned()) {
            layers = layers.set(&assignment)?;
        }
        Ok(layers)
    }

    /// What is scored with, and the proxies that have to be measured for it.
    fn asked(&self, assembly: &Assembly<'_>) -> Result<(Vec<Asked>, Vec<PlannedProxy>), ExperimentError> {
        let mut proxies: Vec<PlannedProxy> = Vec::new();
        let mut place = |name: &str| match proxies.iter().position(|planned| planned.label == name) {
            Some(place) => Ok(place),
            None => {
                let proxy = assembly.proxy(name)?;
                proxies.push(PlannedProxy { label: name.to_owned(), name: name.to_owned(), proxy });
                Ok::<_, ExperimentError>(proxies.len() - 1)
            }
        };
        let mut asked = Vec::new();
        for name in &self.proxy {
            asked.push(match assembly.aggregate(name)? {
                None => Asked::Proxy(place(name)?),
                Some(aggregate) => {
                    let components = aggregate.components().iter().map(|component| place(&component.proxy)).collect::<Result<_, _>>()?;
                    Asked::Aggregate { name: name.clone(), aggregate, components }
                }
            });
        }
        Ok((asked, proxies))
    }

    /// For each aggregate, what it compares with.
    fn references(
        &self,
        asked: &[Asked],
        experiment: &Experiment,
        workbench: &Workbench,
        observer: &dyn Observer,
    ) -> Result<Vec<Option<Reference>>, Failure> {
        let space = serde_json::to_string(&experiment.space).map_err(|error| Failure::new(error.to_string()))?;
        let reference = |asked: &Asked| match asked {
            Asked::Proxy(_) => Ok(None),
            Asked::Aggregate { name, aggregate, .. } => {
                let judged = Judged { name, aggregate, space: space.clone(), repeats: self.repeats as usize };
                Reference::of(&judged, self.reference as usize, PURPOSE, workbench, observer).map(Some)
            }
        };
        asked.iter().map(reference).collect()
    }

    fn measure(
        &self,
        workbench: &Workbench,
        (asked, references): (&[Asked], &[Option<Reference>]),
        texts: &[String],
        listed: &Listed,
        observer: &dyn Observer,
    ) -> Result<Vec<Line>, Failure> {
        let count = self.repeats as usize;
        let wanted = |architecture| workbench.proxies.iter().map(move |proxy| (architecture, proxy));
        let wanted: Vec<(&Subspace, &PlannedProxy)> = listed.architectures.iter().flat_map(wanted).collect();
        let requests: Vec<Request> =
            wanted.iter().flat_map(|(architecture, proxy)| repeats(&proxy.label, architecture, PURPOSE, count)).collect();
        observer.phase("scoring");
        observer.expect(requests.len());
        let records = workbench.measure_told(&Vec::from_iter(&requests), requests.len(), &workbench.forecast(), observer)?;
        // Each architecture in the notations in which it was given, with what was measured of it once.
        let rows = texts.iter().zip(&listed.rows);
        let readings = |position: usize, proxy: usize| -> Vec<Reading> {
            let first = (position * workbench.proxies.len() + proxy) * count;
            records[first..first + count].iter().map(|record| record.reading.clone()).collect()
        };
        let score = |position: usize, proxy: usize| ProxyScore::of(workbench.proxies[proxy].proxy.direction(), &readings(position, proxy));
        let engine = |position: usize, proxies: &[usize]| {
            let is_drawn = proxies.iter().any(|proxy| workbench.proxies[*proxy].proxy.is_drawn());
            is_drawn.then(|| workbench.other_engine_of(&listed.architectures[position])).flatten().map(str::to_owned)
        };
        let line = |text: &String, position: usize, (asked, reference): (&Asked, &Option<Reference>)| match (asked, reference) {
            (Asked::Aggregate { name, aggregate, components }, Some(reference)) => {
                let means: Vec<Reading> = components.iter().map(|component| score(position, *component).reading).collect();
                let Standing { score: reading, percentile } = reference.standing(aggregate, &means)?;
                let score = ProxyScore { repeats: count, ..ProxyScore::of(Direction::HigherIsBetter, std::slice::from_ref(&reading)) };
                let engine = engine(position, components);
                Ok(Line { architecture: text.clone(), proxy: name.clone(), engine, score, percentile, readings: vec![reading] })
            }
            (Asked::Aggregate { name, .. }, None) => Err(Failure::new(format!("{name} has nothing to compare with"))),
            (Asked::Proxy(proxy), _) => {
                let (engine, readings) = (engine(position, &[*proxy]), readings(position, *proxy));
                let (proxy, score) = (workbench.proxies[*proxy].name.clone(), score(position, *proxy));
                Ok(Line { architecture: text.clone(), proxy, engine, score, percentile: None, readings })
            }
        };
        let lines = rows.flat_map(|(text, position)| asked.iter().zip(references).map(move |asked| (text, *position, asked)));
        lines.map(|(text, position, asked)| line(text, position, asked)).collect()
    }
}

fn print(scores: &Scores) -> Result<(), OutputError> {
    let are_compared = scores.scores.iter().any(|line| line.percentile.is_some());
    let mut heads = vec!["architecture", "proxy", "score", "better is"];
    heads.extend(are_compared.then_some("percentile"));
    let mut rows = table(&heads);
    for Line { architecture, proxy, score, percentile, .. } in &scores.scores {
        let better = match score.direction {
            Direction::HigherIsBetter => "higher",
            Direction::LowerIsBetter => "lower",
        };
        let mut row = vec![architecture.clone(), proxy.clone(), describe(score), better.to_owned()];
        row.extend(are_compared.then(|| percentile.map_or_else(String::new, |percentile| format!("{percentile:.1}"))));
        rows.add_row(row);
    }
    out!("{}\n\nprotocol    {}", render(&rows), scores.protocol)
}
