//! The way of a search through the plane of two proxies, as figure 5 of TE-NAS's paper shows κ against the regions.

use assay_results::present::reading::better;
use assay_results::{SearchSummary, Trajectory};

use super::error::DrawError;
use crate::picture::axis::Scale;
use crate::picture::canvas::{Anchor, Canvas, Drawing, INK, SOFT, TEXT, escaped, short, width_of};

const PLOT: [f64; 2] = [430.0, 300.0];
const LEFT: f64 = 74.0;
const TOP: f64 = 40.0;
const LINE: &str = "#0067a5";
const NUMBER: f64 = TEXT - 1.5;

/// A state on the way.
struct Stop {
    name: String,
    at: [f64; 2],
}

/// The states of one search.
struct Way {
    /// The labels of the two proxies.
    axes: [String; 2],
    stops: Vec<Stop>,
    /// How many states have no place, since a reading of theirs is undefined.
    undefined: usize,
}

impl Way {
    fn of(summary: &SearchSummary, trajectory: &Trajectory) -> Result<Self, DrawError> {
        let mut labels: Vec<&str> = Vec::new();
        for (label, _) in trajectory.steps.iter().flat_map(|step| &step.readings) {
            if !labels.contains(&label.as_str()) {
                labels.push(label);
            }
        }
        let [across, up] = labels[..] else { return Err(DrawError::NotTwoProxies { labels: labels.join(", ") }) };
        let mut way = Self { axes: [across.into(), up.into()], stops: Vec::new(), undefined: 0 };
        for (number, step) in trajectory.steps.iter().enumerate() {
            let reading = |label: &str| step.readings.iter().find(|(own, _)| own == label).and_then(|(_, reading)| reading.value());
            way.stop((number + 1).to_string(), reading(across).zip(reading(up)));
        }
        let score = |label: &str| summary.scores.get(label).and_then(|score| score.reading.value());
        way.stop("found".into(), score(across).zip(score(up)));
        Ok(way)
    }

    fn stop(&mut self, name: String, at: Option<(f64, f64)>) {
        match at {
            Some((x, y)) => self.stops.push(Stop { name, at: [x, y] }),
            None => self.undefined += 1,
        }
    }
}

/// Draws the readings of the states that a search went through, from the first to what it found. The axes have room for the
/// searches that it stands beside, so that their pictures can be compared.
pub(crate) fn draw(
    summary: &SearchSummary,
    trajectory: &Trajectory,
    beside: &[(&SearchSummary, &Trajectory)],
) -> Result<Drawing, DrawError> {
    let Way { axes: [across, up], stops, undefined } = Way::of(summary, trajectory)?;
    let others: Vec<Way> = beside.iter().filter_map(|(summary, trajectory)| Way::of(summary, trajectory).ok()).collect();
    let values = |axis: usize| others.iter().flat_map(|way| &way.stops).chain(&stops).map(move |stop| stop.at[axis]);
    // A condition number falls by factors, a number of regions by shares of itself.
    let (Some(x), Some(y)) = (Scale::over_decades(values(0)), Scale::over(values(1))) else { return Err(DrawError::NothingDefined) };
    let [x, y] = [x.onto(LEFT, LEFT + PLOT[0]), y.onto(TOP + PLOT[1], TOP)];
    let mut canvas = Canvas::new(LEFT + PLOT[0] + 20.0, TOP + PLOT[1] + 48.0);
    canvas.text((LEFT, 16.0), Anchor::Start, &format!("{}, seed {}", summary.experiment, summary.seed));
    let missing = if undefined == 0 { String::new() } else { format!("; {undefined} undefined") };
    canvas.soft_text((LEFT, 32.0), Anchor::Start, &format!("before step 1, 2, …, and what was found{missing}"));
    let title = |label: &str, scale: &Scale| {
        let direction = summary.scores.get(label).map_or(String::new(), |score| format!(", {}", better(score.direction)));
        format!("{label}{direction}{}", if scale.is_logarithmic() { ", logarithmic" } else { "" })
    };
    x.draw_below(&mut canvas, (TOP, TOP + PLOT[1]), &title(&across, &x));
    y.draw_left(&mut canvas, (LEFT, LEFT + PLOT[0]), &title(&up, &y));
    let points: Vec<[f64; 2]> = stops.iter().map(|stop| [x.at(stop.at[0]), y.at(stop.at[1])]).collect();
    let path: Vec<String> = points.iter().map(|[x, y]| format!("{} {}", short(*x), short(*y))).collect();
    canvas.push(&format!(r#"<path class="way" d="M{}" fill="none" stroke="{LINE}" stroke-width="1.4"/>"#, path.join("L")));
    for (position, point) in points.iter().enumerate() {
        let is_last = position + 1 == points.len();
        canvas.dot((point[0], point[1]), if is_last { 5.0 } else { 3.5 }, ("stop", if is_last { "#b34700" } else { LINE }));
    }
    for ([x, y], stop) in names(&points, &stops).iter().zip(&stops) {
        let colour = if stop.name == "found" { INK } else { SOFT };
        // Where a name has to stand on a line, it stays readable.
        canvas.push(&format!(
            r##"<text class="stop-name" x="{}" y="{}" font-size="{NUMBER}" fill="{colour}" text-anchor="middle" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">{}</text>"##,
            short(*x),
            short(*y),
            escaped(&stop.name)
        ));
    }
    Ok(canvas.finish(format!("the way of the search through the plane of {across} and {up}, over {} states", stops.len())))
}

/// Where the name of each point stands: of the places around it, that which is farthest from other points, names and lines.
fn names(points: &[[f64; 2]], stops: &[Stop]) -> Vec<[f64; 2]> {
    let mut taken: Vec<[f64; 2]> = points.to_vec();
    taken.extend(points.windows(2).flat_map(|pair| along(pair[0], pair[1])));
    let mut names = Vec::new();
    for (point, stop) in points.iter().zip(stops) {
        let half = width_of(&stop.name, NUMBER) / 2.0;
        let (beside, above) = (half + 8.0, 13.0);
        let around = [
            [0.0, -above],
            [beside, 0.0],
            [-beside, 0.0],
            [0.0, above],
            [beside, -above],
            [-beside, -above],
            [beside, above],
            [-beside, above],
        ];
        let farther = around.map(|[x, y]| [1.5 * x, 1.5 * y]);
        let candidates: Vec<[f64; 2]> = around.iter().chain(&farther).map(|[x, y]| [point[0] + x, point[1] + y]).collect();
        let room = |at: &[f64; 2]| {
            let distance = |other: &[f64; 2]| ((at[0] - other[0]).abs() - half).max((at[1] - other[1]).abs());
            let inside = at[0] - half > LEFT && at[0] + half < LEFT + PLOT[0] && at[1] > TOP + 8.0 && at[1] < TOP + PLOT[1] - 8.0;
            // Beyond a certain distance more room is of no use, and the first place is the usual one.
            let nearest = taken.iter().map(distance).fold(8.0, f64::min);
            if inside { nearest } else { nearest - 100.0 }
        };
        let mut best = candidates[0];
        for candidate in &candidates[1..] {
            if room(candidate) > room(&best) {
                best = *candidate;
            }
        }
        taken.extend([-half, 0.0, half].map(|aside| [best[0] + aside, best[1]]));
        // Text stands on its line, a little below its middle.
        names.push([best[0], best[1] + 4.0]);
    }
    names
}

/// Points of a line, close enough that no name fits between two of them.
fn along([x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> impl Iterator<Item = [f64; 2]> {
    let count = ((x2 - x1).abs().max((y2 - y1).abs()) / 3.0).ceil() as usize;
    (1..count).map(move |number| {
        let share = number as f64 / count as f64;
        [x1 + share * (x2 - x1), y1 + share * (y2 - y1)]
    })
}
