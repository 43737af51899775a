//! `records`: a file of flat records, each some label bytes and then the pixels as channel planes.

use std::path::PathBuf;

use assay_core::data::{DataError, Dataset, InMemory};
use assay_core::graph::Shape;
use assay_core::plugin::{Setting, Settings, SettingsError, ValueKind};
use serde::Deserialize;

use crate::parts::files::read_whole;
use crate::parts::flat_records::{RecordLayout, split};
use crate::parts::location::{at_path, title_of};
use crate::parts::normalisation::{PRESETS, measure, preset};

const SETTINGS: &[Setting] = &[
    Setting { name: "path", kind: ValueKind::Path, default: Setting::said("none: required"), help: "the file" },
    Setting {
        name: "label_bytes",
        kind: ValueKind::Integer { min: 0, max: 64 },
        default: Setting::said("1"),
        help: "bytes of a record before its pixels; 0 for images without labels",
    },
    Setting {
        name: "label_offset",
        kind: ValueKind::Integer { min: 0, max: 63 },
        default: Setting::said("label_bytes - label_width"),
        help: "where among these bytes the label begins; by default it is their last",
    },
    Setting {
        name: "label_width",
        kind: ValueKind::Integer { min: 1, max: 4 },
        default: Setting::said("1"),
        help: "bytes of the label, an unsigned little-endian number",
    },
    Setting {
        name: "channels",
        kind: ValueKind::Integer { min: 1, max: 64 },
        default: Setting::said("3"),
        help: "channel planes of an image",
    },
    Setting {
        name: "size",
        kind: ValueKind::Integer { min: 1, max: 4096 },
        default: Setting::said("32"),
        help: "height and width of an image",
    },
    Setting {
        name: "classes",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("the largest label plus one"),
        help: "classes; a larger label is an error",
    },
    Setting {
        name: "normalisation",
        kind: ValueKind::Choice(&["measured", "cifar10", "cifar100", "imagenet16-120", "imagenet"]),
        default: Setting::said("\"measured\""),
        help: "the constants of a dataset, or the mean and deviation of the file itself",
    },
    Setting { name: "title", kind: ValueKind::Text, default: Setting::said("\"flat records\""), help: "what protocols call the images" },
];

#[derive(Deserialize)]
#[serde(default)]
struct Records {
    path: Option<PathBuf>,
    label_bytes: usize,
    label_offset: Option<usize>,
    label_width: usize,
    channels: usize,
    size: usize,
    classes: Option<usize>,
    normalisation: String,
    title: String,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            path: None,
            label_bytes: 1,
            label_offset: None,
            label_width: 1,
            channels: 3,
            size: 32,
            classes: None,
            normalisation: "measured".into(),
            title: "flat records".into(),
        }
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
        let Some(path) = &self.path else { return Err(SettingsError::new("path", "is missing; give the file of records")) };
        let shape = Shape::new(self.channels, self.size, self.size);
        if self.channels != 3 && PRESETS.contains(&self.normalisation.as_str()) {
            let problem = format!("`{}` is for 3 channels, but `channels` is {}; use \"measured\"", self.normalisation, self.channels);
            return Err(SettingsError::new("normalisation", problem));
        }
        let read = || -> Result<InMemory, DataError> {
            let origin = path.display().to_string();
            let part = split(&origin, &read_whole(path)?, layout, self.classes)?;
            let classes = self.classes.unwrap_or_else(|| part.labels.iter().max().map_or(1, |label| *label as usize + 1));
            let normalisation = match preset(&self.normalisation) {
                Some(normalisation) => normalisation,
                None => measure(&origin, shape, &part.pixels)?,
            };
            let description = format!("{}, {} images of {shape} ({})", self.title, part.labels.len(), title_of(path));
            InMemory::new(description, shape, classes, normalisation, part.pixels, part.labels)
        };
        Ok(Box::new(read().map_err(at_path)?))
    }
}

assay_core::register! {
    dyn Dataset,
    name: "records",
    summary: "a file of flat records: label bytes, then pixels as channel planes, as in CIFAR's binary files",
    schema: SETTINGS,
    build: |settings: &Settings| settings.parse::<Records>()?.open(),
}
