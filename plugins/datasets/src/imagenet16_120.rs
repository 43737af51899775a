//! `imagenet16-120`: ImageNet downsampled to 16×16 (Chrabaszcz, Loshchilov and Hutter, 2017), its first 120 classes, as
//! NAS-Bench-201 uses it (Dong and Yang, ICLR 2020).

use assay_core::data::{DataError, Dataset};
use assay_core::graph::Shape;

use crate::parts::batch_files::{BatchFiles, Collection, Form, open};
use crate::parts::flat_records::LabelledImages;
use crate::parts::normalisation;
use crate::parts::pickled_batch::labelled_images;

const CLASSES: usize = 120;
const SHAPE: Shape = Shape::new(3, 16, 16);

/// How to get the files; also what [`fetch`](crate::fetch) answers.
pub(crate) const REMEDY: &str = "ImageNet's terms forbid redistribution: get the 16×16 training and validation batches \
    (`train_data_batch_1` to `train_data_batch_10` and `val_data`) from image-net.org after registering, and put them into \
    `datasets/imagenet16-120` in the data directory, or set `path` to their folder";

const IMAGENET16_120: Collection = Collection {
    name: "imagenet16-120",
    title: "ImageNet16-120",
    classes: CLASSES,
    shape: SHAPE,
    normalisation: normalisation::IMAGENET16_120,
    forms: &[Form {
        title: "pickled batches",
        folder: "ImageNet16",
        archives: &["ImageNet16.tar", "ImageNet16.tar.gz"],
        train: &[
            "train_data_batch_1",
            "train_data_batch_2",
            "train_data_batch_3",
            "train_data_batch_4",
            "train_data_batch_5",
            "train_data_batch_6",
            "train_data_batch_7",
            "train_data_batch_8",
            "train_data_batch_9",
            "train_data_batch_10",
        ],
        test: &["val_data"],
        images: None,
        parse: first_classes,
    }],
    remedy: REMEDY,
};

/// Keeps the images of the first [`CLASSES`] of the 1,000 classes, which the files number from 1.
fn first_classes(origin: &str, bytes: &[u8]) -> Result<LabelledImages, DataError> {
    let all = labelled_images(origin, bytes, "labels", SHAPE.elements(), 1..1001)?;
    let mut kept = LabelledImages::default();
    for (label, pixels) in all.labels.iter().zip(all.pixels.chunks_exact(SHAPE.elements())) {
        if *label as usize <= CLASSES {
            kept.labels.push(label - 1);
            kept.pixels.extend_from_slice(pixels);
        }
    }
    Ok(kept)
}

assay_core::register! {
    dyn Dataset,
    name: "imagenet16-120",
    summary: "ImageNet16-120: the first 120 classes of ImageNet at 16×16 pixels (Chrabaszcz et al., 2017; Dong & Yang, ICLR 2020)",
    settings: BatchFiles,
    build: |settings| open(&IMAGENET16_120, settings),
}
