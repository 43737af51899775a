//! What a network sees of images, and what it is to tell of them.

use rand::{Rng, RngExt};

use super::LearningObjective;
use crate::data::pretext::{Coloured, Jigsaw, PretextError, Puzzle, Rotated, Shifted, colorize};
use crate::data::{Augmentation, DataError, Dataset, Minibatch, Variation};
use crate::graph::Shape;

/// How images are varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Varied {
    /// Mirrored and shifted, where it says so. Pretext tasks vary images in their own way where anything is said.
    pub augmentation: Augmentation,
    /// Side of the square cut out of images whose labels are learned; 0 for none.
    pub cutout: usize,
}

impl Varied {
    /// As they are.
    pub const NOT: Self = Self { augmentation: Augmentation::None, cutout: 0 };
}

/// Makes a minibatch, image by image.
pub struct Inputs<'a> {
    objective: LearningObjective,
    dataset: &'a dyn Dataset,
    raw: Vec<u8>,
    pixels: Vec<f32>,
    labels: Vec<u32>,
}

impl<'a> Inputs<'a> {
    /// Of images of a dataset.
    #[must_use]
    pub fn new(objective: LearningObjective, dataset: &'a dyn Dataset) -> Self {
        let raw = vec![0; dataset.shape().elements()];
        Self { objective, dataset, raw, pixels: Vec::new(), labels: Vec::new() }
    }

    /// Adds an image, varied by draws. Those of a puzzle are made of any image.
    ///
    /// # Errors
    /// If the image cannot be read, or asked for what is learned.
    pub fn add(&mut self, image: usize, by: Varied, rng: &mut impl Rng) -> Result<(), DataError> {
        let label = self.dataset.read(image, &mut self.raw)?;
        self.add_raw(label, by, rng).map_err(|error| DataError::new(error.to_string()))
    }

    fn add_raw(&mut self, label: u32, Varied { augmentation, cutout }: Varied, rng: &mut impl Rng) -> Result<(), PretextError> {
        let (shape, normalisation, raw) = (self.dataset.shape(), self.dataset.normalisation(), &self.raw);
        let is_varied = augmentation != Augmentation::None;
        match self.objective {
            LearningObjective::Classification => {
                let variation = Variation::draw(shape, augmentation, rng).with_cutout(cutout, rng);
                variation.apply(raw, normalisation, &mut self.pixels);
                self.labels.push(label);
            }
            LearningObjective::Rotation => {
                let drawn = is_varied.then(|| Shifted::draw(shape, rng));
                let Rotated { inputs } = Rotated::new(raw, shape, normalisation, drawn)?;
                self.pixels.extend(inputs);
                self.labels.extend(0..self.objective.inputs() as u32);
            }
            LearningObjective::Colorization => {
                // The published code mirrors, and does not crop.
                let mirrored = is_varied && rng.random::<f64>() < 0.5;
                let Coloured { input, targets } = colorize(raw, shape, normalisation, mirrored)?;
                self.pixels.extend(input);
                self.labels.extend(targets);
            }
            LearningObjective::Jigsaw => {
                Jigsaw::tile(shape)?;
                let mut puzzle = Puzzle::draw(shape, is_varied, rng);
                // Images of one channel are grey as they are.
                puzzle.grey &= shape.channels == 3;
                let Jigsaw { inputs, .. } = Jigsaw::new(raw, shape, normalisation, &puzzle)?;
                self.pixels.extend(inputs);
                self.labels.extend([puzzle.permutation as u32].repeat(self.objective.inputs()));
            }
        }
        Ok(())
    }

    /// All of it.
    ///
    /// # Errors
    /// If such images cannot be asked for what is learned.
    pub fn finish(self) -> Result<Minibatch, DataError> {
        let shape: Shape = self.objective.input(self.dataset.shape()).map_err(|error| DataError::new(error.to_string()))?;
        Ok(match self.objective {
            LearningObjective::Colorization => Minibatch::of_pixels(shape, self.pixels, self.labels),
            LearningObjective::Classification | LearningObjective::Rotation | LearningObjective::Jigsaw => {
                Minibatch::new(shape, self.pixels, self.labels)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{InMemory, Normalisation};
    use crate::plugin::Words;
    use crate::stream::Stream;

    fn dataset(channels: usize, side: usize) -> InMemory {
        let shape = Shape::new(channels, side, side);
        let normalisation = Normalisation { mean: vec![0.5; channels], deviation: vec![0.25; channels] };
        let pixels = (0..4 * shape.elements()).map(|index| (index * 37 % 251) as u8).collect();
        InMemory::new("ramps", shape, 3, normalisation, pixels, vec![0, 1, 2, 1]).unwrap()
    }

    fn batch(objective: LearningObjective, dataset: &dyn Dataset, images: &[usize], augmentation: Augmentation) -> Minibatch {
        let mut inputs = Inputs::new(objective, dataset);
        for image in images {
            let mut rng = Stream::new(5, "image").child(*image).rng();
            inputs.add(*image, Varied { augmentation, cutout: 0 }, &mut rng).unwrap();
        }
        inputs.finish().unwrap()
    }

    #[test]
    fn every_task_has_its_inputs_and_as_many_answers_as_it_says() {
        let dataset = dataset(3, 16);
        for objective in LearningObjective::WORDS.iter().map(|word| LearningObjective::of(word).unwrap()) {
            let shape = dataset.shape();
            for augmentation in [Augmentation::None, Augmentation::FlipAndCrop] {
                let whole = batch(objective, &dataset, &[2, 0, 3], augmentation);
                assert_eq!((whole.len(), whole.shape()), (3 * objective.inputs(), objective.input(shape).unwrap()), "{objective}");
                let rows = objective.logits().rows(whole.len(), whole.shape());
                assert_eq!(rows, 3 * objective.answers(shape), "{objective}");
                let labels = objective.logits().labels(&whole);
                assert_eq!(labels.len(), rows);
                assert!(labels.iter().all(|label| (*label as usize) < objective.choices().unwrap_or(3)), "{objective}");
                // Each image by its own draws.
                let one = batch(objective, &dataset, &[3], augmentation);
                assert_eq!(one, whole.part(2 * objective.inputs(), objective.inputs()), "{objective}");
            }
        }
        let varied = |objective| batch(objective, &dataset, &[0, 1, 2, 3], Augmentation::FlipAndCrop);
        assert_ne!(varied(LearningObjective::Rotation), batch(LearningObjective::Rotation, &dataset, &[0, 1, 2, 3], Augmentation::None));
    }

    #[test]
    fn images_that_a_task_cannot_be_made_of_are_refused() {
        let refused = |objective: LearningObjective, channels: usize, side: usize| {
            objective.check(Shape::new(channels, side, side)).unwrap_err().to_string()
        };
        assert_eq!(refused(LearningObjective::Colorization, 1, 16), "colorization needs red, green and blue, and the images are 1×16×16");
        assert!(refused(LearningObjective::Jigsaw, 3, 6).starts_with("jigsaw needs squares of an even number of pixels a side, 8 or more"));
        assert!(refused(LearningObjective::Rotation, 3, 1).starts_with("rotation needs squares"));
        assert_eq!(batch(LearningObjective::Jigsaw, &dataset(1, 16), &[0, 1], Augmentation::FlipAndCrop).len(), 8);
    }
}
