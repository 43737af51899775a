//! `image-folder`: PNG and JPEG files, one subfolder a class.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use assay_core::data::{Content, DataError, Dataset, Normalisation, READ_LIMIT_VARIABLE, read_limit, title_of, unreadable};
use assay_core::graph::Shape;
use assay_core::plugin::SettingsError;
use image::imageops::FilterType;
use image::{ImageError, ImageFormat, ImageReader, Limits};

use crate::parts::archive;
use crate::parts::files::{kind_of, read_whole};
use crate::parts::jpeg;
use crate::parts::location::at_path;
use crate::parts::normalisation::IMAGENET;
use crate::parts::partition::{Chosen, Part};

assay_core::settings! {
    /// Which images, and how large they become.
    #[derive(Clone, Debug)]
    struct Given {
        /// the folder; its subfolders, sorted by name, are the classes 0, 1, …
        path: PathBuf, must be given;
        /// height and width that every image is resized to (bilinear, without regard to its proportions)
        size: usize = 32, in 1..=1024;
        /// one side of a split of these images in two, in the order of their names within that of the classes
        part: Option<Part>, otherwise "all";
    }
}

/// A fingerprint reads no more than this of the files: a tenth of a second's work.
const READ_BYTES: u64 = 128 << 20;
/// Nor more files than this.
const READ_FILES: u64 = 4096;

/// The pixels of an image take at most this part of what is read of files: 44 megapixels where nothing else is set. A decoder takes
/// several times as much.
const PIXELS_PART: u64 = 8;

/// Images that stay on disk: each is decoded and resized when it is read.
struct ImageFolder {
    root: PathBuf,
    size: usize,
    /// By label.
    classes: Vec<String>,
    normalisation: Normalisation,
    files: Vec<(PathBuf, u32)>,
    /// Which of the files are known to be JPEG images without a missing part.
    filled: Vec<AtomicBool>,
    /// What is not as one may think: files and classes left out, classes without images.
    remarks: Vec<String>,
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

/// The extensions of images of other types.
const OTHER_IMAGES: [&str; 20] = [
    "avif", "bmp", "dib", "gif", "heic", "heif", "jfif", "jp2", "jpe", "jxl", "pbm", "pgm", "pnm", "ppm", "qoi", "tga", "tif", "tiff",
    "webp", "xpm",
];

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn is_image(path: &Path) -> bool {
    matches!(extension(path).as_str(), "png" | "jpg" | "jpeg")
}

/// How many images of other types there are: `3 images of other types (bmp 1, webp 2)`. Nothing where there are none.
fn counted(others: &BTreeMap<String, usize>) -> Option<String> {
    let count: usize = others.values().sum();
    let types: Vec<String> = others.iter().map(|(extension, count)| format!("{extension} {count}")).collect();
    let images = if count == 1 { "1 image of another type" } else { &format!("{count} images of other types") };
    (count > 0).then(|| format!("{images} ({})", types.join(", ")))
}

impl ImageFolder {
    fn open(root: PathBuf, size: usize) -> Result<Self, DataError> {
        if root.is_file() {
            let kind = archive::kind(&root)?.map_or_else(|| "a file".into(), |kind| format!("{kind}: unpack it"));
            return Err(DataError::new(format!("{} is {kind}; give a folder with a subfolder of images for each class", root.display())));
        }
        let folders: Vec<PathBuf> = entries(&root)?.into_iter().filter(|path| path.is_dir()).collect();
        if folders.is_empty() {
            return Err(DataError::new(format!("{} has no subfolders; put the images of each class into one", root.display())));
        }
        let (mut files, mut others) = (Vec::new(), BTreeMap::new());
        for (label, folder) in (0_u32..).zip(&folders) {
            let (images, rest): (Vec<PathBuf>, Vec<PathBuf>) = entries(folder)?.into_iter().partition(|path| is_image(path));
            let mut of_class = BTreeMap::new();
            for extension in rest.iter().map(|path| extension(path)).filter(|extension| OTHER_IMAGES.contains(&extension.as_str())) {
                *of_class.entry(extension).or_insert(0) += 1;
            }
            if images.is_empty() {
                let found = counted(&of_class).map_or(String::new(), |found| format!(", only {found}: convert them"));
                return Err(DataError::new(format!(
                    "{} holds no PNG or JPEG files{found}; every subfolder is a class and needs some",
                    folder.display()
                )));
            }
            files.extend(images.into_iter().map(|path| (path, label)));
            of_class.into_iter().for_each(|(extension, count)| *others.entry(extension).or_insert(0) += count);
        }
        let classes = folders.iter().map(|folder| title_of(folder)).collect();
        let remarks = counted(&others).map(|others| format!("{others} left out")).into_iter().collect();
        let filled = files.iter().map(|_| AtomicBool::new(false)).collect();
        Ok(Self { root, size, classes, normalisation: IMAGENET.normalisation(), files, filled, remarks })
    }

    /// Keeps one side of a split.
    fn keep(&mut self, part: &Part) -> Result<(), SettingsError> {
        let all = self.files.len();
        let Chosen { positions, words } = part.choose("image-folder", all)?;
        self.files = positions.iter().map(|position| self.files[*position].clone()).collect();
        self.filled.truncate(self.files.len());
        self.remarks.push(format!("of {all} images {words}"));
        Ok(())
    }
}

impl Dataset for ImageFolder {
    fn shape(&self) -> Shape {
        Shape::new(3, self.size, self.size)
    }

    fn classes(&self) -> usize {
        self.classes.len()
    }

    fn class_names(&self) -> Option<&[String]> {
        Some(&self.classes)
    }

    fn adopt_classes(&mut self, names: &[String]) -> Result<(), DataError> {
        let quoted = |names: Vec<&String>| names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let label = |own: &u32| names.iter().position(|name| *name == self.classes[*own as usize]).map(|label| label as u32);
        let mut kept = self.files.clone();
        kept.retain_mut(|(_, own)| label(own).map(|label| *own = label).is_some());
        if kept.is_empty() {
            return Err(DataError::new(format!(
                "{} has none of the classes {}; its subfolders are {}",
                self.root.display(),
                quoted(names.iter().take(8).collect()),
                quoted(self.classes.iter().take(8).collect())
            )));
        }
        let unknown: Vec<&String> = self.classes.iter().filter(|class| !names.contains(class)).collect();
        let absent: Vec<&String> = names.iter().filter(|name| !self.classes.contains(name)).collect();
        let mut remarks = Vec::new();
        if !unknown.is_empty() {
            let (all, out) = (self.files.len(), self.files.len() - kept.len());
            remarks.push(format!("left out {out} of {all} images, whose class is not in the training images: {}", quoted(unknown)));
        }
        if !absent.is_empty() {
            remarks.push(format!("no images of {}", quoted(absent)));
        }
        self.remarks.extend(remarks);
        self.filled = kept.iter().map(|_| AtomicBool::new(false)).collect();
        (self.files, self.classes) = (kept, names.to_vec());
        Ok(())
    }

    fn len(&self) -> usize {
        self.files.len()
    }

    fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    fn describe(&self) -> String {
        let (images, size) = (self.files.len(), self.size);
        let remarks: String = self.remarks.iter().map(|remark| format!("; {remark}")).collect();
        let (classes, folder) = (self.classes.len(), title_of(&self.root));
        format!("image folder, {images} images in {classes} classes, resized to {size}×{size} ({folder}{remarks})")
    }

    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<u32, DataError> {
        let (path, label) = &self.files[index];
        let side = self.size as u32;
        // Which decoder to use is decided by the contents: an extension may lie.
        let bytes = read_whole(path)?;
        let mut reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|error| unreadable(path, error))?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(read_limit().map_err(|error| unreadable(path, error))? / PIXELS_PART);
        reader.limits(limits);
        let end = match reader.format() {
            Some(ImageFormat::Jpeg) => Some(jpeg::end(&bytes).ok_or_else(|| damaged(path, "its end is missing"))?),
            _ => None,
        };
        let image = reader.decode().map_err(|error| undecodable(path, &bytes, &error))?;
        // It takes as long as decoding, so of each file once.
        if let Some(end) = end.filter(|_| !self.filled[index].load(Ordering::Relaxed)) {
            if !jpeg::is_filled(&bytes, end, &image) {
                return Err(damaged(path, "a part of the image is missing, though the file has an end"));
            }
            self.filled[index].store(true, Ordering::Relaxed);
        }
        let image = image.into_rgb8();
        let resized = image::imageops::resize(&image, side, side, FilterType::Triangle);
        let area = self.size * self.size;
        for (position, pixel) in resized.pixels().enumerate() {
            for (channel, value) in pixel.0.iter().enumerate() {
                pixels[channel * area + position] = *value;
            }
        }
        Ok(*label)
    }

    /// The names and lengths of all files, and the bytes of as many as can be read in no time; those are spread evenly.
    fn content(&self, content: &mut Content) -> Result<(), DataError> {
        let lengths =
            self.files.iter().map(|(path, _)| std::fs::metadata(path).map(|data| data.len()).map_err(|error| unreadable(path, error)));
        let lengths = lengths.collect::<Result<Vec<u64>, DataError>>()?;
        let bytes: u64 = lengths.iter().sum();
        let every = (bytes.div_ceil(READ_BYTES)).max((self.files.len() as u64).div_ceil(READ_FILES)).max(1) as usize;
        for (position, ((path, label), length)) in self.files.iter().zip(lengths).enumerate() {
            let name = path.strip_prefix(&self.root).unwrap_or(path);
            content.add(name.as_os_str().as_encoded_bytes());
            content.add(&label.to_le_bytes());
            content.add(&length.to_le_bytes());
            if position % every == 0 {
                content.add(&read_whole(path)?);
            }
        }
        Ok(())
    }
}

fn damaged(path: &Path, why: impl Display) -> DataError {
    DataError::new(format!("{} is damaged or truncated; replace or remove it: {why}", path.display()))
}

fn undecodable(path: &Path, bytes: &[u8], error: &ImageError) -> DataError {
    if let ImageError::Limits(_) = error {
        return DataError::new(format!(
            "{} has more pixels than are read of an image; make it smaller, or set {READ_LIMIT_VARIABLE} to more than 1024 (in MiB)",
            path.display()
        ));
    }
    match (bytes.is_empty(), kind_of(bytes)) {
        (true, _) => DataError::new(format!("{} is empty (0 bytes); replace or remove it", path.display())),
        (_, Some("a PNG image" | "a JPEG image")) => damaged(path, error),
        (_, kind) => DataError::new(format!("{} is {}, not a PNG or JPEG image", path.display(), kind.unwrap_or("something else"))),
    }
}

assay_core::register! {
    dyn Dataset,
    name: "image-folder",
    summary: "PNG and JPEG files, a subfolder a class, resized on reading; normalised with ImageNet's constants",
    settings: Given,
    build: |Given { path, size, part }| {
        let mut images = ImageFolder::open(path, size).map_err(at_path)?;
        part.iter().try_for_each(|part| images.keep(part))?;
        Ok(Box::new(images))
    },
}
