//! CNAS's controller of one kind of cell: an LSTM that chooses what each node reads by attention over the earlier nodes, and through
//! which operators by a head; and its gradients (Guo et al., ICML 2020, as the published code has it).
//!
//! Each choice follows one step of the LSTM on the embedding of the choice before; the first one on zeros.

use std::ops::Range;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::alphas::log_softmax;
use super::lstm::{self, Cell, Layer, State, dot};

/// The first values of all parameters are within ± this.
pub const REACH: f64 = 0.1;

/// What a controller's parameters are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellShape {
    /// Units of the LSTM, and of what it reads.
    pub units: usize,
    /// Nodes that can be read; 0 where edges have their sources.
    pub sources: usize,
    /// Operators that can be chosen.
    pub operators: usize,
    /// Operators that the head tells apart: others are chosen where all are equally likely, and never by the head.
    pub head: usize,
}

/// Which parameter: each is a range of a controller's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// What the LSTM reads of a choice, `[sources + operators, units]`.
    Embedding,
    /// The attention's matrix of the nodes that can be read, `[units, units]`.
    Queried,
    /// The attention's matrix of what the LSTM said.
    Asked,
    /// The attention's vector, `[units]`.
    Vector,
    /// The LSTM's matrix of what it reads, `[4·units, units]`, gates i, f, g, o.
    Input,
    /// The LSTM's matrix of what it said before.
    Hidden,
    /// The LSTM's bias of what it reads.
    InputBias,
    /// The LSTM's bias of what it said before.
    HiddenBias,
    /// The head of operators, `[head, units]`.
    Weight,
    /// Its bias, `[head]`.
    Bias,
}

/// One of the choices that make a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A node to read, among so many.
    Source(usize),
    /// An operator, among so many.
    Operator(usize),
}

/// What a controller says of one cell.
#[derive(Clone, Debug)]
pub struct CellSaid {
    /// What was chosen, decision by decision.
    pub chosen: Vec<usize>,
    /// The probabilities of what could be chosen.
    pub probabilities: Vec<Vec<f64>>,
    /// The logarithm of the probability of all choices together.
    pub log_probability: f64,
    /// Σ of the entropies of what was chosen from: of sources, and of operators.
    pub entropies: [f64; 2],
    seen: Vec<Seen>,
}

/// What the way back of a decision reads.
#[derive(Clone, Debug)]
struct Seen {
    cell: Cell,
    /// The row of the embedding that was read; none for the first decision.
    read: Option<usize>,
    /// tanh of the attention's sums, a source each.
    queries: Vec<Vec<f64>>,
}

/// A controller: its parameters are these values.
#[derive(Clone, Copy, Debug)]
pub struct CellController<'a> {
    shape: CellShape,
    values: &'a [f64],
}

impl Parameter {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Embedding,
        Self::Queried,
        Self::Asked,
        Self::Vector,
        Self::Input,
        Self::Hidden,
        Self::InputBias,
        Self::HiddenBias,
        Self::Weight,
        Self::Bias,
    ];

    fn length(self, shape: CellShape) -> usize {
        let CellShape { units, sources, operators, head } = shape;
        match self {
            Self::Embedding => (sources + operators) * units,
            // Without sources there is no attention.
            Self::Queried | Self::Asked | Self::Vector if sources == 0 => 0,
            Self::Queried | Self::Asked => units * units,
            Self::Vector => units,
            Self::Input | Self::Hidden => 4 * units * units,
            Self::InputBias | Self::HiddenBias => 4 * units,
            Self::Weight => head * units,
            Self::Bias => head,
        }
    }

    /// Where it is among the values.
    #[must_use]
    pub fn range(self, shape: CellShape) -> Range<usize> {
        let before = Self::ALL.iter().take_while(|other| **other != self).map(|other| other.length(shape)).sum();
        before..before + self.length(shape)
    }
}

impl CellShape {
    /// How many values a controller has.
    #[must_use]
    pub fn values(self) -> usize {
        Parameter::ALL.iter().map(|parameter| parameter.length(self)).sum()
    }
}

impl CellSaid {
    fn new() -> Self {
        Self { chosen: Vec::new(), probabilities: Vec::new(), log_probability: 0.0, entropies: [0.0; 2], seen: Vec::new() }
    }

    /// A cell of which everything is equally likely, whatever a controller learnt.
    #[must_use]
    pub fn uniform(decisions: &[Decision], choose: &mut dyn FnMut(&[f64]) -> usize) -> Self {
        let mut said = Self::new();
        for decision in decisions {
            let (Decision::Source(among) | Decision::Operator(among)) = *decision;
            said.note(*decision, &vec![-(among as f64).ln(); among], choose);
        }
        said
    }

    /// Chooses by the logarithms of probabilities.
    fn note(&mut self, decision: Decision, logarithms: &[f64], choose: &mut dyn FnMut(&[f64]) -> usize) -> usize {
        let probabilities: Vec<f64> = logarithms.iter().map(|value| value.exp()).collect();
        let chosen = choose(&probabilities);
        self.log_probability += logarithms[chosen];
        let entropy = &mut self.entropies[usize::from(matches!(decision, Decision::Operator(_)))];
        *entropy -= probabilities.iter().zip(logarithms).map(|(p, log)| p * log).sum::<f64>();
        self.chosen.push(chosen);
        self.probabilities.push(probabilities);
        chosen
    }
}

/// Draws by probabilities.
pub fn drawn(rng: &mut impl Rng) -> impl FnMut(&[f64]) -> usize {
    |probabilities| {
        let mut left: f64 = rng.random();
        let found = probabilities.iter().position(|probability| {
            left -= probability;
            left < 0.0
        });
        found.unwrap_or(probabilities.len() - 1)
    }
}

impl<'a> CellController<'a> {
    /// With these values, as many as the shape has.
    #[must_use]
    pub fn new(shape: CellShape, values: &'a [f64]) -> Self {
        Self { shape, values }
    }

    fn of(&self, parameter: Parameter) -> &'a [f64] {
        &self.values[parameter.range(self.shape)]
    }

    fn layer(&self) -> Layer<'a> {
        Layer {
            input: self.of(Parameter::Input),
            hidden: self.of(Parameter::Hidden),
            biases: [self.of(Parameter::InputBias), self.of(Parameter::HiddenBias)],
        }
    }

    /// Goes from decision to decision; `choose` is told the probabilities.
    #[must_use]
    pub fn say(&self, decisions: &[Decision], choose: &mut dyn FnMut(&[f64]) -> usize) -> CellSaid {
        let CellShape { units, sources, head, .. } = self.shape;
        let (embedding, layer) = (self.of(Parameter::Embedding), self.layer());
        let mut said = CellSaid::new();
        let (mut state, mut read) = (State::zeros(units), None);
        for decision in decisions {
            let input = read.map_or_else(|| vec![0.0; units], |row: usize| embedding[row * units..][..units].to_vec());
            let cell = layer.forward(&input, &state);
            state = cell.after.clone();
            let (logits, queries) = match decision {
                Decision::Source(among) => self.attention(*among, &state.hidden),
                Decision::Operator(among) => {
                    let rows = self.of(Parameter::Weight).chunks(units).zip(self.of(Parameter::Bias));
                    (rows.take((*among).min(head)).map(|(row, bias)| dot(row, &state.hidden) + bias).collect(), Vec::new())
                }
            };
            let chosen = said.note(*decision, &log_softmax(&logits), choose);
            said.seen.push(Seen { cell, read, queries });
            read = Some(if matches!(decision, Decision::Source(_)) { chosen } else { sources + chosen });
        }
        said
    }

    /// v · tanh(W e + U h) for the first nodes, and tanh(W e + U h).
    fn attention(&self, among: usize, hidden: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let units = self.shape.units;
        let asked: Vec<f64> = self.of(Parameter::Asked).chunks(units).map(|row| dot(row, hidden)).collect();
        let query = |node: &[f64]| -> Vec<f64> {
            self.of(Parameter::Queried).chunks(units).zip(&asked).map(|(row, asked)| (dot(row, node) + asked).tanh()).collect()
        };
        let queries: Vec<Vec<f64>> = self.of(Parameter::Embedding).chunks(units).take(among).map(query).collect();
        (queries.iter().map(|query| dot(self.of(Parameter::Vector), query)).collect(), queries)
    }

    /// Adds to `gradient` that of `by_log_probability` · log π + `by_entropy` · H, H being both entropies together.
    pub fn add_gradient(&self, said: &CellSaid, by_log_probability: f64, by_entropy: f64, gradient: &mut [f64]) {
        let (units, layer) = (self.shape.units, self.layer());
        let range = |parameter: Parameter| parameter.range(self.shape);
        let mut later = State::zeros(units);
        for (number, Seen { cell, read, queries }) in said.seen.iter().enumerate().rev() {
            let by_logits = by_logits(&said.probabilities[number], said.chosen[number], by_log_probability, by_entropy);
            let mut by_hidden = later.hidden.clone();
            if queries.is_empty() {
                add_outer(&mut gradient[range(Parameter::Weight)], &by_logits, &cell.after.hidden);
                gradient[range(Parameter::Bias)].iter_mut().zip(&by_logits).for_each(|(sum, by)| *sum += by);
                add_back(&mut by_hidden, self.of(Parameter::Weight), &by_logits);
            } else {
                for (node, (query, by)) in queries.iter().zip(&by_logits).enumerate() {
                    gradient[range(Parameter::Vector)].iter_mut().zip(query).for_each(|(sum, own)| *sum += by * own);
                    let by_sums: Vec<f64> =
                        self.of(Parameter::Vector).iter().zip(query).map(|(v, own)| by * v * (1.0 - own * own)).collect();
                    let embedded = &self.of(Parameter::Embedding)[node * units..][..units];
                    add_outer(&mut gradient[range(Parameter::Queried)], &by_sums, embedded);
                    add_outer(&mut gradient[range(Parameter::Asked)], &by_sums, &cell.after.hidden);
                    add_back(&mut gradient[range(Parameter::Embedding)][node * units..][..units], self.of(Parameter::Queried), &by_sums);
                    add_back(&mut by_hidden, self.of(Parameter::Asked), &by_sums);
                }
            }
            let found = layer.backward(cell, &by_hidden, &later.cell);
            let lstm::Backward { input, hidden, bias, read: by_read, before } = found;
            for (parameter, own) in
                [(Parameter::Input, &input), (Parameter::Hidden, &hidden), (Parameter::InputBias, &bias), (Parameter::HiddenBias, &bias)]
            {
                gradient[range(parameter)].iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            if let Some(row) = read {
                let rows = &mut gradient[range(Parameter::Embedding)][row * units..][..units];
                rows.iter_mut().zip(&by_read).for_each(|(sum, own)| *sum += own);
            }
            later = before;
        }
    }
}

/// The gradient by the logits of one decision: a (1{chosen} − p) − b p (ln p + H).
fn by_logits(probabilities: &[f64], chosen: usize, by_log_probability: f64, by_entropy: f64) -> Vec<f64> {
    let entropy: f64 = -probabilities.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let own = |(position, p): (usize, &f64)| {
        let likelihood = by_log_probability * (f64::from(u8::from(position == chosen)) - p);
        if *p > 0.0 { likelihood - by_entropy * p * (p.ln() + entropy) } else { likelihood }
    };
    probabilities.iter().enumerate().map(own).collect()
}

/// Adds rows · columns to a matrix.
fn add_outer(matrix: &mut [f64], rows: &[f64], columns: &[f64]) {
    for (row, by) in matrix.chunks_mut(columns.len()).zip(rows) {
        row.iter_mut().zip(columns).for_each(|(sum, value)| *sum += by * value);
    }
}

/// Adds the transpose of a matrix times a vector.
fn add_back(sum: &mut [f64], matrix: &[f64], by: &[f64]) {
    for (row, by) in matrix.chunks(sum.len()).zip(by) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += by * value);
    }
}

#[cfg(test)]
mod tests {
    use assay_core::stream::Stream;

    use super::*;

    #[test]
    fn the_gradient_is_that_of_finite_differences_where_edges_have_their_sources() {
        let shape = CellShape { units: 3, sources: 0, operators: 4, head: 4 };
        let mut rng = Stream::new(1, "values").rng();
        let values: Vec<f64> = (0..shape.values()).map(|_| rng.random_range(-1.0..1.0)).collect();
        let decisions = [Decision::Operator(3); 3];
        let objective = |values: &[f64]| {
            let mut chosen = [2, 0, 1].into_iter();
            let said = CellController::new(shape, values).say(&decisions, &mut |_| chosen.next().unwrap());
            0.7 * said.log_probability - 0.3 * said.entropies.iter().sum::<f64>()
        };
        let mut chosen = [2, 0, 1].into_iter();
        let controller = CellController::new(shape, &values);
        let said = controller.say(&decisions, &mut |_| chosen.next().unwrap());
        let mut gradient = vec![0.0; values.len()];
        controller.add_gradient(&said, 0.7, -0.3, &mut gradient);
        for position in 0..values.len() {
            let moved = |by: f64| {
                let mut values = values.clone();
                values[position] += by;
                objective(&values)
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((slope - gradient[position]).abs() < 1e-8, "{position}: {} is not {slope}", gradient[position]);
        }
    }

    #[test]
    fn uniform_cells_are_as_likely_as_there_are_cells() {
        let decisions = [Decision::Source(2), Decision::Source(2), Decision::Operator(5), Decision::Operator(5)];
        let said = CellSaid::uniform(&decisions, &mut drawn(&mut Stream::new(0, "draws").rng()));
        assert!((said.log_probability + 100_f64.ln()).abs() < 1e-12);
        assert!((said.entropies[0] - 4_f64.ln()).abs() < 1e-12 && (said.entropies[1] - 25_f64.ln()).abs() < 1e-12);
    }
}
