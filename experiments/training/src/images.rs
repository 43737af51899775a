//! The images of a step: which they are, and how they are varied. All of it is a function of seed, epoch and position.

use assay_core::data::{DataError, Dataset, Minibatch};
use assay_core::objective::{Inputs, LearningObjective, Varied};
use assay_core::stream::Stream;
use rand::seq::SliceRandom;

/// The images that are used of a dataset, in a fixed order.
pub(crate) struct Images<'a> {
    dataset: &'a dyn Dataset,
    objective: LearningObjective,
    chosen: Vec<usize>,
}

impl<'a> Images<'a> {
    /// All images, or `wanted` of them, drawn from `stream`, and what is learned of them.
    pub(crate) fn new(dataset: &'a dyn Dataset, objective: LearningObjective, wanted: Option<usize>, stream: &Stream) -> Self {
        let mut chosen: Vec<usize> = (0..dataset.len()).collect();
        if let Some(wanted) = wanted.filter(|wanted| *wanted < chosen.len()) {
            chosen.shuffle(&mut stream.rng());
            chosen.truncate(wanted);
            chosen.sort_unstable();
        }
        Self { dataset, objective, chosen }
    }

    pub(crate) fn len(&self) -> usize {
        self.chosen.len()
    }

    /// The positions of all images in the order of an epoch.
    pub(crate) fn order(&self, stream: &Stream) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.chosen.len()).collect();
        order.shuffle(&mut stream.rng());
        order
    }

    /// What the network sees of the images at these positions, and what it is to tell of them; each varied by a stream of its own.
    pub(crate) fn batch(&self, positions: &[usize], varied: Varied, stream: &Stream) -> Result<Minibatch, DataError> {
        let mut inputs = Inputs::new(self.objective, self.dataset);
        for position in positions {
            inputs.add(self.chosen[*position], varied, &mut stream.child(position).rng())?;
        }
        inputs.finish()
    }

    /// How many answers are asked of all of them.
    pub(crate) fn answers(&self) -> usize {
        self.len() * self.objective.answers(self.dataset.shape())
    }
}

#[cfg(test)]
mod tests {
    use assay_core::data::{Augmentation, InMemory, Normalisation};
    use assay_core::graph::Shape;

    use super::*;

    fn dataset() -> InMemory {
        let pixels = (0..40 * 64).map(|index| (index % 200 + 50) as u8).collect();
        let normalisation = Normalisation { mean: vec![0.0], deviation: vec![1.0] };
        InMemory::new("ramps", Shape::new(1, 8, 8), 4, normalisation, pixels, (0..40).map(|index| index % 4).collect()).unwrap()
    }

    #[test]
    fn an_epoch_has_every_image_once_and_another_epoch_another_order() {
        let dataset = dataset();
        let images = Images::new(&dataset, LearningObjective::Classification, None, &Stream::new(0, "subset"));
        let order = |epoch: usize| images.order(&Stream::new(0, "order").child(epoch));
        let mut sorted = order(0);
        assert_ne!(sorted, order(1));
        sorted.sort_unstable();
        assert_eq!(sorted, (0..40).collect::<Vec<_>>());
        assert_eq!(Images::new(&dataset, LearningObjective::Classification, Some(7), &Stream::new(0, "subset")).len(), 7);
    }

    #[test]
    fn an_image_is_cut_out_mirrored_and_shifted_by_its_own_stream_only() {
        let dataset = dataset();
        let images = Images::new(&dataset, LearningObjective::Classification, None, &Stream::new(0, "subset"));
        let stream = Stream::new(1, "variation");
        let variation = Varied { augmentation: Augmentation::FlipAndCrop, cutout: 4 };
        let together = images.batch(&[3, 9], variation, &stream).unwrap();
        assert_eq!(together.part(1, 1), images.batch(&[9], variation, &stream).unwrap());
        assert_ne!(together.part(0, 1), images.batch(&[3], Varied::NOT, &stream).unwrap());
        let cut = Varied { augmentation: Augmentation::None, cutout: 4 };
        let zeros = |position: usize| images.batch(&[position], cut, &stream).unwrap().pixels().iter().filter(|p| **p == 0.0).count();
        let counts: Vec<usize> = (0..40).map(zeros).collect();
        // A square around any pixel, as far as it lies within: from a quarter of it in a corner to all of it.
        assert!(counts.iter().all(|count| (4..=16).contains(count)), "{counts:?}");
        assert!(counts.contains(&16) && counts.iter().any(|count| *count < 16), "{counts:?}");
    }
}
