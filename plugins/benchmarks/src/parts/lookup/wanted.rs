//! How somebody names an entry of a table: by its architecture, or by its number.

use assay_core::number::grouped;
use assay_core::plugin::BenchmarkError;

/// The number that this text is, if it is one and below `count`; of a table without numbers there is no count. `problem` is why
/// the text is not an architecture.
pub(super) fn number(benchmark: &str, wanted: &str, count: Option<usize>, problem: String) -> Result<usize, BenchmarkError> {
    let wrong = |problem: String| BenchmarkError::NotAnArchitecture { benchmark: benchmark.to_owned(), problem };
    let wanted = wanted.trim();
    let count = count.filter(|_| !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(count) = count else { return Err(wrong(problem)) };
    let number = wanted.parse().ok().filter(|number| *number < count);
    number.ok_or_else(|| wrong(format!("there is no index {wanted}; the last one is {}", count.saturating_sub(1))))
}

/// What a table of so many architectures holds, and how they are named; `example` says how one is written.
pub(super) fn holds(count: usize, example: &str, is_numbered: bool) -> String {
    let architectures = grouped(count as u128);
    let numbered = if is_numbered { format!(", or an index from 0 to {}", count.saturating_sub(1)) } else { String::new() };
    format!("it holds {architectures} architectures; write {}{numbered}", example.trim_end_matches(','))
}
