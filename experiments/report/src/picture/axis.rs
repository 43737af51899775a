//! From values to pixels, with ticks at round numbers.

use super::canvas::{Anchor, Canvas, TEXT, width_of};

/// A mapping from values to pixels, linear or logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
    /// Whether what lies between whole numbers means nothing.
    whole: bool,
}

/// From which ratio of the largest to the smallest value a logarithm shows more.
const LOGARITHMIC_FROM: f64 = 300.0;

impl Scale {
    /// Over these values, of which at least one is finite, with a little room at both ends.
    pub(crate) fn over(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let finite = || values.clone().filter(|value| value.is_finite());
        let (low, high) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
        let logarithmic = low > 0.0 && high / low >= LOGARITHMIC_FROM;
        let [begin, end] = [low, high].map(|value| if logarithmic { value.log10() } else { value });
        // A single value gets an interval of its own size.
        let room = if end > begin { 0.03 * (end - begin) } else { 0.5 * begin.abs().max(1.0) };
        Some(Self { low: begin - room, high: end + room, from: 0.0, to: 1.0, logarithmic, whole: false })
    }

    /// As [`over`](Self::over), but logarithmic wherever that leaves at least a decade to label.
    pub(crate) fn over_decades(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let linear = Self::over(values.clone())?;
        let finite = || values.clone().filter(|value| value.is_finite());
        let (low, high) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
        if low <= 0.0 || high / low < 10.0 {
            return Some(linear);
        }
        // Not of the ratio, which may be beyond the largest number.
        let (low, high) = (low.log10(), high.log10());
        let room = 0.03 * (high - low);
        Some(Self { low: low - room, high: high + room, logarithmic: true, ..linear })
    }

    /// From one value to another, linear.
    pub(crate) fn linear(low: f64, high: f64) -> Self {
        Self { low, high, from: 0.0, to: 1.0, logarithmic: false, whole: false }
    }

    /// The numbers from 1 to `last`, with half a step of room at both ends.
    pub(crate) fn counting(last: usize) -> Self {
        Self { whole: true, ..Self::linear(0.5, last as f64 + 0.5) }
    }

    /// The same, onto these pixels.
    pub(crate) fn onto(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    pub(crate) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// Where a value lies.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round values between the ends, about `count` of them and a third more at most, with their labels.
    pub(crate) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let values = if self.logarithmic { self.decades(count) } else { self.steps(count) };
        if self.logarithmic {
            return values.into_iter().map(|value| (value, label(value, value, value))).collect();
        }
        let step = values.get(1).zip(values.first()).map_or(1.0, |(second, first)| second - first);
        // One unit for all, that of the largest.
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        values.into_iter().map(|value| (value, label(value, step, largest))).collect()
    }

    fn steps(&self, count: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / count as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= 0.75 * rough).unwrap_or(rough);
        let step = if self.whole { step.max(1.0) } else { step };
        let first = (self.low / step).ceil();
        (0..).map(|number| (first + f64::from(number)) * step).take_while(|value| *value <= self.high).take(100).collect()
    }

    fn decades(&self, count: usize) -> Vec<f64> {
        // Over two decades their ends alone say little.
        if self.high - self.low < 2.0 {
            let powers = self.low.floor() as i32..=self.high.floor() as i32;
            let steps = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10f64.powi(power)));
            return steps.filter(|value| (self.low..=self.high).contains(&value.log10())).collect();
        }
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let spacing = ((last - first) as usize / count.max(1) + 1) as i32;
        let powers = (first..=last).filter(|power| power.rem_euclid(spacing) == 0).map(|power| 10f64.powi(power));
        // Powers below 1e-308 may come out as 0, which has no place on the axis.
        powers.filter(|value| *value > 0.0).collect()
    }

    /// Draws a horizontal axis at the foot of a plot that reaches up to `top`.
    pub(crate) fn draw_below(&self, canvas: &mut Canvas, (top, foot): (f64, f64), title: &str) {
        let widest = |ticks: &[(f64, String)]| ticks.iter().map(|(_, label)| width_of(label, TEXT - 1.0)).fold(0.0, f64::max);
        let spacing = |ticks: &[(f64, String)]| match ticks {
            [(first, _), (second, _), ..] => (self.at(*second) - self.at(*first)).abs(),
            _ => f64::INFINITY,
        };
        // As many ticks as their labels leave room for.
        let ticks = (1..=6).rev().map(|count| self.ticks(count)).find(|ticks| spacing(ticks) >= widest(ticks) + 6.0);
        for (value, label) in ticks.unwrap_or_default() {
            let x = self.at(value);
            canvas.grid_line((x, top), (x, foot));
            canvas.line((x, foot), (x, foot + 4.0));
            canvas.soft_text((x, foot + 17.0), Anchor::Middle, &label);
        }
        canvas.line((self.from.min(self.to), foot), (self.from.max(self.to), foot));
        canvas.title_below(((self.from + self.to) / 2.0, foot + 35.0), title);
    }

    /// Draws a vertical axis at the left of a plot that reaches to `right`.
    pub(crate) fn draw_left(&self, canvas: &mut Canvas, (left, right): (f64, f64), title: &str) {
        let mut widest: f64 = 0.0;
        for (value, label) in self.ticks(5) {
            let y = self.at(value);
            canvas.grid_line((left, y), (right, y));
            canvas.line((left - 4.0, y), (left, y));
            canvas.soft_text((left - 7.0, y + 4.0), Anchor::End, &label);
            widest = widest.max(width_of(&label, TEXT - 1.0));
        }
        canvas.line((left, self.from), (left, self.to));
        canvas.title_left((left - 15.0 - widest, (self.from + self.to) / 2.0), title);
    }
}

/// A tick's label: as many digits as the step needs, in the unit k, M, G, … that suits the largest value.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&largest) {
        return format!("{value:.0e}").replace('-', "−");
    }
    let units = [(1e12, 1e12, " T"), (1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k")];
    let (unit, suffix) = units.into_iter().find(|(from, ..)| largest >= *from).map_or((1.0, ""), |(_, unit, suffix)| (unit, suffix));
    let decimals = (-((step / unit).abs() * 1.001).log10().floor()).max(0.0) as usize;
    format!("{:.decimals$}{suffix}", value / unit).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], count: usize) -> Vec<String> {
        Scale::over(values.iter().copied()).unwrap().ticks(count).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_the_digits_they_need() {
        assert_eq!(labels(&[0.0, 94.3], 5), ["0", "20", "40", "60", "80"]);
        assert_eq!(labels(&[-0.31, 0.95], 5), ["0", "0.5"]);
        assert_eq!(labels(&[73_306.0, 1_531_546.0], 4), ["0.5 M", "1.0 M", "1.5 M"]);
        assert_eq!(labels(&[0.012, 0.0173], 5), ["0.012", "0.013", "0.014", "0.015", "0.016", "0.017"]);
    }

    #[test]
    fn values_of_many_sizes_get_a_logarithm_unless_some_are_not_positive() {
        assert_eq!(labels(&[3.0, 2e9], 5), ["100", "10 k", "1 M", "100 M"]);
        assert_eq!(labels(&[0.0, 2e9], 4), ["0", "0.5 G", "1.0 G", "1.5 G", "2.0 G"]);
        assert!(Scale::over([3.0, 2e9, f64::INFINITY].into_iter()).unwrap().is_logarithmic());
    }

    #[test]
    fn a_scale_of_decades_has_at_least_one_to_label() {
        let decades = |values: [f64; 2]| Scale::over_decades(values.into_iter()).unwrap();
        assert_eq!(
            decades([74.0, 2760.0]).ticks(5).into_iter().map(|(_, label)| label).collect::<Vec<_>>(),
            ["100", "200", "500", "1000", "2000"]
        );
        assert!(decades([0.3, 3.1]).is_logarithmic());
        assert!(!decades([30.0, 90.0]).is_logarithmic() && !decades([0.0, 90.0]).is_logarithmic());
    }

    #[test]
    fn values_whose_ratio_is_beyond_the_largest_number_have_ticks_too() {
        let ticks = Scale::over_decades([3.6e-320, 136.7].into_iter()).unwrap().ticks(5);
        assert!((2..=7).contains(&ticks.len()), "{ticks:?}");
        for count in 1..400 {
            let ticks = Scale::over_decades([5e-324, 1.7e308].into_iter()).unwrap().ticks(count);
            assert!(ticks.iter().all(|(value, _)| *value > 0.0), "{ticks:?}");
        }
    }

    #[test]
    fn steps_are_counted_in_whole_numbers() {
        let labels = |last| Scale::counting(last).ticks(5).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(3), ["1", "2", "3"]);
        assert_eq!(labels(1000), ["200", "400", "600", "800", "1000"]);
    }

    #[test]
    fn one_value_alone_and_none_at_all_are_drawn_too() {
        let scale = Scale::over([5.0, 5.0].into_iter()).unwrap().onto(0.0, 100.0);
        assert_eq!(scale.at(5.0), 50.0);
        assert_eq!(Scale::over([f64::INFINITY].into_iter()), None);
    }
}
