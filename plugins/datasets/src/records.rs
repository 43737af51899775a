//! `records`: a file of flat records, each some label bytes and then the pixels as channel planes.

use std::path::PathBuf;

use assay_core::data::{DataError, Dataset, InMemory, Normalisation, title_of};
use assay_core::graph::Shape;
use assay_core::plugin::SettingsError;

use crate::parts::files::read_whole;
use crate::parts::flat_records::{LabelledImages, RecordLayout, split};
use crate::parts::location::at_path;
use crate::parts::normalisation::{Constants, measure};
use crate::parts::partition::{Chosen, Part};

assay_core::settings! {
    /// How records are laid out, and what they are.
    #[derive(Clone, Debug)]
    struct Records {
        /// the file
        path: PathBuf, must be given;
        /// bytes of a record before its pixels; 0 for images without labels
        label_bytes: usize = 1, in 0..=64;
        /// where among these bytes the label begins; by default it is their last
        label_offset: Option<usize>, otherwise "label_bytes - label_width", in 0..=63;
        /// bytes of the label, an unsigned little-endian number
        label_width: usize = 1, in 1..=4;
        /// channel planes of an image
        channels: usize = 3, in 1..=64;
        /// height and width of an image
        size: usize = 32, in 1..=4096;
        /// classes; a larger label is an error
        classes: Option<usize>, otherwise "the largest label plus one", in 1..=1_000_000;
        /// the constants of a dataset, or the mean and deviation of the file itself
        normalisation: Constants = Constants::Measured;
        /// one side of a split of these images in two; measured constants are those of all of them
        part: Option<Part>, otherwise "all";
        /// what protocols call the images
        title: String = "flat records".into();
    }
}

impl Records {
    fn layout(&self) -> Result<RecordLayout, SettingsError> {
        let label_width = if self.label_bytes == 0 { 0 } else { self.label_width };
        let label_offset = self.label_offset.unwrap_or_else(|| self.label_bytes.saturating_sub(label_width));
        if label_offset + label_width > self.label_bytes {
            let (key, given) = if self.label_offset.is_some() { ("label_offset", label_offset) } else { ("label_width", label_width) };
            let problem = format!(
                "is {given}, but a label of {label_width} bytes at byte {label_offset} does not fit into {} label bytes",
                self.label_bytes
            );
            return Err(SettingsError::new(key, problem));
        }
        let pixels = self.channels * self.size * self.size;
        Ok(RecordLayout { label_bytes: self.label_bytes, label_offset, label_width, pixels })
    }

    fn open(self) -> Result<Box<dyn Dataset>, SettingsError> {
        let layout = self.layout()?;
        let path = &self.path;
        let shape = Shape::new(self.channels, self.size, self.size);
        let preset = self.normalisation.preset();
        if self.channels != 3 && preset.is_some() {
            let problem = format!("`{}` is for 3 channels, but `channels` is {}; use \"measured\"", self.normalisation, self.channels);
            return Err(SettingsError::new("normalisation", problem));
        }
        let read = || -> Result<(LabelledImages, Normalisation), DataError> {
            let origin = path.display().to_string();
            let images = split(&origin, &read_whole(path)?, layout, self.classes)?;
            let normalisation = match preset {
                Some(preset) => preset.normalisation(),
                None => measure(&origin, shape, &images.pixels)?,
            };
            Ok((images, normalisation))
        };
        let (mut images, normalisation) = read().map_err(at_path)?;
        let classes = self.classes.unwrap_or_else(|| images.labels.iter().max().map_or(1, |label| *label as usize + 1));
        let (mut count, mut source) = (images.labels.len().to_string(), title_of(path));
        if let Some(part) = &self.part {
            let Chosen { positions, words } = part.choose("records", images.labels.len())?;
            images = images.only(&positions, shape.elements());
            count = format!("{} of {count}", positions.len());
            source = format!("{source}; {words}");
        }
        let description = format!("{}, {count} images of {shape} ({source})", self.title);
        let made = InMemory::new(description, shape, classes, normalisation, images.pixels, images.labels);
        Ok(Box::new(made.map_err(at_path)?))
    }
}

assay_core::register! {
    dyn Dataset,
    name: "records",
    summary: "a file of flat records: label bytes, then pixels as channel planes, as in CIFAR's binary files",
    settings: Records,
    build: Records::open,
}
