//! A part of a dataset: one side of a split of its images in two.

use assay_core::plugin::{Divided, SettingsError, Split};

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
        with split: Split;
        /// "in": the images that the file marks or that are drawn; "out": the others
        side: Side, must be given;
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

/// The setting within a dataset's.
const SETTING: &str = "part";

impl Part {
    /// The images of this side, of so many of a dataset.
    ///
    /// # Errors
    /// If the settings do not fit each other, the file cannot be read or is of other images, or no image is left.
    pub(crate) fn choose(&self, dataset: &str, images: usize) -> Result<Chosen, SettingsError> {
        let split = self.split.divide(SETTING, Some(dataset), images)?;
        let wanted = self.side == Side::In;
        let positions = split.positions(wanted);
        if positions.is_empty() {
            let (side, other) = if wanted { (Side::In, Side::Out) } else { (Side::Out, Side::In) };
            let problem = format!("no image is \"{side}\", all {images} are \"{other}\"");
            return Err(SettingsError::new("side", problem).within(SETTING));
        }
        let Divided { words, .. } = split;
        let words = if wanted { format!("those {words}") } else { format!("those not {words}") };
        Ok(Chosen { positions, words })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use assay_core::plugin::Settings;
    use assay_fuzz::Fuzz;

    use super::*;

    /// Images 0, 3 and 8 of ten.
    const SPLIT: &str = r#"{"ten": {"what": "an example", "images": 10, "in": 3, "bits": "CQE=",
        "sha256_of_sorted_indices_joined_by_commas": "DIGEST"}, "one": {"images": 1, "bits": "AQ=="}}"#;

    fn split() -> String {
        let mut is_in = [false; 10];
        [0, 3, 8].iter().for_each(|image| is_in[*image] = true);
        let divided = Divided { is_in: is_in.to_vec(), words: String::new() };
        SPLIT.replace("DIGEST", &divided.digest())
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
