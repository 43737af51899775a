//! A matrix of values between −1 and 1 as coloured cells.

use crate::picture::canvas::{Anchor, Canvas, Drawing, INK, TEXT, short, width_of};
use crate::picture::colour::{NEGATIVE, POSITIVE};

const CELL: f64 = 40.0;
const TOP: f64 = 24.0;
/// The width of a step of the legend, and of all eleven.
const STEP: f64 = 14.0;
const LEGEND: f64 = 11.0 * STEP;

/// What a heat map is drawn from.
pub(crate) struct Heat<'a> {
    /// What it shows.
    pub(crate) title: &'a str,
    /// Names of rows.
    pub(crate) rows: &'a [String],
    /// Names of columns.
    pub(crate) columns: &'a [String],
    /// By row and column; `None` is undefined.
    pub(crate) values: &'a [Vec<Option<f64>>],
}

impl Heat<'_> {
    pub(crate) fn draw(&self) -> Drawing {
        let longest = |names: &[String]| names.iter().map(|name| width_of(name, TEXT)).fold(0.0, f64::max);
        let (left, across) = (longest(self.rows) + 18.0, (CELL * self.columns.len() as f64).max(LEGEND));
        let foot = TOP + CELL * self.rows.len() as f64;
        let legend = foot + longest(self.columns) + 20.0;
        let mut canvas = Canvas::new((left + across + 14.0).max(width_of(self.title, TEXT) + 20.0), legend + 44.0);
        canvas.text((10.0, 14.0), Anchor::Start, self.title);
        for (column, name) in (0..).zip(self.columns) {
            canvas.upright_text((left + CELL * (f64::from(column) + 0.5) + 4.0, foot + 8.0), Anchor::End, name);
        }
        for (row, (name, values)) in (0..).zip(self.rows.iter().zip(self.values)) {
            let y = TOP + CELL * f64::from(row);
            canvas.text((left - 8.0, y + CELL / 2.0 + 4.0), Anchor::End, name);
            for (column, value) in (0..).zip(values) {
                draw_cell(&mut canvas, (left + CELL * f64::from(column), y), *value);
            }
        }
        draw_legend(&mut canvas, (left, legend));
        canvas.finish(format!("{}; the same values stand in the table below", self.title))
    }
}

fn draw_cell(canvas: &mut Canvas, (x, y): (f64, f64), value: Option<f64>) {
    let Some(value) = value else {
        let size = CELL - 2.0;
        let [x, y] = [x + 1.0, y + 1.0].map(short);
        canvas.push(&format!(
            r##"<rect class="undefined" x="{x}" y="{y}" width="{size}" height="{size}" fill="none" stroke="#9aa2ad" stroke-dasharray="2 2"/>"##
        ));
        return;
    };
    draw_patch(canvas, (x, y), (CELL - 1.0, CELL - 1.0), value);
    // −0.004 is .00, not −.00.
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    let text = format!("{rounded:.2}").replace("-0.", "−.").replace("0.", ".").replace('-', "−");
    // White where the colour is too strong for black; in the dark theme weak colours are dark and the ink is light.
    let style = if value.abs() > 0.82 { ("on-colour", "#ffffff") } else { ("ink", INK) };
    canvas.styled_text((x + CELL / 2.0, y + CELL / 2.0 + 4.0), Anchor::Middle, style, TEXT, &text);
}

fn draw_patch(canvas: &mut Canvas, (x, y): (f64, f64), (width, height): (f64, f64), value: f64) {
    let colour = if value < 0.0 { NEGATIVE } else { POSITIVE };
    let [x, y, width, height, opacity] = [x, y, width, height, value.abs()].map(short);
    canvas.push(&format!(r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}" fill-opacity="{opacity}"/>"#));
}

fn draw_legend(canvas: &mut Canvas, (left, y): (f64, f64)) {
    for step in -5..=5 {
        let x = left + STEP * f64::from(step + 5);
        draw_patch(canvas, (x, y), (STEP, 12.0), f64::from(step) / 5.0);
    }
    for (text, step) in [("−1", 0.5), ("0", 5.5), ("1", 10.5)] {
        canvas.soft_text((left + STEP * step, y + 27.0), Anchor::Middle, text);
    }
}
