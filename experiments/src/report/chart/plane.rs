//! The path of a pruning search in the plane of two scores.

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Drawing, short};

const PLOT: (f64, f64) = (360.0, 250.0);
const LEFT: f64 = 66.0;
const TOP: f64 = 48.0;
const PATH: (&str, &str) = ("mark", "#0067a5");
const FOUND: (&str, &str) = ("ceiling", "#b34700");

/// What a path is drawn from.
pub(in crate::report) struct Plane {
    /// What it shows.
    pub(in crate::report) title: String,
    /// The axes' titles.
    pub(in crate::report) axes: [String; 2],
    /// The axes.
    pub(in crate::report) scales: [Scale; 2],
    /// The two scores of the state that each step begins with.
    pub(in crate::report) points: Vec<[f64; 2]>,
    /// Those of what was found.
    pub(in crate::report) found: Option<[f64; 2]>,
}

impl Plane {
    pub(in crate::report) fn draw(&self) -> Drawing {
        let (right, foot) = (LEFT + PLOT.0, TOP + PLOT.1);
        let mut canvas = Canvas::new(right + 14.0, foot + 44.0);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        canvas.soft_text((LEFT, 33.0), Anchor::Start, "numbers: the state before each round; orange: what was found");
        let [x, y] = [self.scales[0].onto(LEFT, right), self.scales[1].onto(foot, TOP)];
        let named = |scale: &Scale, axis: &str| format!("{axis}{}", if scale.is_logarithmic() { ", logarithmic" } else { "" });
        x.draw_below(&mut canvas, (TOP, foot), &named(&x, &self.axes[0]));
        y.draw_left(&mut canvas, (LEFT, right), &named(&y, &self.axes[1]));
        let at = |[first, second]: [f64; 2]| (x.at(first), y.at(second));
        let path: Vec<String> =
            self.points.iter().chain(&self.found).map(|point| at(*point)).map(|(x, y)| format!("{} {}", short(x), short(y))).collect();
        canvas.push(&format!(r#"<path class="{}" d="M{}" fill="none" stroke="{}" stroke-width="1.5"/>"#, PATH.0, path.join("L"), PATH.1));
        for (number, point) in self.points.iter().enumerate() {
            let (x, y) = at(*point);
            canvas.dot((x, y), 4.0, PATH);
            canvas.soft_text((x + 6.0, y - 5.0), Anchor::Start, &(number + 1).to_string());
        }
        if let Some(found) = self.found {
            canvas.dot(at(found), 5.0, FOUND);
        }
        canvas.finish(format!("{}, {} rounds", self.title, self.points.len()))
    }
}
