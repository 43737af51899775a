//! Lines, one colour each: a value by what it depends on, or the mean of several, with a band of one standard deviation.

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, short};
use crate::picture::colour;

const PLOT: (f64, f64) = (400.0, 230.0);
const LEFT: f64 = 66.0;

/// One line: of a single run, or of several that differ in their seed alone.
pub(crate) struct Band {
    /// Its name.
    pub(crate) name: String,
    /// Where it is known, in ascending order: mean and standard deviation (0 for one run).
    pub(crate) points: Vec<(f64, f64, f64)>,
}

/// What the chart is drawn from.
pub(crate) struct Bands {
    /// What it shows.
    pub(crate) title: String,
    /// The axes' titles.
    pub(crate) axes: [String; 2],
    /// The horizontal and the vertical axis.
    pub(crate) scales: [Scale; 2],
    /// The lines.
    pub(crate) bands: Vec<Band>,
}

impl Band {
    fn is_line(&self) -> bool {
        self.points.iter().all(|(.., deviation)| *deviation == 0.0)
    }
}

/// Axes with room for these; none where there is nothing to draw.
pub(crate) fn scales(bands: &[Band]) -> Option<[Scale; 2]> {
    let points = || bands.iter().flat_map(|band| &band.points);
    let across = Scale::over(points().map(|(x, ..)| *x))?;
    let up = Scale::over(points().flat_map(|(_, mean, deviation)| [mean - deviation, mean + deviation]))?;
    Some([across, up])
}

impl Bands {
    pub(crate) fn draw(&self) -> Drawing {
        let [across, up] = self.scales;
        let top = 30.0 + 15.0 * self.bands.len() as f64;
        let (right, foot) = (LEFT + PLOT.0, top + PLOT.1);
        let mut canvas = Canvas::new(right + 14.0, foot + 44.0);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        let (x, y) = (across.onto(LEFT, right), up.onto(foot, top));
        let named = |scale: &Scale, axis: &str| format!("{axis}{}", if scale.is_logarithmic() { ", logarithmic" } else { "" });
        x.draw_below(&mut canvas, (top, foot), &named(&x, &self.axes[0]));
        y.draw_left(&mut canvas, (LEFT, right), &named(&y, &self.axes[1]));
        for (position, band) in self.bands.iter().enumerate() {
            let Band { name, points } = band;
            let [light, dark] = colour::level(position, self.bands.len().max(2) - 1);
            let style = format!(r#"style="--dark:{dark}""#);
            let line = |value: &dyn Fn(&(f64, f64, f64)) -> f64| -> Vec<String> {
                points.iter().map(|point| format!("{} {}", short(x.at(point.0)), short(y.at(value(point))))).collect()
            };
            if !band.is_line() {
                let mut outline = line(&|(_, mean, deviation)| mean + deviation);
                outline.extend(line(&|(_, mean, deviation)| mean - deviation).into_iter().rev());
                canvas
                    .push(&format!(r#"<path class="level-mark" d="M{}Z" fill="{light}" fill-opacity="0.2" {style}/>"#, outline.join("L")));
            }
            let mean = line(&|(_, mean, _)| *mean).join("L");
            // A line of one point has no length: it is a dot.
            let (length, shape) =
                if points.len() == 1 { ("h0", r#"stroke-width="6" stroke-linecap="round""#) } else { ("", r#"stroke-width="2""#) };
            canvas.push(&format!(r#"<path class="level" d="M{mean}{length}" fill="none" stroke="{light}" {shape} {style}/>"#));
            let legend = 33.0 + 15.0 * position as f64;
            canvas.push(&format!(
                r#"<path class="level" d="M{LEFT} {}h18" stroke="{light}" stroke-width="3" fill="none" {style}/>"#,
                short(legend - 3.5)
            ));
            canvas.soft_text((LEFT + 24.0, legend), Anchor::Start, name);
        }
        let names: Vec<&str> = self.bands.iter().map(|band| band.name.as_str()).collect();
        let what = if self.bands.iter().all(Band::is_line) { "" } else { ", mean and band of one standard deviation over seeds" };
        canvas.finish(format!("{}: {}{what}", self.title, names.join(", ")))
    }
}
