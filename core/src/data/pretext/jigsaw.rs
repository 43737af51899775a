//! In which order the quarters of an image were put (Noroozi & Favaro, "Unsupervised Learning of Visual Representations by Solving
//! Jigsaw Puzzles", ECCV 2016), as UnNAS has it for small images: two by two tiles.

use rand::RngExt;

use super::{PretextError, normalised};
use crate::data::Normalisation;
use crate::graph::Shape;

/// How many tiles an image has.
pub const TILES: usize = 4;

/// How many orders there are.
pub const PERMUTATIONS: usize = 24;

/// The share of images to train on that lose their colours.
const GREY: f64 = 0.3;

/// What is drawn for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Puzzle {
    /// Whether it is mirrored; never an image to test on.
    pub mirrored: bool,
    /// Whether it loses its colours; never an image to test on.
    pub grey: bool,
    /// The number of the order among all orders, sorted.
    pub permutation: usize,
    /// The first row and column of each tile in its quarter.
    pub corners: [[usize; 2]; 4],
}

impl Puzzle {
    /// Draws all of it in the order of the published code; of an image to test on, the order and the corners.
    #[must_use]
    pub fn draw(shape: Shape, to_train: bool, rng: &mut impl rand::Rng) -> Self {
        let mut below = |share: f64| to_train && rng.random::<f64>() < share;
        let (mirrored, grey) = (below(0.5), below(GREY));
        let gap = quarter(shape) - tile(shape);
        let permutation = rng.random_range(0..PERMUTATIONS);
        let corners = [[0; 2]; 4].map(|corner: [usize; 2]| corner.map(|_| rng.random_range(0..=gap)));
        Self { mirrored, grey, permutation, corners }
    }
}

/// The side of a quarter.
fn quarter(shape: Shape) -> usize {
    shape.height / 2
}

/// The side of a tile: three quarters of a quarter's, so that no line goes on from one to the next.
fn tile(shape: Shape) -> usize {
    quarter(shape) * 3 / 4
}

/// The place of each quarter in the order of this number.
fn places(mut number: usize) -> [usize; 4] {
    let mut left = vec![0, 1, 2, 3];
    [6, 2, 1, 1].map(|orders| {
        let at = number / orders;
        number %= orders;
        left.remove(at.min(left.len() - 1))
    })
}

/// The tiles of an image in the drawn order, which is the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Jigsaw {
    /// `[4, channels, side, side]`, each tile less its mean and divided by its deviation.
    pub inputs: Vec<f32>,
    /// The side of a tile.
    pub side: usize,
}

impl Jigsaw {
    /// The shape of a tile of images of this shape.
    ///
    /// # Errors
    /// If they are not squares of an even side, or too small for tiles.
    pub fn tile(shape: Shape) -> Result<Shape, PretextError> {
        if shape.height != shape.width || !shape.height.is_multiple_of(2) || shape.height < 8 {
            return Err(PretextError { task: "jigsaw", needs: "squares of an even number of pixels a side, 8 or more", shape });
        }
        Ok(Shape::new(shape.channels, tile(shape), tile(shape)))
    }

    /// The tiles of an image.
    ///
    /// # Errors
    /// If the image is not a square of an even side, or too small for tiles.
    pub fn new(raw: &[u8], shape: Shape, normalisation: &Normalisation, drawn: &Puzzle) -> Result<Self, PretextError> {
        Self::tile(shape)?;
        if drawn.grey && shape.channels != 3 {
            return Err(PretextError { task: "jigsaw", needs: "red, green and blue where colours are taken away", shape });
        }
        let (quarter, side) = (quarter(shape), tile(shape));
        let image = match drawn.grey {
            true => grey(raw, shape, normalisation, drawn.mirrored),
            false => normalised(raw, shape, normalisation, drawn.mirrored),
        };
        let mut tiles: [Vec<f32>; 4] = Default::default();
        for (number, place) in places(drawn.permutation).into_iter().enumerate() {
            let [y, x] = drawn.corners[number];
            let (top, left) = (number / 2 * quarter + y, number % 2 * quarter + x);
            let rows = image.chunks(shape.area()).flat_map(|plane| plane.chunks(shape.width).skip(top).take(side));
            tiles[place] = standardised(rows.flat_map(|row| row[left..left + side].iter().copied()).collect());
        }
        Ok(Self { inputs: tiles.concat(), side })
    }
}

/// An image of one brightness in all channels, normalised.
fn grey(raw: &[u8], shape: Shape, normalisation: &Normalisation, mirrored: bool) -> Vec<f32> {
    let bytes = super::values(raw, shape, mirrored, |_, byte| byte.into());
    let brightness = |pixel: usize| {
        let [red, green, blue] = [0, 1, 2].map(|channel| f64::from(bytes[channel * shape.area() + pixel]));
        (0.2125 * red + 0.7154 * green + 0.0721 * blue) / 255.0
    };
    let channel = |channel: usize| {
        let (mean, deviation) = (f64::from(normalisation.mean[channel]), f64::from(normalisation.deviation[channel]));
        (0..shape.area()).map(move |pixel| (pixel, mean, deviation))
    };
    (0..shape.channels).flat_map(channel).map(|(pixel, mean, deviation)| ((brightness(pixel) - mean) / deviation) as f32).collect()
}

/// Less the mean, divided by the deviation, over all channels together.
fn standardised(tile: Vec<f32>) -> Vec<f32> {
    let count = tile.len() as f64;
    let mean = tile.iter().copied().map(f64::from).sum::<f64>() / count;
    let variance = tile.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    // A tile of one colour has no deviation: it is zeros.
    let scale = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
    tile.into_iter().map(|value| ((f64::from(value) - mean) * scale) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_numbered_as_they_are_sorted_and_small_images_are_refused() {
        let all: Vec<[usize; 4]> = (0..PERMUTATIONS).map(places).collect();
        assert!(all.is_sorted() && all[0] == [0, 1, 2, 3] && all[23] == [3, 2, 1, 0]);
        let normalisation = Normalisation { mean: vec![0.0], deviation: vec![1.0] };
        let puzzle = Puzzle { mirrored: false, grey: false, permutation: 0, corners: [[0; 2]; 4] };
        let error = Jigsaw::new(&[0; 36], Shape::new(1, 6, 6), &normalisation, &puzzle).unwrap_err().to_string();
        assert_eq!(error, "jigsaw needs squares of an even number of pixels a side, 8 or more, and the images are 1×6×6");
    }
}
