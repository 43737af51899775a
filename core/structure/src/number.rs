//! Numbers as people read them.

/// A count with its thousands set apart: `15,625`.
#[must_use]
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_counts_are_grouped_by_thousands() {
        assert_eq!([1, 999, 1000, 15_625, 1_000_000].map(grouped), ["1", "999", "1,000", "15,625", "1,000,000"]);
    }
}
