//! How deep an experiment is nested: what is nested deeper than any setting would overflow the stack of a parser.

use std::ops::Range;

/// Keys and values of no setting are nested as deep.
pub(super) const DEEPEST: usize = 32;

/// What is nested too deep, and where in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep {
    pub(super) problem: String,
    pub(super) span: Range<usize>,
}

/// The first place of a TOML text that is nested too deep. The text need not be valid.
pub(super) fn too_deep(text: &str) -> Option<TooDeep> {
    let bytes = text.as_bytes();
    let (mut depth, mut dots) = (0_usize, 0);
    let mut at = 0;
    while at < bytes.len() {
        let length = match bytes[at] {
            b'"' | b'\'' => quoted(&bytes[at..]),
            b'#' => bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at),
            _ => 1,
        };
        match bytes[at] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match bytes[at] {
            b'.' => dots += 1,
            b'=' | b',' | b'[' | b']' | b'{' | b'}' | b'\n' => dots = 0,
            _ => {}
        }
        let span = at..at + length;
        if depth > DEEPEST {
            let problem = format!("lists and tables are nested more than {DEEPEST} deep here, and those of no setting are");
            return Some(TooDeep { problem, span });
        }
        if dots >= DEEPEST {
            return Some(TooDeep { problem: format!("a key has at most {DEEPEST} parts, and this one has more"), span });
        }
        at += length;
    }
    None
}

/// The length of what begins with a quote, to the end of its line or of the text where it is not closed.
fn quoted(bytes: &[u8]) -> usize {
    let quote = bytes[0];
    let triple = [quote; 3];
    let (mark, is_long): (&[u8], bool) = if bytes.starts_with(&triple) { (&triple, true) } else { (&triple[..1], false) };
    let mut at = mark.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            b'\n' if !is_long => return at,
            _ if bytes[at..].starts_with(mark) => return at + mark.len(),
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_parts_of_keys_are_counted_where_they_nest() {
        let place = |text: &str| too_deep(text).map(|found| (found.problem, found.span));
        let (open, parts) = ("[".repeat(DEEPEST + 1), vec!["a"; DEEPEST + 1].join("."));
        let deep = "lists and tables are nested more than 32 deep here, and those of no setting are".to_owned();
        assert_eq!(place(&format!("a = {open}")), Some((deep.clone(), 36..37)));
        assert_eq!(place(&format!("a = {}", "{a=".repeat(DEEPEST + 1))), Some((deep, 100..101)));
        assert_eq!(place(&format!("{parts} = 1")), Some(("a key has at most 32 parts, and this one has more".into(), 63..64)));
        for shallow in [
            format!("a = {}", &open[1..]),
            format!("{} = 1", &parts[2..]),
            format!("a = \"{open}\" # {open}"),
            format!("a = '{open}'\nb = \"\\\"{open}\""),
            format!("a = \"\"\"\n\"{open}\n\"\"\"\nb = '''\n{open}'''"),
            "[a]\n".repeat(100),
            "[[a]]\n".repeat(100),
            "1.5, ".repeat(100),
            format!("a = \"open\nb = {}", &open[1..]),
        ] {
            assert_eq!(place(&shallow), None, "{shallow}");
        }
    }
}
