//! The checksum of a safetensors file, in its own header: any reader of safetensors reads the file, and sees it as a text.
//!
//! It stands at a fixed place, before the other texts of the header, and is of all else in the file.

use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

use crate::WeightsError;

/// How a header with texts begins.
const TEXTS: &[u8] = b"{\"__metadata__\":{";

/// The key of the checksum.
const KEY: &str = "assay.seal";

/// What stands before the checksum, and what behind it. With it they are as long as a multiple of 8: data stays aligned.
const BEFORE: &[u8] = b"\"assay.seal\":\"";
const BEHIND: &[u8] = b"\",";

/// Characters of a checksum.
const DIGITS: usize = 64;

/// Bytes of the header's length.
const LENGTH: usize = 8;

/// Where the seal begins.
const BEGIN: usize = LENGTH + TEXTS.len();

/// How long it is.
const SEAL: usize = BEFORE.len() + DIGITS + BEHIND.len();

/// The checksum of a file of these parts without a seal.
fn digest(header: u64, rest: &[u8]) -> String {
    let sum = Sha256::new().chain_update(header.to_le_bytes()).chain_update(TEXTS).chain_update(rest).finalize();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The length of the header.
fn header(file: &[u8]) -> Option<u64> {
    file.first_chunk().map(|length| u64::from_le_bytes(*length))
}

/// The file with its checksum. A file without texts in its header stays as it is.
#[must_use]
pub fn seal(mut file: Vec<u8>) -> Vec<u8> {
    let has_texts = file.get(LENGTH..BEGIN).is_some_and(|begin| begin == TEXTS);
    if let Some(length) = header(&file).filter(|_| has_texts) {
        let sum = digest(length, &file[BEGIN..]);
        file[..LENGTH].copy_from_slice(&(length + SEAL as u64).to_le_bytes());
        file.splice(BEGIN..BEGIN, BEFORE.iter().copied().chain(sum.bytes()).chain(BEHIND.iter().copied()));
    }
    file
}

/// The checksum that a file of ours has in its header.
///
/// # Errors
/// If the file is not what was written, or not a safetensors file.
pub fn seal_of(file: &[u8]) -> Result<Option<String>, WeightsError> {
    check(file)?;
    let (_, header) = SafeTensors::read_metadata(file)?;
    Ok(header.metadata().as_ref().and_then(|texts| texts.get(KEY)).cloned())
}

/// Compares a file with its checksum. One without a checksum is of an earlier version, or another program's.
///
/// # Errors
/// If it is not what was written.
pub fn check(file: &[u8]) -> Result<(), WeightsError> {
    let begin = [TEXTS, BEFORE].concat();
    let Some(found) = file.get(LENGTH..LENGTH + begin.len()) else { return Ok(()) };
    // Of what leads to the checksum one byte may be what was damaged.
    if found.iter().zip(&begin).filter(|(found, wanted)| found != wanted).take(2).count() > 1 {
        return Ok(());
    }
    let fits = || {
        let sum = file.get(BEGIN + BEFORE.len()..)?.get(..DIGITS)?;
        let rest = file.get(BEGIN + BEFORE.len() + DIGITS..)?.strip_prefix(BEHIND)?;
        let length = header(file)?.checked_sub(SEAL as u64)?;
        Some(found == begin && sum == digest(length, rest).as_bytes())
    };
    if fits() == Some(true) { Ok(()) } else { Err(WeightsError::Damaged) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use safetensors::SafeTensors;

    use super::*;
    use crate::write_tensors;

    #[test]
    fn a_sealed_file_is_read_by_any_reader_and_every_flipped_bit_is_found() {
        let tensors = [("weight", vec![2, 3], vec![0.5_f32, 1.0, -2.0, 0.0, 3.5, 1e-9])];
        let texts = BTreeMap::from([("assay.training".to_owned(), "{\"epoch\":1}".to_owned())]);
        let bare = write_tensors(tensors.clone(), texts).unwrap();
        let sealed = seal(bare.clone());
        assert_eq!(sealed.len(), bare.len() + SEAL);
        assert!(SEAL.is_multiple_of(8));
        assert!(check(&bare).is_ok() && check(&sealed).is_ok() && check(b"").is_ok());
        let read = SafeTensors::deserialize(&sealed).unwrap();
        assert_eq!(read.tensor("weight").unwrap().data(), SafeTensors::deserialize(&bare).unwrap().tensor("weight").unwrap().data());
        let texts = SafeTensors::read_metadata(&sealed).unwrap().1.metadata().clone().unwrap();
        assert_eq!((texts["assay.training"].as_str(), texts["assay.seal"].len()), ("{\"epoch\":1}", DIGITS));
        for bit in 0..8 * sealed.len() {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&flipped).is_err(), "bit {bit}");
        }
        assert!(check(&sealed[..sealed.len() - 1]).is_err(), "cut short");
        let without_texts = write_tensors(tensors, BTreeMap::new()).unwrap();
        assert_eq!(seal(without_texts.clone()), without_texts);
    }
}
