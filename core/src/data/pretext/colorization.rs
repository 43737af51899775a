//! The colours of an image of which only the lightness is seen (Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016).

use super::{PretextError, values};
use crate::data::Normalisation;
use crate::graph::Shape;

/// How many colours are told apart: those of the plane of a and b of CIE L*a*b* that screens show, in steps of ten.
pub const COLOURS: usize = 313;

/// The first and last b of each a from −90 in steps of ten.
const COLUMNS: [[i16; 2]; 20] = [
    [50, 90],
    [20, 90],
    [0, 90],
    [-20, 90],
    [-30, 100],
    [-40, 100],
    [-50, 100],
    [-50, 100],
    [-60, 100],
    [-70, 100],
    [-80, 90],
    [-80, 90],
    [-90, 90],
    [-100, 90],
    [-100, 80],
    [-110, 80],
    [-110, 80],
    [-110, 70],
    [-110, 70],
    [-90, 0],
];

/// The colours, (a, b), in the order of a and then b.
pub fn centres() -> impl Iterator<Item = [i16; 2]> {
    let column = |(position, [first, last]): (usize, &[i16; 2])| {
        let (first, last, a) = (*first, *last, -90 + 10 * position as i16);
        (0..=(last - first) / 10).map(move |step| [a, first + 10 * step])
    };
    COLUMNS.iter().enumerate().flat_map(column)
}

/// An image without its colours, and the colours.
#[derive(Clone, Debug, PartialEq)]
pub struct Coloured {
    /// The lightness, normalised by the mean of the channels' means and of their deviations, `[1, height, width]`.
    pub input: Vec<f32>,
    /// The nearest of the [centres] of each pixel.
    pub targets: Vec<u32>,
}

/// Checks that images of this shape have colours.
///
/// # Errors
/// If they have not three channels.
pub fn check_colours(shape: Shape) -> Result<(), PretextError> {
    match shape.channels {
        3 => Ok(()),
        _ => Err(PretextError { task: "colorization", needs: "red, green and blue", shape }),
    }
}

/// Takes an image's colours away.
///
/// # Errors
/// If it has not three channels.
pub fn colorize(raw: &[u8], shape: Shape, normalisation: &Normalisation, mirrored: bool) -> Result<Coloured, PretextError> {
    check_colours(shape)?;
    let bytes = values(raw, shape, mirrored, |_, byte| byte.into());
    let mean_of = |values: &[f32]| values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64;
    let (mean, deviation) = (mean_of(&normalisation.mean), mean_of(&normalisation.deviation));
    let all: Vec<[f64; 2]> = centres().map(|centre| centre.map(f64::from)).collect();
    let (mut input, mut targets) = (Vec::with_capacity(shape.area()), Vec::with_capacity(shape.area()));
    for pixel in 0..shape.area() {
        let [lightness, a, b] = lab([0, 1, 2].map(|channel| f64::from(bytes[channel * shape.area() + pixel]) / 255.0));
        input.push(((lightness / 100.0 - mean) / deviation) as f32);
        let distance = |[x, y]: &[f64; 2]| (x - a).powi(2) + (y - b).powi(2);
        let nearest = all.iter().enumerate().min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        targets.push(nearest.map_or(0, |(position, _)| position as u32));
    }
    Ok(Coloured { input, targets })
}

/// CIE L*a*b* of an sRGB colour of numbers from 0 to 1, under D65 at 2°.
fn lab(colour: [f64; 3]) -> [f64; 3] {
    let [red, green, blue] = colour.map(|c| if c > 0.04045 { ((c + 0.055) / 1.055).powf(2.4) } else { c / 12.92 });
    let rows = [[0.412_453, 0.357_580, 0.180_423], [0.212_671, 0.715_160, 0.072_169], [0.019_334, 0.119_193, 0.950_227]];
    let white = [0.950_47, 1.0, 1.088_83];
    let curve = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let [x, y, z] = [0, 1, 2].map(|axis: usize| {
        let [r, g, b]: [f64; 3] = rows[axis];
        curve((r * red + g * green + b * blue) / white[axis])
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_313_colours_and_grey_has_none() {
        assert_eq!(centres().count(), COLOURS);
        let all: Vec<[i16; 2]> = centres().collect();
        assert!(all.is_sorted() && all[0] == [-90, 50] && all[COLOURS - 1] == [100, 0]);
        let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
        let shape = Shape::new(3, 1, 1);
        let white = colorize(&[255; 3], shape, &normalisation, false).unwrap();
        assert!((white.input[0] - 2.0).abs() < 1e-5);
        assert_eq!(all[white.targets[0] as usize], [0, 0]);
        let error = colorize(&[255], Shape::new(1, 1, 1), &normalisation, false).unwrap_err().to_string();
        assert_eq!(error, "colorization needs red, green and blue, and the images are 1×1×1");
    }
}
