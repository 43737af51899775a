//! Datasets that are published as a few batch files in a folder or an archive.

use std::path::{Path, PathBuf};

use assay_core::data::{DataError, Dataset, InMemory, title_of, unreadable};
use assay_core::graph::Shape;
use assay_core::plugin::SettingsError;

use crate::parts::archive::{self, Archive, read_members};
use crate::parts::files::read_whole;
use crate::parts::flat_records::LabelledImages;
use crate::parts::location::{at_path, resolve};
use crate::parts::normalisation::Preset;
use crate::parts::partition::{Chosen, Part};

assay_core::words! {
    /// Which images of a dataset.
    pub(crate) enum Split {
        /// Those to learn from.
        Train = "train",
        /// Those to test on.
        Test = "test",
    }
}

assay_core::settings! {
    /// Which images, and where they are.
    #[derive(Clone, Debug)]
    pub(crate) struct BatchFiles {
        /// the folder of batches, or the archive that holds them, or a folder with either in it
        path: Option<PathBuf>, otherwise "datasets/<name> in the data directory";
        /// which images
        split: Split = Split::Train;
        /// one side of a split of these images in two
        part: Option<Part>, otherwise "all";
    }
}

/// A published dataset.
pub(crate) struct Collection {
    /// As users write it.
    pub(crate) name: &'static str,
    /// As papers write it.
    pub(crate) title: &'static str,
    /// Classes.
    pub(crate) classes: usize,
    /// Every image's shape.
    pub(crate) shape: Shape,
    /// What its pixels are normalised with.
    pub(crate) normalisation: Preset,
    /// The forms it is published in.
    pub(crate) forms: &'static [Form],
    /// How to get it.
    pub(crate) remedy: &'static str,
}

/// One published form.
pub(crate) struct Form {
    /// What its files are called in protocols.
    pub(crate) title: &'static str,
    /// The folder that unpacking makes.
    pub(crate) folder: &'static str,
    /// Names under which its archive is distributed.
    pub(crate) archives: &'static [&'static str],
    /// File names of the training images, in order.
    pub(crate) train: &'static [&'static str],
    /// File names of the test images.
    pub(crate) test: &'static [&'static str],
    /// The images that each file of training images has, and each file of test images, where the files themselves do not say: one
    /// that is cut between two images looks whole.
    pub(crate) images: Option<[usize; 2]>,
    /// Reads one file; the text names it in errors.
    pub(crate) parse: fn(&str, &[u8]) -> Result<LabelledImages, DataError>,
}

impl Form {
    fn files(&self, split: Split) -> &'static [&'static str] {
        match split {
            Split::Train => self.train,
            Split::Test => self.test,
        }
    }

    /// The images that each file of a split has as it is published, where that has to be known.
    fn published(&self, split: Split) -> Option<usize> {
        self.images.map(|[train, test]| if split == Split::Train { train } else { test })
    }
}

/// The images of one file after the other.
#[derive(Default)]
struct Joined {
    all: LabelledImages,
    counts: Vec<usize>,
}

impl Joined {
    fn add(&mut self, part: LabelledImages) {
        self.counts.push(part.labels.len());
        self.all.extend(part);
    }

    /// All images, if no file is cut short: where one has as many as were published, all have. Files of one's own may be smaller.
    fn whole(self, collection: &Collection, form: &Form, split: Split) -> Result<LabelledImages, DataError> {
        let published = form.published(split).filter(|published| self.counts.contains(published));
        let cut = published.and_then(|published| self.counts.iter().position(|count| *count < published).map(|file| (file, published)));
        let Some((file, published)) = cut else { return Ok(self.all) };
        let (name, count) = (form.files(split)[file], self.counts[file]);
        Err(DataError::new(format!(
            "`{name}` is cut short between two images: it has {count} of the {published} that each such file of {} has; {}",
            collection.title, collection.remedy
        )))
    }
}

/// Opens a dataset with the user's settings.
pub(crate) fn open(collection: &Collection, settings: BatchFiles) -> Result<Box<dyn Dataset>, SettingsError> {
    let BatchFiles { path, split, part } = settings;
    let path = resolve(collection.name, path, collection.remedy)?;
    let (mut images, form, place) = read(collection, &path, split).map_err(at_path)?;
    let (mut count, mut source) = (images.labels.len().to_string(), format!("{} in {}", form.title, title_of(&place)));
    let published = form.published(split).map_or(0, |images| images * form.files(split).len());
    if images.labels.len() < published {
        source = format!("{source}; {count} of the {published} that are published");
    }
    if let Some(part) = part {
        let Chosen { positions, words } = part.choose(collection.name, images.labels.len())?;
        images = images.only(&positions, collection.shape.elements());
        count = format!("{} of {count}", positions.len());
        source = format!("{source}; {words}");
    }
    let description = format!("{} {split}, {count} images ({source})", collection.title);
    let normalisation = collection.normalisation.normalisation();
    let made = InMemory::new(description, collection.shape, collection.classes, normalisation, images.pixels, images.labels);
    Ok(Box::new(made.map_err(at_path)?))
}

/// How archives end that others packed anew.
const REPACKED: [&str; 8] = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".zip", ".tar.xz", ".tar.zst", ".7z"];

/// All images of a split, the form they were found in, and where.
fn read<'a>(collection: &'a Collection, path: &Path, split: Split) -> Result<(LabelledImages, &'a Form, PathBuf), DataError> {
    let kind = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !kind.is_dir() {
        if Archive::of(path)?.is_none() {
            return Err(DataError::new(format!(
                "{} is {}; give the folder that holds {}, or its archive (.tar, .tar.gz, .tar.bz2 or .zip), or read a single flat file \
                 with the dataset `records`",
                path.display(),
                archive::kind(path)?
                    .map_or("neither a folder nor an archive".into(), |kind| format!("{kind}, which is not read: unpack it")),
                listed(collection.forms[0].files(split))
            )));
        }
        let (part, form) = read_archive(collection, path, split)?;
        return Ok((part, form, path.to_owned()));
    }
    let mut incomplete = None;
    for form in collection.forms {
        for folder in [path.to_owned(), path.join(form.folder)] {
            let missing: Vec<&str> = form.files(split).iter().filter(|file| !folder.join(file).is_file()).copied().collect();
            if missing.is_empty() {
                let mut joined = Joined::default();
                for file in form.files(split) {
                    let file = folder.join(file);
                    joined.add((form.parse)(&file.display().to_string(), &read_whole(&file)?)?);
                }
                return Ok((joined.whole(collection, form, split)?, form, folder));
            }
            if missing.len() < form.files(split).len() {
                incomplete.get_or_insert((folder, missing));
            }
        }
    }
    let archives = collection.forms.iter().flat_map(|form| form.archives);
    let as_published = archives.clone().map(|name| path.join(name));
    let repacked = archives
        .flat_map(|name| REPACKED.iter().map(move |ending| path.join(format!("{}{ending}", name.split('.').next().unwrap_or(name)))));
    if let Some(archive) = as_published.chain(repacked).find(|archive| archive.is_file()) {
        return read(collection, &archive, split);
    }
    Err(match incomplete {
        Some((folder, missing)) => DataError::new(format!("{} lacks {}; {}", folder.display(), listed(&missing), collection.remedy)),
        None => DataError::new(format!(
            "{} holds no {}: neither {} nor {}; {}",
            path.display(),
            collection.title,
            collection.forms.iter().map(|form| listed(form.files(split))).collect::<Vec<_>>().join(" nor "),
            listed(&collection.forms.iter().flat_map(|form| form.archives).copied().collect::<Vec<_>>()),
            collection.remedy
        )),
    })
}

fn read_archive<'a>(collection: &'a Collection, path: &Path, split: Split) -> Result<(LabelledImages, &'a Form), DataError> {
    let mut found: Vec<Vec<Option<LabelledImages>>> =
        collection.forms.iter().map(|form| form.files(split).iter().map(|_| None).collect()).collect();
    let place = |name: &str| {
        collection
            .forms
            .iter()
            .enumerate()
            .find_map(|(number, form)| form.files(split).iter().position(|file| *file == name).map(|position| (number, position)))
    };
    read_members(
        path,
        |name| place(name).is_some(),
        |name, bytes| {
            if let Some((number, position)) = place(name) {
                let part = (collection.forms[number].parse)(&format!("{name} in {}", path.display()), &bytes)?;
                found[number][position] = Some(part);
            }
            Ok::<(), DataError>(())
        },
    )?;
    let fullest = found.into_iter().zip(collection.forms).max_by_key(|(parts, _)| parts.iter().flatten().count());
    let Some((parts, form)) = fullest else {
        return Err(DataError::new(format!("{} is published in no known form", collection.title)));
    };
    let missing: Vec<&str> = form.files(split).iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(file, _)| *file).collect();
    if !missing.is_empty() {
        return Err(DataError::new(format!("{} lacks {}; {}", path.display(), listed(&missing), collection.remedy)));
    }
    let mut joined = Joined::default();
    parts.into_iter().flatten().for_each(|part| joined.add(part));
    Ok((joined.whole(collection, form, split)?, form))
}

/// `a`, `b` … `z`: the names, shortened where there are many.
fn listed(names: &[&str]) -> String {
    match names {
        [first, second, .., last] if names.len() > 3 => format!("`{first}`, `{second}` … `{last}`"),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}
