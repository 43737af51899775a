//! The folder of a run: its name, its lock, and files that are there whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assay_core::experiment::Experiment;
use assay_results::files::{BEGUN, EXPERIMENT, LOG};
use assay_results::{Begun, Kind, Provenance};
use serde::Serialize;

use crate::{RunError, VERSION, provenance};

const LOCK: &str = ".lock";

/// A run folder that this process alone writes.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    // Held for its lock, which the system gives back however the process ends.
    _lock: File,
}

impl RunFolder {
    /// Makes a new run folder: `at`, or one under the experiment's output folder named by name, seed and time. What will be
    /// measured in it belongs to this provenance.
    ///
    /// # Errors
    /// If it cannot be made, or `at` already holds something.
    pub fn create(experiment: &Experiment, kind: Kind, provenance: Provenance, at: Option<&Path>) -> Result<Self, RunError> {
        let path = match at {
            Some(path) => {
                fs::create_dir_all(path).map_err(|error| cannot("make the run folder", path, error))?;
                let entries = fs::read_dir(path).map_err(|error| cannot("read the run folder", path, error))?;
                // A run that was killed before its first file leaves hidden ones only.
                let is_visible = |entry: &fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
                if entries.filter_map(Result::ok).any(|entry| is_visible(&entry)) {
                    let help = "name another folder, or continue the run in it with --resume".into();
                    return Err(RunError::Folder {
                        message: format!("the run folder `{}` is not empty", path.display()),
                        help: Some(help),
                    });
                }
                path.to_owned()
            }
            None => {
                let parent = &experiment.output;
                fs::create_dir_all(parent).map_err(|error| cannot("make the output folder", parent, error))?;
                make_unique(parent, &format!("{}{}", prefix(experiment), timestamp()))?
            }
        };
        let folder = Self::lock(path)?;
        let written = folder.begin(experiment, kind, provenance);
        if written.is_err() && at.is_none() {
            // Nothing is in it yet; a folder without an experiment does not hold a run.
            drop(fs::remove_dir_all(&folder.path));
        }
        written.map(|()| folder)
    }

    /// Opens an existing run folder to continue it. Says whether it is known that its measurements belong to this provenance:
    /// earlier versions did not write down to what they belong.
    ///
    /// # Errors
    /// If another process is writing it, or its measurements belong to something else.
    pub fn resume(path: &Path, experiment: &Experiment, kind: Kind, provenance: Provenance) -> Result<(Self, bool), RunError> {
        let folder = Self::lock(path.to_owned())?;
        let is_known = provenance::check(path, &provenance)?;
        if is_known || !provenance::is_measured(path) {
            // With the place that the data has now.
            folder.begin(experiment, kind, provenance)?;
            return Ok((folder, true));
        }
        Ok((folder, false))
    }

    /// Writes down what is begun.
    fn begin(&self, experiment: &Experiment, kind: Kind, provenance: Provenance) -> Result<(), RunError> {
        let begun = Begun { kind, assay: VERSION.into(), provenance: Some(provenance) };
        self.write(EXPERIMENT, experiment.to_toml()?.as_bytes()).and_then(|()| self.write_json(BEGUN, &begun))
    }

    fn lock(path: PathBuf) -> Result<Self, RunError> {
        let file = path.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(|error| cannot("write", &file, error))?;
        match lock.try_lock() {
            Ok(()) => {
                assay_whole_file::remove_unfinished(&path);
                Ok(Self { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(RunError::Folder {
                message: format!("the run `{}` is being written by another process", path.display()),
                help: Some("wait for it to end, or end it".into()),
            }),
            Err(TryLockError::Error(error)) => Err(cannot("lock", &file, error)),
        }
    }

    /// The run's log, to be appended to.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open_log(&self) -> Result<File, RunError> {
        let path = self.path.join(LOG);
        File::options().append(true).create(true).open(&path).map_err(|error| cannot("write", &path, error))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the run: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let target = self.path.join(name);
        assay_whole_file::write(&target, bytes).map_err(|error| cannot("write", &target, error))
    }

    /// Writes a file of the run as JSON for people and programs: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(value).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
        json.push(b'\n');
        self.write(name, &json)
    }

    /// Writes a file of the run through `fill`: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_with(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), RunError> {
        let target = self.path.join(name);
        assay_whole_file::write_with(&target, fill).map_err(|error| cannot("write", &target, error))
    }
}

pub(crate) fn cannot(doing: &str, path: &Path, error: io::Error) -> RunError {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            Some("make room on the disk; what was measured is kept, and --resume continues from it".into())
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => {
            Some("name a folder that can be written with --run-dir, or with --set output=FOLDER".into())
        }
        _ => None,
    };
    RunError::Folder { message: format!("cannot {doing} `{}`: {error}", path.display()), help }
}

/// `NAME-seed0-`, of a shard `NAME-seed0-shard2of4-`.
pub(crate) fn prefix(experiment: &Experiment) -> String {
    let shard = experiment.study.as_ref().and_then(|study| study.shard);
    let shard = shard.map_or(String::new(), |shard| format!("shard{}of{}-", shard.number(), shard.of()));
    format!("{}-seed{}-{shard}", experiment.name, experiment.seed)
}

/// `20261121T231735Z`: sorts by time.
fn timestamp() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(['-', ':'], "")
}

fn make_unique(parent: &Path, name: &str) -> Result<PathBuf, RunError> {
    let mut path = parent.join(name);
    for number in 2.. {
        match fs::create_dir(&path) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => path = parent.join(format!("{name}-{number}")),
            Err(error) => return Err(cannot("make the run folder", &path, error)),
        }
    }
    Ok(path)
}
