//! How long searches take that measure: one of each is made first, and tells of the others.

use std::fmt::Write as _;

use assay_results::SearchSummary;

use crate::reproduce::summary::cost;

/// A search that was made first.
pub(super) struct First {
    /// Which method, where.
    title: String,
    seconds: f64,
    processor_seconds: Option<f64>,
    /// How many like it are still to be made.
    left: usize,
}

impl First {
    pub(super) fn new(title: String, search: &SearchSummary, left: usize) -> Self {
        let cost = cost(search);
        Self { title, seconds: cost.seconds, processor_seconds: cost.processor_seconds, left }
    }
}

/// What the others take, one after the other, a line a method and the sum.
pub(super) fn told(firsts: &[First]) -> String {
    let mut text = String::new();
    for First { title, seconds, processor_seconds, left } in firsts {
        let processor = processor_seconds.map_or_else(String::new, |seconds| format!(" ({seconds:.0} s of processor time)"));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{title}: {seconds:.0} s a search{processor}, {left} left: {:.1} min", seconds * *left as f64 / 60.0);
    }
    let all: f64 = firsts.iter().map(|first| first.seconds * first.left as f64).sum();
    let _ = writeln!(text, "what is left to measure takes about {:.0} min on this machine, as busy as it is now", all / 60.0);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_search_of_each_method_tells_how_long_the_others_take() {
        let first = |title: &str, seconds, processor_seconds, left| First { title: title.into(), seconds, processor_seconds, left };
        insta::assert_snapshot!(told(&[first("a", 90.0, Some(150.0), 2), first("b", 12.0, None, 19)]), @"
        a: 90 s a search (150 s of processor time), 2 left: 3.0 min
        b: 12 s a search, 19 left: 3.8 min
        what is left to measure takes about 7 min on this machine, as busy as it is now
        ");
    }
}
