//! Pictures of cells, and of searches that prune them.
//!
//! Anything can be drawn whose edges say which nodes they connect (`1<-0`): the architectures of such a space, each step of a
//! pruning search on it, and the way of a search through the plane of its two proxies.

mod architecture;
mod cell;
mod error;
mod layers;
mod names;
pub(crate) mod plane;
mod pruning;
pub(crate) mod shape;
#[cfg(test)]
mod tests;

use assay_core::plugin::SearchSpace;
use assay_core::subspace::Subspace;

use crate::picture::canvas::Drawing;
use crate::picture::painter::Painter;
use crate::run::summary::Summary;
use crate::run::tables::Trajectory;
pub use error::DrawError;
use names::Names;

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

/// Draws an architecture of a space, with its text below.
///
/// # Errors
/// If the space's edges do not say what they connect, or the subspace is no architecture.
pub fn architecture(space: &dyn SearchSpace, architecture: &Subspace, text: &str) -> Result<Picture, DrawError> {
    let Trajectory { operators, cells, .. } = Trajectory::new(space.layout(), Vec::new());
    paint("", &architecture::draw(&Names { operators, cells }, architecture)?, text)
}

/// Draws each step of a search that prunes: on every edge a mark for each operator, which fades when it goes.
///
/// # Errors
/// If the search did not prune, or the space's edges do not say what they connect.
pub fn pruning(summary: &Summary, trajectory: &Trajectory) -> Result<Picture, DrawError> {
    let names = Names { operators: trajectory.operators.clone(), cells: trajectory.cells.clone() };
    paint("pruning", &pruning::draw(&names, &trajectory.steps)?, &summary.protocol)
}

/// Draws the states that a search went through in the plane of its two proxies.
///
/// # Errors
/// If it has not exactly two, or none of their readings is defined.
pub fn plane(summary: &Summary, trajectory: &Trajectory) -> Result<Picture, DrawError> {
    paint("trajectory", &plane::draw(summary, trajectory, &[])?, &summary.protocol)
}

fn paint(name: &'static str, drawing: &Drawing, note: &str) -> Result<Picture, DrawError> {
    let painted = Painter::new().paint(&drawing.standalone(&[note.to_owned()]))?;
    Ok(Picture { name, svg: painted.svg, png: painted.png })
}
