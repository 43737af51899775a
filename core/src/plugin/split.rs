//! A split of images in two, which a file says or a seed draws: a part of a dataset, or the halves of a search.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::settings::SettingsError;
use crate::data::{read_small_file, title_of, unreadable};
use crate::stream::Stream;

crate::settings! {
    /// Which images are in.
    #[derive(Clone, Debug)]
    pub struct Split {
        /// a JSON file that says which images are in: `{KEY: {"images": 50000, "bits": "…"}}`, one bit an image, the lowest of a byte first, in base64
        pub file: Option<PathBuf>, otherwise "the images are drawn";
        /// the key in the file
        pub key: Option<String>, otherwise "the dataset's name, or else that of the only split of as many images";
        /// the share of the images that is drawn
        pub share: Option<f64>, otherwise "0.5", in 0.0..=1.0;
        /// seeds the drawing
        pub seed: Option<u64>, otherwise "0";
    }
}

/// A split of some images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divided {
    /// For each image, whether it is in.
    pub is_in: Vec<bool>,
    /// How it is known, for protocols.
    pub words: String,
}

impl Divided {
    /// The images that are in, or those that are not, ascending.
    #[must_use]
    pub fn positions(&self, wanted: bool) -> Vec<usize> {
        (0..self.is_in.len()).filter(|image| self.is_in[*image] == wanted).collect()
    }

    /// The SHA-256 of the positions of the images that are in, with commas between them.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.is_in)
    }
}

/// Of the limit of what is read, a split takes at most this part: a million images have a sixth of a megabyte.
const LIMIT_PART: u64 = 64;

/// A split in a file.
#[derive(Deserialize)]
struct Written {
    images: usize,
    #[serde(rename = "in")]
    count: Option<usize>,
    bits: String,
    #[serde(rename = "sha256_of_sorted_indices_joined_by_commas")]
    digest: Option<String>,
}

impl Split {
    /// Of so many images, of a dataset that may have a name. This is the table `setting` of a plugin's settings.
    ///
    /// # Errors
    /// If the settings do not fit each other, or the file cannot be read or is of other images.
    pub fn divide(&self, setting: &str, dataset: Option<&str>, images: usize) -> Result<Divided, SettingsError> {
        self.divided(setting, dataset, images).map_err(|error| error.within(setting))
    }

    /// What is asked for, for protocols of what has not seen the images.
    #[must_use]
    pub fn words(&self) -> String {
        match (&self.file, &self.key) {
            (Some(file), Some(key)) => format!("in `{key}` of {}", title_of(file)),
            (Some(file), None) => format!("in {}", title_of(file)),
            (None, _) => format!("a share of {} drawn by seed {}", self.share.unwrap_or(0.5), self.seed.unwrap_or(0)),
        }
    }

    fn divided(&self, setting: &str, dataset: Option<&str>, images: usize) -> Result<Divided, SettingsError> {
        match &self.file {
            Some(file) => {
                for (name, is_given) in [("share", self.share.is_some()), ("seed", self.seed.is_some())] {
                    if is_given {
                        let problem = format!("the images are those of `{setting}.file`, none are drawn; remove one of them");
                        return Err(SettingsError::new(name, problem));
                    }
                }
                let all = Splits { setting, file, all: read(file)? };
                let key = match (&self.key, dataset) {
                    (Some(key), _) => key.as_str(),
                    (None, Some(name)) if all.all.contains_key(name) => name,
                    (None, name) => all.only(name, images)?,
                };
                Ok(Divided { is_in: all.marked(key, images)?, words: format!("in `{key}` of {}", title_of(file)) })
            }
            None if self.key.is_some() => {
                Err(SettingsError::new("key", format!("there is no `{setting}.file` in which it could be looked up")))
            }
            None => {
                let (share, seed) = (self.share.unwrap_or(0.5), self.seed.unwrap_or(0));
                Ok(Divided { is_in: drawn(share, seed, images), words: format!("drawn by seed {seed}") })
            }
        }
    }
}

/// Which of the images are drawn.
fn drawn(share: f64, seed: u64, images: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..images).collect();
    order.shuffle(&mut Stream::new(seed, "part of a dataset").rng());
    let mut is_in = vec![false; images];
    let count = (share * images as f64).round() as usize;
    order.into_iter().take(count).for_each(|image| is_in[image] = true);
    is_in
}

/// The splits of a file, by key.
fn read(file: &Path) -> Result<Map<String, Value>, SettingsError> {
    let bytes = read_small_file(file, LIMIT_PART).map_err(|error| SettingsError::new("file", unreadable(file, error).to_string()))?;
    let all: Value = serde_json::from_slice(&bytes).map_err(|error| at_file(file, &format!("it is not a JSON file ({error})")))?;
    let Value::Object(all) = all else { return Err(at_file(file, &"it is not a table of splits, `{KEY: {…}}`")) };
    Ok(all)
}

fn at_file(file: &Path, problem: &dyn Display) -> SettingsError {
    SettingsError::new("file", format!("{}: {problem}", file.display()))
}

/// The splits of a file, by key, and the setting that names it.
struct Splits<'a> {
    setting: &'a str,
    file: &'a Path,
    all: Map<String, Value>,
}

impl Splits<'_> {
    /// The key of the only split of as many images.
    fn only(&self, name: Option<&str>, images: usize) -> Result<&str, SettingsError> {
        let fits = |split: &Value| split.get("images").and_then(Value::as_u64) == Some(images as u64);
        let mut found = self.all.iter().filter(|(_, split)| fits(split)).map(|(key, _)| key.as_str());
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(self.no_key(&format!("several splits of {images} images"), "one of them")),
            (None, _) => Err(self.missing(&name.map_or_else(|| format!("of {images} images"), |name| format!("`{name}`")))),
        }
    }

    fn missing(&self, what: &str) -> SettingsError {
        self.no_key(&format!("no split {what}"), "one that it has")
    }

    fn no_key(&self, has: &str, to: &str) -> SettingsError {
        let keys: Vec<&str> = self.all.keys().take(10).map(String::as_str).collect();
        let (file, setting) = (self.file.display(), self.setting);
        SettingsError::new("key", format!("{file} has {has}; set `{setting}.key` to {to}: {}", keys.join(", ")))
    }

    /// Which of the images a split marks.
    fn marked(&self, key: &str, images: usize) -> Result<Vec<bool>, SettingsError> {
        let split = self.all.get(key).ok_or_else(|| self.missing(&format!("`{key}`")))?;
        let wrong = |problem: &dyn Display| at_file(self.file, &format!("its split `{key}` {problem}"));
        let Written { images: of, count, bits, digest } =
            Written::deserialize(split).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if of != images {
            let setting = self.setting;
            return Err(wrong(&format!(
                "is of {of} images, and the dataset has {images}; set `{setting}.key` to the split of this dataset"
            )));
        }
        let bits = BASE64_STANDARD.decode(bits).map_err(|error| wrong(&format!("has `bits` that are not base64: {error}")))?;
        if bits.len() != images.div_ceil(8) {
            return Err(wrong(&format!("has {} bytes of `bits`, and {images} images need {}", bits.len(), images.div_ceil(8))));
        }
        let mut is_in: Vec<bool> = (0..8 * bits.len()).map(|image| bits[image / 8] >> (image % 8) & 1 == 1).collect();
        if is_in.drain(images..).any(|bit| bit) {
            return Err(wrong(&format!("marks images beyond the {images} that it is of")));
        }
        let found = is_in.iter().filter(|is_in| **is_in).count();
        if let Some(count) = count.filter(|count| *count != found) {
            return Err(wrong(&format!("marks {found} images, and says that it marks {count}: it is damaged")));
        }
        if digest.is_some_and(|digest| digest != self::digest(&is_in)) {
            return Err(wrong(&"marks other images than its SHA-256 is of: it is damaged"));
        }
        Ok(is_in)
    }
}

/// The SHA-256 of the marked positions, with commas between them.
fn digest(is_in: &[bool]) -> String {
    let marked = is_in.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(image, _)| image.to_string());
    let text = marked.collect::<Vec<_>>().join(",");
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
