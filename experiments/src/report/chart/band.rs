//! The best so far of several searches: their mean and a band of one standard deviation, one colour a group.

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Drawing, short};
use super::colour;

const PLOT: (f64, f64) = (400.0, 230.0);
const LEFT: f64 = 66.0;

/// One group of searches that differ in their seed alone.
pub(in crate::report) struct Band {
    /// Its name, with the number of searches.
    pub(in crate::report) name: String,
    /// Where it is known, in ascending order: mean and standard deviation (0 for one search).
    pub(in crate::report) points: Vec<(f64, f64, f64)>,
}

/// What the chart is drawn from.
pub(in crate::report) struct Bands {
    /// What it shows.
    pub(in crate::report) title: String,
    /// The axes' titles.
    pub(in crate::report) axes: [String; 2],
    /// The groups.
    pub(in crate::report) bands: Vec<Band>,
}

impl Bands {
    /// The chart; none where there is nothing to draw.
    pub(in crate::report) fn draw(&self) -> Option<Drawing> {
        let points = || self.bands.iter().flat_map(|band| &band.points);
        let across = Scale::over(points().map(|(x, ..)| *x))?;
        let up = Scale::over(points().flat_map(|(_, mean, deviation)| [mean - deviation, mean + deviation]))?;
        let top = 30.0 + 15.0 * self.bands.len() as f64;
        let (right, foot) = (LEFT + PLOT.0, top + PLOT.1);
        let mut canvas = Canvas::new(right + 14.0, foot + 44.0);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        let (x, y) = (across.onto(LEFT, right), up.onto(foot, top));
        let named = |scale: &Scale, axis: &str| format!("{axis}{}", if scale.is_logarithmic() { ", logarithmic" } else { "" });
        x.draw_below(&mut canvas, (top, foot), &named(&x, &self.axes[0]));
        y.draw_left(&mut canvas, (LEFT, right), &named(&y, &self.axes[1]));
        for (position, Band { name, points }) in self.bands.iter().enumerate() {
            let [light, dark] = colour::level(position, self.bands.len().max(2) - 1);
            let style = format!(r#"style="--dark:{dark}""#);
            let line = |value: &dyn Fn(&(f64, f64, f64)) -> f64| -> Vec<String> {
                points.iter().map(|point| format!("{} {}", short(x.at(point.0)), short(y.at(value(point))))).collect()
            };
            let upper = line(&|(_, mean, deviation)| mean + deviation);
            let mut outline = upper;
            outline.extend(line(&|(_, mean, deviation)| mean - deviation).into_iter().rev());
            canvas.push(&format!(r#"<path class="level-mark" d="M{}Z" fill="{light}" fill-opacity="0.2" {style}/>"#, outline.join("L")));
            let mean = line(&|(_, mean, _)| *mean).join("L");
            canvas.push(&format!(r#"<path class="level" d="M{mean}" fill="none" stroke="{light}" stroke-width="2" {style}/>"#));
            let legend = 33.0 + 15.0 * position as f64;
            canvas.push(&format!(
                r#"<path class="level" d="M{LEFT} {}h18" stroke="{light}" stroke-width="3" fill="none" {style}/>"#,
                short(legend - 3.5)
            ));
            canvas.soft_text((LEFT + 24.0, legend), Anchor::Start, name);
        }
        Some(canvas.finish(format!("{}: mean and band of one standard deviation over seeds", self.title)))
    }
}
