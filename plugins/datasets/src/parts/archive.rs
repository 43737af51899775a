//! Reading members of archives, with errors that say what is wrong.

use std::fmt::Display;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use assay_core::data::{DataError, Unpacked, open_file, read_limit, unreadable};
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::GzDecoder;
use tar::{EntryType, PaxExtensions};

use super::files::kind_of;

/// More than any file of the supported datasets (the largest is CIFAR-100's Python batch, 155 MB).
const LARGEST_MEMBER: u64 = 1 << 29;

/// Longer than any name of a file, and than what is told beside one.
const LONGEST_NAME: u64 = 1 << 16;

/// The archives that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Archive {
    /// As it is.
    Tar,
    /// A tar archive, packed.
    Gzip,
    /// A tar archive, packed.
    Bzip2,
    /// One that packs each member.
    Zip,
}

impl Archive {
    /// What the file is, by its first bytes; none where it is nothing that can be read.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, DataError> {
        let start = start(path)?;
        Ok(match &start[..] {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            _ => (start.get(257..262) == Some(b"ustar")).then_some(Self::Tar),
        })
    }
}

/// What a file is by its first bytes, if that is known.
pub(crate) fn kind(path: &Path) -> Result<Option<&'static str>, DataError> {
    let start = start(path)?;
    Ok(if start.get(257..262) == Some(b"ustar") { Some("a tar archive") } else { kind_of(&start) })
}

fn start(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = open_file(path).map_err(|error| unreadable(path, error))?;
    let mut start = Vec::new();
    file.take(512).read_to_end(&mut start).map_err(|error| unreadable(path, error))?;
    Ok(start)
}

/// Reads an archive to its end (so that its checksum is checked) and hands every member whose file name `wanted` accepts to
/// `take`. What is not known as another archive is read as a tar archive.
pub(crate) fn read_members<E: From<DataError>>(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    take: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    match Archive::of(path)? {
        Some(Archive::Zip) => zip_members(path, wanted, take),
        archive => tar_members(path, archive.unwrap_or(Archive::Tar), wanted, take),
    }
}

fn tar_members<E: From<DataError>>(
    path: &Path,
    kind: Archive,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let damaged = |error: io::Error| damaged(path, error);
    let mut archive = tar::Archive::new(unpacked(path, kind)?);
    let mut search = Search { path, wanted, found: false, others: Vec::new() };
    let mut long_name = None;
    // Raw, so that it is this function that reads long names: as the crate reads them they have no limit.
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
            long_name = name_told(&mut entry, kind).map_err(damaged)?.or(long_name);
            continue;
        }
        let member = long_name.take().map_or_else(|| entry.path().map(|member| member.into_owned()), Ok).map_err(damaged)?;
        if kind.is_pax_global_extensions() {
            continue;
        }
        let Some(name) = search.name(&member, kind.is_file()) else { continue };
        let size = entry.size();
        check_size(path, &member.display(), size)?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            return Err(damaged(io::Error::new(ErrorKind::UnexpectedEof, format!("`{name}` ends early"))).into());
        }
        take(&name, bytes)?;
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(search.end()?)
}

fn zip_members<E: From<DataError>>(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let damaged = |error: io::Error| damaged(path, error);
    let file = open_file(path).map_err(|error| unreadable(path, error))?;
    let mut archive = zip::ZipArchive::new(io::BufReader::with_capacity(1 << 16, file)).map_err(|error| damaged(error.into()))?;
    let mut search = Search { path, wanted, found: false, others: Vec::new() };
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).map_err(|error| damaged(error.into()))?;
        let member = PathBuf::from(String::from_utf8_lossy(entry.name_raw()).into_owned());
        let Some(name) = search.name(&member, entry.is_file()) else { continue };
        let size = entry.size();
        check_size(path, &member.display(), size)?;
        // It may hold more than it says, or less; its checksum is compared at its end.
        let mut bytes = Vec::new();
        entry.by_ref().take(size + 1).read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            return Err(damaged(io::Error::new(ErrorKind::InvalidData, format!("`{name}` should have {size} bytes"))).into());
        }
        take(&name, bytes)?;
    }
    Ok(search.end()?)
}

/// What is looked for in an archive, whether it was found, and the first of what else there is.
struct Search<'a, W> {
    path: &'a Path,
    wanted: W,
    found: bool,
    others: Vec<String>,
}

impl<W: Fn(&str) -> bool> Search<'_, W> {
    /// The file name of a member, if it is wanted.
    fn name(&mut self, member: &Path, is_file: bool) -> Option<String> {
        let name = member.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_file && (self.wanted)(&name) {
            self.found = true;
            return Some(name);
        }
        if self.others.len() < 3 {
            self.others.push(format!("`{}`", member.display()));
        }
        None
    }

    fn end(self) -> Result<(), DataError> {
        if self.found { Ok(()) } else { Err(nothing_wanted(self.path, &self.others)) }
    }
}

/// Refuses a member that is larger than any file of a dataset.
fn check_size(path: &Path, member: &dyn Display, size: u64) -> Result<(), DataError> {
    let largest = LARGEST_MEMBER.min(read_limit().map_err(|error| damaged(path, error))?);
    if size <= largest {
        return Ok(());
    }
    Err(DataError::new(format!(
        "{member} in {} has {size} bytes, more than any file of this kind ({largest} at most); is it the right file?",
        path.display()
    )))
}

fn nothing_wanted(path: &Path, others: &[String]) -> DataError {
    let contents = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
    DataError::new(format!("{} holds no file of the dataset; it holds {contents}", path.display()))
}

fn damaged(path: &Path, error: io::Error) -> DataError {
    let kind = if matches!(Archive::of(path), Ok(Some(Archive::Zip))) { "a zip archive" } else { "a tar archive" };
    DataError::caused(format!("{} is damaged, truncated or not {kind}; fetch or copy it again", path.display()), error)
}

/// The tar archive in a file, unpacked.
fn unpacked(path: &Path, kind: Archive) -> Result<Box<dyn Read>, DataError> {
    let wrong = |error| unreadable(path, error);
    let file = open_file(path).map_err(wrong)?;
    let length = file.metadata().map_err(wrong)?.len();
    let whole = io::BufReader::with_capacity(1 << 16, file);
    Ok(match kind {
        Archive::Gzip => Box::new(Unpacked::new(GzDecoder::new(whole), length).map_err(wrong)?),
        Archive::Bzip2 => Box::new(Unpacked::new(MultiBzDecoder::new(whole), length).map_err(wrong)?),
        Archive::Tar | Archive::Zip => Box::new(whole),
    })
}

/// The name that an entry tells of the member after it.
fn name_told(entry: &mut tar::Entry<'_, impl Read>, kind: EntryType) -> io::Result<Option<PathBuf>> {
    let size = entry.size();
    if size > LONGEST_NAME {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("the name of a member should have {size} bytes")));
    }
    let mut told = Vec::new();
    entry.read_to_end(&mut told)?;
    if kind == EntryType::GNULongName {
        let name = told.split(|byte| *byte == 0).next().unwrap_or_default();
        return Ok(Some(String::from_utf8_lossy(name).into_owned().into()));
    }
    for extension in PaxExtensions::new(&told) {
        let extension = extension?;
        if extension.key_bytes() == b"path" {
            return Ok(Some(String::from_utf8_lossy(extension.value_bytes()).into_owned().into()));
        }
    }
    Ok(None)
}
