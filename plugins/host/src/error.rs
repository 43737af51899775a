//! Why a file cannot be loaded.

use std::path::{Path, PathBuf};

use assay_plugin_sdk::abi::{ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR};

/// A plugin file that cannot be loaded, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plugin `{}` {problem}", file.display())]
pub struct LoadError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: LoadProblem,
}

/// What is wrong with a plugin file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum LoadProblem {
    /// There is no such file or folder.
    #[error("is not there")]
    Missing,
    /// The folder cannot be listed.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The system's loader refuses it.
    #[error("is not a shared library that this system can load: {0}")]
    NotALibrary(String),
    /// It ends before what its own header speaks of.
    #[error("is cut short: it has {has} bytes, and its header speaks of {says}")]
    Short {
        /// Bytes it has.
        has: u64,
        /// Bytes it says it has.
        says: u64,
    },
    /// It is a library, but exports nothing that says it is a plugin.
    #[error("is a shared library, but not a plugin: it exports no symbol ASSAY_PLUGIN")]
    NoSymbol,
    /// The symbol is there, but is something else.
    #[error("is not a plugin: its symbol ASSAY_PLUGIN begins with {0:#018x}")]
    Magic(u64),
    /// It was made for another interface.
    #[error(
        "was built for plugin interface {major}.{minor}, and this program speaks {ASSAY_ABI_MAJOR}.0 to {ASSAY_ABI_MAJOR}.{ASSAY_ABI_MINOR}"
    )]
    Version {
        /// The major version of its interface.
        major: u32,
        /// The minor version of its interface.
        minor: u32,
    },
    /// A table has another length than its version says.
    #[error("says that its table {table} has {given} bytes, where interface {ASSAY_ABI_MAJOR}.{ASSAY_ABI_MINOR} has {expected}")]
    Length {
        /// Which table.
        table: String,
        /// Bytes it says it has.
        given: u32,
        /// Bytes it must have.
        expected: usize,
    },
    /// A function that every plugin of the kind must have is null.
    #[error("has a {kind} `{name}` without the function `{function}`")]
    Function {
        /// The kind of plugin.
        kind: String,
        /// Its name.
        name: String,
        /// The function.
        function: String,
    },
    /// A name, summary or setting is not what it must be.
    #[error("declares something wrong: {0}")]
    Declaration(String),
    /// Its calls cannot be watched.
    #[error("cannot be given a time limit, because the system refuses a thread that watches it: {0}")]
    Unwatched(String),
    /// The child process that loads it ended.
    #[error("could not be loaded in a child process: {0}")]
    Child(String),
}

impl LoadError {
    pub(crate) fn new(file: &Path, problem: LoadProblem) -> Self {
        Self { file: file.to_owned(), problem }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        let remove = "or take the file out of plugins.path";
        match &self.problem {
            LoadProblem::Missing => {
                "build the plugin, or correct plugins.path; relative paths of an experiment file are relative to the file".into()
            }
            LoadProblem::Unreadable(_) => format!("make it readable, {remove}"),
            LoadProblem::NotALibrary(_) => {
                format!("build it for this system as a shared library (crate-type = [\"cdylib\"], or cc -shared -fPIC), {remove}")
            }
            LoadProblem::Short { .. } => format!("copy or build it again, as a whole, {remove}"),
            LoadProblem::NoSymbol => format!("export one with assay_plugin_sdk::export! (in C: AssayPlugin ASSAY_PLUGIN), {remove}"),
            LoadProblem::Magic(_) => format!("begin the table with ASSAY_MAGIC, {remove}"),
            LoadProblem::Version { major, .. } if *major < ASSAY_ABI_MAJOR => {
                format!("rebuild the plugin against interface {ASSAY_ABI_MAJOR}, {remove}")
            }
            LoadProblem::Version { .. } => format!(
                "use a newer version of this program, or rebuild the plugin against interface {ASSAY_ABI_MAJOR}.{ASSAY_ABI_MINOR}, {remove}"
            ),
            LoadProblem::Length { .. } => format!("rebuild the plugin with the header or SDK of its version, {remove}"),
            LoadProblem::Function { .. } | LoadProblem::Declaration(_) => format!("correct the plugin's table, {remove}"),
            LoadProblem::Unwatched(_) => "let this user have more threads, or take plugins.timeout out of the experiment".into(),
            LoadProblem::Child(_) => format!("correct the plugin, {remove}"),
        }
    }
}
