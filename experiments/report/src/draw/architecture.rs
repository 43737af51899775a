//! One architecture: each kind of cell with the operator of every edge.

use assay_structure::subspace::{Layout, Subspace};

use super::cell::{CellPicture, Drawn, Stroke};
use super::error::DrawError;
use super::wiring::wirings;
use crate::picture::canvas::{Anchor, Canvas, Drawing, INK, TEXT, short, width_of};
use crate::picture::palette::colour;

const MARGIN: f64 = 16.0;
/// Room above a cell for its kind.
const TITLE: f64 = 30.0;
/// Between two cells.
const BETWEEN: f64 = 22.0;
const HEIGHT: f64 = 20.0;
const NAME: f64 = TEXT - 1.5;

/// Draws an architecture: one operator on each edge, or none where the space leaves edges empty.
pub(super) fn draw(layout: &Layout, architecture: &Subspace) -> Result<Drawing, DrawError> {
    let wirings = wirings(layout)?;
    let mut pictures = Vec::new();
    for ((kept, wiring), cell) in architecture.cells().iter().zip(wirings).zip(&layout.cells) {
        let mut drawn = Vec::new();
        let mut operators = Vec::new();
        for (edge, set) in kept.iter().enumerate() {
            let mut of_edge = set.iter();
            match (of_edge.next(), of_edge.next()) {
                (Some(operator), None) => {
                    let name = &layout.operators[operator];
                    let stroke = if layout.zero == Some(operator) { Stroke::Dashed } else { Stroke::Full };
                    drawn.push(Drawn { edge, label: [width_of(name, NAME) + 14.0, HEIGHT], stroke });
                    operators.push(operator);
                }
                (None, _) => {}
                _ => {
                    let (kind, edge) = (cell.kind.clone(), cell.edges[edge].clone());
                    return Err(DrawError::SeveralOperators { kind, edge, count: set.len() });
                }
            }
        }
        pictures.push((&cell.kind, CellPicture::new(wiring, drawn), operators));
    }
    let width = pictures.iter().map(|(_, picture, _)| picture.size()[0]).fold(0.0, f64::max);
    let has_titles = pictures.len() > 1;
    let title = if has_titles { TITLE } else { 0.0 };
    let height: f64 = pictures.iter().map(|(_, picture, _)| picture.size()[1] + title).sum();
    let between = BETWEEN * pictures.len().saturating_sub(1) as f64;
    let mut canvas = Canvas::new(width + 2.0 * MARGIN, height + between + 2.0 * MARGIN);
    let mut top = MARGIN;
    for (kind, picture, operators) in &pictures {
        if has_titles {
            canvas.text((MARGIN, top + TEXT), Anchor::Start, &format!("{kind} cell"));
        }
        top += title;
        let labels = picture.draw(&mut canvas, [MARGIN, top]);
        for ((drawn, at), operator) in labels.into_iter().zip(operators) {
            label(&mut canvas, &layout.operators[*operator], colour(layout, *operator), drawn.label, at);
        }
        top += picture.size()[1] + BETWEEN;
    }
    Ok(canvas.finish("an architecture's cells: nodes from left to right, and the operator on each edge"))
}

fn label(canvas: &mut Canvas, name: &str, colour: &str, [width, height]: [f64; 2], [x, y]: [f64; 2]) {
    let [left, top, wide] = [x - width / 2.0, y - height / 2.0, width].map(short);
    canvas.push(&format!(
        r##"<rect class="operator" x="{left}" y="{top}" width="{wide}" height="{height}" rx="3" fill="#ffffff" stroke="{colour}" stroke-width="1.5"/>"##
    ));
    canvas.push(&format!(
        r#"<rect class="operator" x="{left}" y="{top}" width="{wide}" height="{height}" rx="3" fill="{colour}" fill-opacity="0.25"/>"#
    ));
    canvas.styled_text((x, y + 4.0), Anchor::Middle, ("operator-name", INK), NAME, name);
}
