//! A part of a dataset: one side of a split of its images in two, which a file says or a seed draws.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use assay_core::data::read_small_file;
use assay_core::plugin::SettingsError;
use assay_core::stream::Stream;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::parts::files::unreadable;
use crate::parts::location::title_of;

assay_core::words! {
    /// The two sides of a split.
    pub(crate) enum Side {
        /// The images that the file marks, or that are drawn.
        In = "in",
        /// The others.
        Out = "out",
    }
}

assay_core::settings! {
    /// Some of the images.
    #[derive(Clone, Debug)]
    pub(crate) struct Part {
        /// "in": the images that the file marks or that are drawn; "out": the others
        side: Side, must be given;
        /// a JSON file that says which images are in: `{KEY: {"images": 50000, "bits": "…"}}`, one bit an image, the lowest of a byte first, in base64
        file: Option<PathBuf>, otherwise "the images are drawn";
        /// the key in the file
        key: Option<String>, otherwise "the dataset's name";
        /// the share of the images that is drawn
        share: Option<f64>, otherwise "0.5", in 0.0..=1.0;
        /// seeds the drawing
        seed: Option<u64>, otherwise "0";
    }
}

/// The images of one side.
#[derive(Debug, PartialEq)]
pub(crate) struct Chosen {
    /// Ascending; at least one.
    pub(crate) positions: Vec<usize>,
    /// For protocols.
    pub(crate) words: String,
}

/// Of the limit of what is read, a split takes at most this part: a million images have a sixth of a megabyte.
const LIMIT_PART: u64 = 64;

/// The setting within a dataset's.
const SETTING: &str = "part";

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

impl Part {
    /// The images of this side, of so many of a dataset.
    ///
    /// # Errors
    /// If the settings do not fit each other, the file cannot be read or is of other images, or no image is left.
    pub(crate) fn choose(&self, dataset: &str, images: usize) -> Result<Chosen, SettingsError> {
        self.chosen(dataset, images).map_err(|error| error.within(SETTING))
    }

    fn chosen(&self, dataset: &str, images: usize) -> Result<Chosen, SettingsError> {
        let (is_in, how) = match &self.file {
            Some(file) => {
                for (name, is_given) in [("share", self.share.is_some()), ("seed", self.seed.is_some())] {
                    if is_given {
                        return Err(SettingsError::new(name, "the images are those of `part.file`, none are drawn; remove one of them"));
                    }
                }
                let key = self.key.as_deref().unwrap_or(dataset);
                (marked(file, key, images)?, format!("in `{key}` of {}", title_of(file)))
            }
            None if self.key.is_some() => {
                return Err(SettingsError::new("key", "there is no `part.file` in which it could be looked up"));
            }
            None => {
                let (share, seed) = (self.share.unwrap_or(0.5), self.seed.unwrap_or(0));
                (drawn(share, seed, images), format!("drawn by seed {seed}"))
            }
        };
        let wanted = self.side == Side::In;
        let positions: Vec<usize> = (0..images).filter(|image| is_in[*image] == wanted).collect();
        if positions.is_empty() {
            let (side, other) = if wanted { (Side::In, Side::Out) } else { (Side::Out, Side::In) };
            let problem = format!("no image is \"{side}\", all {images} are \"{other}\"");
            return Err(SettingsError::new("side", problem));
        }
        let words = if wanted { format!("those {how}") } else { format!("those not {how}") };
        Ok(Chosen { positions, words })
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

/// Which of the images a file marks.
fn marked(file: &Path, key: &str, images: usize) -> Result<Vec<bool>, SettingsError> {
    let at_file = |problem: &dyn Display| SettingsError::new("file", format!("{}: {problem}", file.display()));
    let bytes = read_small_file(file, LIMIT_PART).map_err(|error| SettingsError::new("file", unreadable(file, error).to_string()))?;
    let all: Value = serde_json::from_slice(&bytes).map_err(|error| at_file(&format!("it is not a JSON file ({error})")))?;
    let Value::Object(mut all) = all else { return Err(at_file(&"it is not a table of splits, `{KEY: {…}}`")) };
    let Some(split) = all.remove(key) else {
        let keys: Vec<&str> = all.keys().take(10).map(String::as_str).collect();
        let problem = format!("{} has no split `{key}`; set `part.key` to one that it has: {}", file.display(), keys.join(", "));
        return Err(SettingsError::new("key", problem));
    };
    let wrong = |problem: &dyn Display| at_file(&format!("its split `{key}` {problem}"));
    let Written { images: of, count, bits, digest } =
        serde_json::from_value(split).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if of != images {
        return Err(wrong(&format!("is of {of} images, and the dataset has {images}; set `part.key` to the split of this dataset")));
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

/// The SHA-256 of the marked positions, with commas between them.
fn digest(is_in: &[bool]) -> String {
    let marked = is_in.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(image, _)| image.to_string());
    let text = marked.collect::<Vec<_>>().join(",");
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::Settings;
    use assay_fuzz::Fuzz;

    use super::*;

    /// Images 0, 3 and 8 of ten.
    const SPLIT: &str = r#"{"ten": {"what": "an example", "images": 10, "in": 3, "bits": "CQE=",
        "sha256_of_sorted_indices_joined_by_commas": "DIGEST"}, "one": {"images": 1, "bits": "AQ=="}}"#;

    fn split() -> String {
        let mut is_in = [false; 10];
        [0, 3, 8].iter().for_each(|image| is_in[*image] = true);
        SPLIT.replace("DIGEST", &digest(&is_in))
    }

    fn part(settings: &Settings) -> Part {
        settings.read().unwrap()
    }

    fn side(side: &str) -> Settings {
        Settings::none().with("side", side)
    }

    #[test]
    fn the_sides_are_the_marked_images_and_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("splits.json");
        std::fs::write(&file, split()).unwrap();
        let of = |which: &str| {
            let settings = side(which).with("file", file.display().to_string()).with("key", "ten");
            part(&settings).choose("records", 10).unwrap()
        };
        let (marked, others) = (of("in"), of("out"));
        assert_eq!(marked, Chosen { positions: vec![0, 3, 8], words: "those in `ten` of splits.json".into() });
        assert_eq!(others, Chosen { positions: vec![1, 2, 4, 5, 6, 7, 9], words: "those not in `ten` of splits.json".into() });
    }

    #[test]
    fn the_halves_of_cifar10_are_those_that_the_code_of_nas_bench_201_checks() {
        let shared =
            std::env::var_os("ASSAY_SHARED").map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(), PathBuf::from);
        let file = shared.join("data/nas-bench-201/search_splits.json");
        let of = |which: &str| part(&side(which).with("file", file.display().to_string())).choose("cifar10", 50_000).unwrap().positions;
        let (train, valid) = (of("in"), of("out"));
        assert_eq!((train.len(), valid.len()), (25_000, 25_000));
        assert_eq!([0, 10, 111].map(|place: usize| train[place]), [0, 26, 203]);
        assert_eq!([0, 10, 111].map(|place: usize| valid[place]), [1, 18, 242]);
    }

    #[test]
    fn a_drawn_split_depends_on_its_seed_alone_and_its_sides_have_each_image_once() {
        let of = |which: &str, seed: u64| part(&side(which).with("seed", seed).with("share", 0.3)).choose("cifar10", 50).unwrap().positions;
        let (first, others) = (of("in", 1), of("out", 1));
        assert_eq!((first.len(), others.len()), (15, 35));
        let mut all = [first.clone(), others].concat();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        assert_eq!(of("in", 1), first);
        assert_ne!(of("in", 2), first);
        assert_eq!(part(&side("in")).choose("cifar10", 50).unwrap().words, "those drawn by seed 0");
    }

    #[test]
    fn what_is_wrong_with_a_split_is_said_with_file_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = |text: &str, settings: Settings, images: usize| {
            let file = folder.path().join("splits.json");
            std::fs::write(&file, text).unwrap();
            let settings = settings.with("file", file.display().to_string());
            let error = part(&settings).choose("ten", images).unwrap_err();
            error.to_string().replace(&folder.path().display().to_string(), "FOLDER")
        };
        let split = split();
        let messages = [
            wrong(&split, side("in"), 12),
            wrong(&split, side("in").with("key", "eleven"), 10),
            wrong(&split, side("in").with("share", 0.5), 10),
            wrong(&split, side("out").with("key", "one"), 1),
            wrong(&split.replace("CQE=", "CQ=="), side("in"), 10),
            wrong(&split.replace("CQE=", "CQk="), side("in"), 10),
            wrong(&split.replace("CQE=", "C*E="), side("in"), 10),
            wrong(&split.replace("CQE=", "CwE="), side("in"), 10),
            wrong(&split.replace("CQE=", "CgE="), side("in"), 10),
            wrong(r#"{"ten": {"images": 10}}"#, side("in"), 10),
            wrong("[1]", side("in"), 10),
            wrong("images", side("in"), 10),
            part(&side("in").with("file", "nowhere.json")).choose("ten", 10).unwrap_err().to_string(),
            part(&side("in").with("key", "ten")).choose("ten", 10).unwrap_err().to_string(),
            part(&side("in").with("share", 0.0)).choose("ten", 10).unwrap_err().to_string(),
        ];
        insta::assert_snapshot!(messages.join("\n"));
    }

    #[test]
    fn damaged_splits() {
        let words = [&b"images"[..], b"bits", b"in", b"ten", b"50000", b"CQE="];
        Fuzz::of("parts::partition::tests::damaged_splits").seed(split()).words(&words).run(|bytes| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("splits.json");
            std::fs::write(&file, bytes).unwrap();
            let settings = side("in").with("file", file.display().to_string());
            if let Ok(chosen) = part(&settings).choose("ten", 10) {
                assert!(chosen.positions.iter().all(|image| *image < 10));
            }
        });
    }
}
