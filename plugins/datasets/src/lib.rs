//! Datasets: one file a plugin, registered under the name users write in experiment files.
//!
//! | name | file | what |
//! |---|---|---|
//! | `cifar10`, `cifar100` | `cifar10.rs`, `cifar100.rs` | the official archives, binary or Python, unpacked or packed |
//! | `imagenet16-120` | `imagenet16_120.rs` | the pickled batches of downsampled ImageNet, first 120 classes |
//! | `image-folder` | `image_folder.rs` | PNG and JPEG files, a folder a class |
//! | `records` | `records.rs` | flat records of label bytes and pixels |
//! | `synthetic` | `synthetic.rs` | seeded images with a natural image's spectrum; no file needed |
//! | `tokens` | `tokens.rs` | sequences of whole numbers in place of images: drawn, or of a file of ids |
//!
//! What they are made of is in `parts`. A binary links the plugins with `use assay_datasets as _;`. [`fetch`] downloads what
//! may be downloaded.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cifar10;
mod cifar100;
mod image_folder;
mod imagenet16_120;
mod parts;
mod records;
mod synthetic;
mod tokens;

pub use parts::fetch;
pub use parts::location::default_folder;
