//! What the searches of a table have in common, and what the user may choose of it.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use toml_edit::Value;

/// Under which conditions searches run.
#[derive(Debug, Args)]
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Pairing {
    Common,
    Independent,
}

/// Different seeds, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) Vec<u64>);

impl Conditions {
    /// What an experiment is to set for one seed.
    pub(super) fn settings(&self, seed: u64) -> Vec<(String, Value)> {
        // A seed beyond TOML's integers is refused by the experiment file's own check.
        let seed = i64::try_from(seed).unwrap_or(-1);
        vec![("seed".into(), seed.into()), ("strategy.pairing".into(), word(self.pairing).into())]
    }
}

/// A choice as it is written on the command line.
pub(super) fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn seeds(text: &str) -> Result<Seeds, String> {
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

/// The command that the user typed.
pub(super) fn command_line() -> String {
    let quoted = |argument: OsString| {
        let text = argument.display().to_string();
        if text.contains([' ', '"', '\'', '$', '\\']) { format!("{text:?}") } else { text }
    };
    std::iter::once("cargo xtask".to_owned()).chain(std::env::args_os().skip(1).map(quoted)).collect::<Vec<_>>().join(" ")
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
