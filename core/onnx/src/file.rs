//! Reading a file's bytes: within a limit, and those of weights in other files of the same folder.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use assay_core::data::{open_file, read_file, read_limit, unreadable};
use prost::Message;
use prost::bytes::Bytes;

use crate::schema::{ModelProto, TensorProto};
use crate::{Problem, wire};

/// Decodes a file.
pub(crate) fn decode(bytes: Bytes) -> Result<ModelProto, Problem> {
    wire::check(&bytes)?;
    ModelProto::decode(bytes).map_err(|error| Problem::Damaged(error.to_string()))
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Bytes, Problem> {
    read_file(path).map(Bytes::from).map_err(|error| Problem::Unreadable(unreadable(Path::new("it"), error).to_string()))
}

/// Files beside a network's own, which hold weights. Each is read once.
pub(crate) struct Beside {
    folder: Option<PathBuf>,
    files: BTreeMap<PathBuf, Bytes>,
}

impl Beside {
    /// What lies in this folder; nothing where there is no folder.
    pub(crate) fn of(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_path_buf), files: BTreeMap::new() }
    }

    /// The bytes of a tensor that are in another file.
    pub(crate) fn bytes(&mut self, tensor: &TensorProto) -> Result<Bytes, Problem> {
        let wrong = |problem: String| Problem::tensor(&tensor.name, problem);
        let entry = |key: &str| tensor.external_data.iter().rev().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        let location = entry("location").ok_or_else(|| wrong("its numbers are in another file, which is not named".into()))?;
        let number = |key: &str| {
            entry(key)
                .map(|text| {
                    text.parse::<usize>().map_err(|_| wrong(format!("`{key}` of its numbers in {location} is not a number: `{text}`")))
                })
                .transpose()
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        let path = self.confined(location).map_err(&wrong)?;
        if !self.files.contains_key(&path) {
            let bytes = self.read(&path).map_err(wrong)?;
            self.files.insert(path.clone(), bytes);
        }
        let bytes = &self.files[&path];
        let end = length.map_or(Some(bytes.len()), |length| offset.checked_add(length));
        match end.filter(|end| offset <= *end && *end <= bytes.len()) {
            Some(end) => Ok(bytes.slice(offset..end)),
            None => {
                let span = length.map_or_else(|| format!("from {offset}"), |length| format!("{length} from {offset}"));
                Err(wrong(format!("its numbers are bytes {span} of {location}, which has {} bytes", bytes.len())))
            }
        }
    }

    /// The path of a file that must lie in the folder or below.
    fn confined(&self, location: &str) -> Result<PathBuf, String> {
        let outside = || {
            let folder = "only the network's own folder is read";
            format!("its numbers are in `{location}`; {folder}: put that file beside the network, and export with a plain name for it")
        };
        let folder = self.folder.as_ref().ok_or("its numbers are in another file, and the network is not a file here")?;
        let relative = Path::new(location);
        let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if location.is_empty() || location.contains('\\') || !is_plain {
            return Err(outside());
        }
        let path = folder.join(relative);
        // A link could lead out of the folder.
        let real = path.canonicalize().map_err(|error| unreadable(&path, error).to_string())?;
        let folder = folder.canonicalize().map_err(|error| unreadable(folder, error).to_string())?;
        if real.starts_with(folder) { Ok(real) } else { Err(outside()) }
    }

    fn read(&self, path: &Path) -> Result<Bytes, String> {
        let told = |error| unreadable(path, error).to_string();
        let held: u64 = self.files.values().map(|bytes| bytes.len() as u64).sum();
        let length = open_file(path).and_then(|file| file.metadata()).map_err(told)?.len();
        let limit = read_limit().map_err(told)?;
        if held.saturating_add(length) > limit {
            let (limit, variable) = (limit >> 20, assay_core::data::READ_LIMIT_VARIABLE);
            return Err(format!("the files of its numbers have more than {limit} MiB; if that is right, set {variable} to more"));
        }
        read_file(path).map(Bytes::from).map_err(told)
    }
}
