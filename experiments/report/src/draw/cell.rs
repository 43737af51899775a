//! A cell as a drawing: nodes in columns from left to right, and on each edge what the caller puts there.

use assay_structure::subspace::{Edge, Wiring};

use super::layers::{Course, Link, Placed, place};
use crate::picture::canvas::{Anchor, Canvas, INK, SOFT, TEXT, short, width_of};

const HEIGHT: f64 = 26.0;
const ARROW: f64 = 6.0;
/// The size of nodes' names.
const NAME: f64 = TEXT - 1.0;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Full,
    /// A line that carries nothing.
    Dashed,
    /// A line from which everything has been removed.
    Faint,
}

/// An edge of a cell that is drawn.
pub(super) struct Drawn {
    /// Its place in the wiring's edges.
    pub(super) edge: usize,
    /// Width and height of what stands on it.
    pub(super) label: [f64; 2],
    pub(super) stroke: Stroke,
}

/// A cell whose parts have their places.
pub(super) struct CellPicture<'a> {
    wiring: &'a Wiring,
    drawn: Vec<Drawn>,
    placed: Placed,
}

impl<'a> CellPicture<'a> {
    pub(super) fn new(wiring: &'a Wiring, drawn: Vec<Drawn>) -> Self {
        let ends = |edge: Edge| [edge.from, edge.to];
        let of_operators = drawn.iter().map(|drawn| Link { ends: ends(wiring.edges[drawn.edge]), label: Some(drawn.label) });
        let links: Vec<Link> = of_operators.chain(wiring.joins().map(|edge| Link { ends: ends(edge), label: None })).collect();
        let sizes: Vec<[f64; 2]> = wiring.nodes.iter().map(|name| [width(name), HEIGHT]).collect();
        let placed = place(&sizes, &links);
        Self { wiring, drawn, placed }
    }

    pub(super) fn size(&self) -> [f64; 2] {
        self.placed.size
    }

    /// Draws lines and nodes with the upper left corner here, and gives each drawn edge with the middle of its label.
    pub(super) fn draw(&self, canvas: &mut Canvas, [left, top]: [f64; 2]) -> Vec<(&Drawn, [f64; 2])> {
        let shift = |[x, y]: [f64; 2]| [left + x, top + y];
        let mut labels = Vec::new();
        for (position, course) in self.placed.links.iter().enumerate() {
            let drawn = self.drawn.get(position);
            lines(canvas, course, drawn.map_or(Stroke::Full, |drawn| drawn.stroke), shift);
            labels.extend(drawn.zip(course.label.map(shift)));
        }
        for (name, at) in self.wiring.nodes.iter().zip(&self.placed.nodes) {
            node(canvas, name, shift(*at));
        }
        labels
    }
}

fn width(name: &str) -> f64 {
    (width_of(name, NAME) + 12.0).max(HEIGHT)
}

fn node(canvas: &mut Canvas, name: &str, [x, y]: [f64; 2]) {
    let width = width(name);
    let [left, top, wide] = [x - width / 2.0, y - HEIGHT / 2.0, width].map(short);
    canvas.push(&format!(
        r##"<rect class="node" x="{left}" y="{top}" width="{wide}" height="{HEIGHT}" rx="{}" fill="#eef1f5" stroke="{INK}"/>"##,
        HEIGHT / 2.0
    ));
    canvas.styled_text((x, y + 4.0), Anchor::Middle, ("node-name", INK), NAME, name);
}

/// The lines of one edge, the last with an arrow at its end.
fn lines(canvas: &mut Canvas, course: &Course, stroke: Stroke, shift: impl Fn([f64; 2]) -> [f64; 2]) {
    let (class, colour, more) = match stroke {
        Stroke::Full => ("edge", SOFT, ""),
        Stroke::Dashed => ("edge", SOFT, r#" stroke-dasharray="3 3""#),
        Stroke::Faint => ("gone", "#dfe3e8", ""),
    };
    for (position, line) in course.lines.iter().enumerate() {
        let mut path = String::new();
        for (number, piece) in line.iter().enumerate() {
            let [[x1, y1], [x2, y2]] = piece.map(&shift);
            if let Some([_, end]) = number.checked_sub(1).map(|before| line[before]) {
                let [x, y] = shift(end);
                let middle = short((x + x1) / 2.0);
                path += &format!("C{middle} {} {middle} {} {} {}", short(y), short(y1), short(x1), short(y1));
            } else {
                path += &format!("M{} {}", short(x1), short(y1));
            }
            path += &format!("L{} {}", short(x2), short(y2));
        }
        canvas.push(&format!(r#"<path class="{class}" d="{path}" fill="none" stroke="{colour}" stroke-width="1.2"{more}/>"#));
        let is_last = position + 1 == course.lines.len();
        if let Some([x, y]) = line.last().map(|[_, end]| shift(*end)).filter(|_| is_last) {
            let [back, above, below] = [x - ARROW, y - ARROW / 2.0, y + ARROW / 2.0].map(short);
            let (x, y) = (short(x), short(y));
            canvas.push(&format!(r#"<path class="{class}" d="M{x} {y}L{back} {above}L{back} {below}z" fill="{colour}"/>"#));
        }
    }
}
