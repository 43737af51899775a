//! Charts as SVG.
//!
//! A chart states its light colours as presentation attributes, which any program understands, and names what it draws
//! with classes, by which the page's style sheet replaces them in the dark. Text is text: the page shows it in the
//! reader's font, and [`picture`](super::picture) turns it into the outlines of one font that is compiled in.

mod axis;
pub(super) mod band;
pub(super) mod bars;
pub(crate) mod canvas;
mod colour;
pub(super) mod curve;
pub(super) mod forest;
pub(super) mod front;
pub(super) mod heat;
pub(super) mod scatter;

pub(crate) use axis::Scale;
pub(crate) use canvas::Drawing;

#[cfg(test)]
mod tests;
