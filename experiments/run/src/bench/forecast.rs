//! How long the measurements of a run take, told once, by the first of them: that costs nothing, and holds for any proxy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use assay_core::plugin::Request;

use super::records::Record;

/// Seconds from which on it is told how long a run takes.
const LONG: f64 = 60.0;

/// Seconds that the first measurements have to take, so that they say something about the others.
const ENOUGH: f64 = 1.0;

/// Watches the first measurements of a run.
#[derive(Debug)]
pub struct Forecast {
    threads: usize,
    /// None when all is told, or nothing is to be told.
    first: Mutex<Option<First>>,
}

/// What is known of the first measurements.
#[derive(Debug, Default)]
struct First {
    /// By label, of all that were made.
    made: BTreeMap<String, Made>,
    /// By label, how many were asked for together last.
    asked: BTreeMap<String, usize>,
    /// How many are measured side by side.
    together: usize,
    ahead: Ahead,
    are_largest: bool,
    /// Whether anything was asked for.
    is_begun: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Made {
    count: usize,
    /// Of the run, not of a thread.
    seconds: f64,
}

/// What is still to be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ahead {
    /// So many measurements, those among them that are asked for now.
    Measurements(usize),
    /// That is not known.
    #[default]
    Unknown,
}

impl Ahead {
    /// How many measurements, if that is known.
    pub(super) fn count(self) -> Option<usize> {
        match self {
            Self::Measurements(count) => Some(count),
            Self::Unknown => None,
        }
    }

    /// When so many more are made.
    pub(super) fn less(self, made: usize) -> Self {
        match self {
            Self::Measurements(count) => Self::Measurements(count.saturating_sub(made)),
            Self::Unknown => Self::Unknown,
        }
    }

    /// The beginning of what is told of it, or of what was asked for alone.
    pub(super) fn called(self) -> &'static str {
        match self {
            Self::Measurements(_) => "this takes",
            Self::Unknown => "how much this search measures is not known; what it asks for first takes",
        }
    }
}

impl Forecast {
    /// Of a run on so many threads.
    #[must_use]
    pub(super) fn new(threads: usize) -> Self {
        Self { threads, first: Mutex::new(Some(First::default())) }
    }

    /// Has nothing more to tell.
    pub(super) fn end(&self) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes note of what is measured next, and of what is ahead. `are_largest` says that no later network is larger than these, as where
    /// a search prunes a network. Gives whether these are the first.
    pub(super) fn asked(&self, requests: &[&Request], ahead: Ahead, are_largest: bool) -> bool {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = first.as_mut() else { return false };
        first.asked.clear();
        for request in requests {
            *first.asked.entry(request.label.clone()).or_default() += 1;
        }
        first.together = self.threads.min(requests.len()).max(1);
        (first.ahead, first.are_largest) = (ahead, are_largest);
        !std::mem::replace(&mut first.is_begun, true)
    }

    /// Takes note of what was measured, and gives the line that tells how long the run takes, once, if that is long.
    #[must_use]
    pub(super) fn measured(&self, records: &[Record]) -> Option<String> {
        let mut watched = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let first = watched.as_mut()?;
        for record in records {
            let made = first.made.entry(record.request.label.clone()).or_default();
            made.count += 1;
            made.seconds += record.seconds / first.together as f64;
        }
        let told = first.told()?;
        *watched = None;
        told
    }
}

impl First {
    /// What there is to tell; nothing yet where too little was measured.
    fn told(&self) -> Option<Option<String>> {
        let spent: f64 = self.made.values().map(|made| made.seconds).sum();
        if spent < ENOUGH {
            return None;
        }
        // One of each, and in all of them.
        let (mut mean, mut asked) = (0.0, 0);
        for (label, count) in &self.asked {
            let made = self.made.get(label)?;
            mean += *count as f64 * made.seconds / made.count as f64;
            asked += count;
        }
        let count: usize = self.made.values().map(|made| made.count).sum();
        let all = self.ahead.count().unwrap_or(asked).max(asked);
        let seconds = mean * all as f64 / asked.max(1) as f64;
        if seconds < LONG {
            return Some(None);
        }
        let mut told = format!("{} about {}", self.ahead.called(), duration(seconds));
        if self.are_largest {
            told += " at the most, as networks become smaller";
        }
        let _ = write!(told, ": {all} measurements, by the first {count}");
        Some(Some(told))
    }
}

/// A time for people.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        minutes if minutes < 5400.0 => format!("{:.0} min", minutes / 60.0),
        hours => format!("{:.1} h", hours / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use assay_core::score::Reading;

    use super::*;
    use crate::bench::workbench::repeats;

    fn requests(label: &str, count: usize) -> Vec<Request> {
        repeats(label, &"11111.11111.11111.11111.11111.11111".to_owned().try_into().unwrap(), "test", count)
    }

    fn records(requests: &[Request], seconds: f64) -> Vec<Record> {
        requests.iter().map(|request| Record::new(request.clone(), Reading::Value(1.0), seconds)).collect()
    }

    #[test]
    fn the_first_of_each_kind_tell_how_long_all_take_once() {
        let (slow, quick) = (requests("slow", 10), requests("quick", 10));
        let forecast = Forecast::new(2);
        forecast.asked(&slow.iter().chain(&quick).collect::<Vec<_>>(), Ahead::Measurements(200), false);
        assert_eq!(forecast.measured(&records(&slow[..2], 4.0)), None, "nothing is known of the quick ones");
        // 100 of 4 s and 100 of 1 s, two side by side.
        let told = forecast.measured(&records(&quick[..1], 1.0)).unwrap();
        assert_eq!(told, "this takes about 4 min: 200 measurements, by the first 3");
        assert_eq!(forecast.measured(&records(&slow[2..], 4.0)), None, "it is told once");
    }

    #[test]
    fn one_after_the_other_takes_as_long_as_on_one_thread() {
        let forecast = Forecast::new(8);
        for request in requests("kappa", 1) {
            forecast.asked(&[&request], Ahead::Measurements(100), false);
            let told = forecast.measured(&records(&[request], 1.8)).unwrap();
            assert_eq!(told, "this takes about 3 min: 100 measurements, by the first 1");
        }
    }

    #[test]
    fn short_ones_are_not_told_and_unknown_ones_by_what_was_asked_for() {
        let ten = requests("kappa", 10);
        let asked: Vec<&Request> = ten.iter().collect();
        let forecast = Forecast::new(1);
        forecast.asked(&asked, Ahead::Measurements(20), false);
        assert_eq!(forecast.measured(&records(&ten[..1], 0.4)), None, "too little to tell");
        assert_eq!(forecast.measured(&records(&ten[1..3], 0.4)), None, "8 s are not long");
        assert_eq!(forecast.measured(&records(&ten[3..4], 1000.0)), None, "which was settled");

        let pruned = Forecast::new(1);
        pruned.asked(&asked, Ahead::Unknown, true);
        let told = pruned.measured(&records(&ten[..1], 30.0)).unwrap();
        assert_eq!(
            told,
            "how much this search measures is not known; what it asks for first takes about 5 min at the most, as networks become \
             smaller: 10 measurements, by the first 1"
        );
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!([12.3, 600.0, 7200.0].map(duration), ["12 s", "10 min", "2.0 h"]);
    }
}
