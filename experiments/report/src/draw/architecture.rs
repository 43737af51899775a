//! One architecture: each kind of cell with the operator of every edge.

use assay_structure::subspace::{Arrow, Layout, Sketch, SketchNode};

use super::cell::{CellPicture, Line, Node, OPERATOR_NAME, Stroke, operator};
use crate::picture::canvas::{Anchor, Canvas, Drawing, TEXT, width_of};
use crate::picture::palette::colour;

const MARGIN: f64 = 16.0;
/// Room above a cell for its kind.
const TITLE: f64 = 30.0;
/// Between two cells.
const BETWEEN: f64 = 22.0;
const HEIGHT: f64 = 20.0;

/// Draws an architecture's kinds of cell below each other.
pub(super) fn draw<'s>(layout: &Layout, sketches: &'s [Sketch]) -> Drawing {
    let name = |operator: usize| layout.operators.get(operator).map_or("", String::as_str);
    let pictures: Vec<(&Sketch, CellPicture<'s>)> = sketches
        .iter()
        .map(|sketch| {
            let node =
                |SketchNode { name, operator }: &'s SketchNode| Node { name, colour: operator.map(|operator| colour(layout, operator)) };
            let nodes = sketch.nodes.iter().map(node).collect();
            let line = |Arrow { from, to, operator }: &Arrow| Line {
                ends: [*from, *to],
                label: operator.map(|operator| [width_of(name(operator), OPERATOR_NAME) + 14.0, HEIGHT]),
                stroke: if operator.is_some() && layout.zero == *operator { Stroke::Dashed } else { Stroke::Full },
            };
            (sketch, CellPicture::new(nodes, sketch.arrows.iter().map(line).collect()))
        })
        .collect();
    let width = pictures.iter().map(|(_, picture)| picture.size()[0]).fold(0.0, f64::max);
    let has_titles = pictures.len() > 1;
    let title = if has_titles { TITLE } else { 0.0 };
    let height: f64 = pictures.iter().map(|(_, picture)| picture.size()[1] + title).sum();
    let between = BETWEEN * pictures.len().saturating_sub(1) as f64;
    let mut canvas = Canvas::new(width + 2.0 * MARGIN, height + between + 2.0 * MARGIN);
    let mut top = MARGIN;
    for (sketch, picture) in &pictures {
        if has_titles {
            canvas.text((MARGIN, top + TEXT), Anchor::Start, &format!("{} cell", sketch.kind));
        }
        top += title;
        for (arrow, at) in picture.draw(&mut canvas, [MARGIN, top]) {
            if let Some(own) = sketch.arrows[arrow].operator {
                let size = [width_of(name(own), OPERATOR_NAME) + 14.0, HEIGHT];
                operator(&mut canvas, name(own), colour(layout, own), size, at);
            }
        }
        top += picture.size()[1] + BETWEEN;
    }
    canvas.finish("an architecture's cells: nodes from left to right, and the operator on each edge")
}
