//! Every dataset through the registry, as an experiment uses it.

#![allow(clippy::unwrap_used)]

mod bad_files;
mod cifar;
mod fetch_for_real;
mod fuzz;
mod image_folder;
mod imagenet16_120;
mod records;
mod writing;
