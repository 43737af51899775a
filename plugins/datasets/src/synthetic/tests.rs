use super::*;

fn images(given: Given, count: usize) -> Vec<Vec<u8>> {
    let dataset = Synthetic::new(given);
    let mut pixels = vec![0; dataset.shape().elements()];
    (0..count)
        .map(|index| {
            dataset.read(index, &mut pixels).unwrap();
            pixels.clone()
        })
        .collect()
}

/// Power of each frequency by the definition, `[size, size]`, summed over the planes.
fn power(planes: &[Vec<f64>], size: usize) -> Vec<f64> {
    let angle = |product: usize| std::f64::consts::TAU * (product % size) as f64 / size as f64;
    let (cosines, sines): (Vec<f64>, Vec<f64>) = (0..size).map(|product| (angle(product).cos(), angle(product).sin())).unzip();
    let mut sum = vec![0.0; size * size];
    for plane in planes {
        for (v, row) in sum.chunks_exact_mut(size).enumerate() {
            for (u, total) in row.iter_mut().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (index, value) in plane.iter().enumerate() {
                    let phase = (v * (index / size) + u * (index % size)) % size;
                    re += value * cosines[phase];
                    im -= value * sines[phase];
                }
                *total += re * re + im * im;
            }
        }
    }
    sum
}

#[test]
fn the_radially_averaged_power_spectrum_falls_as_one_over_f_squared() {
    let size = 32;
    let planes: Vec<Vec<f64>> = images(Given::default(), 40)
        .iter()
        .flat_map(|image| {
            image.chunks_exact(size * size).map(|plane| plane.iter().map(|byte| f64::from(*byte)).collect()).collect::<Vec<_>>()
        })
        .collect();
    let power = power(&planes, size);
    let frequency = |index: usize| index.min(size - index) as f64;
    let points: Vec<(f64, f64)> = (1..size / 2)
        .map(|radius| {
            let ring: Vec<f64> = (0..size * size)
                .filter(|index| (frequency(index / size).hypot(frequency(index % size)) - radius as f64).abs() < 0.5)
                .map(|index| power[index])
                .collect();
            ((radius as f64).ln(), (ring.iter().sum::<f64>() / ring.len() as f64).ln())
        })
        .collect();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>()
        / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    assert!((-2.2..-1.8).contains(&slope), "log power against log frequency has slope {slope}");
}

#[test]
fn channels_correlate_as_in_cifar10_and_the_normalisation_fits_any_seed() {
    let area = 32 * 32;
    let dataset = Synthetic::new(Given { seed: 5, ..Given::default() });
    let images = images(Given { seed: 5, ..Given::default() }, 2000);
    let channel = |channel: usize| -> Vec<f64> {
        images.iter().flat_map(|image| image[channel * area..][..area].iter().map(|byte| f64::from(*byte) / 255.0)).collect()
    };
    let channels = [channel(0), channel(1), channel(2)];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let covariance = |a: &[f64], b: &[f64]| {
        let (mean_a, mean_b) = (mean(a), mean(b));
        a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum::<f64>() / a.len() as f64
    };
    for (a, b, least, most) in [(0, 1, 0.87, 0.95), (1, 2, 0.87, 0.95), (0, 2, 0.75, 0.88)] {
        let correlation = covariance(&channels[a], &channels[b])
            / (covariance(&channels[a], &channels[a]) * covariance(&channels[b], &channels[b])).sqrt();
        assert!((least..most).contains(&correlation), "channels {a} and {b} correlate with {correlation}");
    }
    let measured = |of: &dyn Fn(&[f64]) -> f64| channels.iter().map(|values| of(values) as f32).collect::<Vec<f32>>();
    let means = measured(&|values| mean(values));
    let deviations = measured(&|values| covariance(values, values).sqrt());
    let Normalisation { mean, deviation } = &dataset.normalisation;
    assert!(means.iter().zip(mean).all(|(found, stated)| (found - stated).abs() < 0.01), "the means are {means:?}");
    assert!(
        deviations.iter().zip(deviation).all(|(found, stated)| (found / stated - 1.0).abs() < 0.02),
        "the deviations are {deviations:?}"
    );
}

#[test]
fn an_image_depends_on_the_seed_and_its_index_alone() {
    let few = images(Given { images: 3, ..Given::default() }, 3);
    let many = images(Given { images: 50_000, classes: 7, ..Given::default() }, 3);
    assert_eq!(few, many);
    let other = images(Given { seed: 1, ..Given::default() }, 3);
    assert_ne!(few, other);
    assert_ne!(few[0], few[1]);
}

/// The bytes themselves: a change of the generator changes every result computed on synthetic images.
#[test]
fn images_are_the_same_in_every_build() {
    let digest = |size: usize| {
        let mut sum = 0_u64;
        for byte in images(Given { size, ..Given::default() }, 100).concat() {
            sum = sum.wrapping_mul(0x0000_0100_0000_01b3) ^ u64::from(byte);
        }
        sum
    };
    insta::assert_snapshot!(format!("{:016x} {:016x} {:016x}", digest(16), digest(32), digest(30)), @"b3e7d4678b17c3e4 fcee863cda69eb2d a8774670c309b15b");
}

#[test]
fn labels_are_balanced() {
    let dataset = Synthetic::new(Given { classes: 4, ..Given::default() });
    let mut pixels = vec![0; dataset.shape().elements()];
    let labels: Vec<u32> = (0..8).map(|index| dataset.read(index, &mut pixels).unwrap()).collect();
    assert_eq!(labels, [0, 1, 2, 3, 0, 1, 2, 3]);
}
