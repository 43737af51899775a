//! Loads plugins at run time: shared libraries that speak the interface of `assay-plugin-sdk`.
//!
//! [`load`] finds the files, checks them before any of their code runs, and makes registry entries of what they declare.
//! Files are loaded once and stay for the life of the program, as do their entries.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod border;
mod callee;
mod description;
mod error;
mod file;
mod foreign;
#[cfg(test)]
mod fuzz;
#[cfg(unix)]
mod isolated;
mod kept;
mod library;
mod measurement;
mod object;
mod proxy;
mod source;
mod space;
mod strategy;
mod table;
mod whole;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_core::plugin::{Entry, Origin, Proxy, SearchSpace, SearchStrategy, Settings, SettingsError};
pub use border::{Working, end_program, working};
pub use error::{LoadError, LoadProblem};
#[cfg(unix)]
pub use isolated::{CHILD, begin_children_by, serve};
pub use library::Library;

use callee::{Callee, Instance};
use description::{Description, Plugin};
use file::PluginFile;
use kept::Kept;

/// The entries of one file.
#[derive(Clone)]
pub struct Entries {
    /// Search spaces.
    pub spaces: Vec<&'static Entry<dyn SearchSpace>>,
    /// Proxies.
    pub proxies: Vec<&'static Entry<Proxy>>,
    /// Strategies.
    pub strategies: Vec<&'static Entry<dyn SearchStrategy>>,
}

/// On what terms plugins run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terms {
    /// Proxies run in child processes; spaces and strategies cannot.
    pub isolate: bool,
    /// How long one call may take, without the time in which the host works for it. A child that takes longer is ended, and its
    /// measurement fails; where a plugin in this process takes longer, the program ends.
    pub timeout: Option<Duration>,
}

/// Loads every file that is named, and every shared library of the folders that are, in order of their names. The terms hold for
/// all that is loaded in this process.
///
/// A file that is named twice is loaded once.
#[must_use]
pub fn load(paths: &[PathBuf], terms: Terms) -> (Vec<Entries>, Vec<LoadError>) {
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    if let Err(error) = border::limit(terms.timeout) {
        let unwatched = |path: &PathBuf| LoadError::new(path, LoadProblem::Unwatched(error.to_string()));
        return (entries, paths.iter().map(unwatched).collect());
    }
    let mut seen = Vec::new();
    for path in paths {
        let files = match files(path) {
            Ok(files) => files,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for file in files {
            let whole = file.canonicalize().unwrap_or_else(|_| file.clone());
            if seen.contains(&whole) {
                continue;
            }
            seen.push(whole.clone());
            match once(&file, whole, terms) {
                Ok(found) => entries.push(found),
                Err(error) => errors.push(error),
            }
        }
    }
    (entries, errors)
}

/// The file itself, or the shared libraries in the folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return if path.exists() { Ok(vec![path.to_owned()]) } else { Err(LoadError::new(path, LoadProblem::Missing)) };
    }
    let unreadable = |error: std::io::Error| LoadError::new(path, LoadProblem::Unreadable(error.to_string()));
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let mut files: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION)).collect();
    files.sort();
    Ok(files)
}

/// Loads a file, unless that was done before.
fn once(file: &Path, whole: PathBuf, terms: Terms) -> Result<Entries, LoadError> {
    static LOADED: Mutex<BTreeMap<(PathBuf, Terms), Entries>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entries) = loaded.get(&(whole.clone(), terms)) {
        return Ok(entries.clone());
    }
    let entries = entries(file, terms)?;
    loaded.insert((whole, terms), entries.clone());
    Ok(entries)
}

/// What makes a proxy of a file, by its position and own settings.
type Make = Arc<dyn Fn(usize, &str) -> Result<Box<dyn Callee>, String> + Send + Sync>;

fn entries(path: &Path, terms: Terms) -> Result<Entries, LoadError> {
    let (description, make): (Description, Make) = if terms.isolate {
        isolated_proxies(path, terms.timeout)?
    } else {
        let file = open_here(path)?;
        let description = file.description.clone();
        (description, Arc::new(move |position, settings| Ok(Box::new(Instance::new(&file, position, settings)?))))
    };
    let needs_file = !(description.spaces.is_empty() && description.strategies.is_empty());
    // What is loaded already is loaded once: the system's loader counts.
    let file = if needs_file { Some(open_here(path)?) } else { None };
    let origin = Origin::File(kept::text(&path.display().to_string()));
    let label = description.label(path);
    let proxies = description.proxies.iter().enumerate().map(|(position, about)| {
        let (about, make, label) = (about.clone(), Arc::clone(&make), label.clone());
        entry(origin, &about.clone(), move |settings| proxy::build(&about, &label, settings, |own| make(position, own)))
    });
    let spaces = description.spaces.iter().enumerate().zip(file.iter().cycle()).map(|((position, about), file)| {
        let (own, file) = (about.clone(), Arc::clone(file));
        entry(origin, about, move |settings| space::build(&file, position, &own, settings))
    });
    let strategies = description.strategies.iter().enumerate().zip(file.iter().cycle()).map(|((position, about), file)| {
        let (own, file) = (about.clone(), Arc::clone(file));
        entry(origin, about, move |settings| strategy::build(&file, position, &own, settings))
    });
    Ok(Entries { spaces: spaces.collect(), proxies: proxies.collect(), strategies: strategies.collect() })
}

/// Opens a file whose code runs in this process from now on.
fn open_here(path: &Path) -> Result<Arc<PluginFile>, LoadError> {
    border::guard();
    PluginFile::open(path)
}

/// A registry entry.
fn entry<T: Kept + ?Sized>(
    origin: Origin,
    about: &Plugin,
    build: impl Fn(&Settings) -> Result<Box<T>, SettingsError> + Send + Sync + 'static,
) -> &'static Entry<T> {
    let (name, summary, settings) = (kept::text(&about.name), kept::text(&about.summary), about.kept_settings());
    // What is not given, the plugin's own code fills in.
    let resolve = |given: &Settings| Ok(given.clone());
    T::list().entry(Entry { name, summary, origin, settings, resolve, build: T::list().maker(build) })
}

#[cfg(unix)]
fn isolated_proxies(path: &Path, timeout: Option<Duration>) -> Result<(Description, Make), LoadError> {
    let description = isolated::describe(path, timeout)?;
    let path = path.to_owned();
    Ok((description, Arc::new(move |position, settings| Ok(Box::new(isolated::Isolated::new(&path, timeout, position, settings)?)))))
}

#[cfg(not(unix))]
fn isolated_proxies(path: &Path, _: Option<Duration>) -> Result<(Description, Make), LoadError> {
    Err(LoadError::new(path, LoadProblem::Child("isolation needs a Unix system; set isolate = false".into())))
}
