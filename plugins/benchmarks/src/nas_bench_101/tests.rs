//! The official files: three cells that an independent writer wrote (`tests/official/nas_bench_101/small.py`), and what may be
//! wrong with them.

use std::ops::ControlFlow;
use std::path::Path;

use assay_core::plugin::import::{ImportError, Progress};

use super::official::{Official, read};
use super::{NasBench101, Sample, records};
use crate::parts::official::tfrecord::{Records, masked};
use crate::parts::table::Values;

const SMALL: &[u8] = include_bytes!("../../tests/official/nas_bench_101/small.tfrecord");

fn read_file(bytes: &[u8], count: usize) -> Result<Official, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nasbench.tfrecord");
    std::fs::write(&file, bytes).unwrap();
    let official = read(&file, count, &mut |_| ControlFlow::Continue(()));
    official.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn refusal(bytes: &[u8]) -> String {
    read_file(bytes, 3).unwrap_err()
}

/// The small file with its records changed, and their checksums right.
fn changed(change: impl Fn(usize, &str) -> Option<String>) -> Vec<u8> {
    let mut records = Records::new(SMALL);
    let mut file = Vec::new();
    while let Some((number, record)) = records.next().unwrap() {
        let Some(record) = change(number as usize, std::str::from_utf8(record).unwrap()) else { continue };
        let length = (record.len() as u64).to_le_bytes();
        file.extend(length.iter().chain(&masked(&length).to_le_bytes()));
        file.extend(record.as_bytes().iter().chain(&masked(record.as_bytes()).to_le_bytes()));
    }
    file
}

/// As `small.py` writes them.
fn accuracy(cell: usize, epochs: u32, run: usize) -> f64 {
    0.5 + cell as f64 / 10.0 + run as f64 / 1000.0 + f64::from(epochs) / 10_000.0
}

#[test]
fn every_training_of_a_small_official_file_is_read() {
    let official = read_file(SMALL, 3).unwrap();
    assert_eq!(official.parameters, [1_000_000, 2_000_000, 3_000_000]);
    let texts: Vec<String> = official.cells.iter().map(ToString::to_string).collect();
    assert_eq!(texts[..2], ["|0>1", "conv3x3-bn-relu|0>1,1>2"]);
    assert_eq!(texts[2].matches('>').count(), 9);
    let [long, none, short, least] = &official.trainings;
    assert!(none.is_none() && least.is_none());
    for (trainings, epochs) in [(long, 108_u32), (short, 12)] {
        for (cell, runs) in trainings.as_ref().unwrap().iter().enumerate() {
            for (run, found) in runs.iter().enumerate() {
                let test = accuracy(cell, epochs, run);
                assert_eq!(*found, [test, test + 0.01, test + 0.05, 20.0 * f64::from(epochs) + run as f64]);
            }
        }
    }
}

#[test]
fn means_and_single_trainings_are_kept_by_column() {
    let records = records(Path::new("small"), read_file(SMALL, 3).unwrap()).unwrap();
    let names: Vec<&str> = records.figures.iter().map(|(column, _)| column.name.as_str()).collect();
    assert_eq!(names.len(), 2 * 7 + 1);
    assert_eq!(names[0], NasBench101::columns()[0].name, "the accuracy that every table has comes first");
    let values = |name: &str| &records.figures.iter().find(|(column, _)| column.name == name).unwrap().1;
    let mean = |cell: usize, epochs: u32| 100.0 * ((0..3).map(|run| accuracy(cell, epochs, run)).sum::<f64>() / 3.0);
    assert_eq!(values("test_cifar10").number(2), Some(mean(2, 108)));
    assert_eq!(values("ep12_test_cifar10").number(1), Some(mean(1, 12)));
    assert_eq!(values("ep12_train_s_cifar10").number(0), Some(241.0));
    assert_eq!(values("params").number(2), Some(3_000_000.0));
    let runs: Vec<f64> = (0..3).map(|run| 100.0 * accuracy(1, 108, run)).collect();
    assert_eq!(values("test_cifar10_seeds").runs(1), runs);
    assert!(matches!(values("valid_cifar10"), Values::Numbers(_)));
    assert_eq!(records.rows[&NasBench101::key(&records.architectures[2])], 2);
}

#[test]
fn an_official_file_that_is_cut_short_says_where() {
    insta::assert_snapshot!(refusal(&SMALL[..SMALL.len() - 1]), @"nasbench.tfrecord: the file ends within record 17: it was cut short; copy or download it again");
    insta::assert_snapshot!(refusal(&SMALL[..5]), @"nasbench.tfrecord: the file ends within record 0: it was cut short; copy or download it again");
    // Between two records nothing but the numbers tells.
    insta::assert_snapshot!(refusal(&changed(|number, record| (number < 17).then(|| record.into()))), @"nasbench.tfrecord, all records: cell 2, which record 2 is the first of, has 2 of 3 trainings of 12 epochs; is the file cut short?");
    insta::assert_snapshot!(refusal(&changed(|number, record| (number < 2).then(|| record.into()))), @"nasbench.tfrecord, all records: 2 cells, but 3 are expected; is the file cut short?");
    insta::assert_snapshot!(refusal(&changed(|_, record| (!record.contains(", 108, ")).then(|| record.into()))), @"nasbench.tfrecord, all records: there is no training of 108 epochs, which every table needs");
    insta::assert_snapshot!(refusal(b""), @"nasbench.tfrecord, all records: 0 cells, but 3 are expected; is the file cut short?");
}

#[test]
fn a_record_that_is_not_one_of_the_benchmark_is_told_with_its_number() {
    let first = |from: &str, to: &str| {
        refusal(&changed(|number, record| Some(if number == 0 { record.replacen(from, to, 1) } else { record.into() })))
    };
    let cases = [
        (first("[\"", "{\""), "it is not a list of hash, epochs, adjacency, operations and metrics"),
        (first(", 108, ", ", 107, "), "trainings of 107 epochs are not known; 4, 12, 36 and 108 are"),
        (first("\"0100\"", "\"010\""), "`010` is not the adjacency matrix, in digits 0 and 1, of the 2 vertices `input,output`"),
        (first("\"0100\"", "\"0110\""), "an edge leads from vertex 1 to vertex 0"),
        (first("\"0100\"", "\"0000\""), "no path leads from the input to the output"),
        (first("input,output", "input,input"), "the vertices `input,input` do not begin with input and end with output"),
        (first("==\"]", "\"]"), "its metrics are not base64"),
        (first("\"CjsJ", "\"Cv8J"), "its metrics are not a message"),
        (refusal(&changed(|_, record| Some(record.replace("conv3x3-bn-relu", "conv5x5")))), "there is no operator `conv5x5`"),
        (refusal(&[SMALL, SMALL].concat()), "it is a fourth training of 108 epochs of its cell, of which there are three"),
        (read_file(SMALL, 2).unwrap_err(), "it is of another cell than the 2 that the benchmark has"),
        (refusal(b"index,n_vertices,adj_bits,ops,test_acc_mean108\n"), "the checksum of its length does not fit"),
    ];
    for (message, expected) in cases {
        assert!(message.starts_with("nasbench.tfrecord") && message.contains("record ") && message.contains(expected), "{message}");
    }
}

#[test]
fn reading_can_be_stopped_and_tells_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nasbench.tfrecord");
    std::fs::write(&file, SMALL).unwrap();
    let mut told = Vec::new();
    let stopped = read(&file, 3, &mut |progress| {
        told.push(progress);
        ControlFlow::Break(())
    });
    assert_eq!(stopped.unwrap_err(), ImportError::Stopped);
    assert_eq!(told, [Progress::Reading { unit: "bytes", done: 0, total: SMALL.len() as u64 }]);
}

#[test]
fn a_record_with_any_byte_changed_is_refused_or_read_and_never_panics() {
    let whole = read_file(SMALL, 3).unwrap();
    let (mut refused, mut other, mut same) = (0, 0, 0);
    let length = Records::new(SMALL).next().unwrap().unwrap().1.len();
    for (place, letter) in (0..length).flat_map(|place| ["\0", "1", "9", "\"", "A"].map(|letter| (place, letter))) {
        let bytes = changed(|number, record| {
            let mut record = record.to_owned();
            if number == 0 {
                record.replace_range(place..=place, letter);
            }
            Some(record)
        });
        match read_file(&bytes, 3) {
            Err(message) => {
                assert!(message.starts_with("nasbench.tfrecord, "), "{message}");
                refused += 1;
            }
            Ok(official) if official.trainings == whole.trainings => same += 1,
            Ok(official) => {
                let runs = official.trainings.iter().flatten().flatten().flatten();
                assert!(runs.flatten().all(|value| value.is_finite() && *value >= 0.0));
                other += 1;
            }
        }
    }
    assert!(refused > length && other > 0 && same > 0, "{refused} {other} {same}");
}
