//! Bars side by side: shares by group and series.

use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, TEXT, short, width_of};
use crate::picture::colour;

const HEIGHT: f64 = 180.0;
const LEFT: f64 = 62.0;
const BAR: f64 = 14.0;
const GAP: f64 = 18.0;

/// What bars are drawn from.
pub(crate) struct Bars<'a> {
    /// What they show.
    pub(crate) title: String,
    /// The vertical axis's title.
    pub(crate) axis: String,
    /// Names of the groups, from left to right.
    pub(crate) groups: &'a [String],
    /// Each series with its value in every group, none below 0.
    pub(crate) series: &'a [(String, Vec<f64>)],
}

impl Bars<'_> {
    pub(crate) fn draw(&self) -> Drawing {
        let of_group = |name: &String| (BAR * self.series.len() as f64).max(width_of(name, TEXT - 1.0)) + GAP;
        let width: f64 = self.groups.iter().map(of_group).sum();
        let legend: f64 = 14.0 * self.series.len() as f64;
        let (top, right) = (30.0 + legend, LEFT + width);
        let foot = top + HEIGHT;
        let mut canvas = Canvas::new((right + 14.0).max(width_of(&self.title, TEXT) + 20.0), foot + 30.0);
        canvas.text((10.0, 15.0), Anchor::Start, &self.title);
        let highest = self.series.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
        let up = Scale::linear(0.0, if highest > 0.0 { 1.05 * highest } else { 1.0 }).onto(foot, top);
        up.draw_left(&mut canvas, (LEFT, right), &self.axis);
        for (position, (name, _)) in self.series.iter().enumerate() {
            let y = 32.0 + 14.0 * position as f64;
            self.patch(&mut canvas, position, (LEFT, y - 9.0), (10.0, 10.0));
            canvas.soft_text((LEFT + 16.0, y), Anchor::Start, name);
        }
        let mut x = LEFT + GAP / 2.0;
        for (group, name) in self.groups.iter().enumerate() {
            let room = of_group(name) - GAP;
            canvas.soft_text((x + room / 2.0, foot + 17.0), Anchor::Middle, name);
            let mut left = x + (room - BAR * self.series.len() as f64) / 2.0;
            for (position, (_, values)) in self.series.iter().enumerate() {
                let y = up.at(values[group]);
                self.patch(&mut canvas, position, (left, y), (BAR - 2.0, foot - y));
                left += BAR;
            }
            x += room + GAP;
        }
        canvas.finish(format!("{}; the same values stand in the table below", self.title))
    }

    fn patch(&self, canvas: &mut Canvas, series: usize, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let [light, dark] = colour::level(series, self.series.len().saturating_sub(1));
        let [x, y, width, height] = [x, y, width, height].map(short);
        canvas.push(&format!(
            r#"<rect class="level-mark" x="{x}" y="{y}" width="{width}" height="{height}" fill="{light}" style="--dark:{dark}"/>"#
        ));
    }
}
