//! What pictures are drawn with: a canvas, axes, colours, kinds of chart, and the painter that turns drawings into files.
//!
//! A drawing states its light colours as presentation attributes, which any program understands, and names what it draws
//! with classes, by which the style sheet of a report's page replaces them in the dark. Text is text: the page shows it in the
//! reader's font, and the [painter](painter::Painter) turns it into the outlines of one font that is compiled in.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod chart;
pub(crate) mod colour;
pub(crate) mod painter;
pub(crate) mod palette;

pub use painter::PaintError;
