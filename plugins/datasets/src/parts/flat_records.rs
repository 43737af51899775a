//! Flat records: label bytes, then the pixels as channel planes, image after image.

use assay_core::data::DataError;

use crate::parts::files::kind_of;

/// Images read from one file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LabelledImages {
    /// Channel planes, image after image.
    pub(crate) pixels: Vec<u8>,
    /// One label an image.
    pub(crate) labels: Vec<u32>,
}

impl LabelledImages {
    /// Appends another part.
    pub(crate) fn extend(&mut self, mut other: Self) {
        if self.labels.is_empty() {
            *self = other;
        } else {
            self.pixels.append(&mut other.pixels);
            self.labels.append(&mut other.labels);
        }
    }

    /// The images at these positions, of so many bytes each.
    pub(crate) fn only(&self, positions: &[usize], pixels: usize) -> Self {
        let images = positions.iter().flat_map(|position| &self.pixels[position * pixels..][..pixels]);
        Self { pixels: images.copied().collect(), labels: positions.iter().map(|position| self.labels[*position]).collect() }
    }
}

/// How a record is laid out. A label is an unsigned little-endian integer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLayout {
    /// Bytes before the pixels.
    pub(crate) label_bytes: usize,
    /// Where among these bytes the label begins.
    pub(crate) label_offset: usize,
    /// Bytes of the label, 0 to 4; without one every label is 0.
    pub(crate) label_width: usize,
    /// Bytes of pixels.
    pub(crate) pixels: usize,
}

/// Splits the bytes of `origin` into records; labels must be below `classes` if that is known.
pub(crate) fn split(origin: &str, bytes: &[u8], layout: RecordLayout, classes: Option<usize>) -> Result<LabelledImages, DataError> {
    let record = layout.label_bytes + layout.pixels;
    if bytes.is_empty() {
        return Err(DataError::new(format!("{origin} is empty (0 bytes); fetch or copy it again")));
    }
    let foreign = |problem: String| match kind_of(bytes) {
        Some(kind) => DataError::new(format!("{origin} is {kind}, not flat records of {record} bytes")),
        None => DataError::new(problem),
    };
    let rest = bytes.len() % record;
    if rest != 0 {
        return Err(foreign(format!(
            "{origin} is truncated or laid out otherwise: its {} bytes are {} records of {record} bytes ({} of label, {} of pixels) \
             and {rest} bytes more; a last whole record lacks {} bytes",
            bytes.len(),
            bytes.len() / record,
            layout.label_bytes,
            layout.pixels,
            record - rest
        )));
    }
    let count = bytes.len() / record;
    let mut part = LabelledImages { pixels: Vec::with_capacity(count * layout.pixels), labels: Vec::with_capacity(count) };
    for (index, record_bytes) in bytes.chunks_exact(record).enumerate() {
        let (head, pixels) = record_bytes.split_at(layout.label_bytes);
        let digits = &head[layout.label_offset..][..layout.label_width];
        let label = digits.iter().rev().fold(0, |value, digit| (value << 8) | u32::from(*digit));
        if let Some(classes) = classes.filter(|classes| label as usize >= *classes) {
            return Err(foreign(format!(
                "{origin} is damaged or laid out otherwise: record {index} (byte {}) has label {label}, but there are only {classes} \
                 classes (0 to {})",
                index * record,
                classes.saturating_sub(1)
            )));
        }
        part.labels.push(label);
        part.pixels.extend_from_slice(pixels);
    }
    Ok(part)
}
