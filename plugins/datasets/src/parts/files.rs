//! Reading whole files, with errors that say what is wrong.

use std::io::{self, ErrorKind};
use std::path::Path;

use assay_core::data::{DataError, read_file};

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
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
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
