//! The course of a search: what each step read, and the best so far.

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, short};

const PLOT: (f64, f64) = (360.0, 220.0);
const LEFT: f64 = 62.0;
const TOP: f64 = 58.0;
const BEST: (&str, &str) = ("mark", "#0067a5");
const EACH: (&str, &str) = ("each", "#7d8794");
const FOUND: (&str, &str) = ("ceiling", "#b34700");

/// What a curve is drawn from.
pub(crate) struct Curve {
    /// What it shows.
    pub(crate) title: String,
    /// The vertical axis's title.
    pub(crate) axis: String,
    /// The vertical axis.
    pub(crate) scale: Scale,
    /// What each step read; `None` is undefined.
    pub(crate) readings: Vec<Option<f64>>,
    /// The best of all steps up to each.
    pub(crate) best: Vec<Option<f64>>,
    /// What the found architecture scores.
    pub(crate) found: Option<f64>,
}

impl Curve {
    pub(crate) fn draw(&self) -> Drawing {
        let (width, height) = PLOT;
        let (right, foot) = (LEFT + width, TOP + height);
        let mut canvas = Canvas::new(right + 14.0, foot + 44.0);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        let steps = Scale::counting(self.readings.len()).onto(LEFT, right);
        steps.draw_below(&mut canvas, (TOP, foot), "step of the search");
        let logarithm = if self.scale.is_logarithmic() { ", logarithmic" } else { "" };
        let values = self.scale.onto(foot, TOP);
        values.draw_left(&mut canvas, (LEFT, right), &format!("{}{logarithm}", self.axis));
        if let Some(found) = self.found {
            canvas.dashed_line((LEFT, values.at(found)), (right, values.at(found)), FOUND);
        }
        let at = |step: usize, value: f64| (steps.at(step as f64 + 1.0), values.at(value));
        let best: Vec<(f64, f64)> = self.best.iter().enumerate().filter_map(|(step, value)| value.map(|value| at(step, value))).collect();
        if let Some(((first_x, first_y), rest)) = best.split_first() {
            let stairs: String = rest.iter().map(|(x, y)| format!("H{}V{}", short(*x), short(*y))).collect();
            let path = format!("M{} {}{stairs}", short(*first_x), short(*first_y));
            canvas.push(&format!(r#"<path class="{}" d="{path}" fill="none" stroke="{}" stroke-width="2"/>"#, BEST.0, BEST.1));
        }
        // Thousands of steps are a cloud of small dots.
        let radius = if self.readings.len() > 200 { 1.2 } else { 3.5 };
        for (step, value) in self.readings.iter().enumerate() {
            if let Some(value) = value {
                canvas.dot(at(step, *value), radius, EACH);
            }
        }
        self.draw_legend(&mut canvas);
        canvas.finish(format!("{}, over {} steps", self.title, self.readings.len()))
    }

    fn draw_legend(&self, canvas: &mut Canvas) {
        const Y: f64 = 36.0;
        canvas.dot((LEFT + 5.0, Y - 3.5), 3.5, EACH);
        canvas.soft_text((LEFT + 13.0, Y), Anchor::Start, "each step");
        canvas.stroke((LEFT + 86.0, Y - 3.5), (LEFT + 106.0, Y - 3.5), BEST, r#" stroke-width="2""#);
        canvas.soft_text((LEFT + 112.0, Y), Anchor::Start, "best so far");
        if self.found.is_some() {
            canvas.dashed_line((LEFT + 198.0, Y - 3.5), (LEFT + 218.0, Y - 3.5), FOUND);
            canvas.soft_text((LEFT + 224.0, Y), Anchor::Start, "architecture found");
        }
    }
}
