//! A forest plot: one row a proxy, its τ-b with the interval, and what single training runs reach.

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, TEXT, width_of};

const ROW: f64 = 24.0;
const PLOT: f64 = 230.0;
const TOP: f64 = 48.0;
const MARK: (&str, &str) = ("mark", "#0067a5");
const CEILING: (&str, &str) = ("ceiling", "#b34700");

/// One row.
pub(crate) struct Estimate {
    /// The proxy.
    pub(crate) name: String,
    /// Its τ-b, if it is defined.
    pub(crate) value: Option<f64>,
    /// The interval of it, if there is one.
    pub(crate) interval: Option<[f64; 2]>,
}

/// What a forest plot is drawn from.
pub(crate) struct Forest {
    /// What it shows.
    pub(crate) title: String,
    /// The axis's title.
    pub(crate) axis: String,
    /// Its rows, from above.
    pub(crate) rows: Vec<Estimate>,
    /// Where the axis begins, at 0 or below; it ends at 1.
    pub(crate) low: f64,
    /// The noise ceiling, if this target has one.
    pub(crate) ceiling: Option<f64>,
}

impl Forest {
    pub(crate) fn draw(&self) -> Drawing {
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let left = 12.0 + widest(&mut self.rows.iter().map(|row| width_of(&row.name, TEXT)));
        let right = 14.0 + widest(&mut self.rows.iter().map(|row| width_of(&row.reading(), TEXT - 1.0)));
        let foot = TOP + ROW * self.rows.len() as f64;
        let mut canvas = Canvas::new(left + PLOT + right, foot + 44.0);
        canvas.text((12.0, 15.0), Anchor::Start, &self.title);
        let scale = Scale::linear(self.low - 0.04 * (1.0 - self.low), 1.0).onto(left, left + PLOT);
        scale.draw_below(&mut canvas, (TOP, foot), &self.axis);
        canvas.line((scale.at(0.0), TOP), (scale.at(0.0), foot));
        if let Some(ceiling) = self.ceiling {
            let x = scale.at(ceiling);
            canvas.dashed_line((x, TOP - 4.0), (x, foot), CEILING);
            let text = format!("noise ceiling {ceiling:.3}");
            canvas.styled_text((x + 4.0, TOP - 8.0), Anchor::End, ("ceiling-text", CEILING.1), TEXT - 1.0, &text);
        }
        for (row, number) in self.rows.iter().zip(0..) {
            let y = TOP + ROW * (f64::from(number) + 0.5);
            canvas.text((left - 8.0, y + 3.8), Anchor::End, &row.name);
            canvas.soft_text((left + PLOT + 6.0, y + 3.5), Anchor::Start, &row.reading());
            if let Some([low, high]) = row.interval {
                let [low, high] = [low, high].map(|end| scale.at(end));
                canvas.stroke((low, y), (high, y), MARK, r#" stroke-width="2""#);
                for end in [low, high] {
                    canvas.stroke((end, y - 4.0), (end, y + 4.0), MARK, r#" stroke-width="2""#);
                }
            }
            if let Some(value) = row.value {
                canvas.dot((scale.at(value), y), 4.5, MARK);
            }
        }
        let readings: Vec<String> = self.rows.iter().map(|row| format!("{} {}", row.name, row.reading())).collect();
        canvas.finish(format!("{}: {}", self.title, readings.join("; ")))
    }
}

impl Estimate {
    fn reading(&self) -> String {
        match (self.value, self.interval) {
            (None, _) => "undefined".into(),
            (Some(value), None) => format!("{value:.3}"),
            (Some(value), Some([low, high])) => format!("{value:.3} [{low:.3}, {high:.3}]"),
        }
        .replace('-', "−")
    }
}
