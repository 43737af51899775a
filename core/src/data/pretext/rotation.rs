//! By how much an image was turned.

use rand::RngExt;

use super::{PretextError, normalised};
use crate::data::Normalisation;
use crate::graph::Shape;

/// How many turns there are.
pub const ROTATIONS: usize = 4;

/// What is drawn for an image to train on: none of it for one to test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shifted {
    /// Whether it is mirrored.
    pub mirrored: bool,
    /// The first row and column of the crop, out of the image with zeros around it, an eighth of its side wide.
    pub corner: [usize; 2],
}

impl Shifted {
    /// Draws mirror and crop, in the order of the published code. Its corner never reaches the last row and column.
    #[must_use]
    pub fn draw(shape: Shape, rng: &mut impl rand::Rng) -> Self {
        let reach = (shape.height / 4).max(1);
        Self { mirrored: rng.random::<f64>() < 0.5, corner: [0; 2].map(|_: usize| rng.random_range(0..reach)) }
    }
}

/// An image in its four turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotated {
    /// Normalised, `[4, channels, height, width]`: turned counter-clockwise by so many quarters as its place says, which is also its
    /// target.
    pub inputs: Vec<f32>,
}

impl Rotated {
    /// Checks that images of this shape can be turned.
    ///
    /// # Errors
    /// If they are not squares of more than a pixel.
    pub fn check(shape: Shape) -> Result<(), PretextError> {
        match shape.width == shape.height && shape.width > 1 {
            true => Ok(()),
            false => Err(PretextError { task: "rotation", needs: "squares of 2 pixels a side or more", shape }),
        }
    }

    /// The turns of an image.
    ///
    /// # Errors
    /// If the image is not a square.
    pub fn new(raw: &[u8], shape: Shape, normalisation: &Normalisation, drawn: Option<Shifted>) -> Result<Self, PretextError> {
        Self::check(shape)?;
        let side = shape.height;
        let mut image = normalised(raw, shape, normalisation, drawn.is_some_and(|drawn| drawn.mirrored));
        if let Some(Shifted { corner, .. }) = drawn {
            image = cropped(&image, shape, corner);
        }
        let mut inputs = Vec::with_capacity(ROTATIONS * image.len());
        for turn in 0..ROTATIONS {
            for plane in image.chunks(shape.area()) {
                for row in 0..side {
                    inputs.extend((0..side).map(|column| plane[source(turn, row, column, side)]));
                }
            }
        }
        Ok(Self { inputs })
    }
}

/// Where a pixel of a turned image was.
fn source(turn: usize, row: usize, column: usize, side: usize) -> usize {
    let last = side - 1;
    let (row, column) = match turn {
        0 => (row, column),
        1 => (column, last - row),
        2 => (last - row, last - column),
        _ => (last - column, row),
    };
    row * side + column
}

/// The crop at this corner of the image with zeros around it.
fn cropped(image: &[f32], shape: Shape, [y, x]: [usize; 2]) -> Vec<f32> {
    let around = shape.height / 8;
    let mut crop = Vec::with_capacity(image.len());
    for plane in image.chunks(shape.area()) {
        for row in 0..shape.height {
            for column in 0..shape.width {
                let place = (row + y).checked_sub(around).zip((column + x).checked_sub(around));
                let inside = place.filter(|(row, column)| *row < shape.height && *column < shape.width);
                crop.push(inside.map_or(0.0, |(row, column)| plane[row * shape.width + column]));
            }
        }
    }
    crop
}
