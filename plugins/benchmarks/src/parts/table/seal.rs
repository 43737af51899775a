//! The checksum of an imported table.
//!
//! It stands in the file itself, so that the two cannot come from different imports, between the data and the footer of the
//! parquet file. Readers of parquet find the footer from the end and the data by their offsets, so any of them reads the file.

use sha2::{Digest, Sha256};

/// Stands before the checksum.
const LABEL: &[u8] = b"assay: sha-256 of all else ";

/// Bytes of a checksum.
const DIGEST: usize = 32;

/// The footer's length and the last magic number.
const TAIL: usize = 8;

/// Whether the checksum of a file fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// The bytes are those that were written.
    Whole,
    /// They are not.
    Broken,
    /// The file has none: another program wrote it, or an earlier version.
    None,
}

/// Where the footer of a parquet file begins, if its length can be right.
fn footer(file: &[u8]) -> Option<usize> {
    let tail = file.len().checked_sub(TAIL)?;
    let length = u32::from_le_bytes(*file[tail..].first_chunk()?);
    tail.checked_sub(length as usize)
}

fn digest(data: &[u8], footer: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(data).chain_update(footer).finalize().into()
}

/// The parquet file with its checksum.
pub(super) fn seal(mut file: Vec<u8>) -> Vec<u8> {
    if let Some(footer) = footer(&file) {
        let digest = digest(&file[..footer], &file[footer..]);
        file.splice(footer..footer, LABEL.iter().copied().chain(digest));
    }
    file
}

/// Compares a parquet file with its checksum.
pub(super) fn check(file: &[u8]) -> Seal {
    let sealed = footer(file).and_then(|footer| {
        let (before, footer) = file.split_at(footer);
        let (data, digest) = before.split_last_chunk::<DIGEST>()?;
        Some((data.strip_suffix(LABEL)?, digest, footer))
    });
    match sealed {
        Some((data, found, footer)) if *found == digest(data, footer) => Seal::Whole,
        Some(_) => Seal::Broken,
        // The label itself, or what leads to it, may be what was damaged.
        None if file.windows(LABEL.len()).any(|window| is_nearly(window, LABEL)) => Seal::Broken,
        None => Seal::None,
    }
}

/// Whether no more than one byte differs.
fn is_nearly(found: &[u8], wanted: &[u8]) -> bool {
    found.iter().zip(wanted).filter(|(found, wanted)| found != wanted).take(2).count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_breaks_the_seal_and_a_file_without_one_has_none() {
        let bare = [b"PAR1 some data", &b"a footer"[..], &8_u32.to_le_bytes(), b"PAR1"].concat();
        assert_eq!(check(&bare), Seal::None);
        assert_eq!(check(b"PAR1"), Seal::None);
        let sealed = seal(bare.clone());
        assert_eq!((sealed.len(), check(&sealed)), (bare.len() + LABEL.len() + DIGEST, Seal::Whole));
        for bit in 0..8 * sealed.len() {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&damaged), Seal::Broken, "bit {bit}");
        }
    }
}
