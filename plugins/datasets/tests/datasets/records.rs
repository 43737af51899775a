//! `records` on the reference images.

use crate::writing::{contents, open, shared_images};
use assay_core::graph::Shape;
use assay_core::plugin::Settings;

/// The file's bytes, split the slow way.
fn expected(name: &str, label_bytes: usize, label: fn(&[u8]) -> u32, area: usize) -> (Vec<u8>, Vec<u32>) {
    let bytes = std::fs::read(shared_images(name)).unwrap();
    let records = bytes.chunks_exact(label_bytes + 3 * area);
    (
        records.clone().flat_map(|record| record[label_bytes..].to_vec()).collect(),
        records.map(|record| label(&record[..label_bytes])).collect(),
    )
}

fn at(name: &str) -> Settings {
    Settings::none().with("path", shared_images(name).to_str().unwrap())
}

#[test]
fn each_layout_of_the_reference_images_is_read() {
    let cifar10 = open("records", &at("cifar10_train_balanced1000.bin")).unwrap();
    assert!(contents(&*cifar10) == expected("cifar10_train_balanced1000.bin", 1, |head| head[0].into(), 1024));
    assert_eq!((cifar10.len(), cifar10.classes()), (1000, 10));

    let cifar100 = open("records", &at("cifar100_train_balanced1000.bin").with("label_bytes", 2)).unwrap();
    assert!(contents(&*cifar100) == expected("cifar100_train_balanced1000.bin", 2, |head| head[1].into(), 1024));
    assert_eq!((cifar100.len(), cifar100.classes()), (1000, 100));
    let coarse = open("records", &at("cifar100_train_balanced1000.bin").with("label_bytes", 2).with("label_offset", 0)).unwrap();
    assert_eq!(coarse.classes(), 20);

    let imagenet = open("records", &at("imagenet1k_32_1perclass_1000.bin").with("label_bytes", 2).with("label_width", 2)).unwrap();
    let label = |head: &[u8]| u32::from(u16::from_le_bytes([head[0], head[1]]));
    assert!(contents(&*imagenet) == expected("imagenet1k_32_1perclass_1000.bin", 2, label, 1024));
    assert_eq!((imagenet.len(), imagenet.classes()), (1000, 1000));

    let small = at("imagenet16_120_like_1perclass_120.bin").with("size", 16).with("title", "one image a class");
    let small = open("records", &small.with("normalisation", "imagenet16-120")).unwrap();
    assert!(contents(&*small) == expected("imagenet16_120_like_1perclass_120.bin", 1, |head| head[0].into(), 256));
    assert_eq!((small.len(), small.classes(), small.shape()), (120, 120, Shape::new(3, 16, 16)));
    assert!(small.describe().starts_with("one image a class, 120 images of 3×16×16 ("), "{}", small.describe());
}

#[test]
fn images_without_labels_have_label_zero() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grey");
    std::fs::write(&path, (0..27).collect::<Vec<u8>>()).unwrap();
    let settings = Settings::none().with("path", path.to_str().unwrap()).with("label_bytes", 0).with("channels", 1).with("size", 3);
    let dataset = open("records", &settings).unwrap();
    assert_eq!(contents(&*dataset), ((0..27).collect(), vec![0; 3]));
    assert_eq!(dataset.classes(), 1);
    assert!((dataset.normalisation().mean[0] - 13.0 / 255.0).abs() < 1e-7);
}

#[test]
fn both_sides_of_a_split_are_normalised_by_the_constants_of_all_images() {
    let whole = open("records", &at("cifar10_train_balanced1000.bin")).unwrap();
    let side = |side: &str| {
        let part = serde_json::json!({"side": side, "share": 0.9, "seed": 3});
        open("records", &at("cifar10_train_balanced1000.bin").with("part", part)).unwrap()
    };
    let (drawn, rest) = (side("in"), side("out"));
    assert_eq!((drawn.len(), rest.len()), (900, 100));
    assert_eq!((drawn.normalisation(), rest.normalisation()), (whole.normalisation(), whole.normalisation()));
    insta::assert_snapshot!(rest.describe(), @"flat records, 100 of 1000 images of 3×32×32 (cifar10_train_balanced1000.bin; those not drawn by seed 3)");
}

#[test]
fn settings_that_do_not_fit_together_are_refused() {
    let message = |settings: Settings| open("records", &settings).err().unwrap();
    let file = || at("cifar10_train_balanced1000.bin");
    insta::assert_snapshot!(message(file().with("label_width", 2)), @"dataset `records`: `label_width`: is 2, but a label of 2 bytes at byte 0 does not fit into 1 label bytes");
    insta::assert_snapshot!(message(file().with("label_offset", 1)), @"dataset `records`: `label_offset`: is 1, but a label of 1 bytes at byte 1 does not fit into 1 label bytes");
    insta::assert_snapshot!(message(file().with("channels", 1).with("normalisation", "imagenet")), @r#"dataset `records`: `normalisation`: `imagenet` is for 3 channels, but `channels` is 1; use "measured""#);
    insta::assert_snapshot!(message(file().with("normalisation", "mnist")), @r#"dataset `records`: `normalisation`: must be one of "measured", "cifar10", "cifar100", "imagenet16-120", "imagenet", is "mnist""#);
    insta::assert_snapshot!(message(Settings::none()), @"dataset `records`: `path`: is missing; it must be a path");
    insta::assert_snapshot!(message(file().with("labels", 2)), @"dataset `records`: `labels`: no such setting");
}

#[test]
fn equal_pixels_cannot_be_normalised_by_their_own_deviation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("constant.bin");
    std::fs::write(&path, vec![3; 2 * 3073]).unwrap();
    let settings = Settings::none().with("path", path.to_str().unwrap());
    let message = open("records", &settings).err().unwrap().replace(&folder.path().display().to_string(), "[folder]");
    insta::assert_snapshot!(message, @"dataset `records`: `path`: [folder]/constant.bin: all pixels of channel 0 are equal, so their deviation is zero and cannot normalise; set `normalisation` to a preset");
    // A preset needs no deviation: what is wrong with constant images is for the score to say.
    assert!(open("records", &settings.with("normalisation", "cifar10")).is_ok());
}
