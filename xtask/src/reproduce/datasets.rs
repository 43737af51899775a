//! The datasets of NAS-Bench-201: their experiment files, and how files of stand-in images are read for them.

use std::path::{Path, PathBuf};

use toml_edit::Value;

/// A dataset that accuracies are reported of.
#[derive(Debug)]
pub(super) struct Dataset {
    /// As in `--data` and in the experiment file's name.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The benchmark's column whose accuracy the table reports.
    pub(super) target: &'static str,
    /// How a file of records with this dataset's classes is laid out.
    records: Records,
    /// What to do where the dataset is absent.
    remedy: &'static str,
}

/// Settings of the dataset plugin `records`.
#[derive(Debug)]
struct Records {
    label_bytes: i64,
    size: i64,
    classes: i64,
    normalisation: &'static str,
}

/// In the order of tables.
pub(super) const DATASETS: [Dataset; 3] = [
    Dataset {
        name: "cifar10",
        title: "CIFAR-10",
        target: "test_cifar10",
        records: Records { label_bytes: 1, size: 32, classes: 10, normalisation: "cifar10" },
        remedy: "`assay data fetch cifar10`",
    },
    Dataset {
        name: "cifar100",
        title: "CIFAR-100",
        target: "test_cifar100",
        records: Records { label_bytes: 2, size: 32, classes: 100, normalisation: "cifar100" },
        remedy: "`assay data fetch cifar100`",
    },
    Dataset {
        name: "imagenet16-120",
        title: "ImageNet16-120",
        target: "test_imagenet16_120",
        records: Records { label_bytes: 1, size: 16, classes: 120, normalisation: "imagenet16-120" },
        remedy: "put its batches into `datasets/imagenet16-120` of the data directory",
    },
];

impl Dataset {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        DATASETS.iter().find(|dataset| dataset.name == name)
    }

    /// The experiment of TE-NAS on it, relative to the repository.
    pub(super) fn experiment(&self) -> PathBuf {
        Path::new("configs").join(format!("tenas-nas-bench-201-{}.toml", self.name))
    }

    /// Why its column is empty, and what fills it.
    pub(super) fn absent(&self) -> String {
        format!("not run: {} is not here; {}, or name a stand-in: `--data {}=FILE`", self.title, self.remedy, self.name)
    }

    /// The dataset's name and settings that read `file` in its place.
    pub(super) fn stand_in(&self, file: &Path) -> Vec<(&'static str, Value)> {
        let Records { label_bytes, size, classes, normalisation } = self.records;
        vec![
            ("name", "records".into()),
            ("path", file.display().to_string().into()),
            ("label_bytes", label_bytes.into()),
            ("size", size.into()),
            ("classes", classes.into()),
            ("normalisation", normalisation.into()),
            ("title", format!("stand-in for {}", self.title).into()),
        ]
    }
}
