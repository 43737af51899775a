//! Normalisation constants, by dataset, and measured ones.

use assay_core::data::{DataError, Normalisation};
use assay_core::graph::Shape;

/// The presets that `records` accepts.
pub(crate) const PRESETS: &[&str] = &["cifar10", "cifar100", "imagenet16-120", "imagenet"];

/// The constants of a preset; those of the first three are the ones of TE-NAS's data loaders, `imagenet` those of the
/// ImageNet models of torchvision.
pub(crate) fn preset(name: &str) -> Option<Normalisation> {
    let (mean, deviation, scale): ([f64; 3], [f64; 3], f64) = match name {
        "cifar10" => ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7], 255.0),
        "cifar100" => ([129.3, 124.1, 112.4], [68.2, 65.4, 70.4], 255.0),
        "imagenet16-120" => ([122.68, 116.66, 104.01], [63.22, 61.26, 65.09], 255.0),
        "imagenet" => ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1.0),
        _ => return None,
    };
    let scaled = |values: [f64; 3]| values.iter().map(|value| (value / scale) as f32).collect();
    Some(Normalisation { mean: scaled(mean), deviation: scaled(deviation) })
}

/// Mean and (population) standard deviation of each channel over all pixels. The sums are integers, hence exact.
pub(crate) fn measure(origin: &str, shape: Shape, pixels: &[u8]) -> Result<Normalisation, DataError> {
    let mut normalisation = Normalisation { mean: Vec::new(), deviation: Vec::new() };
    for channel in 0..shape.channels {
        let (mut count, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
        for image in pixels.chunks_exact(shape.elements()) {
            let plane = &image[channel * shape.area()..][..shape.area()];
            count += plane.len() as u64;
            sum += plane.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            squares += plane.iter().map(|byte| u64::from(*byte).pow(2)).sum::<u64>();
        }
        // count · Σx² − (Σx)² overflows u64 beyond about 2⁴⁸ pixels' worth of squares; u128 does not.
        let spread = u128::from(count) * u128::from(squares) - u128::from(sum).pow(2);
        if spread == 0 {
            return Err(DataError::new(format!(
                "{origin}: all pixels of channel {channel} are equal, so their deviation is zero and cannot normalise; \
                 set `normalisation` to a preset"
            )));
        }
        let count = count as f64;
        normalisation.mean.push((sum as f64 / count / 255.0) as f32);
        normalisation.deviation.push(((spread as f64).sqrt() / count / 255.0) as f32);
    }
    Ok(normalisation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_constants_equal_the_definition() {
        let pixels: Vec<u8> = (0..2 * 2 * 9).map(|index| (index * 37 % 251) as u8).collect();
        let shape = Shape::new(2, 3, 3);
        let measured = measure("test", shape, &pixels).unwrap();
        for channel in 0..2 {
            let values: Vec<f64> =
                (0..2).flat_map(|image| pixels[image * 18 + channel * 9..][..9].to_vec()).map(|byte| f64::from(byte) / 255.0).collect();
            let mean = values.iter().sum::<f64>() / 18.0;
            let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 18.0).sqrt();
            assert!((f64::from(measured.mean[channel]) - mean).abs() < 1e-7);
            assert!((f64::from(measured.deviation[channel]) - deviation).abs() < 1e-7);
        }
    }

    #[test]
    fn every_preset_has_three_channels() {
        for name in PRESETS {
            let normalisation = preset(name).unwrap();
            assert_eq!((normalisation.mean.len(), normalisation.deviation.len()), (3, 3), "{name}");
        }
        assert_eq!(preset("cifar10").unwrap().mean[0], 125.3 / 255.0);
    }
}
