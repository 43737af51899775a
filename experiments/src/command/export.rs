//! `assay export`: an architecture's network for other programs.

use std::io::IsTerminal;
use std::path::PathBuf;

use assay_core::graph::{Graph, Shape};
use assay_core::network::Initialiser;
use assay_core::plugin::{MacroNet, Part, Words};
use assay_export::{Model, to_burn, to_dot, to_onnx, to_pytorch};
use assay_run::machine;
use clap::{Args, ValueEnum};

use super::Ending;
use crate::architectures::Architectures;
use crate::drawn;
use crate::failure::Failure;
use crate::networks;
use crate::output::{self, tell};

/// Write an architecture's network for PyTorch, ONNX, burn or Graphviz, or its weights
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay export '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|' \\
    --to onnx --output cell.onnx
  assay export \"$GENOTYPE\" --space darts --channels 36 --cells 20 --to pytorch --output network.py
  assay export \"$GENOTYPE\" --space darts --channels 36 --cells 20 --to onnx --weights weights.safetensors --output network.onnx
  assay export @best.txt --space darts --to genotype         a list, one a line, as the space writes each

Weights are drawn from the seed, or read with --weights from what `assay train` or --to safetensors wrote. With the running
statistics of a training, batch normalisation uses those; without them, the statistics of the batch, as Assay's measurements.")]
pub(super) struct Export {
    /// The architecture in a notation of its space; with --to genotype also @FILE or - for a list, one a line
    #[arg(value_name = "ARCH")]
    architecture: String,
    /// What to write
    #[arg(long, value_name = "FORMAT")]
    to: Format,
    /// The file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The search space [default: nas-bench-201]
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// Take the space and its settings from this experiment file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a key of the experiment: space.network=imagenet
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Channels of the first stage
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    channels: u16,
    /// Cells: a stage, in spaces with stages
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    cells: u16,
    /// Classes
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    classes: u32,
    /// Channels, height and width of the images
    #[arg(long, default_value = "3x32x32", value_name = "CxHxW", value_parser = image)]
    image: Shape,
    /// A safetensors file with the network's weights
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "initialiser"])]
    weights: Option<PathBuf>,
    /// Seeds the weights
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// How weights are drawn
    #[arg(long, default_value = "uniform-fan-in", value_name = "NAME", value_parser = initialiser)]
    initialiser: Initialiser,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The architecture as the literature writes it
    Genotype,
    /// A Python module that needs only torch
    Pytorch,
    /// An ONNX file, operator set 17
    Onnx,
    /// A Rust file with a burn 0.21 module
    Burn,
    /// A drawing for Graphviz
    Dot,
    /// The weights
    Safetensors,
}

impl Export {
    pub(super) fn run(self) -> Result<(), Ending> {
        if self.space.is_none() && networks::is_file(&self.architecture) {
            return Err(of_a_file(&self.architecture).into());
        }
        let plugins = crate::plugins::installed()?;
        let (name, space) = drawn::layers(self.config.as_deref(), self.space.as_deref(), &self.set)?.space(&plugins)?;
        let given = Architectures::read(std::slice::from_ref(&self.architecture))?;
        let written = |(position, text): (usize, &String)| {
            let both = space.parse(text).and_then(|subspace| space.write(&subspace).map(|genotype| (subspace, genotype)));
            both.map_err(|error| Failure::new(format!("{}this is not an architecture of {name}: {error}", given.place(position))))
        };
        let all = given.texts.iter().enumerate().map(written).collect::<Result<Vec<_>, Failure>>()?;
        if self.to == Format::Genotype {
            let lines: String = all.iter().map(|(_, genotype)| format!("{genotype}\n")).collect();
            return self.put(lines.as_bytes());
        }
        let [(subspace, genotype)] = &all[..] else {
            let problem = format!("a list of {} architectures can be written with --to genotype only", all.len());
            return Err(Failure::new(problem).with_help("export one after the other, each to a file of its own").into());
        };
        if space.protocol().is_some() {
            return Err(of_a_file(genotype).into());
        }
        let net = MacroNet {
            input: self.image,
            channels: self.channels.into(),
            cells: self.cells.into(),
            classes: self.classes as usize,
            part: Part::Classifier,
        };
        let graph = drawn::lowered(space.as_ref(), subspace, &net)?;
        self.check_memory(&graph)?;
        let weights = drawn::weights(graph, self.weights.as_deref(), self.initialiser, self.seed)?;
        let title = format!("{name} {genotype}, {} channels, {} cells", self.channels, self.cells);
        let model = Model::new(&title, &weights);
        let bytes = match self.to {
            Format::Pytorch => to_pytorch(&model).map_err(|error| Failure::new(error.to_string()))?.into_bytes(),
            Format::Onnx => to_onnx(&model).map_err(|error| Failure::new(error.to_string()))?,
            Format::Burn => to_burn(&model).map_err(|error| Failure::new(error.to_string()))?.into_bytes(),
            Format::Dot => to_dot(&model).into_bytes(),
            Format::Genotype | Format::Safetensors => weights.to_bytes().map_err(|error| Failure::new(error.to_string()))?,
        };
        self.put(&bytes)
    }

    /// Whether the memory is there for as many copies of the weights as are held at once.
    fn check_memory(&self, graph: &Graph) -> Result<(), Failure> {
        const MIB: usize = 1 << 20;
        // The file's bytes and what is read of them; what is written and its parts. Weights that no format asks for are not drawn.
        let read = if self.weights.is_some() { 2 } else { 0 };
        let copies = read.max(match self.to {
            Format::Onnx => 3,
            Format::Safetensors => 2,
            Format::Genotype | Format::Pytorch | Format::Burn | Format::Dot => 0,
        });
        let needed = graph.parameter_count().saturating_mul(size_of::<f32>()).saturating_mul(copies);
        let available = machine::available_memory().map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        if needed <= available {
            return Ok(());
        }
        let problem = format!(
            "this network has {} parameters, whose export needs {} MiB of memory at the least, but only {} MiB are available",
            graph.parameter_count(),
            needed.div_ceil(MIB),
            available / MIB
        );
        let help = "use fewer --channels or --cells, or free memory; --to pytorch, burn or dot without --weights need no weights";
        Err(Failure::new(problem).with_help(help))
    }

    fn put(&self, bytes: &[u8]) -> Result<(), Ending> {
        let Some(path) = &self.output else {
            if matches!(self.to, Format::Onnx | Format::Safetensors) && std::io::stdout().is_terminal() {
                return Err(Failure::new("this format is not text for a terminal").with_help("name a file: --output FILE").into());
            }
            return Ok(output::bytes(bytes)?);
        };
        let written = assay_whole_file::write(path, bytes);
        written.map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", path.display())))?;
        tell!("Wrote {}.", path.display());
        Ok(())
    }
}

/// That a network of a file is not exported.
fn of_a_file(name: &str) -> Failure {
    Failure::new(format!("`{name}` is a network of a file already, and an export would not have its weights"))
        .with_help("copy the file; assay show and assay draw show its structure")
}

fn image(text: &str) -> Result<Shape, String> {
    let sizes: Option<Vec<usize>> = text.split('x').map(|size| size.parse().ok().filter(|size| (1..=4096).contains(size))).collect();
    match sizes.as_deref() {
        Some([channels, height, width]) => Ok(Shape::new(*channels, *height, *width)),
        _ => Err("write channels, height and width, each from 1 to 4096: 3x32x32".into()),
    }
}

fn initialiser(text: &str) -> Result<Initialiser, String> {
    Initialiser::of(text).ok_or_else(|| format!("known: {}", Initialiser::WORDS.join(", ")))
}
