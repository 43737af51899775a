//! `assay show`: the result and the trajectory of a run, or the structure of a network of a file.

use std::path::{Path, PathBuf};

use assay_results::{Summary, match_kind};
use clap::Args;

use super::{Ending, network};
use crate::failure::Failure;
use crate::networks;

/// Show a finished run: its result, and its trajectory round by round
///
/// Of an ONNX file, show the network's structure: its nodes, shapes, parameters and multiply-adds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay show results/quickstart-seed0-20261121T231735Z
  assay show net.onnx --input 3x224x224      nodes, shapes, parameters and multiply-adds of an ONNX file")]
pub(super) struct Show {
    /// The run folder, or an ONNX file
    #[arg(value_name = "RUN|NET")]
    what: PathBuf,
    /// The axes of one image, where an ONNX file leaves them open
    #[arg(long, value_name = "CxHxW")]
    input: Option<String>,
    /// Print the structure of a network as JSON
    #[arg(long)]
    json: bool,
}

/// The summary of a kind of run, which the command of that kind shows to people.
pub(super) trait Shown {
    /// Prints it, with what else the folder has to be shown.
    fn show(&self, folder: &Path) -> Result<(), Ending>;
}

impl Show {
    pub(super) fn run(self) -> Result<(), Ending> {
        if self.what.to_str().is_some_and(networks::is_file) {
            return network::show(&self.what, self.input.as_deref(), self.json);
        }
        if self.json || self.input.is_some() {
            let problem = format!("--json and --input are for networks, and `{}` does not end in .onnx", self.what.display());
            return Err(Failure::new(problem).with_help("the summary of a run is JSON: summary.json in its folder").into());
        }
        match_kind!(Summary::read(&self.what)?, summary => summary.show(&self.what))
    }
}
