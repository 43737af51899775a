//! `image-folder`: PNG and JPEG files, one subfolder a class.

use std::path::{Path, PathBuf};

use assay_core::data::{DataError, Dataset, Normalisation};
use assay_core::graph::Shape;
use image::imageops::FilterType;
use image::{ImageError, ImageReader};

use crate::parts::files::{kind_of, unreadable};
use crate::parts::location::{at_path, title_of};
use crate::parts::normalisation::IMAGENET;

assay_core::settings! {
    /// Which images, and how large they become.
    #[derive(Clone, Debug)]
    struct Given {
        /// the folder; its subfolders, sorted by name, are the classes 0, 1, …
        path: PathBuf, must be given;
        /// height and width that every image is resized to (bilinear, without regard to its proportions)
        size: usize = 32, in 1..=1024;
    }
}

/// Images that stay on disk: each is decoded and resized when it is read.
struct ImageFolder {
    root: PathBuf,
    size: usize,
    classes: usize,
    normalisation: Normalisation,
    files: Vec<(PathBuf, u32)>,
}

/// The visible entries of a folder, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let wrong = |error| unreadable(folder, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    matches!(extension.as_str(), "png" | "jpg" | "jpeg")
}

impl ImageFolder {
    fn open(root: PathBuf, size: usize) -> Result<Self, DataError> {
        let classes: Vec<PathBuf> = entries(&root)?.into_iter().filter(|path| path.is_dir()).collect();
        if classes.is_empty() {
            return Err(DataError::new(format!("{} has no subfolders; put the images of each class into one", root.display())));
        }
        let mut files = Vec::new();
        for (label, class) in (0_u32..).zip(&classes) {
            let before = files.len();
            files.extend(entries(class)?.into_iter().filter(|path| is_image(path)).map(|path| (path, label)));
            if files.len() == before {
                return Err(DataError::new(format!(
                    "{} holds no PNG or JPEG files; every subfolder is a class and needs some",
                    class.display()
                )));
            }
        }
        Ok(Self { root, size, classes: classes.len(), normalisation: IMAGENET.normalisation(), files })
    }
}

impl Dataset for ImageFolder {
    fn shape(&self) -> Shape {
        Shape::new(3, self.size, self.size)
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn len(&self) -> usize {
        self.files.len()
    }

    fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    fn describe(&self) -> String {
        let (images, size) = (self.files.len(), self.size);
        format!("image folder, {images} images in {} classes, resized to {size}×{size} ({})", self.classes, title_of(&self.root))
    }

    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<u32, DataError> {
        let (path, label) = &self.files[index];
        let side = self.size as u32;
        // Which decoder to use is decided by the contents: an extension may lie.
        let image = ImageReader::open(path)
            .and_then(ImageReader::with_guessed_format)
            .map_err(|error| unreadable(path, error))?
            .decode()
            .map_err(|error| undecodable(path, error))?
            .to_rgb8();
        let resized = image::imageops::resize(&image, side, side, FilterType::Triangle);
        let area = self.size * self.size;
        for (position, pixel) in resized.pixels().enumerate() {
            for (channel, value) in pixel.0.iter().enumerate() {
                pixels[channel * area + position] = *value;
            }
        }
        Ok(*label)
    }
}

fn undecodable(path: &Path, error: ImageError) -> DataError {
    let start = std::fs::read(path).unwrap_or_default();
    match (start.is_empty(), kind_of(&start)) {
        (true, _) => DataError::new(format!("{} is empty (0 bytes); replace or remove it", path.display())),
        (_, Some("a PNG image" | "a JPEG image")) => {
            DataError::caused(format!("{} is damaged or truncated; replace or remove it", path.display()), error)
        }
        (_, kind) => DataError::new(format!("{} is {}, not a PNG or JPEG image", path.display(), kind.unwrap_or("something else"))),
    }
}

assay_core::register! {
    dyn Dataset,
    name: "image-folder",
    summary: "PNG and JPEG files, a subfolder a class, resized on reading; normalised with ImageNet's constants",
    settings: Given,
    build: |Given { path, size }| Ok(Box::new(ImageFolder::open(path, size).map_err(at_path)?)),
}
