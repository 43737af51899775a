//! What a search evaluated, by what it costs and what it reads, and the front of those that nothing beats at their cost.

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, short};

const PLOT: (f64, f64) = (360.0, 240.0);
const LEFT: f64 = 62.0;
const TOP: f64 = 58.0;
const FRONT: (&str, &str) = ("mark", "#0067a5");
const EACH: (&str, &str) = ("each", "#7d8794");
const FOUND: (&str, &str) = ("ceiling", "#b34700");

/// What a front is drawn from; a point is a cost and a reading.
pub(crate) struct ParetoFront {
    /// What it shows.
    pub(crate) title: String,
    /// The axes' titles: cost, reading.
    pub(crate) axes: [String; 2],
    /// The axes.
    pub(crate) scales: [Scale; 2],
    /// All that was evaluated.
    pub(crate) points: Vec<[f64; 2]>,
    /// The front, cheapest first.
    pub(crate) front: Vec<[f64; 2]>,
    /// The architecture found.
    pub(crate) found: Option<[f64; 2]>,
}

impl ParetoFront {
    pub(crate) fn draw(&self) -> Drawing {
        let (right, foot) = (LEFT + PLOT.0, TOP + PLOT.1);
        let mut canvas = Canvas::new(right + 14.0, foot + 44.0);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        let [x, y] = [self.scales[0].onto(LEFT, right), self.scales[1].onto(foot, TOP)];
        let named = |scale: &Scale, axis: &str| format!("{axis}{}", if scale.is_logarithmic() { ", logarithmic" } else { "" });
        x.draw_below(&mut canvas, (TOP, foot), &named(&x, &self.axes[0]));
        y.draw_left(&mut canvas, (LEFT, right), &named(&y, &self.axes[1]));
        let at = |[cost, reading]: [f64; 2]| (x.at(cost), y.at(reading));
        let radius = if self.points.len() > 200 { 1.2 } else { 2.0 };
        for point in &self.points {
            canvas.dot(at(*point), radius, EACH);
        }
        let steps: Vec<(f64, f64)> = self.front.iter().map(|point| at(*point)).collect();
        if let Some(((first_x, first_y), rest)) = steps.split_first() {
            let stairs: String = rest.iter().map(|(x, y)| format!("H{}V{}", short(*x), short(*y))).collect();
            let path = format!("M{} {}{stairs}H{}", short(*first_x), short(*first_y), short(right));
            canvas.push(&format!(r#"<path class="{}" d="{path}" fill="none" stroke="{}" stroke-width="1.5"/>"#, FRONT.0, FRONT.1));
        }
        for place in steps {
            canvas.dot(place, 3.0, FRONT);
        }
        if let Some(found) = self.found {
            canvas.dot(at(found), 4.5, FOUND);
        }
        self.draw_legend(&mut canvas);
        canvas.finish(format!("{}: {} of {} evaluations are on the front", self.title, self.front.len(), self.points.len()))
    }

    fn draw_legend(&self, canvas: &mut Canvas) {
        const Y: f64 = 36.0;
        let entries = [("evaluated", 2.0, EACH), ("Pareto front", 3.0, FRONT), ("architecture found", 4.5, FOUND)];
        for ((text, radius, look), x) in entries.into_iter().zip([0.0, 96.0, 210.0]) {
            if text != "architecture found" || self.found.is_some() {
                canvas.dot((LEFT + 5.0 + x, Y - 3.5), radius, look);
                canvas.soft_text((LEFT + 13.0 + x, Y), Anchor::Start, text);
            }
        }
    }
}
