//! A pruning search step by step: on each edge a mark for every operator, which fades in the step that removes it.

use assay_results::Step;
use assay_results::present::number::number;
use assay_structure::score::Reading;
use assay_structure::subspace::{Choice, Layout, Subspace};

use super::cell::Stroke;
use super::error::DrawError;
use super::list::KindPicture;
use crate::picture::canvas::{Anchor, Canvas, Drawing, INK, TEXT, short, width_of};
use crate::picture::palette::colour;

const MARGIN: f64 = 16.0;
/// Room above a step for its title, and above a row of cells for their kinds.
const TITLE: f64 = 24.0;
/// Between two cells side by side, and between two steps.
const BETWEEN: [f64; 2] = [44.0, 26.0];
/// A mark, and the room between two.
const MARK: f64 = 11.0;
const STEP: f64 = 13.0;
const LEGEND: f64 = 30.0;
const FADED: f64 = 0.28;

/// What has become of an operator by the step that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    /// Removed in this step.
    Fading,
    /// Removed in an earlier one.
    Gone,
}

/// Draws every step of a search that prunes, each on the state that it began with, and what was left in the end.
pub(super) fn draw(layout: &Layout, steps: &[Step]) -> Result<Drawing, DrawError> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Err(DrawError::NoPruning) };
    if steps.iter().all(|step| step.candidates.is_empty()) {
        return Err(DrawError::NoPruning);
    }
    // What the search never looked at has no mark.
    let begun: Vec<usize> = (0..layout.operators.len()).filter(|operator| has(&first.before, *operator)).collect();
    let label = [begun.len() as f64 * STEP - (STEP - MARK), MARK];
    let pictures: Vec<Vec<KindPicture<'_>>> = frames(steps)
        .iter()
        .map(|(_, after)| {
            let picture = |(kind, cell)| {
                let stroke = |edge: usize| if after.kept(kind, edge).is_empty() { Stroke::Faint } else { Stroke::Full };
                KindPicture::new(cell, label, stroke)
            };
            layout.cells.iter().enumerate().map(picture).collect()
        })
        .collect();
    let size = |picture: &KindPicture<'_>| picture.size();
    let lefts: Vec<f64> = pictures
        .first()
        .into_iter()
        .flatten()
        .scan(MARGIN, |x, picture| {
            let left = *x;
            *x += size(picture)[0] + BETWEEN[0];
            Some(left)
        })
        .collect();
    let width = pictures.first().into_iter().flatten().map(|picture| size(picture)[0] + BETWEEN[0]).sum::<f64>() - BETWEEN[0];
    let row = |pictures: &Vec<KindPicture<'_>>| pictures.iter().map(|picture| size(picture)[1]).fold(0.0, f64::max);
    let height: f64 = pictures.iter().map(|pictures| row(pictures) + TITLE + BETWEEN[1]).sum();
    let kinds = if layout.cells.len() > 1 { TITLE } else { 0.0 };
    let width = width.max(legend_width(layout, &begun));
    let mut canvas = Canvas::new(width + 2.0 * MARGIN, MARGIN + LEGEND + kinds + height);
    legend(&mut canvas, layout, &begun);
    let mut top = MARGIN + LEGEND;
    if layout.cells.len() > 1 {
        for (left, cell) in lefts.iter().zip(&layout.cells) {
            canvas.text((*left, top + TEXT), Anchor::Start, &format!("{} cell", cell.kind));
        }
        top += TITLE;
    }
    for (number, (pictures, (before, after))) in pictures.iter().zip(frames(steps)).enumerate() {
        canvas.styled_text((MARGIN, top + TEXT), Anchor::Start, ("soft", INK), TEXT, &title(steps.get(number), last));
        top += TITLE;
        for (kind, (picture, left)) in pictures.iter().zip(&lefts).enumerate() {
            for (edge, [x, y]) in picture.draw(&mut canvas, [*left, top]) {
                for (position, operator) in begun.iter().enumerate() {
                    let choice = Choice { cell: kind, edge, operator: *operator };
                    let fate = match (before.contains(choice), after.contains(choice)) {
                        (_, true) => Fate::Kept,
                        (true, false) => Fate::Fading,
                        (false, false) => Fate::Gone,
                    };
                    let at = [x - label[0] / 2.0 + position as f64 * STEP, y - MARK / 2.0];
                    mark(&mut canvas, fate, colour(layout, *operator), at);
                }
            }
        }
        top += row(pictures) + BETWEEN[1];
    }
    Ok(canvas.finish(format!("{} steps of a pruning search: on each edge the operators that are left", steps.len())))
}

/// The state before and after each step, and the last one by itself.
fn frames(steps: &[Step]) -> Vec<(&Subspace, &Subspace)> {
    let all = steps.iter().map(|step| (&step.before, &step.after));
    all.chain(steps.last().map(|step| (&step.after, &step.after))).collect()
}

fn has(subspace: &Subspace, operator: usize) -> bool {
    subspace.cells().iter().flatten().any(|kept| kept.contains(operator))
}

/// What a step did, and what its state read.
fn title(step: Option<&Step>, last: &Step) -> String {
    let Some(step) = step else {
        let left = last.after.choices().count();
        return format!("what is left: {left} operator{}", if left == 1 { "" } else { "s" });
    };
    let removed = step.candidates.iter().filter(|candidate| candidate.removed).count();
    let readings = step.readings.iter().map(|(label, reading)| match reading {
        Reading::Value(value) => format!("{label} {}", number(*value)),
        Reading::Undefined { .. } => format!("{label} undefined"),
    });
    let parts: Vec<String> = readings.chain([format!("{removed} of {} removed", step.before.choices().count())]).collect();
    format!("{}: {}", step.title, parts.join(", "))
}

fn mark(canvas: &mut Canvas, fate: Fate, colour: &str, [x, y]: [f64; 2]) {
    let [x, y] = [x, y].map(short);
    let (class, fill) = match fate {
        Fate::Kept => ("kept", format!(r#"fill="{colour}""#)),
        Fate::Fading => ("fading", format!(r#"fill="{colour}" fill-opacity="{FADED}" stroke="{colour}" stroke-opacity="0.5""#)),
        Fate::Gone => ("gone", r##"fill="#ffffff" stroke="#e3e6ea""##.to_owned()),
    };
    canvas.push(&format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{MARK}" height="{MARK}" rx="2" {fill}/>"#));
}

fn entries<'a>(layout: &'a Layout, begun: &'a [usize]) -> impl Iterator<Item = (usize, &'a str, f64)> {
    begun.iter().map(|operator| {
        let name = layout.operators[*operator].as_str();
        (*operator, name, MARK + 5.0 + width_of(name, TEXT - 1.0) + 14.0)
    })
}

fn legend_width(layout: &Layout, begun: &[usize]) -> f64 {
    entries(layout, begun).map(|(_, _, width)| width).sum()
}

fn legend(canvas: &mut Canvas, layout: &Layout, begun: &[usize]) {
    let mut x = MARGIN;
    for (operator, name, width) in entries(layout, begun) {
        mark(canvas, Fate::Kept, colour(layout, operator), [x, MARGIN]);
        canvas.soft_text((x + MARK + 5.0, MARGIN + MARK - 1.5), Anchor::Start, name);
        x += width;
    }
}
