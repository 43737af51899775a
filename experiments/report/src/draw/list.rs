//! A kind of cell whose choices are not edges between nodes, as a list: a row for each, its name and what the caller puts behind it.

use assay_structure::subspace::CellLayout;

use super::cell::{CellPicture, Stroke};
use crate::picture::canvas::{Anchor, Canvas, SOFT, TEXT, width_of};

const ROW: f64 = 20.0;
/// Between a name and what stands behind it.
const GAP: f64 = 10.0;
const NAME: f64 = TEXT - 1.0;

/// A kind of cell as each step of a pruning search shows it, with a label of one size on each edge.
pub(super) enum KindPicture<'a> {
    /// Nodes, and edges between them.
    Wired(CellPicture<'a>),
    /// Names and labels.
    Listed { names: &'a [String], label: [f64; 2] },
}

impl<'a> KindPicture<'a> {
    pub(super) fn new(cell: &'a CellLayout, label: [f64; 2], stroke: impl Fn(usize) -> Stroke) -> Self {
        match &cell.wiring {
            Some(wiring) => Self::Wired(CellPicture::of_wiring(wiring, label, stroke)),
            None => Self::Listed { names: &cell.edges, label },
        }
    }

    pub(super) fn size(&self) -> [f64; 2] {
        match self {
            Self::Wired(picture) => picture.size(),
            Self::Listed { names, label } => [longest(names) + GAP + label[0], ROW * names.len() as f64],
        }
    }

    /// Draws it with the upper left corner here, and gives the number of each edge with the middle of its label.
    pub(super) fn draw(&self, canvas: &mut Canvas, [left, top]: [f64; 2]) -> Vec<(usize, [f64; 2])> {
        let (names, label) = match self {
            Self::Wired(picture) => return picture.draw(canvas, [left, top]),
            Self::Listed { names, label } => (names, label),
        };
        let middle = left + longest(names) + GAP + label[0] / 2.0;
        let row = |(edge, name): (usize, &String)| {
            let y = top + ROW * (edge as f64 + 0.5);
            canvas.styled_text((left, y + 4.0), Anchor::Start, ("edge-name", SOFT), NAME, name);
            (edge, [middle, y])
        };
        names.iter().enumerate().map(row).collect()
    }
}

fn longest(names: &[String]) -> f64 {
    names.iter().map(|name| width_of(name, NAME)).fold(0.0, f64::max)
}
