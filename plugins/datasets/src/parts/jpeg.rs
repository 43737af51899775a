//! Whether a JPEG file is whole.
//!
//! The decoder fills what is missing of an image with grey and reports nothing, as a viewer should. Here that would be a
//! measurement of half a grey image. So the file is walked from marker to marker, and has to reach the one that ends it. And since
//! tools that repair files put such a marker behind half an image, what follows the data must not change the image.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader};

const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const RESTART_INTERVAL: u8 = 0xdd;
/// A marker that may stand between two parts of the data, where the file says so.
const RESTART: [u8; 2] = [0xff, 0xd0];
/// How much data is put behind that of the image: enough for the block that was cut.
const MORE: usize = 64;

/// Where a JPEG file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The byte behind the image's data.
    at: usize,
    /// Whether its data may have markers from which decoding begins anew.
    has_restarts: bool,
}

/// Where these bytes end, if they begin as a JPEG file does and hold an image to its end. What follows the end does not matter; an
/// end that lies within a segment, as that of a thumbnail does, is not the image's.
pub(crate) fn end(bytes: &[u8]) -> Option<End> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    let mut has_restarts = false;
    loop {
        // Fill bytes may stand before a marker; decoders also pass over others.
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        let (marker, after) = rest[at + 1..].split_first()?;
        rest = match *marker {
            END_OF_IMAGE => {
                let before = &bytes[..bytes.len() - rest.len() + at];
                let at = before.iter().rposition(|byte| *byte != 0xff).map_or(0, |last| last + 1);
                return Some(End { at, has_restarts });
            }
            // A fill byte: the marker is still to come.
            0xff => &rest[at + 1..],
            // A stuffed zero of the image's data, or a marker without content.
            0x00 | 0x01 | 0xd0..=0xd8 => after,
            kind => {
                has_restarts |= kind == RESTART_INTERVAL;
                let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
                let content = after.get(length.max(2)..)?;
                if kind == START_OF_SCAN { scan_end(content) } else { content }
            }
        };
    }
}

/// Whether the data of an image that was decoded from these bytes are all there: then it stays as it is with more data behind
/// them, which a decoder would take for what is missing.
pub(crate) fn is_filled(bytes: &[u8], end: End, image: &DynamicImage) -> bool {
    let (before, behind) = bytes.split_at(end.at);
    // No byte is 0xff, which would begin a marker. Where data are missing the decoder reads zeros: so the first bit is a one.
    let more: Vec<u8> = (0..MORE).map(|position| if position == 0 { 0xb5 } else { (position * 157 + 89) as u8 & 0x7f }).collect();
    // Data that were cut where decoding begins anew go on behind a marker only.
    let restarted = if end.has_restarts { [&RESTART, &more[..]].concat() } else { Vec::new() };
    let longer = [before, &more, &restarted, behind].concat();
    let mut reader = ImageReader::with_format(Cursor::new(&longer), ImageFormat::Jpeg);
    // It is as large as the image is, which was let through.
    reader.no_limits();
    reader.decode().is_ok_and(|longer| longer == *image)
}

/// What follows the data of a scan: from the first marker that is not part of the data.
fn scan_end(data: &[u8]) -> &[u8] {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    data.windows(2).position(is_marker).map_or(&[], |at| &data[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    const WIDTH: usize = 48;
    const HEIGHT: usize = 40;

    fn picture() -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels: Vec<u8> = (0..WIDTH * HEIGHT * 3).map(|byte| ((byte as u32).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        JpegEncoder::new(&mut bytes).encode(&pixels, WIDTH as u32, HEIGHT as u32, image::ExtendedColorType::Rgb8).unwrap();
        bytes
    }

    fn is_whole(bytes: &[u8]) -> bool {
        end(bytes).is_some()
    }

    #[test]
    fn a_file_cut_anywhere_is_not_whole_and_what_follows_the_end_does_not_matter() {
        let whole = picture();
        assert!(is_whole(&whole));
        for length in 0..whole.len() {
            assert!(!is_whole(&whole[..length]), "cut after {length} of {} bytes", whole.len());
        }
        assert!(is_whole(&[&whole[..], b"\0\0 a comment of some camera"].concat()));
        // A download that ended early, in a file of the right size.
        let mut hole = whole.clone();
        hole[whole.len() / 2..].fill(0);
        assert!(!is_whole(&hole));
    }

    #[test]
    fn the_end_of_a_thumbnail_is_not_the_end_of_the_image() {
        let (whole, thumbnail) = (picture(), picture());
        let length = u16::try_from(thumbnail.len() + 2).unwrap().to_be_bytes();
        let with_thumbnail = [b"\xff\xd8\xff\xe1", &length[..], &thumbnail, &whole[2..]].concat();
        assert!(is_whole(&with_thumbnail));
        assert!(!is_whole(&with_thumbnail[..with_thumbnail.len() - 2]));
        assert!(!is_whole(&with_thumbnail[..thumbnail.len() + 100]));
    }

    /// Whether a file is filled; none where it cannot be decoded at all.
    fn filled(bytes: &[u8]) -> Option<bool> {
        let image = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).ok()?;
        Some(is_filled(bytes, end(bytes)?, &image))
    }

    /// That the file is filled, and is not once its data are cut and closed, down to this many bytes of the last data.
    fn check_cuts(whole: &[u8], data: usize) {
        assert_eq!(filled(whole), Some(true));
        assert_eq!(filled(&[whole, b"\xff\xd9"].concat()), Some(true), "a second end");
        let end = end(whole).unwrap().at;
        let fill = [&whole[..end], b"\xff\xff\xff\xd9"].concat();
        assert_eq!(filled(&fill), Some(true), "fill bytes before the end");
        // The last byte may hold only bits that fill it up.
        for length in end - data..end - 2 {
            let closed = [&whole[..length], b"\xff\xd9"].concat();
            assert_ne!(filled(&closed), Some(true), "cut after {length} of {} bytes", whole.len());
        }
    }

    /// The bytes behind the last start of a scan and its header.
    fn data(bytes: &[u8]) -> usize {
        let start = bytes.windows(2).rposition(|pair| pair == [0xff, START_OF_SCAN]).unwrap();
        end(bytes).unwrap().at - start - 2 - usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]]))
    }

    #[test]
    fn a_file_cut_anywhere_and_closed_again_is_not_filled() {
        let whole = picture();
        check_cuts(&whole, data(&whole));
    }

    /// Bits, in bytes whose 0xff are stuffed, filled up with ones.
    fn packed(bits: &str) -> Vec<u8> {
        let padded = format!("{bits}{}", "1".repeat((8 - bits.len() % 8) % 8));
        let bytes = (0..padded.len() / 8).map(|byte| u8::from_str_radix(&padded[8 * byte..8 * byte + 8], 2).unwrap());
        bytes.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect()
    }

    fn segment(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0xff, kind], &u16::try_from(content.len() + 2).unwrap().to_be_bytes()[..], content].concat()
    }

    /// A grey image of 8 × 8 blocks, whose Huffman tables have codes of four bits: 0 to 7 for as many bits of a mean, 0 and 1 for
    /// the end of a block and for a coefficient of one bit, and others for the same again, so that any data can be decoded.
    fn by_hand(frame: u8, scans: &[Vec<u8>]) -> Vec<u8> {
        let table = |class: u8, symbols: &[u8]| {
            let counts = [0, 0, 0, symbols.len() as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            segment(0xc4, &[&[class], &counts[..], symbols].concat())
        };
        let frame = segment(frame, &[8, 0, 64, 0, 64, 1, 1, 0x11, 0]);
        let quantisation = segment(0xdb, &[&[0, 1], &[64; 63][..]].concat());
        let symbols = |different: u8| (0..15).map(|code| code % different).collect::<Vec<u8>>();
        [&[0xff, 0xd8], &quantisation[..], &frame, &table(0, &symbols(8)), &table(0x10, &symbols(2)), &scans.concat(), &[0xff, 0xd9]]
            .concat()
    }

    fn scan(spectrum: [u8; 3], data: &[u8]) -> Vec<u8> {
        [&segment(START_OF_SCAN, &[&[1, 1, 0], &spectrum[..]].concat()), data].concat()
    }

    /// A block whose mean differs from that of the block before it.
    fn mean(block: usize) -> String {
        format!("0100{:04b}", if block.is_multiple_of(3) { 1 + block % 7 } else { 8 + block % 7 })
    }

    #[test]
    fn progressive_files_and_files_with_restarts_are_held_to_it_too() {
        // Means first, then a coefficient of every block.
        let means: String = (0..64).map(mean).collect();
        let coefficients: String = (0..64).map(|block| format!("0001{}0000", block % 2)).collect();
        let progressive = by_hand(0xc2, &[scan([0, 0, 0], &packed(&means)), scan([1, 63, 0], &packed(&coefficients))]);
        check_cuts(&progressive, data(&progressive));

        // Eight blocks, then a marker.
        let mut parts = Vec::new();
        for part in 0..8 {
            let bits: String = (8 * part..8 * part + 8).map(|block| format!("{}0001{}0000", mean(block), block % 2)).collect();
            parts.extend(packed(&bits));
            parts.extend(if part < 7 { vec![0xff, 0xd0 + part as u8 % 8] } else { Vec::new() });
        }
        let restarts = by_hand(0xc0, &[segment(RESTART_INTERVAL, &[0, 8]), scan([0, 63, 0], &parts)]);
        check_cuts(&restarts, data(&restarts));
    }
}
