//! Reading whole files and members of archives, with errors that say what is wrong.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use assay_core::data::{DataError, Unpacked, open_file, read_file, read_limit};
use flate2::read::GzDecoder;
use tar::{EntryType, PaxExtensions};

/// More than any file of the supported datasets (the largest is CIFAR-100's Python batch, 155 MB).
const LARGEST_MEMBER: u64 = 1 << 29;

/// Longer than any name of a file, and than what is told beside one.
const LONGEST_NAME: u64 = 1 << 16;

/// A whole file.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>, DataError> {
    read_file(path).map_err(|error| unreadable(path, error))
}

/// Why a path cannot be read.
pub(crate) fn unreadable(path: &Path, error: io::Error) -> DataError {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => DataError::new(format!("{path} does not exist")),
        ErrorKind::PermissionDenied => {
            DataError::new(format!("{path} cannot be read: permission denied; give your account read access to it"))
        }
        ErrorKind::IsADirectory => DataError::new(format!("{path} is a folder, not a file")),
        _ => DataError::caused(format!("{path} cannot be read"), error),
    }
}

/// What a file is by its first bytes, if that is known.
pub(crate) fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"II*\0", "a TIFF image"),
        (b"MM\0*", "a TIFF image"),
        (b"RIFF", "a WebP image or another RIFF file"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"PK\x03\x04", "a zip archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\xfd7zXZ\0", "an xz archive"),
        (b"\x93NUMPY", "a NumPy array file"),
        (b"\x80\x02", "a Python pickle"),
        (b"\x80\x03", "a Python pickle"),
        (b"\x80\x04", "a Python pickle"),
        (b"\x80\x05", "a Python pickle"),
        (b"<!DOCTYPE", "a web page"),
        (b"<!doctype", "a web page"),
        (b"<html", "a web page"),
    ];
    KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
}

/// Whether the file is a tar archive, gzipped or not.
pub(crate) fn is_archive(path: &Path) -> Result<bool, DataError> {
    let file = open_file(path).map_err(|error| unreadable(path, error))?;
    let mut start = Vec::new();
    file.take(512).read_to_end(&mut start).map_err(|error| unreadable(path, error))?;
    Ok(start.starts_with(b"\x1f\x8b") || start.get(257..262) == Some(b"ustar"))
}

/// Reads a tar archive, gzipped or not, to its end (so that its checksum is checked) and hands every member whose file
/// name `wanted` accepts to `take`.
pub(crate) fn read_members<E: From<DataError>>(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let damaged = |error: io::Error| damaged(path, error);
    let mut archive = tar::Archive::new(unpacked(path)?);
    let (mut found, mut others) = (false, Vec::new());
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
        let name = member.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !kind.is_file() || !wanted(&name) {
            if others.len() < 3 && !kind.is_pax_global_extensions() {
                others.push(format!("`{}`", member.display()));
            }
            continue;
        }
        found = true;
        let size = entry.size();
        let largest = LARGEST_MEMBER.min(read_limit().map_err(damaged)?);
        if size > largest {
            let (member, path) = (member.display(), path.display());
            return Err(DataError::new(format!(
                "{member} in {path} has {size} bytes, more than any file of this kind ({largest} at most); is it the right file?"
            ))
            .into());
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            return Err(damaged(io::Error::new(ErrorKind::UnexpectedEof, format!("`{name}` ends early"))).into());
        }
        take(&name, bytes)?;
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    if !found {
        let contents = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
        return Err(DataError::new(format!("{} holds no file of the dataset; it holds {contents}", path.display())).into());
    }
    Ok(())
}

fn damaged(path: &Path, error: io::Error) -> DataError {
    DataError::caused(format!("{} is damaged, truncated or not a tar archive; fetch or copy it again", path.display()), error)
}

/// The tar archive in a file, unpacked where gzip packed it.
fn unpacked(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let wrong = |error| unreadable(path, error);
    let mut file = open_file(path).map_err(wrong)?;
    let length = file.metadata().map_err(wrong)?.len();
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).map_err(wrong)?;
    let whole = io::BufReader::with_capacity(1 << 16, io::Cursor::new(magic.clone()).chain(file));
    Ok(if magic == *b"\x1f\x8b" { Box::new(Unpacked::new(GzDecoder::new(whole), length).map_err(wrong)?) } else { Box::new(whole) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_path_is_named_with_its_reason() {
        let path = Path::new("images/data_batch_1.bin");
        insta::assert_snapshot!(unreadable(path, ErrorKind::NotFound.into()), @"images/data_batch_1.bin does not exist");
        insta::assert_snapshot!(unreadable(path, ErrorKind::PermissionDenied.into()), @"images/data_batch_1.bin cannot be read: permission denied; give your account read access to it");
        insta::assert_snapshot!(unreadable(path, ErrorKind::IsADirectory.into()), @"images/data_batch_1.bin is a folder, not a file");
    }
}
