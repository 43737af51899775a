//! Pictures of cells, and of searches that prune them.
//!
//! An architecture is drawn as its space sketches it. Each step of a pruning search is drawn on the cell where the space says how
//! edges join nodes, and as a list of its choices elsewhere.

mod architecture;
mod cell;
mod error;
mod layers;
mod list;
pub(crate) mod plane;
mod pruning;
#[cfg(test)]
mod tests;

use assay_results::{SearchSummary, Trajectory};
use assay_structure::subspace::{Layout, Sketch};

use crate::picture::canvas::Drawing;
use crate::picture::painter::Painter;
pub use error::DrawError;

/// A picture in both of its forms, which are the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it shows, as part of a file's name; empty for an architecture.
    pub name: &'static str,
    /// Text as outlines.
    pub svg: String,
    /// Three pixels for each of the SVG's.
    pub png: Vec<u8>,
}

/// Draws an architecture of a space of this layout, as the space sketches it, with its text below.
///
/// # Errors
/// If the picture cannot be painted.
pub fn architecture(layout: &Layout, sketches: &[Sketch], text: &str) -> Result<Picture, DrawError> {
    paint("", &architecture::draw(layout, sketches), text)
}

/// Draws each step of a search that prunes: on every edge a mark for each operator, which fades when it goes.
///
/// # Errors
/// If the search did not prune, or the picture cannot be painted.
pub fn pruning(summary: &SearchSummary, trajectory: &Trajectory) -> Result<Picture, DrawError> {
    paint("pruning", &pruning::draw(&trajectory.layout, &trajectory.steps)?, &summary.protocol)
}

/// Draws the states that a search went through in the plane of its two proxies.
///
/// # Errors
/// If it has not exactly two, or none of their readings is defined.
pub fn plane(summary: &SearchSummary, trajectory: &Trajectory) -> Result<Picture, DrawError> {
    paint("trajectory", &plane::draw(summary, trajectory, &[])?, &summary.protocol)
}

fn paint(name: &'static str, drawing: &Drawing, note: &str) -> Result<Picture, DrawError> {
    let painted = Painter::new().paint(&drawing.standalone(&[note.to_owned()]))?;
    Ok(Picture { name, svg: painted.svg, png: painted.png })
}
