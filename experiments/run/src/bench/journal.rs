//! The journal of a run: every finished measurement, one JSON line each, appended and never rewritten.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use assay_results::files::JOURNAL;

use super::records::{Record, Records};

/// Why a journal cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the journal cannot be {doing}: {source}")]
    Io {
        /// `read`, `written`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A line before the last is not a measurement.
    #[error("line {line} of the journal is not a measurement: {problem}")]
    Damaged {
        /// From 1.
        line: usize,
        /// What the parser said.
        problem: String,
    },
}

/// What a journal holds.
struct Contents {
    records: Records,
    /// How many bytes of whole lines.
    intact: u64,
    /// What is wrong with its last line.
    problem: Option<JournalError>,
}

impl Contents {
    fn of(file: &File) -> Result<Self, JournalError> {
        let mut found = Self { records: Records::default(), intact: 0, problem: None };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(|source| JournalError::Io { doing: "read", source })?;
            if length == 0 {
                break;
            }
            if let Some(problem) = found.problem {
                return Err(problem);
            }
            match serde_json::from_slice::<Record>(&line) {
                Ok(record) if line.ends_with(b"\n") => {
                    found.records.insert(record);
                    found.intact += length as u64;
                }
                Ok(_) => found.problem = Some(JournalError::Damaged { line: number, problem: "it is cut short".into() }),
                Err(error) => found.problem = Some(JournalError::Damaged { line: number, problem: error.to_string() }),
            }
        }
        Ok(found)
    }
}

/// Reads the journal of a finished run, and leaves it as it is.
///
/// # Errors
/// If it cannot be read, or is damaged anywhere.
pub fn read(folder: &Path) -> Result<Records, JournalError> {
    let file = File::open(folder.join(JOURNAL)).map_err(|source| JournalError::Io { doing: "opened", source })?;
    let Contents { records, problem, .. } = Contents::of(&file)?;
    problem.map_or(Ok(records), Err)
}

/// Measurements as lines of a journal.
///
/// # Errors
/// If one cannot be written as JSON.
pub fn lines<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Vec<u8>, JournalError> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record).map_err(|error| JournalError::Io { doing: "written", source: error.into() })?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// An open journal.
#[derive(Debug)]
pub struct Journal(File);

impl Journal {
    /// Opens a run's journal, making it if need be, and reads what it holds. A last line that a kill tore is cut off.
    ///
    /// # Errors
    /// If the file cannot be read or written, or is damaged elsewhere than at its end.
    pub fn open(folder: &Path) -> Result<(Self, Records), JournalError> {
        let failed = |doing| move |source| JournalError::Io { doing, source };
        let mut file = File::options().read(true).append(true).create(true).open(folder.join(JOURNAL)).map_err(failed("opened"))?;
        let Contents { records, intact, problem } = Contents::of(&file)?;
        if problem.is_some() {
            file.set_len(intact).map_err(failed("repaired"))?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed("opened"))?;
        Ok((Self(file), records))
    }

    /// Adds measurements; when this returns, a kill of this program does not lose them.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        // One write, so that a kill leaves at most one torn line, at the end.
        self.0.write_all(&lines(records)?).map_err(|source| JournalError::Io { doing: "written", source })
    }
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::Request;
    use assay_core::score::Reading;

    use super::*;

    fn record(images: &str, reading: Reading) -> Record {
        let subspace = "010.001".to_owned().try_into().unwrap();
        let request = Request { label: "kappa".into(), subspace, parameters: "round 1".into(), images: images.into() };
        Record { request, reading, seconds: 0.1 }
    }

    #[test]
    fn what_is_appended_is_read_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, empty) = Journal::open(folder.path()).unwrap();
        assert!(empty.is_empty());
        let first = record("a", Reading::Value(0.1 + 0.2));
        let second = record("b", Reading::undefined("the Gram matrix is singular: λmin = 0"));
        journal.append(std::slice::from_ref(&first)).unwrap();
        journal.append(std::slice::from_ref(&second)).unwrap();
        let (_, records) = Journal::open(folder.path()).unwrap();
        assert_eq!(records.into_vec(), [first, second]);
    }

    #[test]
    fn wherever_the_last_line_is_torn_the_lines_before_it_stay_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        let first = record("a", Reading::Value(1.5));
        let second = record("b", Reading::Value(2.5));
        journal.append(std::slice::from_ref(&first)).unwrap();
        let path = folder.path().join(JOURNAL);
        let one = std::fs::read(&path).unwrap();
        journal.append(std::slice::from_ref(&second)).unwrap();
        let two = std::fs::read(&path).unwrap();
        for length in one.len()..two.len() {
            std::fs::write(&path, &two[..length]).unwrap();
            let (mut journal, records) = Journal::open(folder.path()).unwrap();
            assert_eq!(records.len(), 1, "torn after {length} bytes");
            journal.append(std::slice::from_ref(&second)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), two, "torn after {length} bytes");
        }
    }

    #[test]
    fn damage_before_the_end_is_an_error_that_names_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        journal.append(&[record("a", Reading::Value(1.5))]).unwrap();
        let path = folder.path().join(JOURNAL);
        let line = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{line}not a measurement\n{line}")).unwrap();
        let error = Journal::open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("line 2 of the journal is not a measurement"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let mut journal = Journal(File::options().write(true).open("/dev/full").unwrap());
        let error = journal.append(&[record("a", Reading::Value(1.5))]).unwrap_err().to_string();
        assert_eq!(error, "the journal cannot be written: No space left on device (os error 28)");
    }
}
