//! Reading whole files and members of archives, with errors that say what is wrong.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use assay_core::data::DataError;
use flate2::read::GzDecoder;

/// More than any file of the supported datasets (the largest is CIFAR-100's Python batch, 155 MB); a bound on what a
/// damaged or hostile file can make us allocate.
const LARGEST: u64 = 1 << 30;

/// A whole file.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let length = file.metadata().map_err(|error| unreadable(path, error))?.len();
    read_bounded(file, length, &path.display().to_string()).map_err(|error| error.at(path))
}

enum ReadError {
    Io(io::Error),
    Data(DataError),
}

impl ReadError {
    fn at(self, path: &Path) -> DataError {
        match self {
            Self::Io(error) => unreadable(path, error),
            Self::Data(error) => error,
        }
    }
}

fn read_bounded(reader: impl Read, length: u64, origin: &str) -> Result<Vec<u8>, ReadError> {
    if length > LARGEST {
        return Err(ReadError::Data(DataError::new(format!(
            "{origin} has {length} bytes, more than any file of this kind ({LARGEST} at most); is it the right file?"
        ))));
    }
    let mut bytes = Vec::new();
    reader.take(LARGEST).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    Ok(bytes)
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
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
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
    let gzipped = is_archive(path)? && {
        let mut magic = [0; 2];
        File::open(path).and_then(|mut file| file.read_exact(&mut magic)).map_err(|error| unreadable(path, error))?;
        magic == *b"\x1f\x8b"
    };
    let file = io::BufReader::with_capacity(1 << 16, File::open(path).map_err(|error| unreadable(path, error))?);
    let reader: Box<dyn Read> = if gzipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    let damaged = |error: io::Error| {
        DataError::caused(format!("{} is damaged, truncated or not a tar archive; fetch or copy it again", path.display()), error)
    };
    let mut archive = tar::Archive::new(reader);
    let (mut found, mut others) = (false, Vec::new());
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let member = entry.path().map_err(damaged)?.into_owned();
        let name = member.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() || !wanted(&name) {
            if others.len() < 3 {
                others.push(format!("`{}`", member.display()));
            }
            continue;
        }
        found = true;
        let size = entry.size();
        let origin = format!("{} in {}", member.display(), path.display());
        let bytes = read_bounded(entry, size, &origin).map_err(|error| match error {
            ReadError::Io(error) => damaged(error),
            ReadError::Data(error) => error,
        })?;
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
