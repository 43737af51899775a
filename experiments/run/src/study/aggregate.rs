//! Scores that exist only among the architectures of a study: aggregates of several proxies.

use assay_core::plugin::{Aggregate, Column};
use assay_core::score::{Direction, Reading, Score};

use super::correlation::Scores;
use crate::RunError;

/// What was measured with one proxy.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) direction: Direction,
    /// By architecture, one a repeat.
    pub(super) readings: &'a [Vec<Reading>],
}

impl Measured<'_> {
    /// By architecture, the mean over the repeats, or that of one repeat. A proxy without draws has one reading, which is
    /// that of every repeat.
    fn column(&self, repeat: Option<usize>) -> Vec<Reading> {
        let mean = |readings: &[Reading]| Score::of(self.direction, readings).reading;
        let of_one = |readings: &Vec<Reading>| repeat.and_then(|repeat| readings.get(repeat).cloned()).unwrap_or_else(|| mean(readings));
        self.readings.iter().map(of_one).collect()
    }
}

impl Scores {
    /// Of an aggregate, from what was measured with its components, in their order.
    pub(super) fn aggregate(label: &str, aggregate: &Aggregate, components: &[Measured<'_>]) -> Result<Self, RunError> {
        let combine = |repeat: Option<usize>| {
            let readings: Vec<Vec<Reading>> = components.iter().map(|component| component.column(repeat)).collect();
            let directions = components.iter().map(|component| component.direction);
            let columns: Vec<Column<'_>> = directions.zip(&readings).map(|(direction, readings)| Column { direction, readings }).collect();
            let combined = aggregate.combine(&columns).map_err(|error| RunError::Result(format!("{label}: {error}")))?;
            Ok::<_, RunError>(combined.iter().map(Reading::value).collect::<Vec<Option<f64>>>())
        };
        let repeats = components.iter().filter_map(|component| component.readings.first()).map(Vec::len).max().unwrap_or(0);
        Ok(Self {
            label: label.to_owned(),
            mean: combine(None)?,
            repeats: (0..repeats).map(|repeat| combine(Some(repeat))).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::{Component, Rule};

    use super::*;

    #[test]
    fn a_proxy_without_draws_has_the_same_reading_in_every_repeat_and_more_is_better_in_the_end() {
        let values = |values: &[f64]| values.iter().copied().map(Reading::Value).collect::<Vec<_>>();
        let drawn = [values(&[9.0, 1.0]), values(&[5.0, 2.0]), vec![Reading::undefined("singular"), Reading::Value(1.0)]];
        let counted = [values(&[10.0]), values(&[20.0]), values(&[30.0])];
        let components = [
            Measured { direction: Direction::LowerIsBetter, readings: &drawn },
            Measured { direction: Direction::HigherIsBetter, readings: &counted },
        ];
        let aggregate = Aggregate::new(vec![Component::new("drawn"), Component::new("counted")], Rule::RankSum).unwrap();
        let scores = Scores::aggregate("both", &aggregate, &components).unwrap();
        // Means 5, 3.5 and none; repeats 9, 5, none and 1, 2, 1.
        assert_eq!(scores.mean, [Some(1.0 + 1.0), Some(2.0 + 2.0), None]);
        assert_eq!(scores.repeats[0], [Some(1.0 + 1.0), Some(2.0 + 2.0), None]);
        assert_eq!(scores.repeats[1], [Some(2.5 + 1.0), Some(1.0 + 2.0), Some(2.5 + 3.0)]);
        assert_eq!((scores.label.as_str(), scores.repeats.len()), ("both", 2));
    }
}
