//! The datasets of published tables, and how files of stand-in images are read for them.

use std::path::{Path, PathBuf};

use toml_edit::Value;

/// A dataset that papers report accuracies on.
#[derive(Debug)]
pub(super) struct Dataset {
    /// As in `--data` and in the names of experiment files.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// How a file of records with this dataset's classes is laid out.
    records: Records,
    /// What to do where the dataset is absent.
    remedy: &'static str,
}

/// Settings of the dataset plugin `records`.
#[derive(Debug)]
struct Records {
    label_bytes: i64,
    /// Of them, those that hold the label.
    label_width: i64,
    size: i64,
    classes: i64,
    normalisation: &'static str,
}

pub(super) static CIFAR10: Dataset = Dataset {
    name: "cifar10",
    title: "CIFAR-10",
    records: Records { label_bytes: 1, label_width: 1, size: 32, classes: 10, normalisation: "cifar10" },
    remedy: "`assay data fetch cifar10`",
};

pub(super) static CIFAR100: Dataset = Dataset {
    name: "cifar100",
    title: "CIFAR-100",
    records: Records { label_bytes: 2, label_width: 1, size: 32, classes: 100, normalisation: "cifar100" },
    remedy: "`assay data fetch cifar100`",
};

pub(super) static IMAGENET16_120: Dataset = Dataset {
    name: "imagenet16-120",
    title: "ImageNet16-120",
    records: Records { label_bytes: 1, label_width: 1, size: 16, classes: 120, normalisation: "imagenet16-120" },
    remedy: "put its batches into `datasets/imagenet16-120` of the data directory",
};

pub(super) static IMAGENET_1K: Dataset = Dataset {
    name: "imagenet-1k",
    title: "ImageNet",
    records: Records { label_bytes: 2, label_width: 2, size: 32, classes: 1000, normalisation: "imagenet" },
    remedy: "name its folder of training images: `--data imagenet-1k=FOLDER`",
};

/// Those of NAS-Bench-201, in the order of tables.
pub(super) static NAS_BENCH_201: [&Dataset; 3] = [&CIFAR10, &CIFAR100, &IMAGENET16_120];

/// All of them.
pub(super) static DATASETS: [&Dataset; 4] = [&CIFAR10, &CIFAR100, &IMAGENET16_120, &IMAGENET_1K];

impl Dataset {
    /// The experiment of TE-NAS on NAS-Bench-201 with its images, relative to the repository.
    pub(super) fn experiment(&self) -> PathBuf {
        Path::new("configs").join(format!("tenas-nas-bench-201-{}.toml", self.name))
    }

    /// The column of NAS-Bench-201 with its test accuracies.
    pub(super) fn target(&self) -> String {
        format!("test_{}", self.name.replace('-', "_"))
    }

    /// Why nothing was searched on it, and what to do.
    pub(super) fn absent(&self) -> String {
        format!("not run: {} is not here; {}, or name a stand-in: `--data {}=FILE`", self.title, self.remedy, self.name)
    }

    /// The dataset's name and settings that read these images in its place: a file of records, or a folder of classes.
    fn read_from(&self, path: &Path) -> Vec<(&'static str, Value)> {
        let place: Value = path.display().to_string().into();
        let Records { label_bytes, label_width, size, classes, normalisation } = self.records;
        if path.is_dir() {
            return vec![("name", "image-folder".into()), ("path", place), ("size", size.into())];
        }
        let mut settings: Vec<(&'static str, Value)> = vec![
            ("name", "records".into()),
            ("path", place),
            ("label_bytes", label_bytes.into()),
            ("size", size.into()),
            ("classes", classes.into()),
            ("normalisation", normalisation.into()),
            ("title", format!("stand-in for {}", self.title).into()),
        ];
        // Not where it is the default: runs are told apart by what is set, and those made before it was named go on.
        if label_width != 1 {
            settings.push(("label_width", label_width.into()));
        }
        settings
    }
}

/// Images that the user names for a dataset.
#[derive(Clone, Debug)]
pub(super) struct Images {
    pub(super) dataset: &'static Dataset,
    pub(super) path: PathBuf,
}

impl Images {
    /// Reads `NAME=FILE`, or for ImageNet `NAME=FOLDER`.
    pub(super) fn parse(text: &str, known: &[&'static Dataset]) -> Result<Self, String> {
        let (name, path) = text.split_once('=').ok_or("write NAME=FILE")?;
        let Some(dataset) = known.iter().find(|dataset| dataset.name == name) else {
            let names: Vec<&str> = known.iter().map(|dataset| dataset.name).collect();
            return Err(format!("`{name}` is none of the table's datasets: {}", names.join(", ")));
        };
        let path = PathBuf::from(path);
        let takes_folder = dataset.name == IMAGENET_1K.name;
        if !(path.is_file() || takes_folder && path.is_dir()) {
            return Err(format!("there is no file {}{}", path.display(), if takes_folder { ", nor a folder" } else { "" }));
        }
        Ok(Self { dataset, path })
    }

    /// The images that are named for this dataset.
    pub(super) fn of<'a>(given: &'a [Self], dataset: &Dataset) -> Option<&'a Self> {
        given.iter().find(|images| images.dataset.name == dataset.name)
    }

    /// The name of a dataset that has been given twice.
    pub(super) fn twice(given: &[Self]) -> Option<&'static str> {
        let names: Vec<&'static str> = given.iter().map(|images| images.dataset.name).collect();
        names.iter().enumerate().find(|(position, name)| names[..*position].contains(name)).map(|(_, name)| *name)
    }

    /// As they are named on the command line.
    pub(super) fn arguments(&self) -> [String; 2] {
        ["--data".to_owned(), format!("{}={}", self.dataset.name, self.path.display())]
    }

    /// What an experiment is to set in order to read them.
    pub(super) fn settings(&self) -> Vec<(String, Value)> {
        self.dataset.read_from(&self.path).into_iter().map(|(key, value)| (format!("dataset.{key}"), value)).collect()
    }

    /// The part of a run folder's name that says that these images were read.
    pub(super) fn suffix(&self) -> String {
        self.path.file_stem().map(|stem| format!("-on-{}", stem.display())).unwrap_or_default()
    }

    /// The file, if it stands in for a dataset. A folder of classes is the dataset itself.
    pub(super) fn stand_in(&self) -> Option<String> {
        (!self.path.is_dir()).then(|| self.path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_for_a_dataset_of_the_table_and_exist() {
        let known = [&CIFAR10, &IMAGENET_1K];
        let parse = |text: &str| Images::parse(text, &known);
        let file = tempfile::NamedTempFile::new().unwrap();
        let given = parse(&format!("cifar10={}", file.path().display())).unwrap();
        assert_eq!((given.dataset.name, given.path.as_path()), ("cifar10", file.path()));
        assert_eq!(parse("cifar10").unwrap_err(), "write NAME=FILE");
        assert_eq!(parse("mnist=x").unwrap_err(), "`mnist` is none of the table's datasets: cifar10, imagenet-1k");
        assert_eq!(parse("cifar10=nowhere.bin").unwrap_err(), "there is no file nowhere.bin");
        assert_eq!(parse("imagenet-1k=nowhere").unwrap_err(), "there is no file nowhere, nor a folder");
    }

    #[test]
    fn a_folder_is_imagenet_itself_and_a_file_stands_in_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let images = Images::parse(&format!("imagenet-1k={}", folder.path().display()), &[&IMAGENET_1K]).unwrap();
        let settings = images.settings();
        assert_eq!(settings[0].1.as_str(), Some("image-folder"));
        assert_eq!(images.stand_in(), None);
        let file = folder.path().join("small.bin");
        std::fs::write(&file, [0]).unwrap();
        let images = Images::parse(&format!("imagenet-1k={}", file.display()), &[&IMAGENET_1K]).unwrap();
        assert_eq!(images.settings()[0].1.as_str(), Some("records"));
        assert_eq!((images.stand_in(), images.suffix().as_str()), (Some(file.display().to_string()), "-on-small"));
        assert_eq!(Images::twice(&[images.clone(), images]), Some("imagenet-1k"));
    }
}
