//! Why what a run left cannot be read.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::files;
use crate::kind::Kind;

/// Why what a run left cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no run in the folder.
    #[error("`{folder}` holds no run: {file}: {error}", folder = folder.display(), file = folder.join(files::SUMMARY).display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The run has no result yet.
    #[error("the run `{folder}` is not finished", folder = folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// The kind of the run.
        kind: Kind,
    },
    /// The run is of another kind.
    #[error("`{folder}` holds a {found}, and not a {wanted}", folder = folder.display())]
    OtherKind {
        /// The folder.
        folder: PathBuf,
        /// What it holds.
        found: Kind,
        /// What was looked for.
        wanted: Kind,
    },
    /// A file cannot be opened.
    #[error("`{file}` cannot be read: {error}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is not what its name says.
    #[error("`{file}` cannot be read: {problem}", file = file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// The field that is wrong, and what is wrong with it: `correlations[3].tau_b: invalid type: …`.
        problem: String,
    },
    /// A file is not what the run wrote.
    #[error("`{file}` is damaged: {problem}", file = file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// A summary is of another form than this version reads.
    #[error("`{file}` has form {found} of a {kind}, and this version of assay reads form {read}", file = file.display())]
    Schema {
        /// The file.
        file: PathBuf,
        /// The kind of the run.
        kind: Kind,
        /// Its form.
        found: u32,
        /// The form that is read.
        read: u32,
    },
}

impl ReadError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoRun { .. } => Some("name a run folder, such as one under results/".into()),
            Self::Unfinished { folder, kind } => Some(format!("continue it with: {}", kind.resume(folder))),
            Self::Schema { .. } => Some("read it with the version of assay that wrote it, or make the run again".into()),
            Self::Damaged { file, .. } => {
                let summary = file.with_file_name(files::SUMMARY);
                let kept = "what was measured is kept, and the result can be made again of it";
                Some(format!("{kept}: remove {} and continue the run with --resume", summary.display()))
            }
            Self::OtherKind { .. } | Self::File { .. } | Self::Form { .. } => None,
        }
    }
}

/// The bytes of a file. A pipe or a device is refused: it may never end.
pub(crate) fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    let kind = std::fs::metadata(file)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return std::fs::read(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe or a device, not a file"))
}

/// Reads JSON, and says of what cannot be read which field it is.
pub(crate) fn parse<T: DeserializeOwned>(file: &Path, bytes: &[u8]) -> Result<T, ReadError> {
    let parsed = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes));
    parsed.map_err(|error| {
        let field = error.path().to_string();
        let problem = if field == "." { error.inner().to_string() } else { format!("{field}: {}", error.inner()) };
        ReadError::Form { file: file.to_owned(), problem }
    })
}

/// Reads a file of JSON; `None` where there is none.
pub(crate) fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, ReadError> {
    match read_bytes(file) {
        Ok(bytes) => parse(file, &bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadError::File { file: file.to_owned(), error }),
    }
}
