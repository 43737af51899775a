//! TensorFlow's files of records: a length, the record, and a checksum of each.

use std::io::{ErrorKind, Read};

/// A record may have so many bytes. Those of known benchmarks have some hundreds.
const LONGEST: u64 = 1 << 20;

/// The length and its checksum, before each record.
pub(crate) const HEADER: usize = 12;

/// Why the next record cannot be read. Records are counted from 0.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("the file ends within record {record}: it was cut short; copy or download it again")]
    Cut { record: u64 },
    #[error("record {record}, at byte {at}: the checksum of {what} does not fit; the file is damaged, copy or download it again")]
    Checksum { record: u64, at: u64, what: &'static str },
    #[error("record {record}, at byte {at}: it should have {length} bytes, more than any record of a known benchmark")]
    TooLong { record: u64, at: u64, length: u64 },
    #[error("record {record}, at byte {at}: {problem}")]
    Unreadable { record: u64, at: u64, problem: String },
}

/// Reads records, one at a time.
pub(crate) struct Records<R> {
    reader: R,
    /// Bytes read.
    at: u64,
    /// Records read.
    count: u64,
    record: Vec<u8>,
}

/// Whether a file that begins so is one of records.
pub(crate) fn is_begun(start: &[u8]) -> bool {
    start.first_chunk::<HEADER>().is_some_and(|header| length(header).is_some())
}

impl<R: Read> Records<R> {
    /// The records of this file.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, at: 0, count: 0, record: Vec::new() }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The next record, with its number; none at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>, RecordError> {
        let (record, at) = (self.count, self.at);
        let mut header = [0; HEADER];
        match self.fill(&mut header)? {
            0 => return Ok(None),
            HEADER => {}
            _ => return Err(RecordError::Cut { record }),
        }
        let length = length(&header).ok_or(RecordError::Checksum { record, at, what: "its length" })?;
        let size = usize::try_from(length).ok().filter(|_| length <= LONGEST).ok_or(RecordError::TooLong { record, at, length })?;
        let mut content = std::mem::take(&mut self.record);
        content.resize(size, 0);
        let mut sum = [0; 4];
        if self.fill(&mut content)? < size || self.fill(&mut sum)? < sum.len() {
            return Err(RecordError::Cut { record });
        }
        self.record = content;
        if masked(&self.record) != u32::from_le_bytes(sum) {
            return Err(RecordError::Checksum { record, at, what: "its content" });
        }
        self.count += 1;
        Ok(Some((record, &self.record)))
    }

    /// Reads as many bytes as fit, or all that are left. Gives their number.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, RecordError> {
        let mut filled = 0;
        while filled < into.len() {
            match self.reader.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(RecordError::Unreadable { record: self.count, at: self.at, problem: error.to_string() }),
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }
}

/// The length that a header tells, if its checksum fits.
fn length(header: &[u8; HEADER]) -> Option<u64> {
    let (length, sum) = header.split_first_chunk::<8>()?;
    (masked(length).to_le_bytes() == *sum).then(|| u64::from_le_bytes(*length))
}

/// The checksum as such files store it: turned and moved, because the checksum of data that holds its own is a weak one.
pub(crate) fn masked(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), eight bytes at a time.
fn crc32c(data: &[u8]) -> u32 {
    let (eights, rest) = data.as_chunks::<8>();
    let mut sum = !0_u32;
    for bytes in eights {
        let [a, b, c, d] = (sum ^ u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).to_le_bytes();
        let ahead = [a, b, c, d, bytes[4], bytes[5], bytes[6], bytes[7]];
        sum = ahead.iter().zip(TABLES.iter().rev()).fold(0, |sum, (byte, table)| sum ^ table[usize::from(*byte)]);
    }
    for byte in rest {
        let [low, ..] = sum.to_le_bytes();
        sum = TABLES[0][usize::from(low ^ byte)] ^ (sum >> 8);
    }
    !sum
}

/// What a byte adds to the checksum, with so many bytes behind it.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut behind = 1;
    while behind < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[behind - 1][byte];
            tables[behind][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        behind += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(records: &[&[u8]]) -> Vec<u8> {
        let mut file = Vec::new();
        for record in records {
            let length = (record.len() as u64).to_le_bytes();
            file.extend(length);
            file.extend(masked(&length).to_le_bytes());
            file.extend(*record);
            file.extend(masked(record).to_le_bytes());
        }
        file
    }

    fn read(file: &[u8]) -> Result<Vec<Vec<u8>>, RecordError> {
        let mut records = Records::new(file);
        let mut found = Vec::new();
        while let Some((number, record)) = records.next()? {
            assert_eq!(number, found.len() as u64);
            found.push(record.to_vec());
        }
        Ok(found)
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
    }

    #[test]
    fn a_file_cut_anywhere_says_within_which_record() {
        let records: [&[u8]; 3] = [b"one", b"", b"a longer third record"];
        let file = written(&records);
        assert!(is_begun(&file));
        assert_eq!(read(&file).unwrap(), records);
        let ends = [0, 19, 35, file.len()];
        for length in 0..file.len() {
            let whole = ends.iter().filter(|end| **end <= length).count() - 1;
            let cut = read(&file[..length]);
            if ends.contains(&length) {
                assert_eq!(cut.unwrap().len(), whole);
            } else {
                assert_eq!(cut.unwrap_err(), RecordError::Cut { record: whole as u64 });
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let file = written(&[b"one", b"two"]);
        for bit in 0..8 * file.len() {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(read(&damaged), Err(RecordError::Checksum { .. })), "bit {bit}");
        }
    }

    #[test]
    fn a_length_is_a_claim_for_which_no_memory_is_taken() {
        let length = (1_u64 << 40).to_le_bytes();
        let file = [&length[..], &masked(&length).to_le_bytes()].concat();
        insta::assert_snapshot!(read(&file).unwrap_err(), @"record 0, at byte 0: it should have 1099511627776 bytes, more than any record of a known benchmark");
    }
}
