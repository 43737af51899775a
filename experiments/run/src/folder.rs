//! The folder of a run: its name, its lock, and files that are there whole or not at all.
//!
//! The files of the result reach the disk together, before the summary does, which makes the run a finished one: a run that a
//! power cut stops before that makes its result again, of what its journal or its checkpoint holds.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use assay_core::experiment::Experiment;
use assay_results::files::{BEGUN, CHECKSUMS, EXPERIMENT, LOG, SUMMARY};
use assay_results::{Begun, Checksums, Kind, Provenance};
use assay_whole_file::Batch;
use serde::Serialize;

use crate::{RunError, VERSION, provenance};

const LOCK: &str = ".lock";

/// A run folder that this process alone writes.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Those that are not on the disk yet.
    files: Arc<Batch>,
    /// Of the files that this session wrote.
    checksums: Mutex<Checksums>,
    // Held for its lock, which the system gives back however the process ends.
    _lock: File,
    is_locked: bool,
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
                make_unique(parent, &format!("{}{}", prefix(experiment), timestamp(SystemTime::now())?))?
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
        let mut checksums = Checksums::default();
        for name in [EXPERIMENT, BEGUN] {
            if let Ok(bytes) = fs::read(path.join(name)) {
                checksums.insert(name, &bytes);
            }
        }
        Ok((Self { checksums: Mutex::new(checksums), ..folder }, false))
    }

    /// Writes down what is begun.
    fn begin(&self, experiment: &Experiment, kind: Kind, provenance: Provenance) -> Result<(), RunError> {
        // Those of an earlier session are of other files from now on.
        match fs::remove_file(self.path.join(CHECKSUMS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot("remove", &self.path.join(CHECKSUMS), error)),
            _ => {}
        }
        let begun = Begun { kind, assay: VERSION.into(), provenance: Some(provenance) };
        self.write(EXPERIMENT, experiment.to_toml()?.as_bytes()).and_then(|()| self.write_json(BEGUN, &begun))
    }

    fn lock(path: PathBuf) -> Result<Self, RunError> {
        let file = path.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(|error| cannot("write", &file, error))?;
        let is_locked = match lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(false),
            Err(TryLockError::WouldBlock) => Err(RunError::Folder {
                message: format!("the run `{}` is being written by another process", path.display()),
                help: Some("wait for it to end, or end it".into()),
            }),
            Err(TryLockError::Error(error)) => Err(cannot("lock", &file, error)),
        }?;
        assay_whole_file::remove_unfinished(&path);
        Ok(Self { path, files: Arc::default(), checksums: Mutex::default(), _lock: lock, is_locked })
    }

    /// Whether a second process is kept from writing it. Some file systems that several machines share have no locks.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.is_locked
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

    /// Writes a file of the result: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let target = self.path.join(name);
        self.files.write(&target, bytes).map_err(|error| cannot("write", &target, error))?;
        self.checksums.lock().unwrap_or_else(PoisonError::into_inner).insert(name, bytes);
        Ok(())
    }

    /// Writes a file that a later session continues from: whole, or not at all. When this returns, a power cut does not lose it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let target = self.path.join(name);
        // What is continued from it belongs to what stands in the others.
        let saved = self.files.sync().and_then(|()| assay_whole_file::write(&target, bytes));
        saved.map_err(|error| cannot("write", &target, error))
    }

    /// Writes the summary, which makes the run a finished one; everything else is on the disk by then.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(&self, summary: &[u8]) -> Result<(), RunError> {
        let text = {
            let mut checksums = self.checksums.lock().unwrap_or_else(PoisonError::into_inner);
            checksums.insert(SUMMARY, summary);
            checksums.text()
        };
        let sums = self.path.join(CHECKSUMS);
        self.files.write(&sums, text.as_bytes()).map_err(|error| cannot("write", &sums, error))?;
        self.save(SUMMARY, summary)
    }

    /// What brings the files to the disk that are not there yet.
    pub(crate) fn pending(&self) -> Arc<Batch> {
        Arc::clone(&self.files)
    }

    /// Writes a file of the result as JSON for people and programs: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(value).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
        json.push(b'\n');
        self.write(name, &json)
    }
}

/// Whether this is what a file system without locks says: NFS without its lock service, Lustre mounted without `flock`.
fn has_no_locks(error: &io::Error) -> bool {
    /// `ENOLCK` of Linux, which the library has no kind for.
    const NO_LOCKS: i32 = 37;
    error.kind() == io::ErrorKind::Unsupported || (cfg!(target_os = "linux") && error.raw_os_error() == Some(NO_LOCKS))
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
///
/// # Errors
/// If the time cannot be written so.
fn timestamp(now: SystemTime) -> Result<String, RunError> {
    /// The last second of the year 9999.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let wrong = |problem: &str| RunError::Folder {
        message: format!("the clock of this machine says a time {problem}, and runs are named by their time"),
        help: Some("set the clock, or name the run's folder with --run-dir".into()),
    };
    match now.duration_since(UNIX_EPOCH) {
        Err(_) => Err(wrong("before 1970")),
        Ok(since) if since > LAST => Err(wrong("after the year 9999")),
        Ok(_) => Ok(humantime::format_rfc3339_seconds(now).to_string().replace(['-', ':'], "")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_names_no_run_is_an_error() {
        let at = |seconds: u64| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(1_795_303_055).unwrap(), "20261121T231735Z");
        assert_eq!(at(253_402_300_799).unwrap(), "99991231T235959Z");
        for (time, said) in [(at(253_402_300_800), "after the year 9999"), (timestamp(UNIX_EPOCH - Duration::from_nanos(1)), "before 1970")]
        {
            assert!(time.unwrap_err().to_string().contains(said));
        }
    }
}
