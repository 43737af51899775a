//! AnalogNAS-Bench's objects.

use crate::archive::cell;
use crate::place::{Place, benchmark};

/// The package's file in small numbers: `{(0, 0, 0, 0, 0, 0): Architecture, …}`, as protocol 4 writes it.
pub(crate) fn pickle(module: &str, architectures: usize) -> Vec<u8> {
    let text = |text: &str| [&[0x8c, text.len() as u8][..], text.as_bytes(), b"\x94"].concat();
    let float = |value: f64| [&b"G"[..], &value.to_be_bytes()].concat();
    let class = |name: &str| [text(module), text(name), b"\x93\x94)\x81\x94}\x94(".to_vec()].concat();
    let mut bytes = b"\x80\x04}\x94(".to_vec();
    for code in 0..architectures {
        bytes.push(b'(');
        (0..6).rev().for_each(|place| bytes.extend([b'K', (code / 5_usize.pow(place) % 5) as u8]));
        bytes.extend(b"t\x94");
        bytes.extend(class("Architecture"));
        let accuracy = 10.0 + code as f64 / 1000.0;
        for (offset, name) in ["baseline", "ptq", "qat", "noisy", "analog"].into_iter().enumerate() {
            bytes.extend([text(&format!("{name}_accuracy")), float(accuracy + offset as f64)].concat());
        }
        for name in ["baseline", "analog"] {
            for (offset, seconds) in [60, 3600, 86400, 2_592_000].into_iter().enumerate() {
                let drift =
                    [class("DriftMeasurement"), text("value"), float(accuracy + 10.0 + offset as f64), text("uncertainty"), float(0.5)];
                bytes.extend([text(&format!("{name}_drift_{seconds}")), drift.concat(), b"ub".to_vec()].concat());
            }
        }
        bytes.extend(b"ub");
    }
    bytes.extend(b"u.");
    bytes
}

#[test]
fn every_cell_has_the_figures_of_its_six_numbers() {
    let place = Place::new();
    let imported = place.import("analog-nas-bench", &place.write("data.anb", pickle("analognasbench.data", 15_625))).unwrap();
    assert_eq!((imported.architectures, imported.columns.len()), (15_625, 15));
    let digital = benchmark(&imported, &["baseline_accuracy", "qat_accuracy"], &[]);
    let analog = benchmark(&imported, &["analog_drift_2592000"], &[]);
    insta::assert_snapshot!(digital.describe(), @"CIFAR-10 accuracies of NAS-Bench-201's cells, AnalogNAS-Bench 0.1.3, digital training, 15,625 architectures");
    // Operators by NASLib's numbers, edges in its order.
    let numbers = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"];
    for index in 0..15_625 {
        let text = cell(index);
        let operator = |edge: &str| numbers.iter().position(|name| *name == edge.split('~').next().unwrap()).unwrap();
        let edges: Vec<usize> = text.split(['|', '+']).filter(|edge| !edge.is_empty()).map(operator).collect();
        let code = [0, 1, 3, 2, 4, 5].iter().fold(0, |code, edge| code * 5 + edges[*edge]);
        let accuracy = 10.0 + code as f64 / 1000.0;
        let found: Vec<f64> = digital.accuracies(&text).unwrap().iter().map(|accuracy| accuracy.percent).collect();
        assert_eq!(found, [accuracy, accuracy + 2.0], "{text}");
        assert_eq!(analog.accuracies(&text).unwrap()[0].percent, accuracy + 13.0, "{text}");
        assert_eq!(digital.index(&text).unwrap(), None);
    }
}

#[test]
fn objects_of_other_classes_are_refused() {
    let place = Place::new();
    let message = place.import("analog-nas-bench", &place.write("data.anb", pickle("some.other.module", 15_625))).unwrap_err();
    insta::assert_snapshot!(message, @"data.anb: byte 55: it wants to call `some.other.module.Architecture`, which saved data do not need; nothing was called");
    let message =
        place.import("analog-nas-bench", &place.write("data.anb", &pickle("analognasbench.data", 15_625)[..100_000])).unwrap_err();
    insta::assert_snapshot!(message, @"data.anb: it ends in the middle of a value, at byte 100000; it is truncated");
}
