//! `assay draw`: pictures of an architecture, or of a run that pruned.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Layers, Plugins};
use assay_core::plugin::{SearchSpace, Settings};
use assay_core::subspace::{Layout, Subspace};
use assay_report::draw::{self, DrawError, Picture};
use assay_report::{Run, Search};
use assay_results::Space;
use assay_results::files::EXPERIMENT;
use assay_spaces::files::Files;
use clap::Args;

use super::Ending;
use crate::failure::Failure;
use crate::networks;
use crate::output::out;

/// Draw an architecture's cells, or how a search pruned, as SVG and PNG
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay draw '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|' --output cell.svg
  assay draw \"Genotype(normal=[('sep_conv_3x3', 0), …], …)\"
  assay draw 'conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3' --space nas-bench-101
  assay draw results/tenas-darts-cifar10-seed0-…
  assay draw net.onnx --input 3x224x224

Of a run there are two pictures: `pruning`, the operators of every edge step by step, and `trajectory`, its states in the plane
of its two proxies.")]
pub(super) struct Draw {
    /// An architecture as its space writes it, a run folder, or an ONNX file
    #[arg(value_name = "ARCH|RUN|NET")]
    what: String,
    /// The space that the architecture is of [default: the one that can read it]
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// Set a key of the space: space.inputs=free
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The axes of one image, where an ONNX file leaves them open
    #[arg(long, value_name = "CxHxW")]
    input: Option<String>,
    /// A file that ends in .svg or .png, or the beginning of both files' names [default: `cell`, the run's folder, or the ONNX
    /// file's name]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
}

impl Draw {
    pub(super) fn run(self) -> Result<(), Ending> {
        let folder = Path::new(&self.what);
        if folder.is_dir() {
            return self.draw_run(folder, &crate::plugins::of_run(folder, &[])?);
        }
        if self.space.is_none() && networks::is_file(&self.what) {
            return self.draw_network();
        }
        let plugins = crate::plugins::installed()?;
        let (space, architecture) = match &self.space {
            Some(name) => self.read(name, &plugins)?,
            None => self.find(&plugins)?,
        };
        let text = space.write(&architecture).map_err(|error| Failure::new(error.to_string()))?;
        let sketches = space.sketch(&architecture).map_err(|error| Failure::new(error.to_string()))?;
        let picture = draw::architecture(space.layout(), &sketches, &text)?;
        write(&picture, &self.output.unwrap_or_else(|| PathBuf::from("cell")))?;
        Ok(())
    }

    /// The network of a file, node by node.
    fn draw_network(self) -> Result<(), Ending> {
        let file = Path::new(&self.what);
        let files = Files::read(&networks::chosen(Some(file), self.input.as_deref()));
        let files = files.map_err(|error| Failure::new(error.problem))?;
        let sketches = files.sketch(&Subspace::whole(files.layout())).map_err(|error| Failure::new(error.to_string()))?;
        let picture = draw::architecture(files.layout(), &sketches, &self.what)?;
        let stem = PathBuf::from(file.file_stem().unwrap_or(file.as_os_str()));
        write(&picture, &self.output.unwrap_or(stem))
    }

    /// The architecture, read by the space of this name.
    fn read(&self, name: &str, plugins: &Plugins) -> Result<(Box<dyn SearchSpace>, Subspace), Failure> {
        let mut layers = Layers::new().set(&format!("space.name={name}"))?;
        for assignment in &self.set {
            layers = layers.set(assignment)?;
        }
        let (name, space) = layers.space(plugins)?;
        let architecture =
            space.parse(&self.what).map_err(|error| Failure::new(format!("this is not an architecture of {name}: {error}")))?;
        Ok((space, architecture))
    }

    /// The architecture, read by the first space that can.
    fn find(&self, plugins: &Plugins) -> Result<(Box<dyn SearchSpace>, Subspace), Failure> {
        // A space that cannot be made without settings reads nothing here.
        let is_made = |name: &String| plugins.spaces.build(name, &Settings::none()).is_ok();
        let names: Vec<String> = plugins.spaces.iter().map(|entry| entry.name.to_owned()).filter(is_made).collect();
        let read = names.iter().find_map(|name| self.read(name, plugins).ok());
        read.ok_or_else(|| {
            let problem = format!("`{}` is neither a folder nor an architecture of {}", self.what, names.join(", "));
            Failure::new(problem).with_help("name its space with --space to be told what is wrong with it")
        })
    }

    fn draw_run(&self, folder: &Path, plugins: &Plugins) -> Result<(), Ending> {
        let run = Run::read(folder)?;
        let Some(search) = run.found.of::<Search>() else {
            let problem = format!("`{}` holds no search, and only searches prune", folder.display());
            return Err(Failure::new(problem).with_help("its charts are in its report: assay report RUN").into());
        };
        let mut trajectory = search.trajectory.clone();
        if Space::read(folder)?.is_none() {
            let known = layout_of_run(folder, plugins)?;
            if known.has_names_of(&trajectory.layout) {
                trajectory.layout = known;
            }
        }
        let pictures = [draw::pruning(&search.summary, &trajectory)?, draw::plane(&search.summary, &trajectory)?];
        let stem = self.output.clone().unwrap_or_else(|| folder.to_owned());
        if extension(&stem).is_some() {
            let problem = format!("a run is drawn in two pictures, but `{}` is one file", stem.display());
            return Err(Failure::new(problem).with_help("name a folder").into());
        }
        std::fs::create_dir_all(&stem).map_err(|error| Failure::new(format!("`{}` cannot be made: {error}", stem.display())))?;
        for picture in &pictures {
            write(picture, &stem.join(picture.name))?;
        }
        Ok(())
    }
}

/// The layout of the space that a run searched, by its experiment. Folders of the first 0.1.0 do not hold it.
fn layout_of_run(folder: &Path, plugins: &Plugins) -> Result<Layout, Failure> {
    let (_, space) = Layers::new().file(&folder.join(EXPERIMENT))?.space(plugins)?;
    Ok(space.layout().clone())
}

impl From<DrawError> for Failure {
    fn from(error: DrawError) -> Self {
        Self::new(error.to_string())
    }
}

/// What a file's name says it is to be.
fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str()).filter(|extension| ["svg", "png"].contains(extension))
}

/// Writes the picture to the file, or to two files where the path says of neither kind that it is meant.
fn write(picture: &Picture, path: &Path) -> Result<(), Ending> {
    let forms: [(&str, &[u8]); 2] = [("svg", picture.svg.as_bytes()), ("png", &picture.png)];
    let wanted = extension(path);
    for (form, bytes) in forms.into_iter().filter(|(form, _)| wanted.is_none_or(|wanted| wanted == *form)) {
        let file = if wanted.is_some() { path.to_owned() } else { PathBuf::from(format!("{}.{form}", path.display())) };
        assay_whole_file::write(&file, bytes).map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", file.display())))?;
        out!("{}", file.display())?;
    }
    Ok(())
}
