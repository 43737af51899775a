//! Seeds as users write them: `0-5,7`.

use std::collections::BTreeSet;
use std::str::FromStr;

/// Seeds, each once, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Vec<u64>);

/// A text that does not name seeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name seeds: write 0-5 for six, or 0,3,7 (at most {most})", most = Seeds::MOST)]
pub struct SeedsError(String);

impl Seeds {
    /// The most seeds of one plan.
    pub const MOST: u64 = 9_999;

    /// The seeds, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

impl FromStr for Seeds {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Self, SeedsError> {
        let wrong = || SeedsError(text.to_owned());
        let mut seeds = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u64, u64) = (first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?);
            // Before they are all counted.
            if last < first || last - first >= Self::MOST {
                return Err(wrong());
            }
            seeds.extend(first..=last);
        }
        if seeds.len() as u64 > Self::MOST { Err(wrong()) } else { Ok(Self(seeds.into_iter().collect())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_ranges_and_numbers_each_once_and_ascending() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|seeds| seeds.0);
        assert_eq!(seeds("0-5").unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(seeds("7, 1-3,2").unwrap(), [1, 2, 3, 7]);
        assert_eq!(seeds("18446744073709551615").unwrap(), [u64::MAX]);
        for wrong in ["", "a", "5-1", "1-", "-1", "0-9999", "0-18446744073709551615", "1,,2", "0..5"] {
            assert_eq!(seeds(wrong).unwrap_err(), SeedsError(wrong.into()));
        }
    }
}
