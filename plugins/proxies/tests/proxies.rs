//! The proxies as a strategy sees them: real images in, a reading out, and a reason where there is none.

#![allow(clippy::unwrap_used)]

use assay_core::data::{Dataset, InMemory, Normalisation};
use assay_core::engine::Engine;
use assay_core::graph::Shape;
use assay_core::plugin::{Draws, Proxy, ProxyError, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_proxies as _;
use assay_spaces as _;
use rand::RngExt;

fn dataset(images: usize, mut pixel: impl FnMut(usize) -> u8) -> InMemory {
    let shape = Shape::new(3, 8, 8);
    let pixels = (0..images * shape.elements()).map(|position| pixel(position % shape.elements())).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    InMemory::new("test images", shape, 10, normalisation, pixels, vec![0; images]).unwrap()
}

fn noise(images: usize) -> InMemory {
    let mut rng = Stream::new(5, "test").rng();
    dataset(images, |_| rng.random())
}

fn space() -> Box<dyn SearchSpace> {
    Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-201", &Settings::none()).unwrap()
}

fn cell(operator: &str) -> String {
    format!("|{operator}~0|+|{operator}~0|{operator}~1|+|{operator}~0|{operator}~1|{operator}~2|")
}

fn measure_with(proxy: &str, settings: Settings, subspace: &Subspace, dataset: &dyn Dataset, seed: u64) -> Result<Reading, ProxyError> {
    let proxy = Registry::<Proxy>::collect().unwrap().build(proxy, &settings).unwrap();
    let space = space();
    let draws = Draws { parameters: Stream::new(seed, "parameters"), images: Stream::new(seed, "images") };
    proxy.measure(&Subject { space: space.as_ref(), subspace, dataset, engine: &assay_burn::flex(), draws: &draws })
}

fn measure(proxy: &str, settings: Settings, architecture: &str, dataset: &dyn Dataset) -> Reading {
    measure_with(proxy, settings, &space().parse(architecture).unwrap(), dataset, 0).unwrap()
}

#[test]
fn kappa_is_at_least_one_and_repeats_with_its_draws() {
    let (images, whole) = (noise(20), Subspace::whole(space().layout()));
    let kappa = |seed| measure_with("ntk-condition", Settings::none().with("batch", 6), &whole, &images, seed).unwrap().value().unwrap();
    assert!(kappa(0) >= 1.0);
    assert_eq!(kappa(0).to_bits(), kappa(0).to_bits());
    assert_ne!(kappa(0).to_bits(), kappa(1).to_bits());
}

#[test]
fn kappa_is_undefined_with_its_reason_where_no_two_eigenvalues_can_be_told_apart() {
    let conv = cell("nor_conv_3x3");
    let batch = |count: usize| Settings::none().with("batch", count).with("augmentation", "none");
    let one_image = measure("ntk-condition", batch(1), &conv, &noise(4));
    let grey = measure("ntk-condition", batch(4), &conv, &dataset(4, |_| 77));
    let equal = measure("ntk-condition", batch(4), &conv, &dataset(4, |position| (position * 37 % 251) as u8));
    let blind = measure("ntk-condition", batch(4), &cell("none"), &noise(4));
    assert!(grey.to_string().starts_with("undefined, because the Gram matrix is singular: λmin = "), "{grey}");
    assert!(equal.to_string().starts_with("undefined, because the Gram matrix is singular: λmin = "), "{equal}");
    insta::assert_snapshot!(format!("{one_image}\n{blind}"), @"
    undefined, because a Gram matrix of 1 sample has no two eigenvalues to compare
    undefined, because every gradient is zero (λmax = 0)
    ");
}

#[test]
fn float32_and_float64_gradients_agree_on_kappa() {
    let images = noise(20);
    let kappa = |precision: &str| {
        let settings = Settings::none().with("batch", 6).with("precision", precision);
        measure("ntk-condition", settings, &cell("nor_conv_1x1"), &images).value().unwrap()
    };
    let (single, double) = (kappa("f32"), kappa("f64"));
    assert!((single - double).abs() < 1e-3 * double, "float32 {single}, float64 {double}");
}

#[test]
fn regions_lie_between_one_and_the_number_of_crops() {
    let images = noise(30);
    let settings = Settings::none().with("crops", 200).with("crop_batch", 100);
    let regions = |operator: &str| measure("linear-regions", settings.clone(), &cell(operator), &images).value().unwrap();
    // Nine units of the last ReLU alone can be in at most 2⁹ states; convolutions only add units.
    assert!((1.0..=200.0).contains(&regions("skip_connect")));
    assert!(regions("nor_conv_3x3") > regions("none"));
    assert_eq!(regions("none"), 1.0, "a network that ignores its input has one region");
}

#[test]
fn in_inference_mode_both_engines_give_another_reading_that_says_so() {
    let (images, space) = (noise(40), space());
    let subspace = space.parse(&cell("nor_conv_3x3")).unwrap();
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let proxies = Registry::<Proxy>::collect().unwrap();
    let with_it = proxies.iter().filter(|entry| entry.settings.iter().any(|setting| setting.name == "batch_norm"));
    let mut names: Vec<&str> = with_it.map(|entry| entry.name).collect();
    names.retain(|name| *name != "zen");
    assert!(names.len() > 8 && names.contains(&"ntk-condition") && names.contains(&"linear-regions"), "{names:?}");
    for name in names {
        let measured = |batch_norm: &str, engine: &dyn Engine| {
            let small: &[(&str, usize)] = match name {
                "linear-regions" => &[("crops", 200), ("crop_batch", 100)],
                "meco" | "dextr" => &[("channels", 4), ("cells", 1)],
                // As many images as classes, at the least.
                "near" => &[("channels", 4), ("cells", 1), ("batch", 16)],
                _ => &[("channels", 4), ("cells", 1), ("batch", 8)],
            };
            let settings = small.iter().fold(Settings::none().with("batch_norm", batch_norm), |all, (key, value)| all.with(key, *value));
            let proxy = proxies.build(name, &settings).unwrap();
            let reading = proxy.measure(&Subject { space: space.as_ref(), subspace: &subspace, dataset: &images, engine, draws: &draws });
            let protocol = proxy.protocol();
            assert_eq!(protocol.contains("running statistics (mean 0, variance 1)"), batch_norm == "running", "{protocol}");
            reading.unwrap().value().unwrap()
        };
        let (cpu, burn) = (assay_cpu::CpuEngine::new(), assay_burn::flex());
        let (one, other) = (measured("running", &cpu), measured("running", &burn));
        assert!((one - other).abs() <= 0.01 * one.abs(), "{name}: {one} on the processor's own engine, {other} on burn's");
        assert!((one - measured("batch", &cpu)).abs() > 1e-4 * one.abs(), "{name}: {one} in both modes");
    }
    let error = proxies.build("zen", &Settings::none().with("batch_norm", "running")).err().unwrap();
    insta::assert_snapshot!(error, @r#"proxy `zen`: `batch_norm`: must be "batch": the score counts the scale that normalisation by the batch takes away"#);
}

#[test]
fn faults_of_the_run_are_errors_and_not_scores() {
    let (images, whole) = (noise(4), Subspace::whole(space().layout()));
    let too_few = measure_with("ntk-condition", Settings::none(), &whole, &images, 0).unwrap_err();
    let too_large = measure_with("linear-regions", Settings::none().with("crop_size", 9), &whole, &images, 0).unwrap_err();
    insta::assert_snapshot!(format!("{too_few}\n{too_large}"), @"
    the minibatch cannot be drawn: a batch of 72 distinct images was asked for, but test images holds only 4
    the minibatch cannot be drawn: a crop of 9×9 pixels does not fit images of 3×8×8 (test images)
    ");
    let uneven = Settings::none().with("crops", 10).with("crop_batch", 3);
    let error = Registry::<Proxy>::collect().unwrap().build("linear-regions", &uneven).err().unwrap();
    insta::assert_snapshot!(error, @"proxy `linear-regions`: `crop_batch`: must divide `crops` (10), is 3");
}
