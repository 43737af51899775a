//! A cell as a drawing: nodes in columns from left to right, and on each edge what the caller puts there.

use assay_structure::subspace::Wiring;

use super::layers::{Course, Link, Placed, place};
use crate::picture::canvas::{Anchor, Canvas, INK, SOFT, TEXT, short, width_of};

const HEIGHT: f64 = 26.0;
const ARROW: f64 = 6.0;
/// The size of nodes' names.
const NAME: f64 = TEXT - 1.0;
/// The size of operators' names.
pub(super) const OPERATOR_NAME: f64 = TEXT - 1.5;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Full,
    /// A line that carries nothing.
    Dashed,
    /// A line from which everything has been removed.
    Faint,
}

/// A node as it is drawn.
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    /// That of the operator that it is; none where it only adds up.
    pub(super) colour: Option<&'static str>,
}

/// What leads from one node to another, as it is drawn.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) ends: [usize; 2],
    /// Width and height of what stands on it, if anything does.
    pub(super) label: Option<[f64; 2]>,
    pub(super) stroke: Stroke,
}

/// A cell whose parts have their places.
pub(super) struct CellPicture<'a> {
    nodes: Vec<Node<'a>>,
    lines: Vec<Line>,
    placed: Placed,
}

impl<'a> CellPicture<'a> {
    pub(super) fn new(nodes: Vec<Node<'a>>, lines: Vec<Line>) -> Self {
        let links: Vec<Link> = lines.iter().map(|line| Link { ends: line.ends, label: line.label }).collect();
        let sizes: Vec<[f64; 2]> = nodes.iter().map(|node| [width(node.name), HEIGHT]).collect();
        let placed = place(&sizes, &links);
        Self { nodes, lines, placed }
    }

    /// A kind of cell with a label of this size on each of its edges.
    pub(super) fn of_wiring(wiring: &'a Wiring, label: [f64; 2], stroke: impl Fn(usize) -> Stroke) -> Self {
        let edges = wiring.edges.iter().enumerate();
        let edges = edges.map(|(edge, ends)| Line { ends: [ends.from, ends.to], label: Some(label), stroke: stroke(edge) });
        let joins = wiring.joins().map(|ends| Line { ends: [ends.from, ends.to], label: None, stroke: Stroke::Full });
        Self::new(wiring.nodes.iter().map(|name| Node { name, colour: None }).collect(), edges.chain(joins).collect())
    }

    pub(super) fn size(&self) -> [f64; 2] {
        self.placed.size
    }

    /// Draws lines and nodes with the upper left corner here, and gives the number of each line that has a label with the
    /// middle of it.
    pub(super) fn draw(&self, canvas: &mut Canvas, [left, top]: [f64; 2]) -> Vec<(usize, [f64; 2])> {
        let shift = |[x, y]: [f64; 2]| [left + x, top + y];
        let mut labels = Vec::new();
        for (position, (course, line)) in self.placed.links.iter().zip(&self.lines).enumerate() {
            lines(canvas, course, line.stroke, shift);
            labels.extend(course.label.map(|at| (position, shift(at))));
        }
        for (node, at) in self.nodes.iter().zip(&self.placed.nodes) {
            node.draw(canvas, shift(*at));
        }
        labels
    }
}

fn width(name: &str) -> f64 {
    (width_of(name, NAME) + 12.0).max(HEIGHT)
}

impl Node<'_> {
    fn draw(&self, canvas: &mut Canvas, at: [f64; 2]) {
        let size = [width(self.name), HEIGHT];
        match self.colour {
            Some(colour) => operator(canvas, self.name, colour, size, at),
            None => sum(canvas, self.name, size, at),
        }
    }
}

fn sum(canvas: &mut Canvas, name: &str, [width, _]: [f64; 2], [x, y]: [f64; 2]) {
    let [left, top, wide] = [x - width / 2.0, y - HEIGHT / 2.0, width].map(short);
    canvas.push(&format!(
        r##"<rect class="node" x="{left}" y="{top}" width="{wide}" height="{HEIGHT}" rx="{}" fill="#eef1f5" stroke="{INK}"/>"##,
        HEIGHT / 2.0
    ));
    canvas.styled_text((x, y + 4.0), Anchor::Middle, ("node-name", INK), NAME, name);
}

/// Draws an operator, on an edge or as a node.
pub(super) fn operator(canvas: &mut Canvas, name: &str, colour: &str, [width, height]: [f64; 2], [x, y]: [f64; 2]) {
    let [left, top, wide] = [x - width / 2.0, y - height / 2.0, width].map(short);
    canvas.push(&format!(
        r##"<rect class="operator" x="{left}" y="{top}" width="{wide}" height="{height}" rx="3" fill="#ffffff" stroke="{colour}" stroke-width="1.5"/>"##
    ));
    canvas.push(&format!(
        r#"<rect class="operator" x="{left}" y="{top}" width="{wide}" height="{height}" rx="3" fill="{colour}" fill-opacity="0.25"/>"#
    ));
    canvas.styled_text((x, y + 4.0), Anchor::Middle, ("operator-name", INK), OPERATOR_NAME, name);
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
