//! The benchmark's text without what logs and code put around it.

/// The benchmark's text inside of `Structure(…)`, of quotes, or behind a label; where it is not inside of these, all of the text.
pub(super) fn unwrapped(given: &str) -> &str {
    let (Some(first), Some(last)) = (given.find('|'), given.rfind('|')) else { return given };
    let before = given[..first].trim_end();
    let behind = &given[last + 1..];
    let is_label = before.ends_with([':', '=', '\'', '"']) || before.ends_with("nodes with");
    let is_end = behind.chars().all(|c| c.is_whitespace() || ")'\",".contains(c));
    if is_label && is_end { &given[first..=last] } else { given }
}
