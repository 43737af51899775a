//! The journal of a run: every finished measurement, one JSON line each, appended and never rewritten but for lines that are
//! damaged.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use assay_core::data::open_file;
use assay_results::files::{DAMAGED, JOURNAL};
use assay_whole_file::Batch;

use super::durable::Durable;
use super::line;
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
    /// A line of a finished run is not a measurement.
    #[error("line {line} of the journal is damaged: {problem}", line = .0.line, problem = .0.problem)]
    Damaged(Damage),
}

/// A line that is not a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Damages that are told one by one. A journal may hold nothing but bad lines, and what is said of one is longer than it.
const MOST_TOLD: usize = 3;

/// The lines that are not measurements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damages {
    /// The first few.
    pub first: Vec<Damage>,
    /// How many there are beside those.
    pub more: usize,
}

impl Damages {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    fn push(&mut self, line: usize, problem: String) {
        if self.first.len() < MOST_TOLD {
            self.first.push(Damage { line, problem });
        } else {
            self.more += 1;
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Io { doing, source }
}

/// What a journal holds.
#[derive(Default)]
struct Contents {
    records: Records,
    damages: Damages,
}

impl Contents {
    /// Reads the lines; `each` sees them, with whether they are intact.
    fn of(file: &File, mut each: impl FnMut(&[u8], bool)) -> Result<Self, JournalError> {
        let mut found = Self::default();
        let mut reader = BufReader::new(file);
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            if reader.read_until(b'\n', &mut text).map_err(failed("read"))? == 0 {
                break;
            }
            let read = line::read(&text);
            each(&text, read.is_ok());
            match read {
                Ok(record) => found.records.insert(record),
                Err(problem) => found.damages.push(number, problem),
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
    let file = open_file(&folder.join(JOURNAL)).map_err(failed("opened"))?;
    let Contents { records, damages } = Contents::of(&file, |_, _| {})?;
    damages.first.into_iter().next().map_or(Ok(records), |damage| Err(JournalError::Damaged(damage)))
}

/// Measurements as lines of a journal.
///
/// # Errors
/// If one cannot be written as JSON.
pub fn lines<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Vec<u8>, JournalError> {
    let mut lines = Vec::new();
    records.into_iter().try_for_each(|record| line::write(record, &mut lines)).map_err(|error| failed("written")(error.into()))?;
    Ok(lines)
}

/// An open journal. What is appended reaches the disk within a second, and at the end.
#[derive(Debug)]
pub struct Journal {
    file: File,
    durable: Durable,
}

impl Journal {
    /// Opens a run's journal, making it if need be, and reads what it holds. Lines that are damaged are taken out, and told:
    /// what was measured there is to be measured again. What is pending reaches the disk with the journal.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(folder: &Path, pending: Arc<Batch>) -> Result<(Self, Records, Damages), JournalError> {
        let path = folder.join(JOURNAL);
        if path.exists() {
            // A pipe would be waited for.
            open_file(&path).map_err(failed("opened"))?;
        }
        let open = || File::options().read(true).append(true).create(true).open(&path).map_err(failed("opened"));
        let mut file = open()?;
        let Contents { records, damages } = Contents::of(&file, |_, _| {})?;
        if !damages.is_empty() {
            repair(&file, folder)?;
            file = open()?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed("opened"))?;
        Ok((Self::of(file, pending)?, records, damages))
    }

    fn of(file: File, pending: Arc<Batch>) -> Result<Self, JournalError> {
        let own = file.try_clone().map_err(failed("opened"))?;
        let durable = Durable::begin(move || pending.sync().and_then(|()| own.sync_data())).map_err(failed("opened"))?;
        Ok(Self { file, durable })
    }

    /// Adds measurements as [`lines`]; when this returns, a kill of this program does not lose them.
    ///
    /// # Errors
    /// If it cannot be written, or what was written before cannot reach the disk.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        // One write, so that a kill leaves at most one torn line, at the end.
        self.file.write_all(lines).and_then(|()| self.durable.written()).map_err(failed("written"))
    }

    /// Begins to bring to the disk what was added.
    pub fn hasten(&self) {
        self.durable.hasten();
    }

    /// Waits until all of it is on the disk.
    ///
    /// # Errors
    /// If it cannot reach the disk.
    pub fn close(self) -> Result<(), JournalError> {
        self.durable.end().map_err(failed("written"))
    }
}

/// Takes the damaged lines out of the journal, into a file of their own.
fn repair(mut file: &File, folder: &Path) -> Result<(), JournalError> {
    let (mut intact, mut damaged) = (Vec::new(), Vec::new());
    file.rewind().map_err(failed("read"))?;
    Contents::of(file, |line, is_intact| if is_intact { &mut intact } else { &mut damaged }.extend_from_slice(line))?;
    let keep = || {
        let mut kept = File::options().append(true).create(true).open(folder.join(DAMAGED))?;
        kept.write_all(&damaged)?;
        assay_whole_file::write(&folder.join(JOURNAL), &intact)
    };
    keep().map_err(failed("repaired"))
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::Request;
    use assay_core::score::Reading;

    use super::*;

    fn record(images: &str, reading: Reading) -> Record {
        let subspace = "010.001".to_owned().try_into().unwrap();
        let request = Request { label: "kappa".into(), subspace, parameters: "round 1".into(), images: images.into() };
        Record::new(request, reading, 0.1)
    }

    fn open(folder: &Path) -> (Journal, Records, Damages) {
        Journal::open(folder, Arc::default()).unwrap()
    }

    #[test]
    fn what_is_appended_is_read_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, empty, _) = open(folder.path());
        assert!(empty.is_empty());
        let first = record("a", Reading::Value(0.1 + 0.2));
        let second = record("b", Reading::undefined("the Gram matrix is singular: λmin = 0"));
        journal.append(&lines([&first]).unwrap()).unwrap();
        journal.append(&lines([&second]).unwrap()).unwrap();
        journal.close().unwrap();
        let (_, records, damages) = open(folder.path());
        assert_eq!((records.into_vec(), damages), (vec![first, second], Damages::default()));
    }

    #[test]
    fn wherever_the_last_line_is_torn_the_lines_before_it_stay_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, ..) = open(folder.path());
        let first = record("a", Reading::Value(1.5));
        let second = record("b", Reading::Value(2.5));
        journal.append(&lines([&first]).unwrap()).unwrap();
        let path = folder.path().join(JOURNAL);
        let one = std::fs::read(&path).unwrap();
        journal.append(&lines([&second]).unwrap()).unwrap();
        let two = std::fs::read(&path).unwrap();
        for length in one.len()..two.len() {
            std::fs::write(&path, &two[..length]).unwrap();
            let (mut journal, records, damages) = open(folder.path());
            assert_eq!(records.len(), 1, "torn after {length} bytes");
            assert_eq!(damages.first.len(), usize::from(length > one.len()), "torn after {length} bytes");
            journal.append(&lines([&second]).unwrap()).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), two, "torn after {length} bytes");
        }
    }

    #[test]
    fn damaged_lines_are_told_and_taken_out_and_of_a_finished_run_they_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, ..) = open(folder.path());
        let whole = ["a", "b", "c"].map(|images| record(images, Reading::Value(1.5)));
        journal.append(&lines(&whole).unwrap()).unwrap();
        journal.close().unwrap();
        let path = folder.path().join(JOURNAL);
        let text = std::fs::read_to_string(&path).unwrap().replacen("\"images\":\"b\"", "\"images\":\"c\"", 1);
        std::fs::write(&path, &text).unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "line 2 of the journal is damaged: it does not fit its checksum");
        let (_, records, damages) = open(folder.path());
        assert_eq!(records.into_vec(), [whole[0].clone(), whole[2].clone()]);
        let damage = Damage { line: 2, problem: "it does not fit its checksum".into() };
        assert_eq!(damages, Damages { first: vec![damage], more: 0 });
        assert_eq!(std::fs::read_to_string(folder.path().join(DAMAGED)).unwrap(), text.lines().nth(1).unwrap().to_owned() + "\n");
        assert_eq!(open(folder.path()).2, Damages::default());
    }

    #[test]
    fn of_a_million_bad_lines_a_few_are_told_and_the_others_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        std::fs::write(&path, "\n".repeat(1_000_000)).unwrap();
        let (journal, records, damages) = open(folder.path());
        assert!(records.is_empty());
        assert_eq!((damages.first.len(), damages.more), (MOST_TOLD, 1_000_000 - MOST_TOLD));
        journal.close().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        assert_eq!(std::fs::metadata(folder.path().join(DAMAGED)).unwrap().len(), 1_000_000);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let mut journal = Journal::of(File::options().write(true).open("/dev/full").unwrap(), Arc::default()).unwrap();
        let error = journal.append(&lines([&record("a", Reading::Value(1.5))]).unwrap()).unwrap_err().to_string();
        assert_eq!(error, "the journal cannot be written: No space left on device (os error 28)");
    }
}
