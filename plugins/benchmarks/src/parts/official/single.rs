//! One file for all architectures: gigabytes, read an architecture at a time.
//!
//! Of NAS-Bench-201 it is a dictionary: `meta_archs` has the texts, and `arch2infos` has, by index, what NATS-Bench's folder holds in one
//! file an architecture. No tensor is ever read.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use assay_core::data::{Unpacked, open_file};
use assay_core::plugin::import::{ImportError, Progress, Report};
use assay_pickle::{Document, EntryKey, PickleError, Value, read_entries, read_from};
use bzip2::bufread::MultiBzDecoder;

use super::trials::cells;
use super::{Contents, Form, Release, Torch, architectures, folder};
use crate::parts::table::Layout;

/// Bytes read at a time, and between two reports of progress.
const BUFFER: usize = 1 << 20;

pub(super) fn read(
    source: &Path,
    form: Form,
    release: &Release,
    layout: &Layout,
    report: &mut Report<'_>,
) -> Result<Contents, ImportError> {
    let mut figures = Vec::new();
    figures.resize_with(layout.count, || None);
    let document = entries(source, form, &["arch2infos"], report, |key, results| {
        let EntryKey::Number(index) = key else { return Ok(()) };
        let place = usize::try_from(index).ok().and_then(|index| figures.get_mut(index));
        let place = place.ok_or_else(|| format!("{} has only {} architectures", layout.name, layout.count))?;
        *place = Some(cells(results, release).map_err(|error| error.to_string())?);
        Ok(())
    })?;
    let texts = folder::texts(&document).map_err(|error| unreadable(source, error.to_string()))?;
    Ok(Contents { architectures: architectures(source, texts, layout)?, figures })
}

/// Reads the dictionaries under `keys` an entry at a time, and gives what stands around them. `visit` says what is wrong with an entry.
pub(crate) fn entries(
    source: &Path,
    form: Form,
    keys: &[&str],
    report: &mut Report<'_>,
    mut visit: impl FnMut(EntryKey<'_>, Value<'_>) -> Result<(), String>,
) -> Result<Document<'static>, ImportError> {
    let total = std::fs::metadata(source).map_err(|error| unreadable(source, error.to_string()))?.len();
    if form == Form::Torch(Torch::Zip) {
        torch_pickle(source).and_then(|pickle| pickle.check(source)).map_err(|error| unreadable(source, error.to_string()))?;
    }
    // The file is read twice.
    let watched = RefCell::new(Watched { report, done: 0, total: 2 * total, is_stopped: false });
    let open = || -> io::Result<Box<dyn BufRead + '_>> {
        let file = Reported { file: open_file(source)?, watched: &watched };
        open(source, form, total, BufReader::with_capacity(BUFFER, file))
    };
    let document = read_entries(open, keys, |key, value| {
        visit(key, value).map_err(|problem| match key {
            EntryKey::Number(index) => Failure::Entry(index.to_string(), problem),
            EntryKey::Text(text) => Failure::Entry(text.to_owned(), problem),
        })
    });
    if watched.borrow().is_stopped {
        return Err(ImportError::Stopped);
    }
    document.map_err(|failure| match failure {
        Failure::Pickle(error) => unreadable(source, error.to_string()),
        Failure::Entry(name, problem) => unreadable(source, format!("architecture {name}: {problem}")),
    })
}

fn unreadable(file: &Path, problem: String) -> ImportError {
    ImportError::Unreadable { file: file.to_owned(), problem }
}

enum Failure {
    Pickle(PickleError),
    /// What is wrong with the results of the architecture of this name.
    Entry(String, String),
}

impl From<PickleError> for Failure {
    fn from(error: PickleError) -> Self {
        Self::Pickle(error)
    }
}

/// The pickle in the file, which has `packed` bytes, from its beginning.
fn open<'r, R: Read + Seek + 'r>(source: &Path, form: Form, packed: u64, mut file: BufReader<R>) -> io::Result<Box<dyn BufRead + 'r>> {
    Ok(match form {
        Form::Torch(Torch::Zip) => {
            let pickle = torch_pickle(source)?;
            file.seek(SeekFrom::Start(pickle.start))?;
            Box::new(file.take(pickle.bytes))
        }
        Form::Torch(Torch::Legacy) => {
            // A magic number, the protocol's version and the machine's sizes of numbers.
            read_from(&mut file, 3).map_err(io::Error::other)?;
            Box::new(file)
        }
        Form::Packed | Form::Folder => Box::new(BufReader::with_capacity(BUFFER, Unpacked::new(MultiBzDecoder::new(file), packed)?)),
    })
}

/// Where the pickle lies in a zip archive of `torch.save`.
pub(super) struct TorchPickle {
    start: u64,
    bytes: u64,
    name: String,
}

impl TorchPickle {
    /// Compares the pickle with the checksum that the archive has of it.
    fn check(&self, source: &Path) -> io::Result<()> {
        let mut archive = zip::ZipArchive::new(BufReader::with_capacity(BUFFER, open_file(source)?))?;
        let copied = archive.by_name(&self.name).map_err(io::Error::from).and_then(|mut entry| io::copy(&mut entry, &mut io::sink()));
        let damaged = |error| io::Error::other(format!("{} in the zip archive is damaged ({error}); copy the file again", self.name));
        copied.map(drop).map_err(damaged)
    }
}

pub(super) fn torch_pickle(source: &Path) -> io::Result<TorchPickle> {
    let mut archive = zip::ZipArchive::new(BufReader::new(open_file(source)?))?;
    let name = archive.file_names().filter_map(Result::ok).find(|name| name.ends_with("/data.pkl")).map(|name| name.into_owned());
    let name = name.ok_or_else(|| io::Error::other("the zip archive holds no data.pkl: torch.save did not write it"))?;
    let entry = archive.by_name(&name)?;
    let found = (entry.compression(), entry.data_start(), entry.size());
    drop(entry);
    match found {
        (zip::CompressionMethod::Stored, Some(start), bytes) => Ok(TorchPickle { start, bytes, name }),
        _ => Err(io::Error::other("data.pkl is compressed in the zip archive: torch.save did not write it")),
    }
}

/// A file whose reading is reported.
struct Reported<'w, 'a, 'b> {
    file: File,
    watched: &'w RefCell<Watched<'a, 'b>>,
}

struct Watched<'a, 'b> {
    report: &'a mut Report<'b>,
    done: u64,
    total: u64,
    is_stopped: bool,
}

impl Read for Reported<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let mut watched = self.watched.borrow_mut();
        let Watched { report, done, total, is_stopped } = &mut *watched;
        *done = (*total).min(*done + count as u64);
        if report(Progress::Reading { unit: "bytes", done: *done, total: *total }).is_break() {
            *is_stopped = true;
            return Err(io::Error::other("the import was stopped"));
        }
        Ok(count)
    }
}

impl Seek for Reported<'_, '_, '_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}
