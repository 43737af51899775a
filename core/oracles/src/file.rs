//! One oracle: its scalars and its tensors.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::OracleError;

/// The two files of an oracle.
#[derive(Clone, Debug)]
pub struct OracleFile {
    path: PathBuf,
    json: Value,
    tensors: Vec<u8>,
}

impl OracleFile {
    /// Reads `NAME.json` and the tensors beside it.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn read(path: &Path) -> Result<Self, OracleError> {
        let bytes = |path: &Path| std::fs::read(path).map_err(|error| wrong(path, error));
        let json = serde_json::from_slice(&bytes(path)?).map_err(|error| wrong(path, error))?;
        let beside = path.with_extension("safetensors");
        let tensors = bytes(&beside)?;
        SafeTensors::deserialize(&tensors).map_err(|error| wrong(&beside, error))?;
        Ok(Self { path: path.to_owned(), json, tensors })
    }

    /// The files of a folder whose names begin so, sorted by name.
    ///
    /// # Errors
    /// If there is none: who compares with nothing proves nothing.
    pub fn listed(folder: &Path, begin: &str) -> Result<Vec<PathBuf>, OracleError> {
        let failed = |error| wrong(folder, error);
        let entries = std::fs::read_dir(folder).map_err(failed)?;
        let mut found = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>().map_err(failed)?;
        let is_wanted = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(begin) && name.ends_with(".json")
        };
        found.retain(is_wanted);
        found.sort();
        if found.is_empty() { Err(wrong(folder, format!("holds no oracle {begin}*.json"))) } else { Ok(found) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its scalars.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Its scalars, as a type that knows them.
    ///
    /// # Errors
    /// If they are others.
    pub fn scalars<T: DeserializeOwned>(&self) -> Result<T, OracleError> {
        T::deserialize(&self.json).map_err(|error| wrong(&self.path, error))
    }

    /// What is wrong with the scalars.
    #[must_use]
    pub fn problem(&self, problem: impl ToString) -> OracleError {
        wrong(&self.path, problem)
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// If there is none of this name, or it holds something else.
    pub fn f64(&self, name: &str) -> Result<Vec<f64>, OracleError> {
        let path = self.path.with_extension("safetensors");
        let failed = |problem: String| OracleError::Tensor { path: path.clone(), name: name.to_owned(), problem };
        let tensors = SafeTensors::deserialize(&self.tensors).map_err(|error| wrong(&path, error))?;
        let tensor = tensors.tensor(name).map_err(|error| failed(error.to_string()))?;
        let data = tensor.data();
        Ok(match tensor.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
            Dtype::F64 => data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
            Dtype::I64 => data.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect(),
            Dtype::U8 => data.iter().copied().map(f64::from).collect(),
            other => return Err(failed(format!("holds {other:?}, which no oracle had when this was written"))),
        })
    }

    /// The same in 32 bits.
    ///
    /// # Errors
    /// As [`f64`](Self::f64).
    pub fn f32(&self, name: &str) -> Result<Vec<f32>, OracleError> {
        Ok(self.f64(name)?.into_iter().map(|value| value as f32).collect())
    }

    /// The names of tensors that begin so, without the beginning, sorted.
    #[must_use]
    pub fn names(&self, begin: &str) -> Vec<String> {
        let Ok(tensors) = SafeTensors::deserialize(&self.tensors) else { return Vec::new() };
        let mut names: Vec<String> = tensors.names().into_iter().filter_map(|name| name.strip_prefix(begin)).map(str::to_owned).collect();
        names.sort();
        names
    }
}

fn wrong(path: &Path, problem: impl ToString) -> OracleError {
    OracleError::File { path: path.to_owned(), problem: problem.to_string() }
}
