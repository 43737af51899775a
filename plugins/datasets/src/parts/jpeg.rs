//! Whether a JPEG file is whole.
//!
//! The decoder fills what is missing of an image with grey and reports nothing, as a viewer should. Here that would be a
//! measurement of half a grey image. So the file is walked from marker to marker, and has to reach the one that ends it.

const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Whether these bytes begin as a JPEG file does and hold an image to its end. What follows the end does not matter; an end
/// that lies within a segment, as that of a thumbnail does, is not the image's.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(b"\xff\xd8") else { return false };
    loop {
        // Fill bytes may stand before a marker; decoders also pass over others.
        let Some(at) = rest.iter().position(|byte| *byte == 0xff) else { return false };
        let Some((marker, after)) = rest[at + 1..].split_first() else { return false };
        rest = match *marker {
            END_OF_IMAGE => return true,
            // A fill byte: the marker is still to come.
            0xff => &rest[at + 1..],
            // A stuffed zero of the image's data, or a marker without content.
            0x00 | 0x01 | 0xd0..=0xd8 => after,
            kind => {
                let Some(length) = after.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length))) else { return false };
                let Some(content) = after.get(length.max(2)..) else { return false };
                if kind == START_OF_SCAN { scan_end(content) } else { content }
            }
        };
    }
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

    fn picture() -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels: Vec<u8> = (0..48 * 40 * 3_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        JpegEncoder::new(&mut bytes).encode(&pixels, 48, 40, image::ExtendedColorType::Rgb8).unwrap();
        bytes
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
}
