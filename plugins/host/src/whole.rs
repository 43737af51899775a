//! Whether a library is there as a whole: the system's loader maps a file that was cut short, and dies where it reads it.

/// The bytes that an ELF file of this beginning says it has, where it says so: the end of its last segment, or of its table
/// of sections, which stands last in what linkers write.
///
/// Files of other formats say nothing here, and are left to the loader.
pub(crate) fn length_said(bytes: &[u8]) -> Option<u64> {
    // 64 bits, little endian.
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let short = |at: usize| bytes.get(at..at + 2)?.try_into().ok().map(|bytes| u64::from(u16::from_le_bytes(bytes)));
    let long = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
    const HEADER: u64 = 64;
    let (Some(segments), Some(sections)) = (long(32), long(40)) else { return Some(HEADER) };
    let (Some(segment), Some(count), Some(section), Some(many)) = (short(54), short(56), short(58), short(60)) else {
        return Some(HEADER);
    };
    let tables = [segments.saturating_add(segment * count), sections.saturating_add(section * many)];
    let end = |number: u64| {
        let at = usize::try_from(segments.checked_add(number.checked_mul(segment)?)?).ok()?;
        long(at.checked_add(8)?)?.checked_add(long(at.checked_add(32)?)?)
    };
    (0..count).filter_map(end).chain(tables).chain([HEADER]).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_has_the_bytes_that_it_says_and_a_part_of_it_does_not() {
        if !cfg!(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")) {
            return;
        }
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(length_said(&whole).is_some_and(|said| said <= whole.len() as u64));
        for part in [7, 40, 63, 64, 4096, whole.len() / 2, whole.len() - 1] {
            assert!(length_said(&whole[..part]).is_some_and(|said| said > part as u64), "{part} of {} bytes", whole.len());
        }
    }

    #[test]
    fn what_is_not_elf_says_nothing_and_numbers_without_sense_do_no_harm() {
        assert_eq!(length_said(b"MZ"), None);
        assert_eq!(length_said(b""), None);
        let mut wild = b"\x7fELF\x02\x01".to_vec();
        wild.resize(200, 0xff);
        assert_eq!(length_said(&wild), Some(u64::MAX));
    }
}
