//! A cloud of architectures: score against accuracy, coloured by how often an operator occurs.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, SOFT, TEXT, short, width_of};
use crate::picture::colour;

/// The plot's size. Points lie on whole pixels of it, which makes large clouds small files.
pub(crate) const PLOT: (f64, f64) = (360.0, 250.0);
const LEFT: f64 = 58.0;
const TOP: f64 = 46.0;
const RIGHT: f64 = 14.0;
const FOOT: f64 = 68.0;

/// What a cloud is drawn from.
pub(crate) struct Scatter<'a> {
    /// What it shows.
    pub(crate) title: String,
    /// A line below the title.
    pub(crate) subtitle: String,
    /// The axes' titles.
    pub(crate) axes: [String; 2],
    /// The axes.
    pub(crate) scales: [Scale; 2],
    /// Score and accuracy by architecture; without a finite score it is not drawn.
    pub(crate) points: Vec<Option<[f64; 2]>>,
    /// The operator that is counted.
    pub(crate) operator: &'a str,
    /// How often it occurs, by architecture.
    pub(crate) levels: &'a [usize],
    /// The most that any operator occurs.
    pub(crate) highest: usize,
}

/// The pixel of a value on the plot, from its lower left corner to the right and up.
pub(crate) fn pixel(scale: &Scale, value: f64, length: f64) -> usize {
    scale.onto(0.0, length).at(value).round().clamp(0.0, length) as usize
}

impl Scatter<'_> {
    pub(crate) fn draw(&self) -> Drawing {
        let (width, height) = PLOT;
        let mut canvas = Canvas::new(LEFT + width + RIGHT, TOP + height + FOOT);
        canvas.text((LEFT, 15.0), Anchor::Start, &self.title);
        canvas.soft_text((LEFT, 33.0), Anchor::Start, &self.subtitle);
        let [x, y] = self.scales;
        let logarithm = if x.is_logarithmic() { ", logarithmic" } else { "" };
        x.onto(LEFT, LEFT + width).draw_below(&mut canvas, (TOP, TOP + height), &format!("{}{logarithm}", self.axes[0]));
        y.onto(TOP + height, TOP).draw_left(&mut canvas, (LEFT, LEFT + width), &self.axes[1]);
        // Few points may be large.
        let dot = match self.points.len() {
            0..=1000 => 4.0,
            1001..=5000 => 3.2,
            _ => 2.6,
        };
        canvas.push(&format!(
            r#"<g class="cloud" transform="translate({LEFT} {})" fill="none" stroke-width="{dot}" stroke-linecap="round">"#,
            TOP + height
        ));
        let mut pixels = vec![BTreeSet::new(); self.highest + 1];
        for (point, level) in self.points.iter().zip(self.levels) {
            if let Some([score, accuracy]) = point {
                pixels[*level].insert((pixel(&x, *score, width), pixel(&y, *accuracy, height)));
            }
        }
        for (level, pixels) in pixels.iter().enumerate() {
            let [light, dark] = colour::level(level, self.highest);
            let dots = dots(pixels);
            canvas.push(&format!(r#"<path class="level" stroke="{light}" style="--dark:{dark}" d="{dots}"/>"#));
        }
        canvas.push("</g>");
        self.draw_legend(&mut canvas, TOP + height + 58.0);
        canvas.finish(format!("{}: {}; coloured by the count of {}", self.title, self.subtitle, self.operator))
    }

    fn draw_legend(&self, canvas: &mut Canvas, y: f64) {
        const STEP: f64 = 26.0;
        let name = format!("count of {}:", self.operator);
        let mut x = LEFT + width_of(&name, TEXT - 1.0) + 10.0;
        canvas.styled_text((LEFT, y), Anchor::Start, ("soft operator", SOFT), TEXT - 1.0, &name);
        // As many levels as there is room for, the first and the last among them.
        let room = (((LEFT + PLOT.0 - x) / STEP).floor() as usize).max(2);
        let spacing = self.highest.div_ceil(room - 1).max(1);
        for level in (0..=self.highest).step_by(spacing) {
            let [light, dark] = colour::level(level, self.highest);
            let (cx, cy) = (x, y - 3.5);
            canvas.push(&format!(
                r#"<circle class="level-mark" cx="{cx}" cy="{cy}" r="4" fill="{light}" style="--dark:{dark}"/>"#,
                cx = short(cx),
                cy = short(cy)
            ));
            canvas.soft_text((x + 7.0, y), Anchor::Start, &level.to_string());
            x += STEP;
        }
    }
}

/// One path through all points: moves from each to the next, with a dot at each that only its round ends make visible.
fn dots(pixels: &BTreeSet<(usize, usize)>) -> String {
    let mut path = String::new();
    let mut last = (0i64, 0i64);
    for (x, y) in pixels {
        let next = (*x as i64, -(*y as i64));
        let (right, down) = (next.0 - last.0, next.1 - last.1);
        let first = if path.is_empty() { "M" } else { "m" };
        let separator = if down < 0 { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(path, "{first}{right}{separator}{down}h0");
        last = next;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_of_a_path_are_the_pixels() {
        let pixels = BTreeSet::from([(3, 4), (3, 9), (5, 0)]);
        assert_eq!(dots(&pixels), "M3-4h0m0-5h0m2 9h0");
    }
}
