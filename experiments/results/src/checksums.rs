//! The checksums of a run's files: `checksums.txt`, as `sha256sum` writes and checks it.
//!
//! A finished run has one line for each file of its result, the summary included. Whoever reads one of them compares it, so that
//! what changed on a disk is told and not shown. Runs of earlier versions have none, and are read as they are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{ReadError, read_bytes};
use crate::files;

/// The checksums of files, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksums(BTreeMap<String, String>);

impl Checksums {
    /// Adds a file with this content, in place of an earlier one of the name.
    pub fn insert(&mut self, name: &str, bytes: &[u8]) {
        self.0.insert(name.to_owned(), hexadecimal(bytes));
    }

    /// As the text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect()
    }

    /// Reads the file's text. Gives the first line that is wrong.
    fn parse(text: &[u8]) -> Result<Self, usize> {
        let line = |line: &[u8]| {
            let (sum, name) = std::str::from_utf8(line).ok()?.split_once("  ")?;
            let is_sum = sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            (is_sum && !name.is_empty()).then(|| (name.to_owned(), sum.to_owned()))
        };
        let Some(text) = text.strip_suffix(b"\n") else { return Err(1) };
        let lines = text.split(|byte| *byte == b'\n').zip(1..).map(|(text, number)| line(text).ok_or(number));
        lines.collect::<Result<_, _>>().map(Self)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file of a finished run, and compares it with its checksum.
///
/// # Errors
/// If it cannot be read, or is not what was written.
pub fn read_checked(file: &Path) -> Result<Vec<u8>, ReadError> {
    let bytes = read_bytes(file).map_err(|error| ReadError::File { file: file.to_owned(), error })?;
    check(file, &bytes)?;
    Ok(bytes)
}

/// The same; `None` where there is no such file.
///
/// # Errors
/// As [`read_checked`], but for a file that is not there.
pub(crate) fn read_if_any(file: &Path) -> Result<Option<Vec<u8>>, ReadError> {
    match read_checked(file) {
        Err(ReadError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Compares what a file of a finished run holds with its checksum.
///
/// # Errors
/// If it is not what was written, or the checksums cannot be read.
pub fn check(file: &Path, bytes: &[u8]) -> Result<(), ReadError> {
    let sums = file.with_file_name(files::CHECKSUMS);
    let text = match read_bytes(&sums) {
        Ok(text) => text,
        // An earlier version wrote it, or it is not a file of a run.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ReadError::File { file: sums, error }),
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let problem = match Checksums::parse(&text) {
        Ok(Checksums(known)) => match known.get(name.as_ref()) {
            Some(sum) if *sum == hexadecimal(bytes) => return Ok(()),
            Some(_) => format!("it does not fit its checksum in {}", sums.display()),
            None => format!("{} has no checksum of it, or is damaged itself", sums.display()),
        },
        Err(line) => format!("line {line} of {} is not a checksum", sums.display()),
    };
    Err(ReadError::Damaged { file: file.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_file_or_of_its_checksums_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let [file, sums] = ["space.json", files::CHECKSUMS].map(|name| folder.path().join(name));
        let content = b"{\"name\":\"tiny\"}\n";
        std::fs::write(&file, content).unwrap();
        assert_eq!(read_checked(&file).unwrap(), content, "without checksums it is read as it is");
        let mut known = Checksums::default();
        known.insert("space.json", content);
        let text = known.text();
        assert_eq!(Checksums::parse(text.as_bytes()), Ok(known));
        std::fs::write(&sums, &text).unwrap();
        assert_eq!(read_checked(&file).unwrap(), content);
        for (damaged, whole) in [(&file, &content[..]), (&sums, text.as_bytes())] {
            for bit in 0..8 * whole.len() {
                let mut flipped = whole.to_owned();
                flipped[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(damaged, flipped).unwrap();
                let error = read_checked(&file).unwrap_err().to_string();
                assert!(error.contains("space.json` is damaged: "), "bit {bit}: {error}");
            }
            std::fs::write(damaged, whole).unwrap();
        }
    }
}
