//! What the searches of a table have in common, and what the user may choose of it.

use clap::{Args, ValueEnum};
use toml_edit::Value;

use super::datasets::Images;

/// Under which conditions searches run.
#[derive(Clone, Debug, Args)]
pub(super) struct Conditions {
    /// Seeds: 0,2 or 0-3 (both ends included)
    #[arg(long, default_value = "0-3", value_parser = seeds)]
    pub(super) seeds: Seeds,
    /// Whether the candidates of a round share their random draws
    #[arg(long, value_enum, default_value_t = Pairing::Common)]
    pub(super) pairing: Pairing,
    /// Worker threads of a search; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Pairing {
    Common,
    Independent,
}

/// Different seeds, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) Vec<u64>);

impl Conditions {
    /// The command that makes a result with these images, and with further options, under these conditions.
    pub(super) fn command_line(&self, result: &str, images: &[Images], options: &[String]) -> String {
        let mut words = vec!["cargo xtask reproduce".to_owned(), result.to_owned()];
        words.extend(images.iter().flat_map(Images::arguments).map(quoted));
        if self.seeds.0 != [0, 1, 2, 3] {
            words.extend(["--seeds".into(), self.seeds.0.iter().map(u64::to_string).collect::<Vec<_>>().join(",")]);
        }
        words.extend(options.iter().cloned());
        if self.pairing != Pairing::Common {
            words.extend(["--pairing".into(), word(self.pairing)]);
        }
        words.join(" ")
    }

    /// What an experiment is to set for one seed.
    pub(super) fn settings(&self, seed: u64) -> Vec<(String, Value)> {
        vec![self::seed(seed), ("strategy.pairing".into(), word(self.pairing).into())]
    }
}

/// The key of the seed.
pub(super) fn seed(seed: u64) -> (String, Value) {
    // A seed beyond TOML's integers is refused by the experiment file's own check.
    ("seed".into(), i64::try_from(seed).unwrap_or(-1).into())
}

/// A choice as it is written on the command line.
pub(super) fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(super) fn seeds(text: &str) -> Result<Seeds, String> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let mut seeds = Vec::new();
    for part in text.split(',') {
        match part.split_once("..").or_else(|| part.split_once('-')) {
            Some((first, last)) => seeds.extend(number(first)?..=number(last)?),
            None => seeds.push(number(part)?),
        }
    }
    let count = seeds.len();
    seeds.sort_unstable();
    seeds.dedup();
    match (count, seeds.len()) {
        (0, _) => Err(format!("`{text}` names no seed")),
        (count, distinct) if count > distinct => Err(format!("`{text}` names a seed twice")),
        _ => Ok(Seeds(seeds)),
    }
}

/// An argument as it is typed in a shell.
fn quoted(argument: String) -> String {
    if argument.contains([' ', '"', '\'', '$', '\\']) { format!("{argument:?}") } else { argument }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_and_ranges_with_both_ends() {
        assert_eq!(seeds("0-3"), Ok(Seeds(vec![0, 1, 2, 3])));
        assert_eq!(seeds("0..3"), Ok(Seeds(vec![0, 1, 2, 3])));
        assert_eq!(seeds("7,2,4-5"), Ok(Seeds(vec![2, 4, 5, 7])));
        for wrong in ["", "a", "3-1", "1,1", "0-2,1", "-1", "1-"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
