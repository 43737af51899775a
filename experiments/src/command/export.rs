//! `assay export`: the network of an architecture or of a file for other programs.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_core::data::title_of;
use assay_core::graph::{Graph, Shape};
use assay_core::network::Initialiser;
use assay_core::plugin::{MacroNet, Part, Words};
use assay_export::{Model, to_burn, to_dot, to_pytorch};
use assay_onnx::Options;
use assay_run::machine;
use assay_weights::Weights;
use clap::{Args, ValueEnum};

use super::{Ending, network};
use crate::architectures::Architectures;
use crate::drawn;
use crate::failure::Failure;
use crate::networks;
use crate::output::{self, tell};

/// Write a network for PyTorch, ONNX, burn or Graphviz, or its weights
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay export '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|' \\
    --to onnx --output cell.onnx
  assay export \"$GENOTYPE\" --space darts --channels 36 --cells 20 --to pytorch --output network.py
  assay export \"$GENOTYPE\" --space darts --channels 36 --cells 20 --to onnx --weights weights.safetensors --output network.onnx
  assay export @best.txt --space darts --to genotype         a list, one a line, as the space writes each
  assay export net.onnx --to safetensors --output net.safetensors        the weights of an ONNX file

Weights are drawn from the seed, or read with --weights from what `assay train` or --to safetensors wrote. An ONNX file has its own,
unless --weights or --initialiser asks for others. With the running statistics of a training, batch normalisation uses those; without
them, the statistics of the batch, as Assay's measurements.")]
pub(super) struct Export {
    /// The architecture in a notation of its space, or an ONNX file; with --to genotype also @FILE or - for a list, one a line
    #[arg(value_name = "ARCH|NET")]
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
    /// Channels of the first stage [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    channels: Option<u16>,
    /// Cells: a stage, in spaces with stages [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    cells: Option<u16>,
    /// Classes [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    classes: Option<u32>,
    /// Channels, height and width of the images [default: 3x32x32]
    #[arg(long, value_name = "CxHxW", value_parser = image)]
    image: Option<Shape>,
    /// The axes of one image, where an ONNX file leaves them open
    #[arg(long, value_name = "CxHxW")]
    input: Option<String>,
    /// A safetensors file with the network's weights
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "initialiser"])]
    weights: Option<PathBuf>,
    /// Seeds the weights [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How weights are drawn [default: uniform-fan-in; an ONNX file has its own]
    #[arg(long, value_name = "NAME", value_parser = initialiser)]
    initialiser: Option<Initialiser>,
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
            return self.of_file(Path::new(&self.architecture));
        }
        if self.input.is_some() {
            let problem = format!("--input is for networks of files, and `{}` does not end in .onnx", self.architecture);
            return Err(Failure::new(problem).with_help("say the size of the images with --image").into());
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
            let problem = format!("`{genotype}` is a network of the space `{name}`, and not an architecture that one is made of");
            return Err(Failure::new(problem).with_help("name its file by a path that ends in .onnx, without --space").into());
        }
        let (channels, cells) = (self.channels.unwrap_or(16), self.cells.unwrap_or(5));
        let net = MacroNet {
            input: self.image.unwrap_or(Shape::new(3, 32, 32)),
            channels: channels.into(),
            cells: cells.into(),
            classes: self.classes.unwrap_or(10) as usize,
            part: Part::Classifier,
        };
        let graph = drawn::lowered(space.as_ref(), subspace, &net)?;
        self.check_memory(&graph)?;
        let weights = self.drawn(graph)?;
        let title = format!("{name} {genotype}, {channels} channels, {cells} cells");
        self.write(&Model::new(&title, &weights))
    }

    /// Writes the network of an ONNX file.
    fn of_file(&self, path: &Path) -> Result<(), Ending> {
        let sizes = [
            ("channels", self.channels.is_some()),
            ("cells", self.cells.is_some()),
            ("classes", self.classes.is_some()),
            ("image", self.image.is_some()),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, is_given)| *is_given) {
            let problem = format!("`{}` is a network already, and has its size: it takes no --{name}", path.display());
            return Err(Failure::new(problem).with_help("where it leaves the axes of an image open, --input says them").into());
        }
        if self.seed.is_some() && self.initialiser.is_none() {
            let problem = format!("`{}` has weights of its own, which --seed does not change", path.display());
            return Err(Failure::new(problem).with_help("draw others by --initialiser NAME and --seed").into());
        }
        if self.to == Format::Genotype {
            let problem = format!("`{}` is a network and not an architecture of a space: it has no genotype", path.display());
            return Err(Failure::new(problem).with_help("assay show prints its structure").into());
        }
        let axes = self.input.as_deref().map(assay_spaces::files::axes).transpose().map_err(|error| Failure::new(error.problem))?;
        let imported = assay_onnx::read(path, &Options { input: axes }).map_err(|error| Failure::new(error.to_string()))?;
        self.check_memory(&imported.graph)?;
        let weights = if self.weights.is_some() || self.initialiser.is_some() {
            self.drawn(Arc::clone(&imported.graph))?
        } else {
            network::weights(&imported)?
        };
        self.write(&Model { folded_norms: imported.folded_norms, ..Model::new(&title_of(path), &weights) })
    }

    /// A graph with weights that are read, or drawn.
    fn drawn(&self, graph: Arc<Graph>) -> Result<Weights, Failure> {
        let initialiser = self.initialiser.unwrap_or(Initialiser::UniformFanIn);
        drawn::weights(graph, self.weights.as_deref(), initialiser, self.seed.unwrap_or(0))
    }

    /// Writes a network in the format that was asked for; its genotype is not one of a network.
    fn write(&self, model: &Model<'_>) -> Result<(), Ending> {
        let bytes = match self.to {
            Format::Pytorch => to_pytorch(model).map_err(|error| Failure::new(error.to_string()))?.into_bytes(),
            Format::Onnx => network::onnx(model)?,
            Format::Burn => to_burn(model).map_err(|error| Failure::new(error.to_string()))?.into_bytes(),
            Format::Dot => to_dot(model).into_bytes(),
            Format::Genotype | Format::Safetensors => model.weights.to_bytes().map_err(|error| Failure::new(error.to_string()))?,
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
