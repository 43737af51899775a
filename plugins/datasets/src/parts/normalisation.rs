//! Normalisation constants, by dataset, and measured ones.

use assay_core::data::{DataError, Normalisation};
use assay_core::graph::Shape;

/// The constants of a dataset as they are published, for pixels from 0 to `scale`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preset {
    mean: [f64; 3],
    deviation: [f64; 3],
    scale: f64,
}

/// As in TE-NAS's data loaders.
pub(crate) const CIFAR10: Preset = Preset { mean: [125.3, 123.0, 113.9], deviation: [63.0, 62.1, 66.7], scale: 255.0 };
/// As in TE-NAS's data loaders.
pub(crate) const CIFAR100: Preset = Preset { mean: [129.3, 124.1, 112.4], deviation: [68.2, 65.4, 70.4], scale: 255.0 };
/// As in TE-NAS's data loaders.
pub(crate) const IMAGENET16_120: Preset = Preset { mean: [122.68, 116.66, 104.01], deviation: [63.22, 61.26, 65.09], scale: 255.0 };
/// As for the ImageNet models of torchvision.
pub(crate) const IMAGENET: Preset = Preset { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], scale: 1.0 };

impl Preset {
    /// The constants of pixels scaled to 0–1.
    pub(crate) fn normalisation(self) -> Normalisation {
        let scaled = |values: [f64; 3]| values.iter().map(|value| (value / self.scale) as f32).collect();
        Normalisation { mean: scaled(self.mean), deviation: scaled(self.deviation) }
    }
}

assay_core::words! {
    /// What pixels are normalised with.
    pub(crate) enum Constants {
        /// Mean and deviation of the images themselves.
        Measured = "measured",
        /// Those of CIFAR-10.
        Cifar10 = "cifar10",
        /// Those of CIFAR-100.
        Cifar100 = "cifar100",
        /// Those of ImageNet16-120.
        ImageNet16 = "imagenet16-120",
        /// Those of ImageNet.
        ImageNet = "imagenet",
    }
}

impl Constants {
    /// The published constants. `None` if they are measured.
    pub(crate) const fn preset(self) -> Option<Preset> {
        match self {
            Self::Measured => None,
            Self::Cifar10 => Some(CIFAR10),
            Self::Cifar100 => Some(CIFAR100),
            Self::ImageNet16 => Some(IMAGENET16_120),
            Self::ImageNet => Some(IMAGENET),
        }
    }
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
    fn constants_are_those_of_pixels_scaled_to_one() {
        assert_eq!(CIFAR10.normalisation().mean[0], (125.3 / 255.0) as f32);
        assert_eq!(IMAGENET.normalisation().deviation, [0.229, 0.224, 0.225]);
    }
}
