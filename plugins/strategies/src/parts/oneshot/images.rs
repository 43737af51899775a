//! The images of a search: two parts, one for weights and one for what chooses operators; in most searches two halves.

use assay_core::data::{Augmentation, DataError, Dataset, Minibatch};
use assay_core::objective::{Inputs, LearningObjective, Varied};
use assay_core::plugin::Divided;
use assay_core::stream::Stream;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};

/// Two parts of a dataset.
pub struct Halves<'a> {
    dataset: &'a dyn Dataset,
    objective: LearningObjective,
    /// Images of the first part, which weights learn from.
    pub base: Vec<usize>,
    /// Images of the other, which choices learn from and are judged by.
    pub arch: Vec<usize>,
}

impl<'a> Halves<'a> {
    /// Two parts, drawn or the first and the last images, or as many images of each: so many per cent are the first part. Their labels are
    /// learned.
    #[must_use]
    pub fn new(dataset: &'a dyn Dataset, percent: usize, wanted: Option<usize>, in_order: bool, stream: &Stream) -> Self {
        let mut all: Vec<usize> = (0..dataset.len()).collect();
        if !in_order {
            all.shuffle(&mut stream.rng());
        }
        let part_of = |from: usize, percent: usize| {
            let most = Self::most(all.len(), percent);
            let mut part = all[from..from + wanted.unwrap_or(most).min(most)].to_vec();
            part.sort_unstable();
            part
        };
        let (first, second) = (part_of(0, percent), part_of(Self::most(all.len(), percent), 100 - percent));
        Self { dataset, objective: LearningObjective::Classification, base: first, arch: second }
    }

    /// The same, of which something else is learned.
    #[must_use]
    pub fn to_learn(self, objective: LearningObjective) -> Self {
        Self { objective, ..self }
    }

    /// How many images are in a part of so many per cent of all.
    #[must_use]
    pub fn most(images: usize, percent: usize) -> usize {
        (images as u128 * percent as u128 / 100) as usize
    }

    /// Those of a split: weights learn from the images that are in. As many of each are drawn, where not all are wanted.
    #[must_use]
    pub fn of(dataset: &'a dyn Dataset, split: &Divided, wanted: Option<usize>, stream: &Stream) -> Self {
        let side = |is_in: bool| {
            let mut side = split.positions(is_in);
            if let Some(wanted) = wanted {
                side.shuffle(&mut stream.child(if is_in { "in" } else { "out" }).rng());
                side.truncate(wanted);
                side.sort_unstable();
            }
            side
        };
        Self { dataset, objective: LearningObjective::Classification, base: side(true), arch: side(false) }
    }

    /// The first half in the order of an epoch.
    #[must_use]
    pub fn order(&self, stream: &Stream) -> Vec<usize> {
        let mut order = self.base.clone();
        order.shuffle(&mut stream.rng());
        order
    }

    /// As many images of the other half: each drawn from all of it, or different ones.
    #[must_use]
    pub fn drawn(&self, count: usize, different: bool, stream: &Stream) -> Vec<usize> {
        let mut rng = stream.rng();
        if different {
            return self.arch.sample(&mut rng, count).copied().collect();
        }
        (0..count).map(|_| self.arch[rng.random_range(0..self.arch.len())]).collect()
    }

    /// The images of the other half in the order in which candidates are judged: shuffled again whenever all have been used. The last
    /// batch of a round may lack images.
    #[must_use]
    pub fn judging(&self, number: usize, batch: usize, stream: &Stream) -> Vec<usize> {
        let rounds = self.arch.len().div_ceil(batch).max(1);
        let mut order = self.arch.clone();
        order.shuffle(&mut stream.child(number / rounds).rng());
        let first = number % rounds * batch;
        order[first..order.len().min(first + batch)].to_vec()
    }

    /// What the network sees of these images, varied by draws of this stream where it is said how, and what it is to tell of them.
    ///
    /// # Errors
    /// If an image cannot be read.
    pub fn batch(&self, images: &[usize], augmentation: Augmentation, stream: &Stream) -> Result<Minibatch, DataError> {
        let mut inputs = Inputs::new(self.objective, self.dataset);
        for (position, image) in images.iter().enumerate() {
            inputs.add(*image, Varied { augmentation, cutout: 0 }, &mut stream.child(position).rng())?;
        }
        inputs.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assay_core::data::{InMemory, Normalisation};
    use assay_core::graph::Shape;

    use super::*;

    #[test]
    fn halves_have_nothing_in_common_and_every_image_is_judged_by_once_a_round() {
        let normalisation = Normalisation { mean: vec![0.0], deviation: vec![1.0] };
        let dataset = InMemory::new("dots", Shape::new(1, 1, 1), 2, normalisation, vec![7; 21], (0..21).map(|i| i % 2).collect()).unwrap();
        let halves = Halves::new(&dataset, 50, None, false, &Stream::new(0, "halves"));
        assert_eq!((halves.base.len(), halves.arch.len()), (10, 10));
        let all: BTreeSet<usize> = halves.base.iter().chain(&halves.arch).copied().collect();
        assert_eq!(all.len(), 20);
        let few = Halves::new(&dataset, 50, Some(3), false, &Stream::new(0, "halves"));
        assert!(few.base.iter().all(|image| halves.base.contains(image)) && few.base.len() == 3);
        let judging = |number: usize| halves.judging(number, 4, &Stream::new(0, "judging"));
        let round: Vec<usize> = (0..3).flat_map(judging).collect();
        assert_eq!((round.len(), round.iter().collect::<BTreeSet<_>>().len()), (10, 10));
        assert_ne!([judging(0), judging(1)], [judging(3), judging(4)]);
        let split = Divided { is_in: (0..21).map(|image| image % 3 == 0).collect(), words: String::new() };
        let of = |wanted: Option<usize>| Halves::of(&dataset, &split, wanted, &Stream::new(0, "halves"));
        let (given, some) = (of(None), of(Some(5)));
        assert_eq!((given.base.len(), given.arch.len()), (7, 14));
        assert!(given.base.iter().all(|image| image % 3 == 0) && given.arch.iter().all(|image| image % 3 != 0));
        assert_eq!((some.base.len(), some.arch.len()), (5, 5));
        assert!(some.base.iter().all(|image| given.base.contains(image)) && some.arch.iter().all(|image| given.arch.contains(image)));
        let in_order = Halves::new(&dataset, 50, None, true, &Stream::new(0, "halves"));
        assert!(in_order.base.iter().copied().eq(0..10) && in_order.arch.iter().copied().eq(10..20));
        let unequal = Halves::new(&dataset, 40, None, true, &Stream::new(0, "halves"));
        assert!(unequal.base.iter().copied().eq(0..8) && unequal.arch.iter().copied().eq(8..20));
        assert_eq!(halves.drawn(10, true, &Stream::new(0, "drawn")).into_iter().collect::<BTreeSet<_>>().len(), 10);
        let drawn = halves.drawn(500, false, &Stream::new(0, "drawn"));
        assert!(drawn.iter().all(|image| halves.arch.contains(image)) && drawn.iter().collect::<BTreeSet<_>>().len() == 10);
    }
}
