//! One line of a journal: a measurement, and the checksum of what stands before it in the line.

use assay_core::plugin::Request;
use assay_core::score::Reading;
use assay_core::subspace::Subspace;
use serde::Deserialize;

use super::records::Record;

/// A line as it is read. A key that is not known is a damaged one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    proxy: String,
    subspace: Subspace,
    parameters: String,
    images: String,
    reading: Reading,
    seconds: f64,
    #[serde(default)]
    lacked_memory: bool,
    /// Earlier versions wrote none.
    check: Option<String>,
}

/// What stands before the checksum of a line, and what behind it.
const BEFORE: &[u8] = b",\"check\":\"";
const BEHIND: &[u8] = b"\"}";

/// The checksum of what a line begins with, as its text.
fn check_of(begin: &[u8]) -> [u8; 8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let sum = crc32fast::hash(begin);
    // A journal has a line for each measurement, and some measurements take microseconds.
    std::array::from_fn(|digit| DIGITS[(sum >> (28 - 4 * digit)) as usize & 15])
}

/// Adds the line of a measurement.
pub(super) fn write(record: &Record, lines: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let begin = lines.len();
    serde_json::to_writer(&mut *lines, record)?;
    // The checksum stands before the bracket that closes the record.
    lines.pop();
    let check = check_of(&lines[begin..]);
    for part in [BEFORE, &check, BEHIND, b"\n"] {
        lines.extend_from_slice(part);
    }
    Ok(())
}

/// The measurement of a line with its end, or what is wrong with it.
pub(super) fn read(line: &[u8]) -> Result<Record, String> {
    let Some(text) = line.strip_suffix(b"\n") else { return Err("it is cut short".into()) };
    let Line { proxy: label, subspace, parameters, images, reading, seconds, lacked_memory, check } =
        serde_json::from_slice(text).map_err(|error| format!("it is not a measurement ({error})"))?;
    if let Some(check) = check {
        let begin = text.strip_suffix(BEHIND).and_then(|text| text.strip_suffix(check.as_bytes())?.strip_suffix(BEFORE));
        if begin.is_none_or(|begin| check_of(begin) != check.as_bytes()) {
            return Err("it does not fit its checksum".into());
        }
    }
    Ok(Record { request: Request { label, subspace, parameters, images }, reading, seconds, lacked_memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let subspace = "010.001".to_owned().try_into().unwrap();
        let request = Request { label: "kappa".into(), subspace, parameters: "round 1".into(), images: "Kopf\n\"a\"".into() };
        Record::new(request, Reading::Value(0.1 + 0.2), 0.1)
    }

    #[test]
    fn a_line_is_json_and_one_of_an_earlier_version_is_read() {
        let mut line = Vec::new();
        write(&record(), &mut line).unwrap();
        assert_eq!(read(&line).unwrap(), record());
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&value["proxy"], value["check"].as_str().map(str::len)), (&"kappa".into(), Some(8)));
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(7), "what is rare is not written where it is not so");
        let lacking = Record { lacked_memory: true, ..record() };
        line.clear();
        write(&lacking, &mut line).unwrap();
        assert_eq!(read(&line).unwrap(), lacking);
        let earlier = serde_json::to_string(&record()).unwrap() + "\n";
        assert_eq!(read(earlier.as_bytes()).unwrap(), record());
    }

    #[test]
    fn every_flipped_bit_of_a_line_is_found() {
        let mut line = Vec::new();
        write(&record(), &mut line).unwrap();
        for bit in 0..8 * line.len() {
            let mut flipped = line.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // A flip may end the line early; then it is two lines.
            let read: Vec<_> = flipped.split_inclusive(|byte| *byte == b'\n').map(read).collect();
            assert!(read.iter().all(Result::is_err), "bit {bit}: {}", String::from_utf8_lossy(&flipped));
        }
    }
}
