//! What predicts how good a cell is from its blocks: an LSTM that reads them one after the other (Liu et al., "Progressive Neural
//! Architecture Search", ECCV 2018).
//!
//! Each block is four words: the two nodes that it reads, and through which operators. Nodes have an embedding in common, and so have
//! operators. What the LSTM has said after the last word is joined to one number between 0 and 1.

use std::ops::Range;

use assay_core::stream::Stream;
use rand::RngExt;

use super::oneshot::learnt::{Learnt, LearntRules};
use super::oneshot::lstm::{Cell, Layer, State, dot_in_lanes, sigmoid};

/// Embeddings begin between this and its negative.
const EMBEDDED: f64 = 0.1;

/// A node that reads two earlier nodes, each through an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Block {
    /// The nodes that it reads.
    pub(crate) sources: [usize; 2],
    /// Through which operators.
    pub(crate) operators: [usize; 2],
}

/// What a predictor's parameters are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PredictorShape {
    /// Units of the LSTM, and of what it reads.
    pub(crate) units: usize,
    /// Nodes that can be read.
    pub(crate) sources: usize,
    /// Operators.
    pub(crate) operators: usize,
}

/// The parameters, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameter {
    /// What the LSTM reads of a word, `[sources + operators, units]`.
    Embedding,
    /// The LSTM's matrix of what it reads, `[4·units, units]`.
    Input,
    /// Its matrix of what it said before.
    Hidden,
    /// Its biases.
    InputBias,
    HiddenBias,
    /// What joins its last words to a number, `[units]`.
    Weight,
    /// What is added to it.
    Bias,
}

impl Parameter {
    const ALL: [Self; 7] = [Self::Embedding, Self::Input, Self::Hidden, Self::InputBias, Self::HiddenBias, Self::Weight, Self::Bias];

    fn length(self, shape: PredictorShape) -> usize {
        let PredictorShape { units, sources, operators } = shape;
        match self {
            Self::Embedding => (sources + operators) * units,
            Self::Input | Self::Hidden => 4 * units * units,
            Self::InputBias | Self::HiddenBias => 4 * units,
            Self::Weight => units,
            Self::Bias => 1,
        }
    }

    fn range(self, shape: PredictorShape) -> Range<usize> {
        let before = Self::ALL.iter().take_while(|other| **other != self).map(|other| other.length(shape)).sum();
        before..before + self.length(shape)
    }
}

/// A predictor.
#[derive(Clone, Debug)]
pub(crate) struct Predictor {
    shape: PredictorShape,
    learnt: Learnt,
}

/// What a cell is known to be worth, from 0 to 1.
pub(crate) type Known = (Vec<Block>, f64);

impl Predictor {
    /// One that knows nothing; `bias` is what its number begins with, before it is brought between 0 and 1.
    pub(crate) fn draw(shape: PredictorShape, bias: f64, stream: &Stream) -> Self {
        let mut rng = stream.rng();
        let spread = 1.0 / (shape.units as f64).sqrt();
        let mut values = Vec::new();
        for parameter in Parameter::ALL {
            let bound = if parameter == Parameter::Embedding { EMBEDDED } else { spread };
            values.extend((0..parameter.length(shape)).map(|_| rng.random_range(-bound..bound)));
        }
        values[Parameter::Bias.range(shape)].fill(bias);
        Self { shape, learnt: Learnt::new(values) }
    }

    fn of(&self, parameter: Parameter) -> &[f64] {
        &self.learnt.values[parameter.range(self.shape)]
    }

    fn layer(&self) -> Layer<'_> {
        Layer {
            input: self.of(Parameter::Input),
            hidden: self.of(Parameter::Hidden),
            biases: [self.of(Parameter::InputBias), self.of(Parameter::HiddenBias)],
        }
    }

    fn embedded(&self, word: usize) -> &[f64] {
        &self.of(Parameter::Embedding)[word * self.shape.units..][..self.shape.units]
    }

    /// The rows of the embedding that a block is.
    fn words(&self, block: &Block) -> [usize; 4] {
        let [one, other] = block.operators;
        [block.sources[0], block.sources[1], self.shape.sources + one, self.shape.sources + other]
    }

    fn joined(&self, state: &State) -> f64 {
        sigmoid(dot_in_lanes(self.of(Parameter::Weight), &state.hidden) + self.of(Parameter::Bias)[0])
    }

    /// What the LSTM carries after these words.
    fn after(&self, before: &State, words: &[usize]) -> State {
        let layer = self.layer();
        words.iter().fold(before.clone(), |state, word| layer.forward_by(dot_in_lanes, self.embedded(*word), &state).after)
    }

    /// What it predicts of a cell.
    #[cfg(test)]
    fn predict(&self, cell: &[Block]) -> f64 {
        let words: Vec<usize> = cell.iter().flat_map(|block| self.words(block)).collect();
        self.joined(&self.after(&State::zeros(self.shape.units), &words))
    }

    /// What it predicts of a cell with one more block, for each of these blocks. Blocks that begin with the same words are read
    /// together as far as they do, if they stand one after the other.
    pub(crate) fn predict_all(&self, cell: &[Block], more: &[Block]) -> Vec<f64> {
        let words: Vec<usize> = cell.iter().flat_map(|block| self.words(block)).collect();
        let start = self.after(&State::zeros(self.shape.units), &words);
        // The words of the block before, each with the state behind it.
        let mut read: Vec<(usize, State)> = Vec::new();
        let one = |block: &Block| {
            let words = self.words(block);
            let same = read.iter().zip(words).take_while(|((own, _), word)| own == word).count();
            read.truncate(same);
            for word in &words[same..] {
                let before = read.last().map_or(&start, |(_, state)| state);
                let after = self.after(before, &[*word]);
                read.push((*word, after));
            }
            read.last().map_or_else(|| self.joined(&start), |(_, state)| self.joined(state))
        };
        more.iter().map(one).collect()
    }

    /// Adds the gradient of |prediction − value| · `factor` to `gradient`.
    fn add_gradient(&self, (cell, value): &Known, factor: f64, gradient: &mut [f64]) {
        let (layer, shape) = (self.layer(), self.shape);
        let words: Vec<usize> = cell.iter().flat_map(|block| self.words(block)).collect();
        let mut steps: Vec<Cell> = Vec::new();
        let start = State::zeros(shape.units);
        for word in &words {
            let step = layer.forward_by(dot_in_lanes, self.embedded(*word), steps.last().map_or(&start, |step| &step.after));
            steps.push(step);
        }
        let last = steps.last().map_or(&start, |step| &step.after);
        let predicted = self.joined(last);
        let by_sum = factor * (predicted - value).signum() * predicted * (1.0 - predicted);
        add(&mut gradient[Parameter::Weight.range(shape)], &last.hidden, by_sum);
        gradient[Parameter::Bias.range(shape)][0] += by_sum;
        let mut later = State { hidden: self.of(Parameter::Weight).iter().map(|weight| by_sum * weight).collect(), ..start.clone() };
        for (step, word) in steps.iter().zip(&words).rev() {
            let found = layer.back(step, &later.hidden, &later.cell);
            for (parameter, read) in [(Parameter::Input, &step.read), (Parameter::Hidden, &step.before.hidden)] {
                let rows = gradient[parameter.range(shape)].chunks_mut(shape.units);
                rows.zip(&found.sums).for_each(|(row, by)| add(row, read, *by));
            }
            for parameter in [Parameter::InputBias, Parameter::HiddenBias] {
                add(&mut gradient[parameter.range(shape)], &found.sums, 1.0);
            }
            add(&mut gradient[Parameter::Embedding.range(shape)][word * shape.units..][..shape.units], &found.read, 1.0);
            later = found.before;
        }
    }

    /// Learns from what is known, `passes` times in another order each, a step every `batch` cells: the mean absolute error goes down.
    pub(crate) fn learn(&mut self, known: &[&Known], rules: &LearntRules, passes: usize, batch: usize, stream: &Stream) {
        use rand::seq::SliceRandom;
        let mut order: Vec<usize> = (0..known.len()).collect();
        for pass in 0..passes {
            order.shuffle(&mut stream.child(pass).rng());
            for part in order.chunks(batch) {
                let mut gradient = vec![0.0; self.learnt.values.len()];
                part.iter().for_each(|one| self.add_gradient(known[*one], 1.0 / part.len() as f64, &mut gradient));
                self.learnt.step(&gradient, rules);
            }
        }
    }
}

fn add(sums: &mut [f64], values: &[f64], factor: f64) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: PredictorShape = PredictorShape { units: 3, sources: 4, operators: 3 };

    fn block(sources: [usize; 2], operators: [usize; 2]) -> Block {
        Block { sources, operators }
    }

    #[test]
    fn the_gradient_of_the_absolute_error_is_that_of_finite_differences() {
        let predictor = Predictor::draw(SHAPE, 0.3, &Stream::new(2, "predictor"));
        for value in [0.0, 1.0] {
            let known = (vec![block([0, 1], [2, 0]), block([1, 2], [1, 1]), block([0, 3], [0, 2])], value);
            let mut gradient = vec![0.0; predictor.learnt.values.len()];
            predictor.add_gradient(&known, 0.7, &mut gradient);
            for (position, found) in gradient.iter().enumerate() {
                let moved = |by: f64| {
                    let mut moved = predictor.clone();
                    moved.learnt.values[position] += by;
                    0.7 * (moved.predict(&known.0) - value).abs()
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slope - found).abs() < 1e-9, "{position}: {found} is not {slope}");
            }
        }
    }

    #[test]
    fn cells_with_one_more_block_are_predicted_as_each_of_them_by_itself() {
        let predictor = Predictor::draw(SHAPE, 1.8, &Stream::new(4, "predictor"));
        let cell = [block([0, 1], [2, 1])];
        let more: Vec<Block> = (0..3).flat_map(|source| (0..3).map(move |operator| block([0, source], [operator, 1]))).collect();
        let found = predictor.predict_all(&cell, &more);
        for (more, found) in more.iter().zip(&found) {
            assert_eq!(predictor.predict(&[cell[0], *more]), *found);
        }
        assert!(found.iter().all(|value| (0.7..0.95).contains(value)), "{found:?} begin near {}", sigmoid(1.8));
    }

    #[test]
    fn it_learns_what_operators_are_worth() {
        let cells: Vec<Known> = (0..81)
            .map(|number| {
                let operators = [number % 3, number / 3 % 3, number / 9 % 3, number / 27];
                let value = 0.2 + operators.iter().sum::<usize>() as f64 / 12.0;
                (vec![block([0, 1], [operators[0], operators[1]]), block([1, 2], [operators[2], operators[3]])], value)
            })
            .collect();
        let part = |is_seen: bool| -> Vec<&Known> {
            cells.iter().enumerate().filter(|(at, _)| (at % 4 > 0) == is_seen).map(|(_, one)| one).collect()
        };
        let (seen, unseen) = (part(true), part(false));
        let shape = PredictorShape { units: 12, ..SHAPE };
        let mut predictor = Predictor::draw(shape, 0.0, &Stream::new(1, "predictor"));
        let error = |predictor: &Predictor| {
            unseen.iter().map(|(cell, value)| (predictor.predict(cell) - value).abs()).sum::<f64>() / unseen.len() as f64
        };
        let before = error(&predictor);
        let rules = LearntRules { rate: 0.01, betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.0, clip: f64::INFINITY };
        predictor.learn(&seen, &rules, 60, 8, &Stream::new(1, "order"));
        assert!(error(&predictor) < 0.03 && before > 0.1, "{before} went to {}", error(&predictor));
    }
}
