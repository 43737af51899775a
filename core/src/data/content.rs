//! What the images of a dataset are, in one number that is the same wherever they lie.

use super::{DataError, Dataset};

/// Takes up the content of a dataset.
///
/// Long content is folded first, at the speed of memory: a run pays for it whenever it begins. Folding finds changes; it does not
/// withstand somebody who makes two contents alike on purpose.
#[derive(Debug, Default)]
pub struct Content(blake3::Hasher);

/// As many words are folded side by side, so that the processor need not wait for one to begin the next.
const LANES: usize = 4;

impl Content {
    /// Adds bytes, with their number: what is added next does not flow into them.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        if bytes.len() <= 8 * LANES {
            self.0.update(bytes);
            return;
        }
        for lane in fold(bytes) {
            self.0.update(&lane.to_le_bytes());
        }
    }

    /// Its fingerprint.
    #[must_use]
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

/// Any one changed word changes the lane that it is folded into.
fn fold(bytes: &[u8]) -> [u64; LANES] {
    const ODD: [u64; LANES] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xff51_afd7_ed55_8ccd];
    let mut lanes = ODD;
    let step = |lane: &mut u64, odd: u64, word: u64| *lane = (*lane ^ word).wrapping_mul(odd).rotate_left(29);
    let mut rows = bytes.chunks_exact(8 * LANES);
    for row in &mut rows {
        for ((lane, odd), word) in lanes.iter_mut().zip(ODD).zip(row.as_chunks().0) {
            step(lane, odd, u64::from_le_bytes(*word));
        }
    }
    for ((lane, odd), rest) in lanes.iter_mut().zip(ODD).zip(rows.remainder().chunks(8)) {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        step(lane, odd, u64::from_le_bytes(word));
    }
    lanes
}

/// The fingerprint of a dataset: of its form and of its images. Equal images have equal ones wherever they lie.
///
/// # Errors
/// If an image cannot be read.
pub fn fingerprint(dataset: &dyn Dataset) -> Result<String, DataError> {
    let mut content = Content::default();
    let (shape, normalisation) = (dataset.shape(), dataset.normalisation());
    for number in [shape.channels, shape.height, shape.width, dataset.classes(), dataset.len()] {
        content.add(&(number as u64).to_le_bytes());
    }
    for constant in normalisation.mean.iter().chain(&normalisation.deviation) {
        content.add(&constant.to_le_bytes());
    }
    dataset.content(&mut content)?;
    Ok(content.finish())
}

/// Adds every image, as it is read.
///
/// # Errors
/// If an image cannot be read.
pub(super) fn add_all<D: Dataset + ?Sized>(dataset: &D, content: &mut Content) -> Result<(), DataError> {
    let mut pixels = vec![0; dataset.shape().elements()];
    for index in 0..dataset.len() {
        let label = dataset.read(index, &mut pixels)?;
        content.add(&label.to_le_bytes());
        content.add(&pixels);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{InMemory, Normalisation};
    use crate::graph::Shape;

    fn images(description: &str, pixels: Vec<u8>, labels: Vec<u32>) -> String {
        let normalisation = Normalisation { mean: vec![0.5], deviation: vec![0.5] };
        let dataset = InMemory::new(description, Shape::new(1, 5, 9), 3, normalisation, pixels, labels).unwrap();
        fingerprint(&dataset).unwrap()
    }

    #[test]
    fn a_fingerprint_is_of_every_bit_of_the_images_and_of_the_labels_and_not_of_the_place() {
        let pixels: Vec<u8> = (0..90).collect();
        let whole = images("here", pixels.clone(), vec![1, 2]);
        assert_eq!(images("there", pixels.clone(), vec![1, 2]), whole);
        assert_ne!(images("here", pixels.clone(), vec![2, 1]), whole);
        for bit in 0..8 * 90 {
            let mut flipped = pixels.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(images("here", flipped, vec![1, 2]), whole, "bit {bit}");
        }
    }
}
