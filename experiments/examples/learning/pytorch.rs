//! The same steps in PyTorch, where a Python with it is.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assay_core::network::Network;
use assay_export::{Model, to_pytorch};
use assay_weights::{RunningStatistics, Weights};

use crate::Fallible;

/// A Python that can import torch.
pub(crate) struct Python {
    program: OsString,
    pub(crate) version: String,
}

/// Steps of a supernet: its size, what a step is, the architectures that take turns, images, threads, and how long a turn lasts.
pub(crate) struct Supernets<'a> {
    pub(crate) channels: usize,
    pub(crate) cells: usize,
    pub(crate) kind: &'a str,
    pub(crate) paths: &'a [String],
    pub(crate) batch: usize,
    pub(crate) threads: usize,
    pub(crate) turn: Duration,
}

impl Python {
    /// The one that `ASSAY_PYTHON_TORCH` names, or the system's.
    pub(crate) fn find() -> Option<Self> {
        let named = std::env::var_os("ASSAY_PYTHON_TORCH").into_iter();
        let candidates = named.chain(["python3", "/usr/bin/python3"].map(OsString::from));
        let version = |program: OsString| {
            let output = Command::new(&program).args(["-c", "import torch; print(torch.__version__)"]).output().ok()?;
            let version = String::from_utf8(output.stdout).ok()?.trim().to_owned();
            output.status.success().then_some(Self { program, version })
        };
        candidates.filter_map(version).next()
    }

    /// The shortest of the steps of one turn, in seconds.
    pub(crate) fn turn(&self, network: &Network, batch: usize, threads: usize, turn: Duration) -> Fallible<f64> {
        let folder = tempfile::tempdir()?;
        let statistics = Some(RunningStatistics::initial(network.graph()));
        let weights = Weights { network: network.clone(), statistics };
        std::fs::write(folder.path().join("network.py"), to_pytorch(&Model::new("measured", &weights))?)?;
        let arguments = [batch.to_string(), threads.to_string(), turn.as_secs_f64().to_string()];
        Ok(self.run("steps.py", &arguments, folder.path())?.trim().parse()?)
    }

    /// The mean over architectures of the shortest step of each, in seconds, and the memory that steps held, in MiB.
    pub(crate) fn supernet_turn(&self, wanted: &Supernets<'_>) -> Fallible<[f64; 2]> {
        let Supernets { channels, cells, kind, paths, batch, threads, turn } = wanted;
        let numbers = [channels.to_string(), cells.to_string(), (*kind).to_owned(), batch.to_string(), threads.to_string()];
        let mut arguments = numbers.to_vec();
        arguments.push(turn.as_secs_f64().to_string());
        arguments.extend(paths.iter().cloned());
        let printed = self.run("supernet.py", &arguments, Path::new("."))?;
        let mut found = printed.split_whitespace().map(str::parse);
        match (found.next(), found.next()) {
            (Some(seconds), Some(mebibytes)) => Ok([seconds?, mebibytes?]),
            _ => Err(format!("supernet.py printed {printed:?}").into()),
        }
    }

    /// What a script beside this file prints.
    fn run(&self, script: &str, arguments: &[String], folder: &Path) -> Fallible<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/learning").join(script);
        let output = Command::new(&self.program).arg(script).args(arguments).current_dir(folder).output()?;
        if !output.status.success() {
            return Err(format!("PyTorch: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
