//! Inputs and targets of pretext tasks, against those that the published code of UnNAS made of the same images and draws.

use assay_core::data::Normalisation;
use assay_core::data::pretext::{Coloured, Jigsaw, Puzzle, Rotated, Shifted, centres, colorize};
use assay_core::graph::Shape;
use serde_json::Value;

use crate::recorded::Recorded;

const SHAPE: Shape = Shape::new(3, 32, 32);

/// What was drawn, in its order.
fn draws(example: &Value) -> Vec<f64> {
    example["draws"].as_array().unwrap().iter().map(|draw| draw[1].as_f64().unwrap()).collect()
}

fn whole(draws: &[f64]) -> Vec<usize> {
    draws.iter().map(|draw| *draw as usize).collect()
}

/// Calls `check` with each example of a task: its name among the tensors, its image, its draws.
fn for_each_example(task: &str, check: impl Fn(&Recorded, &str, &[u8], &[f64], &Normalisation)) {
    let recorded = Recorded::read("unnas");
    let channels = |key: &str| serde_json::from_value(recorded.json[key].clone()).unwrap();
    let normalisation = Normalisation { mean: channels("mean"), deviation: channels("sd") };
    let images: Vec<u8> = recorded.tensor("images").into_iter().map(|byte| byte as u8).collect();
    let tasks = recorded.json["tasks"].as_array().unwrap();
    let examples = tasks.iter().find(|own| own["task"] == task).unwrap()["examples"].as_array().unwrap();
    assert!(!examples.is_empty());
    for (number, example) in examples.iter().enumerate() {
        let image = example["image"].as_u64().unwrap() as usize;
        let image = &images[image * SHAPE.elements()..][..SHAPE.elements()];
        let drawn = draws(example);
        check(&recorded, &format!("{task}.example{number}"), image, &drawn, &normalisation);
    }
}

/// Inputs within 5e-7 of the largest, targets exactly.
fn same(recorded: &Recorded, name: &str, inputs: &[f32], targets: &[f64]) {
    let expected = recorded.tensor(&format!("{name}.input"));
    assert_eq!(inputs.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (position, (found, expected)) in inputs.iter().zip(&expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / largest;
        assert!(error <= 5e-7, "{name}[{position}]: {found} instead of {expected}, {error:.1e} of the largest");
    }
    assert_eq!(targets, recorded.tensor(&format!("{name}.target")), "{name}");
}

#[test]
fn oracle_oneshot_rotation_has_the_inputs_and_targets_of_the_published_code() {
    for_each_example("rot", |recorded, name, image, draws, normalisation| {
        let drawn = match *draws {
            [] => None,
            [mirror, y, x] => Some(Shifted { mirrored: mirror < 0.5, corner: [y as usize, x as usize] }),
            _ => panic!("{name}: {draws:?}"),
        };
        let Rotated { inputs } = Rotated::new(image, SHAPE, normalisation, drawn).unwrap();
        same(recorded, name, &inputs, &[0.0, 1.0, 2.0, 3.0]);
    });
}

#[test]
fn oracle_oneshot_colorization_has_the_inputs_and_targets_of_the_published_code() {
    for_each_example("col", |recorded, name, image, draws, normalisation| {
        let mirrored = draws.first().is_some_and(|draw| *draw < 0.5);
        let Coloured { input, targets } = colorize(image, SHAPE, normalisation, mirrored).unwrap();
        same(recorded, name, &input, &targets.iter().copied().map(f64::from).collect::<Vec<_>>());
    });
    let recorded = Recorded::read("unnas");
    let expected: Vec<[i16; 2]> = serde_json::from_value(recorded.json["colour_centres"].clone()).unwrap();
    assert!(centres().eq(expected));
}

#[test]
fn oracle_oneshot_jigsaw_has_the_inputs_and_targets_of_the_published_code() {
    for_each_example("jig", |recorded, name, image, draws, normalisation| {
        // An image to test on is neither mirrored nor made grey.
        let (varied, rest) = draws.split_at(if draws.len() == 11 { 2 } else { 0 });
        let [mirrored, grey] = match *varied {
            [mirror, grey] => [mirror < 0.5, grey < 0.3],
            _ => [false; 2],
        };
        let rest = whole(rest);
        let corners: Vec<[usize; 2]> = rest[1..].chunks(2).map(|pair| [pair[0], pair[1]]).collect();
        let drawn = Puzzle { mirrored, grey, permutation: rest[0], corners: corners.try_into().unwrap() };
        let Jigsaw { inputs, side } = Jigsaw::new(image, SHAPE, normalisation, &drawn).unwrap();
        assert_eq!(side, 12);
        same(recorded, name, &inputs, &[rest[0] as f64]);
    });
}
