//! `assay score`: scores given architectures.

use std::path::PathBuf;
use std::sync::Arc;

use assay_core::engine::profile::Profile;
use assay_core::experiment::{Assembly, ExperimentError, Layers, PlannedProxy, Purpose};
use assay_core::plugin::{Listed, NotListed, Request};
use assay_core::score::{Direction, Reading, Score as ProxyScore};
use assay_core::subspace::Subspace;
use assay_results::present::reading::describe;
use assay_run::bench::records::Record;
use assay_run::bench::workbench::{Workbench, repeats};
use assay_run::{Observer, Unobserved};
use clap::Args;
use serde::Serialize;

use super::Ending;
use super::profile::Profiling;
use super::tabular::{render, table};
use crate::architectures::Architectures;
use crate::failure::Failure;
use crate::networks;
use crate::output::{self, OutputError, out, tell};

/// Score architectures with proxies, without training and without an experiment file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay score '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|' \\
    --proxy ntk-condition --proxy linear-regions --set proxies.ntk-condition.batch=16
  assay score @best.txt --proxy naswot --json          a list: an architecture a line, # begins a comment
  head -3 best.txt | assay score - --proxy params      a list on standard input
  assay score net.onnx models/ --proxy synflow --proxy naswot --input 3x224x224
                                                       networks of ONNX files, and of all in a folder, with their weights")]
pub struct Score {
    /// Architectures as the space writes them; @FILE and - for lists, one a line; or ONNX files, and folders of them
    #[arg(required = true, value_name = "ARCH")]
    pub architectures: Vec<String>,
    /// A proxy to score with (may be given again)
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
    /// Seeds weights and images [default: the experiment file's, else 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Print JSON with every digit and reading
    #[arg(long)]
    pub json: bool,
    /// Print at the end, to standard error, where the time went: by kind of work, with its speed
    #[arg(long)]
    pub profile: bool,
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
    readings: Vec<Reading>,
}

/// Scores with their protocol. As JSON they have every digit and reading.
#[derive(Debug, Serialize)]
pub struct Scores {
    protocol: String,
    scores: Vec<Line>,
}

impl Score {
    pub(super) fn run(self) -> Result<(), Ending> {
        let profiling = Profiling::start(self.profile);
        // Nothing is kept of a score, so Ctrl-C may end the program as it is.
        let scores = self.scores(&Unobserved, profiling.profile())?;
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
        let files = if layers.value_of("space.name").is_none() { networks::named(&self.architectures)? } else { None };
        let given = match &files {
            Some(files) => {
                layers = networks::layers(layers, files, self.input.as_deref())?;
                Architectures::of(files.iter().map(|file| file.display().to_string()))
            }
            None => Architectures::read(&self.architectures)?,
        };
        layers = layers.default_value("space.name", "nas-bench-201").default_value("dataset.name", "synthetic");
        let plugins = crate::plugins::of(&layers)?;
        let experiment = layers.resolve(Purpose::Score, &plugins)?;
        let assembly = Assembly::new(&experiment, &plugins);
        let space = assembly.space()?;
        let listed = Listed::read(space.as_ref(), &given.texts).map_err(|NotListed { row, error }| {
            Failure::new(format!("{} is not an architecture of {}: {error}", given.called(row), experiment.space.name)).of_what_was_asked()
        })?;
        listed.repeated.iter().for_each(|repeated| tell!("{repeated}; it is measured once."));
        let proxies = self.proxies(&assembly)?;
        let workbench = Workbench::of(&experiment, &assembly, space, proxies, profile)?;
        workbench.told().iter().for_each(|line| tell!("{line}"));
        let scores = self.measure(&workbench, &given.texts, &listed, observer)?;
        Ok(Scores { protocol: workbench.protocol(), scores })
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

    fn proxies(&self, assembly: &Assembly<'_>) -> Result<Vec<PlannedProxy>, ExperimentError> {
        let planned = |name: &String| Ok(PlannedProxy { label: name.clone(), name: name.clone(), proxy: assembly.proxy(name)? });
        self.proxy.iter().map(planned).collect()
    }

    fn measure(&self, workbench: &Workbench, texts: &[String], listed: &Listed, observer: &dyn Observer) -> Result<Vec<Line>, Failure> {
        let count = self.repeats as usize;
        let asked = |architecture| workbench.proxies.iter().map(move |proxy| (architecture, proxy));
        let wanted: Vec<(&Subspace, &PlannedProxy)> = listed.architectures.iter().flat_map(asked).collect();
        let requests: Vec<Request> =
            wanted.iter().flat_map(|(architecture, proxy)| repeats(&proxy.label, architecture, "score", count)).collect();
        if let Some(line) = workbench.estimate(&Vec::from_iter(&requests))? {
            tell!("{line}");
        }
        observer.phase("scoring");
        observer.expect(requests.len());
        let advance = |records: &[Record]| {
            observer.advance(records.len());
            Ok(())
        };
        let records = workbench.measure(&Vec::from_iter(&requests), observer, &advance).map_err(|error| Failure::new(error.to_string()))?;
        // Each architecture in the notations in which it was given, with what was measured of it once.
        let rows = texts.iter().zip(&listed.rows);
        let line = |text: &String, position: usize, proxy: usize| {
            let planned = &workbench.proxies[proxy];
            let first = (position * workbench.proxies.len() + proxy) * count;
            let readings: Vec<Reading> = records[first..first + count].iter().map(|record| record.reading.clone()).collect();
            let score = ProxyScore::of(planned.proxy.direction(), &readings);
            let engine = planned.proxy.is_drawn().then(|| workbench.other_engine_of(&listed.architectures[position])).flatten();
            Line { architecture: text.clone(), proxy: planned.name.clone(), engine: engine.map(str::to_owned), score, readings }
        };
        let lines = rows.flat_map(|(text, position)| (0..workbench.proxies.len()).map(move |proxy| (text, *position, proxy)));
        let lines = lines.map(|(text, position, proxy)| line(text, position, proxy));
        Ok(lines.collect())
    }
}

fn print(scores: &Scores) -> Result<(), OutputError> {
    let mut rows = table(&["architecture", "proxy", "score", "better is"]);
    for Line { architecture, proxy, score, .. } in &scores.scores {
        let better = match score.direction {
            Direction::HigherIsBetter => "higher",
            Direction::LowerIsBetter => "lower",
        };
        rows.add_row([architecture, proxy, &describe(score), better]);
    }
    out!("{}\n\nprotocol    {}", render(&rows), scores.protocol)
}
