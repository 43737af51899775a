//! Normalisations: sets of elements that are centred and scaled together.

use assay_core::graph::{Operator, Shape};
use assay_core::network::Network;

use super::{Tensor, Way};

/// How a node normalises.
pub(super) struct Norm {
    /// The elements of each set, as positions in the whole value, with what they are centred by and multiplied by.
    pub(super) sets: Vec<Set>,
    /// For each element of an image, the element of scale and offset that it has.
    pub(super) factor: Vec<usize>,
    /// Which of the node's parameters is the scale.
    pub(super) scale: Option<usize>,
    /// Which is the offset.
    pub(super) offset: Option<usize>,
    /// Whether the mean is subtracted, and so has a gradient.
    centred: bool,
}

/// What is normalised together.
pub(super) struct Set {
    elements: Vec<usize>,
    mean: f64,
    inverse: f64,
    /// Whether mean and inverse are functions of the elements.
    own: bool,
}

impl Norm {
    /// That of a node's operator on this input, or nothing where it does not normalise.
    pub(super) fn new(operator: &Operator, network: &Network, way: Way<'_>, position: usize, input: &Tensor) -> Option<Self> {
        let shape = input.shape;
        let (size, epsilon, scale, offset) = match operator {
            Operator::BatchNorm { affine, epsilon } => (shape.area(), *epsilon, *affine, *affine),
            Operator::LayerNorm { axis, epsilon, scale, offset } => (from(shape, *axis), *epsilon, *scale, *offset),
            Operator::RmsNorm { axis, epsilon, scale } => (from(shape, *axis), *epsilon, *scale, false),
            Operator::GroupNorm { groups, affine, epsilon } => (shape.elements() / groups, *epsilon, *affine, *affine),
            _ => return None,
        };
        let centred = !matches!(operator, Operator::RmsNorm { .. });
        // Blocks of elements that follow each other; in batch normalisation those of all images belong together.
        let blocks = shape.elements() / size;
        let by_batch = matches!(operator, Operator::BatchNorm { .. });
        let count = if by_batch { blocks } else { blocks * input.batch };
        let mut elements = vec![Vec::new(); count];
        for element in 0..input.data.len() {
            elements[element / size % count].push(element);
        }
        let set = |(index, elements): (usize, Vec<usize>)| {
            let running = if by_batch { way.running_of(network, position, index) } else { None };
            let values: Vec<f64> = elements.iter().map(|element| input.data[*element]).collect();
            let [mean, variance] = running.unwrap_or_else(|| mean_and_variance(&values, centred));
            Set { elements, mean, inverse: 1.0 / (variance + epsilon).sqrt(), own: running.is_none() }
        };
        let in_axes = matches!(operator, Operator::LayerNorm { .. } | Operator::RmsNorm { .. });
        let factor = |element: usize| if in_axes { element % size } else { element / shape.area() };
        Some(Self {
            sets: elements.into_iter().enumerate().map(set).collect(),
            factor: (0..shape.elements()).map(factor).collect(),
            scale: scale.then_some(0),
            offset: offset.then_some(usize::from(scale)),
            centred,
        })
    }

    /// What is normalised, before scale and offset.
    pub(super) fn normalised(&self, input: &Tensor) -> Vec<f64> {
        let mut out = vec![0.0; input.data.len()];
        for set in &self.sets {
            for element in &set.elements {
                out[*element] = (input.data[*element] - set.mean) * set.inverse;
            }
        }
        out
    }

    /// The gradient of the input, of that of what is normalised.
    pub(super) fn pull_back(&self, normalised: &[f64], gradient: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; gradient.len()];
        for set in &self.sets {
            let count = set.elements.len() as f64;
            let (mut sum, mut product) = (0.0, 0.0);
            // No gradient goes through statistics from elsewhere.
            if set.own {
                if self.centred {
                    sum = set.elements.iter().map(|element| gradient[*element]).sum();
                }
                product = set.elements.iter().map(|element| gradient[*element] * normalised[*element]).sum();
            }
            for element in &set.elements {
                out[*element] = set.inverse * (gradient[*element] - sum / count - normalised[*element] * product / count);
            }
        }
        out
    }
}

/// Elements from an axis on.
fn from(shape: Shape, axis: usize) -> usize {
    shape.axes()[axis..].iter().product()
}

/// The mean and the biased variance; without centring, 0 and the mean square.
pub(super) fn mean_and_variance(values: &[f64], centred: bool) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = if centred { values.iter().sum::<f64>() / count } else { 0.0 };
    [mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count]
}

/// The mean and the biased variance of each channel over the batch.
pub(crate) fn moments(value: &Tensor) -> (Vec<f64>, Vec<f64>) {
    let (area, channels) = (value.shape.area(), value.shape.channels);
    let of = |channel: usize| {
        let values: Vec<f64> = value.data.chunks(area).skip(channel).step_by(channels).flatten().copied().collect();
        let [mean, variance] = mean_and_variance(&values, true);
        (mean, variance)
    };
    (0..channels).map(of).unzip()
}

/// Whether a deviation that a node divides by is itself rounding.
pub(super) fn divides_by_rounding(operator: &Operator, network: &Network, position: usize, input: &Tensor) -> bool {
    let Some(norm) = Norm::new(operator, network, Way::default(), position, input) else { return false };
    norm.sets.iter().any(|set| {
        let values: Vec<f64> = set.elements.iter().map(|element| input.data[*element]).collect();
        mean_and_variance(&values, norm.centred)[1].sqrt() < 1e-4
    })
}
