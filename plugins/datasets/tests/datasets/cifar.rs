//! `cifar10` and `cifar100` in every form they are published in, against flat records of real images.

use std::path::Path;

use crate::writing::{archive, contents, open, open_at, python2_batch, python3_batch, shared_images};
use assay_core::plugin::Settings;
use serde_json::json;
use tempfile::tempdir;

const PIXELS: usize = 3 * 32 * 32;

/// The real records, split into the files of CIFAR-10: five batches of `count` images and a test batch.
fn cifar10_files(count: usize) -> Vec<(String, Vec<u8>)> {
    let records = std::fs::read(shared_images("cifar10_train_balanced1000.bin")).unwrap();
    let batches = records.chunks_exact(count * (1 + PIXELS)).take(6);
    let names = (1..=5).map(|index| format!("data_batch_{index}.bin")).chain(["test_batch.bin".into()]);
    names.zip(batches.map(<[u8]>::to_vec)).collect()
}

fn images_and_labels(records: &[u8], label_bytes: usize) -> (Vec<u8>, Vec<u32>, Vec<u32>) {
    let records = records.chunks_exact(label_bytes + PIXELS);
    let pixels = records.clone().flat_map(|record| record[label_bytes..].to_vec()).collect();
    (
        pixels,
        records.clone().map(|record| u32::from(record[0])).collect(),
        records.map(|record| u32::from(record[label_bytes - 1])).collect(),
    )
}

fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) {
    std::fs::create_dir_all(folder).unwrap();
    files.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
}

fn inside(folder: &str, files: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let other = (format!("{folder}/readme.html"), b"<html>".to_vec());
    // Archives hold their files in no particular order.
    std::iter::once(other).chain(files.iter().rev().map(|(name, bytes)| (format!("{folder}/{name}"), bytes.clone()))).collect()
}

#[test]
fn cifar10_has_the_same_images_in_every_form() {
    let folder = tempdir().unwrap();
    let binary = cifar10_files(20);
    let python: Vec<(String, Vec<u8>)> = binary
        .iter()
        .enumerate()
        .map(|(index, (name, bytes))| {
            let (pixels, labels, _) = images_and_labels(bytes, 1);
            let write = if index % 2 == 0 { python2_batch } else { python3_batch };
            (name.trim_end_matches(".bin").to_owned(), write(&pixels, PIXELS, &[("labels", &labels)]))
        })
        .collect();
    write_all(&folder.path().join("a"), &binary);
    write_all(&folder.path().join("b/cifar-10-batches-bin"), &binary);
    write_all(&folder.path().join("c"), &python);
    write_all(&folder.path().join("d/cifar-10-batches-py"), &python);
    std::fs::create_dir(folder.path().join("e")).unwrap();
    archive(&folder.path().join("e/cifar-10-binary.tar.gz"), &inside("cifar-10-batches-bin", &binary));
    archive(&folder.path().join("python.tar.gz"), &inside("cifar-10-batches-py", &python));
    archive(&folder.path().join("python.tar"), &inside("cifar-10-batches-py", &python));

    let records: Vec<u8> = binary.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let (pixels, labels, _) = images_and_labels(&records, 1);
    for place in ["a", "b", "c", "d", "e", "e/cifar-10-binary.tar.gz", "python.tar.gz", "python.tar"] {
        let path = folder.path().join(place);
        let train = open_at("cifar10", &path).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(contents(&*train) == (pixels[..100 * PIXELS].to_vec(), labels[..100].to_vec()), "{place}");
        let test = open("cifar10", &Settings::none().with("path", path.to_str().unwrap()).with("split", "test")).unwrap();
        assert!(contents(&*test) == (pixels[100 * PIXELS..].to_vec(), labels[100..].to_vec()), "{place}");
        assert_eq!((train.classes(), test.classes()), (10, 10));
        assert_eq!(train.normalisation().mean, [125.3 / 255.0, 123.0 / 255.0, 113.9 / 255.0].map(|mean: f64| mean as f32));
    }
    let describe = |place: &str| {
        let text = open_at("cifar10", &folder.path().join(place)).unwrap().describe();
        text.replace(&folder.path().display().to_string(), "[folder]")
    };
    insta::assert_snapshot!(describe("b"), @"CIFAR-10 train, 100 images (binary batches in cifar-10-batches-bin; 100 of the 50000 that are published)");
    insta::assert_snapshot!(describe("e"), @"CIFAR-10 train, 100 images (binary batches in cifar-10-binary.tar.gz; 100 of the 50000 that are published)");
    insta::assert_snapshot!(describe("c"), @"CIFAR-10 train, 100 images (Python batches in c)");
}

#[test]
fn cifar100_gives_its_fine_labels_in_every_form() {
    let folder = tempdir().unwrap();
    let records = std::fs::read(shared_images("cifar100_test_balanced1000.bin")).unwrap();
    let records = &records[..200 * (2 + PIXELS)];
    let (pixels, coarse, fine) = images_and_labels(records, 2);
    assert!(coarse != fine);
    let binary = [("train.bin".to_owned(), records.to_vec())];
    let batch = python2_batch(&pixels, PIXELS, &[("coarse_labels", &coarse), ("fine_labels", &fine)]);
    let python = [("train".to_owned(), batch)];
    write_all(&folder.path().join("a"), &binary);
    archive(&folder.path().join("b.tar.gz"), &inside("cifar-100-binary", &binary));
    write_all(&folder.path().join("c/cifar-100-python"), &python);
    archive(&folder.path().join("d.tar.gz"), &inside("cifar-100-python", &python));
    for place in ["a", "b.tar.gz", "c", "d.tar.gz"] {
        let dataset = open_at("cifar100", &folder.path().join(place)).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(contents(&*dataset) == (pixels.clone(), fine.clone()), "{place}");
        assert_eq!(dataset.classes(), 100);
    }
}

#[test]
fn a_batch_read_as_records_is_the_same_batch() {
    let folder = tempdir().unwrap();
    let files = cifar10_files(20);
    write_all(folder.path(), &files);
    let file = folder.path().join("test_batch.bin");
    let cifar = open("cifar10", &Settings::none().with("path", folder.path().to_str().unwrap()).with("split", "test")).unwrap();
    let records =
        open("records", &Settings::none().with("path", file.to_str().unwrap()).with("classes", 10).with("normalisation", "cifar10"))
            .unwrap();
    assert!(contents(&*cifar) == contents(&*records));
    assert_eq!(cifar.normalisation(), records.normalisation());
    assert_eq!((cifar.shape(), cifar.classes()), (records.shape(), records.classes()));
}

#[test]
fn the_two_sides_of_a_split_are_the_images_of_the_whole() {
    let folder = tempdir().unwrap();
    write_all(folder.path(), &cifar10_files(20));
    let at = || Settings::none().with("path", folder.path().to_str().unwrap());
    let whole = contents(&*open("cifar10", &at()).unwrap());
    let splits = folder.path().join("splits.json");
    // The even images: bits 0, 2, 4 and 6 of each byte, and of the last byte, of which half is used, bits 0 and 2.
    std::fs::write(&splits, r#"{"cifar10": {"images": 100, "in": 50, "bits": "VVVVVVVVVVVVVVVVBQ=="}}"#).unwrap();
    let side = |side: &str| open("cifar10", &at().with("part", json!({"side": side, "file": splits}))).unwrap();
    let (even, odd) = (side("in"), side("out"));
    insta::assert_snapshot!(odd.describe().replace(&folder.path().file_name().unwrap().display().to_string(), "[folder]"), @"CIFAR-10 train, 50 of 100 images (binary batches in [folder]; 100 of the 50000 that are published; those not in `cifar10` of splits.json)");
    let (even, odd) = (contents(&*even), contents(&*odd));
    for image in 0..100 {
        let (pixels, labels) = if image % 2 == 0 { &even } else { &odd };
        assert_eq!(labels[image / 2], whole.1[image]);
        assert!(pixels[image / 2 * PIXELS..][..PIXELS] == whole.0[image * PIXELS..][..PIXELS]);
    }
    let error = open("cifar10", &at().with("split", "test").with("part", json!({"side": "in", "file": splits}))).err().unwrap();
    let error = error.replace(&folder.path().display().to_string(), "[folder]");
    insta::assert_snapshot!(error, @"dataset `cifar10`: `part.file`: [folder]/splits.json: its split `cifar10` is of 100 images, and the dataset has 20; set `part.key` to the split of this dataset");
}
