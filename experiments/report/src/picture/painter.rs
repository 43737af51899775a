//! From a drawing to files that look the same everywhere: SVG with text as outlines, and PNG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, WriteOptions, fontdb};

/// Pixels of the PNG to one of the drawing: sharp in print and on dense screens.
const ZOOM: f32 = 3.0;

/// Why a drawing cannot be painted.
#[derive(Debug, thiserror::Error)]
pub enum PaintError {
    /// It is not an SVG document that can be rendered.
    #[error("a picture cannot be painted: {0}")]
    Document(#[from] usvg::Error),
    /// It has no pixels, or more than fit in memory.
    #[error("a picture cannot be painted: {width}×{height} pixels are too many")]
    Size {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The pixels cannot be written as PNG.
    #[error("a picture cannot be painted: {0}")]
    Png(String),
}

/// Turns drawings into files with the one font that is compiled in; those of the machine do not matter.
pub(crate) struct Painter {
    options: Options<'static>,
}

/// The two files of a drawing.
pub(crate) struct Picture {
    pub(crate) svg: String,
    pub(crate) png: Vec<u8>,
}

impl Painter {
    pub(crate) fn new() -> Self {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        let family = "DejaVu Sans";
        Self { options: Options { font_family: family.into(), fontdb: Arc::new(fonts), ..Options::default() } }
    }

    /// Paints an SVG document.
    pub(crate) fn paint(&self, svg: &str) -> Result<Picture, PaintError> {
        let tree = Tree::from_str(svg, &self.options)?;
        let size = tree.size();
        let [width, height] = [size.width(), size.height()].map(|length| (length * ZOOM).ceil() as u32);
        let mut pixels = Pixmap::new(width, height).ok_or(PaintError::Size { width, height })?;
        resvg::render(&tree, Transform::from_scale(ZOOM, ZOOM), &mut pixels.as_mut());
        let png = pixels.encode_png().map_err(|error| PaintError::Png(error.to_string()))?;
        let options = WriteOptions { preserve_text: false, coordinates_precision: 2, ..WriteOptions::default() };
        Ok(Picture { svg: tree.to_string(&options), png })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="20" font-family="DejaVu Sans">
        <text x="0" y="12" font-size="11" fill="#000">GLYPHS</text>
        <path d="M250 10h0" stroke="#f00" stroke-width="6" stroke-linecap="round"/><path d="M270 10h0m10 5h0" stroke="#f00" stroke-width="6" stroke-linecap="round"/></svg>"##;

    #[test]
    fn every_character_of_protocols_and_charts_has_a_glyph() {
        let painter = Painter::new();
        let painted = |text: &str| {
            let picture = painter.paint(&TEXT.replace("GLYPHS", text)).unwrap();
            assert!(!picture.svg.contains("<text"), "text depends on the reader's fonts");
            picture.svg
        };
        let missing = painted("\u{10FFFF}");
        assert_eq!(painted("一"), missing, "one picture stands for every character that the font lacks");
        for character in "τκρR̂γβλΣ∂‖₂½×±–−…·≥".chars() {
            assert_ne!(painted(&character.to_string()), missing, "no glyph for {character}");
        }
    }

    #[test]
    fn a_dot_without_length_is_visible_also_when_it_is_alone() {
        let picture = Painter::new().paint(TEXT).unwrap();
        let pixels = Pixmap::decode_png(&picture.png).unwrap();
        for (x, y) in [(250, 10), (270, 10), (280, 15)] {
            let pixel = pixels.pixel(x * ZOOM as u32, y * ZOOM as u32).unwrap();
            assert_eq!((pixel.red(), pixel.alpha()), (255, 255), "at {x}, {y}");
        }
    }
}
