//! `cifar100`: CIFAR-100 (Krizhevsky, 2009) with its fine labels, the official binary or Python batches.

use assay_core::data::Dataset;
use assay_core::graph::Shape;

use crate::parts::batch_files::{BatchFiles, Collection, Form, open};
use crate::parts::flat_records::{RecordLayout, split};
use crate::parts::normalisation;
use crate::parts::pickled_batch::labelled_images;

const CLASSES: usize = 100;
const SHAPE: Shape = Shape::new(3, 32, 32);

/// A coarse label byte (one of 20, unused), a fine label byte, then the pixels.
const RECORD: RecordLayout = RecordLayout { label_bytes: 2, label_offset: 1, label_width: 1, pixels: SHAPE.elements() };

const CIFAR100: Collection = Collection {
    name: "cifar100",
    title: "CIFAR-100",
    classes: CLASSES,
    shape: SHAPE,
    normalisation: normalisation::CIFAR100,
    forms: &[
        Form {
            title: "binary batches",
            folder: "cifar-100-binary",
            archives: &["cifar-100-binary.tar.gz"],
            train: &["train.bin"],
            test: &["test.bin"],
            images: Some([50_000, 10_000]),
            parse: |origin, bytes| split(origin, bytes, RECORD, Some(CLASSES)),
        },
        Form {
            title: "Python batches",
            folder: "cifar-100-python",
            archives: &["cifar-100-python.tar.gz"],
            train: &["train"],
            test: &["test"],
            images: None,
            parse: |origin, bytes| labelled_images(origin, bytes, "fine_labels", SHAPE.elements(), 0..CLASSES as i64),
        },
    ],
    remedy: "run `assay data fetch cifar100`, or set `path` to the official archive or folder",
};

assay_core::register! {
    dyn Dataset,
    name: "cifar100",
    summary: "CIFAR-100: 60,000 colour images of 32×32 pixels in 100 classes (Krizhevsky, 2009)",
    settings: BatchFiles,
    build: |settings| open(&CIFAR100, settings),
}
