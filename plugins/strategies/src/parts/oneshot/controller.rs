//! ENAS's controller: an LSTM of two layers that chooses edge by edge, and its gradients (Pham et al., ICML 2018, as the codes of
//! NATS-Bench and NAS-Bench-201 have it).

use std::ops::Range;

use assay_core::stream::Stream;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::learnt::Learnt;
use super::lstm::{self, Cell};

/// Units of each layer, and of what it reads.
pub const UNITS: usize = 32;
/// Layers.
const LAYERS: usize = 2;
/// Predictions are divided by this, and then squeezed between ± [`REACH`].
const TEMPERATURE: f64 = 5.0;
const REACH: f64 = 2.5;
/// The reach of the first values of the start, the embedding, the predictor and the first layer's matrices; of all others it is
/// 1/√[`UNITS`].
const NARROW: f64 = 0.1;

/// A controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Controller {
    edges: usize,
    operators: usize,
    /// Its parameters.
    #[serde(flatten)]
    pub learnt: Learnt,
}

/// Which parameter: each is a range of [`Learnt::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// What the first edge is chosen on, `[UNITS]`.
    Start,
    /// A layer's matrix of what it reads, `[4·UNITS, UNITS]`, gates i, f, g, o.
    Input(usize),
    /// A layer's matrix of what it said before.
    Hidden(usize),
    /// A layer's bias of what it reads.
    InputBias(usize),
    /// A layer's bias of what it said before.
    HiddenBias(usize),
    /// What the next edge is chosen on, `[operators, UNITS]`.
    Embedding,
    /// The predictor, `[operators, UNITS]`.
    Weight,
    /// Its bias, `[operators]`.
    Bias,
}

impl Parameter {
    /// All of them, in their order.
    pub const ALL: [Self; 12] = [
        Self::Start,
        Self::Input(0),
        Self::Hidden(0),
        Self::InputBias(0),
        Self::HiddenBias(0),
        Self::Input(1),
        Self::Hidden(1),
        Self::InputBias(1),
        Self::HiddenBias(1),
        Self::Embedding,
        Self::Weight,
        Self::Bias,
    ];

    fn length(self, operators: usize) -> usize {
        match self {
            Self::Start => UNITS,
            Self::Input(_) | Self::Hidden(_) => 4 * UNITS * UNITS,
            Self::InputBias(_) | Self::HiddenBias(_) => 4 * UNITS,
            Self::Embedding | Self::Weight => operators * UNITS,
            Self::Bias => operators,
        }
    }

    /// Where it is in the controller's values.
    #[must_use]
    pub fn range(self, operators: usize) -> Range<usize> {
        let before = Self::ALL.iter().take_while(|other| **other != self).map(|other| other.length(operators)).sum();
        before..before + self.length(operators)
    }

    /// How far its first values reach.
    fn reach(self) -> f64 {
        match self {
            Self::Start | Self::Input(0) | Self::Hidden(0) | Self::Embedding | Self::Weight => NARROW,
            _ => 1.0 / (UNITS as f64).sqrt(),
        }
    }
}

/// What a controller says of one architecture.
#[derive(Clone, Debug)]
pub struct Said {
    /// The operator of each edge.
    pub chosen: Vec<usize>,
    /// The logarithm of its probability.
    pub log_probability: f64,
    /// Σ over edges of the entropy of what it chose from.
    pub entropy: f64,
    /// What the predictor said of each edge, before it is squeezed.
    pub predictions: Vec<Vec<f64>>,
    cells: Vec<[Cell; LAYERS]>,
}

impl Said {
    /// The probabilities that it chose from, edge by edge.
    #[must_use]
    pub fn probabilities(&self) -> Vec<Vec<f64>> {
        self.predictions.iter().map(|prediction| log_probabilities(prediction).iter().map(|value| value.exp()).collect()).collect()
    }
}

/// What a prediction is, squeezed.
fn log_probabilities(prediction: &[f64]) -> Vec<f64> {
    let logits: Vec<f64> = prediction.iter().map(|value| REACH * (value / TEMPERATURE).tanh()).collect();
    super::alphas::log_softmax(&logits)
}

impl Controller {
    /// Drawn, for so many edges and operators.
    #[must_use]
    pub fn draw(edges: usize, operators: usize, stream: &Stream) -> Self {
        let mut rng = stream.rng();
        let mut values = Vec::new();
        for parameter in Parameter::ALL {
            let reach = parameter.reach();
            values.extend((0..parameter.length(operators)).map(|_| rng.random_range(-reach..=reach)));
        }
        Self::of(edges, operators, values)
    }

    /// With these values.
    #[must_use]
    pub fn of(edges: usize, operators: usize, values: Vec<f64>) -> Self {
        Self { edges, operators, learnt: Learnt::new(values) }
    }

    fn values_of(&self, parameter: Parameter) -> &[f64] {
        &self.learnt.values[parameter.range(self.operators)]
    }

    fn layer(&self, layer: usize) -> lstm::Layer<'_> {
        use Parameter::{Hidden, HiddenBias, Input, InputBias};
        lstm::Layer {
            input: self.values_of(Input(layer)),
            hidden: self.values_of(Hidden(layer)),
            biases: [self.values_of(InputBias(layer)), self.values_of(HiddenBias(layer))],
        }
    }

    /// Draws an architecture.
    #[must_use]
    pub fn sample(&self, rng: &mut impl Rng) -> Said {
        self.say(|_, probabilities| {
            let mut left: f64 = rng.random();
            let found = probabilities.iter().position(|probability| {
                left -= probability;
                left < 0.0
            });
            found.unwrap_or(probabilities.len() - 1)
        })
    }

    /// What it says of this architecture.
    #[must_use]
    pub fn of_architecture(&self, chosen: &[usize]) -> Said {
        self.say(|edge, _| chosen[edge])
    }

    /// Goes from edge to edge; `choose(edge, probabilities)` gives the operator.
    fn say(&self, mut choose: impl FnMut(usize, &[f64]) -> usize) -> Said {
        let mut said = Said { chosen: Vec::new(), log_probability: 0.0, entropy: 0.0, predictions: Vec::new(), cells: Vec::new() };
        let mut states: [lstm::State; LAYERS] = std::array::from_fn(|_| lstm::State::zeros(UNITS));
        for edge in 0..self.edges {
            let mut input = match said.chosen.last() {
                None => self.values_of(Parameter::Start).to_vec(),
                Some(last) => self.values_of(Parameter::Embedding)[last * UNITS..][..UNITS].to_vec(),
            };
            let cells: [Cell; LAYERS] = std::array::from_fn(|layer| {
                let cell = self.layer(layer).forward(&input, &states[layer]);
                states[layer] = cell.after.clone();
                input.clone_from(&cell.after.hidden);
                cell
            });
            let weight = self.values_of(Parameter::Weight).chunks(UNITS);
            let prediction: Vec<f64> =
                weight.zip(self.values_of(Parameter::Bias)).map(|(row, bias)| lstm::dot(row, &input) + bias).collect();
            let logarithms = log_probabilities(&prediction);
            let probabilities: Vec<f64> = logarithms.iter().map(|value| value.exp()).collect();
            let chosen = choose(edge, &probabilities);
            said.log_probability += logarithms[chosen];
            said.entropy -= probabilities.iter().zip(&logarithms).map(|(p, log)| p * log).sum::<f64>();
            said.chosen.push(chosen);
            said.predictions.push(prediction);
            said.cells.push(cells);
        }
        said
    }

    /// Adds to `gradient` that of `by_log_probability` · log π + `by_entropy` · H.
    pub fn add_gradient(&self, said: &Said, by_log_probability: f64, by_entropy: f64, gradient: &mut [f64]) {
        let operators = self.operators;
        let mut later: [lstm::State; LAYERS] = std::array::from_fn(|_| lstm::State::zeros(UNITS));
        for edge in (0..self.edges).rev() {
            let cells = &said.cells[edge];
            let prediction = &said.predictions[edge];
            let squeezed: Vec<f64> = prediction.iter().map(|value| (value / TEMPERATURE).tanh()).collect();
            let logits: Vec<f64> = squeezed.iter().map(|value| REACH * value).collect();
            let logarithms = super::alphas::log_softmax(&logits);
            let entropy: f64 = -logarithms.iter().map(|log| log.exp() * log).sum::<f64>();
            let by_prediction: Vec<f64> = (0..operators)
                .map(|operator| {
                    let (log, probability) = (logarithms[operator], logarithms[operator].exp());
                    let own = f64::from(u8::from(operator == said.chosen[edge])) - probability;
                    let by_logit = by_log_probability * own - by_entropy * probability * (log + entropy);
                    by_logit * REACH / TEMPERATURE * (1.0 - squeezed[operator].powi(2))
                })
                .collect();
            let top = &cells[LAYERS - 1].after.hidden;
            let mut by_top = later[LAYERS - 1].hidden.clone();
            let weight = self.values_of(Parameter::Weight);
            let (weights, biases) = (Parameter::Weight.range(operators).start, Parameter::Bias.range(operators).start);
            for (operator, by) in by_prediction.iter().enumerate() {
                gradient[biases + operator] += by;
                for unit in 0..UNITS {
                    gradient[weights + operator * UNITS + unit] += by * top[unit];
                    by_top[unit] += by * weight[operator * UNITS + unit];
                }
            }
            let mut by_hidden = by_top;
            let mut by_input = Vec::new();
            for layer in (0..LAYERS).rev() {
                let found = self.layer(layer).backward(&cells[layer], &by_hidden, &later[layer].cell);
                for (parameter, own) in [
                    (Parameter::Input(layer), &found.input),
                    (Parameter::Hidden(layer), &found.hidden),
                    (Parameter::InputBias(layer), &found.bias),
                    (Parameter::HiddenBias(layer), &found.bias),
                ] {
                    gradient[parameter.range(operators)].iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
                later[layer] = found.before;
                by_input = found.read;
                if layer > 0 {
                    by_hidden = later[layer - 1].hidden.iter().zip(&by_input).map(|(a, b)| a + b).collect();
                }
            }
            let read = match edge.checked_sub(1) {
                None => Parameter::Start.range(operators).start,
                Some(before) => Parameter::Embedding.range(operators).start + said.chosen[before] * UNITS,
            };
            gradient[read..read + UNITS].iter_mut().zip(&by_input).for_each(|(sum, own)| *sum += own);
        }
    }
}
