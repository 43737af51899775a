//! `cifar10`: CIFAR-10 (Krizhevsky, 2009), the official binary or Python batches.

use assay_core::data::Dataset;
use assay_core::graph::Shape;

use crate::parts::batch_files::{BatchFiles, Collection, Form, open};
use crate::parts::flat_records::{RecordLayout, split};
use crate::parts::normalisation;
use crate::parts::pickled_batch::labelled_images;

const CLASSES: usize = 10;
const SHAPE: Shape = Shape::new(3, 32, 32);

/// One label byte, then the pixels.
const RECORD: RecordLayout = RecordLayout { label_bytes: 1, label_offset: 0, label_width: 1, pixels: SHAPE.elements() };

const CIFAR10: Collection = Collection {
    name: "cifar10",
    title: "CIFAR-10",
    classes: CLASSES,
    shape: SHAPE,
    normalisation: normalisation::CIFAR10,
    forms: &[
        Form {
            title: "binary batches",
            folder: "cifar-10-batches-bin",
            archives: &["cifar-10-binary.tar.gz"],
            train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
            test: &["test_batch.bin"],
            images: Some([10_000, 10_000]),
            parse: |origin, bytes| split(origin, bytes, RECORD, Some(CLASSES)),
        },
        Form {
            title: "Python batches",
            folder: "cifar-10-batches-py",
            archives: &["cifar-10-python.tar.gz"],
            train: &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
            test: &["test_batch"],
            images: None,
            parse: |origin, bytes| labelled_images(origin, bytes, "labels", SHAPE.elements(), 0..CLASSES as i64),
        },
    ],
    remedy: "run `assay data fetch cifar10`, or set `path` to the official archive or folder",
};

assay_core::register! {
    dyn Dataset,
    name: "cifar10",
    summary: "CIFAR-10: 60,000 colour images of 32×32 pixels in 10 classes (Krizhevsky, 2009)",
    settings: BatchFiles,
    build: |settings| open(&CIFAR10, settings),
}
