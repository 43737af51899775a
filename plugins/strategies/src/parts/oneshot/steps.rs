//! What a step of each search does, apart from where its images and draws come from: the published codes, to the sign.

use assay_core::data::Minibatch;
use assay_core::engine::learner::{ParameterGradients, Rules};
use assay_core::plugin::supernet::{Kept, Passed, PerChoice, Run, Supernet, SupernetError};
use assay_core::subspace::Subspace;

use super::alphas::{AlphaRules, Alphas, log_softmax, softmax, squares, sum};

/// What a search trains.
pub struct Course<'a> {
    /// The weights.
    pub supernet: Supernet<'a>,
    /// What mixes or chooses operators, in searches that learn it by gradients.
    pub alphas: Alphas,
}

/// How a weight step moves.
#[derive(Clone, Copy, Debug)]
pub struct WeightStep {
    /// The learning rate.
    pub rate: f64,
    /// The norm that gradients are cut to, if they are cut.
    pub clip: Option<f64>,
    /// Whether what is cut has α's gradient in it.
    pub joint: bool,
}

/// The images of a step.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// Those that weights learn from.
    pub base: &'a Minibatch,
    /// Those that what mixes operators learns from.
    pub arch: &'a Minibatch,
}

/// What a step found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The pass of the weight step.
    pub base: Passed,
    /// The other pass, in searches that have one.
    pub arch: Option<Passed>,
    /// The gradient of what mixes operators, as its step took it.
    pub gradient: Option<PerChoice>,
    /// The same as it stood at the weight step, before it was cut.
    pub at_weights: Option<PerChoice>,
}

impl Course<'_> {
    /// One weight step on an architecture, or one in each cell. Nothing else learns.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn single(&mut self, base: &Minibatch, kept: Kept<'_>, by: WeightStep) -> Result<Passed, SupernetError> {
        let path = self.supernet.path(kept)?;
        let passed = self.supernet.pass(base, Run::path(&path))?;
        self.supernet.move_on(by.rate, passed.norm, by.clip, 0.0)?;
        Ok(passed)
    }

    /// A pass over an architecture that moves running statistics alone.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn look(&mut self, images: &Minibatch, kept: Kept<'_>) -> Result<Vec<f64>, SupernetError> {
        let path = self.supernet.path(kept)?;
        self.supernet.look(images, &path)
    }

    /// A step of α by the mixture of all operators, as DARTS's first order and SETN take it.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn mixed_alphas(&mut self, arch: &Minibatch, alphas: &AlphaRules) -> Result<(Passed, PerChoice), SupernetError> {
        let passed = self.supernet.pass(arch, Run::mixture(&self.alphas.probabilities()))?;
        let gradient = self.by_mixture(&passed);
        self.alphas.step(gradient.clone(), alphas);
        Ok((passed, gradient))
    }

    /// A weight step by the mixture of all operators.
    fn mixed_weights(&mut self, base: &Minibatch, by: WeightStep) -> Result<(Passed, PerChoice), SupernetError> {
        let passed = self.supernet.pass(base, Run::mixture(&self.alphas.probabilities()))?;
        let at_weights = self.clipped_beside(self.by_mixture(&passed), by);
        self.supernet.move_on(by.rate, passed.norm, by.clip, if by.joint { squares(&at_weights) } else { 0.0 })?;
        Ok((passed, at_weights))
    }

    /// A weight step by the mixture of all operators while what mixes them does not learn. Where α's gradient is cut with that of
    /// weights, nothing sets it to zero between such steps: what is left of it is added to the next.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn mixed_alone(&mut self, base: &Minibatch, by: WeightStep) -> Result<(Passed, PerChoice), SupernetError> {
        let (passed, at_weights) = self.mixed_weights(base, by)?;
        if by.joint {
            let cut = Rules::cut((passed.norm.powi(2) + squares(&at_weights)).sqrt(), by.clip);
            self.alphas.left = at_weights.by_edge(|edge| edge.iter().map(|value| value * cut).collect());
        }
        Ok((passed, at_weights))
    }

    /// The gradient by α when weights move. The code that cuts it with theirs adds it to what the last step of α left behind; the
    /// others begin each pass at zero.
    fn clipped_beside(&self, gradient: PerChoice, by: WeightStep) -> PerChoice {
        if by.joint { sum(&self.alphas.left, &gradient) } else { gradient }
    }

    /// The gradient by α of a pass over the mixture.
    fn by_mixture(&self, passed: &Passed) -> PerChoice {
        let terms = passed.gradients.as_ref().map(|gradients| &gradients.terms);
        terms.map_or_else(|| PerChoice::filled(self.supernet.space().layout(), 0.0), |terms| self.alphas.through_softmax(terms))
    }

    /// DARTS, first order (Liu, Simonyan & Yang, ICLR 2019): weights, then α, as the codes of NAS-Bench-201 and NATS-Bench have it,
    /// or α first, as its own.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn darts_first(
        &mut self,
        images: Images<'_>,
        alphas_first: bool,
        by: WeightStep,
        alphas: &AlphaRules,
    ) -> Result<Found, SupernetError> {
        let ((base, at_weights), (arch, gradient)) = if alphas_first {
            let of_alphas = self.mixed_alphas(images.arch, alphas)?;
            (self.mixed_weights(images.base, by)?, of_alphas)
        } else {
            (self.mixed_weights(images.base, by)?, self.mixed_alphas(images.arch, alphas)?)
        };
        Ok(Found { base, arch: Some(arch), gradient: Some(gradient), at_weights: Some(at_weights) })
    }

    /// GDAS (Dong & Yang, CVPR 2019): an architecture drawn by Gumbel noise for the weights, and another for α.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn gdas(&mut self, images: Images<'_>, draws: [&Drawn; 2], by: WeightStep, alphas: &AlphaRules) -> Result<Found, SupernetError> {
        let [for_weights, for_alphas] = draws;
        let (base, gradient) = self.drawn(images.base, for_weights)?;
        let at_weights = self.clipped_beside(gradient, by);
        self.supernet.move_on(by.rate, base.norm, by.clip, if by.joint { squares(&at_weights) } else { 0.0 })?;
        let (arch, gradient) = self.drawn(images.arch, for_alphas)?;
        self.alphas.step(gradient.clone(), alphas);
        Ok(Found { base, arch: Some(arch), gradient: Some(gradient), at_weights: Some(at_weights) })
    }

    /// A pass over a drawn architecture, and the gradient by α.
    ///
    /// The operators that were not drawn are scalars that are added to every element: their value is 0, and their gradient that of
    /// operators that put out ones.
    fn drawn(&mut self, images: &Minibatch, drawn: &Drawn) -> Result<(Passed, PerChoice), SupernetError> {
        let ones = PerChoice::filled(self.supernet.space().layout(), 1.0);
        let path = self.supernet.path(Kept::Shared(&drawn.architecture))?;
        let passed = self.supernet.pass(images, Run { path: Some(&path), weights: Some(&ones) })?;
        let mut by_weights = ones;
        if let Some(gradients) = &passed.gradients {
            by_weights = gradients.constants.clone();
            for choice in drawn.architecture.choices() {
                *by_weights.at_mut(choice) = gradients.terms.at(choice);
            }
        }
        let gradient = drawn.probabilities.with(&by_weights, |p, u| {
            let mean: f64 = p.iter().zip(u).map(|(p, u)| p * u).sum();
            p.iter().zip(u).map(|(p, u)| p / drawn.temperature * (u - mean)).collect()
        });
        Ok((passed, gradient))
    }

    /// What DARTS's second order adds to a step: the gradient by α at weights that were moved by a step of their own on the
    /// training images, less a difference quotient in place of the second derivative. Weights stay; running statistics move by the
    /// passes over the training images.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn unrolled(&mut self, images: Images<'_>, by: &Unrolling) -> Result<Unrolled, SupernetError> {
        let mixture = self.alphas.probabilities();
        let inner = self.supernet.pass(images.base, Run::mixture(&mixture))?;
        let gradients = self.supernet.learner().passed();
        let learner = self.supernet.learner();
        let (weights, memories) = (learner.values(), learner.memories());
        let moved: Vec<Vec<f64>> = (0..weights.len())
            .map(|position| {
                let (own, velocity) = (&weights[position], &memories[position][0]);
                let gradient = gradients[position].as_deref();
                let step = |at: usize| by.momentum * velocity[at] + gradient.map_or(0.0, |gradient| gradient[at]) + by.decay * own[at];
                (0..own.len()).map(|at| own[at] - by.rate * step(at)).collect()
            })
            .collect();
        self.set(&moved)?;
        let (arch, direction) = self.supernet.gradients(images.arch, Run::mixture(&mixture))?;
        let by_alphas = self.by_mixture(&arch);
        let norm = direction.iter().flatten().flatten().map(|value| value * value).sum::<f64>().sqrt();
        let epsilon = by.reach / norm;
        self.set(&shifted(&weights, &direction, epsilon))?;
        let plus = self.supernet.pass(images.base, Run::mixture(&mixture))?;
        self.set(&shifted(&weights, &direction, -epsilon))?;
        let minus = self.supernet.pass(images.base, Run::mixture(&mixture))?;
        self.set(&weights)?;
        let (above, below) = (self.by_mixture(&plus), self.by_mixture(&minus));
        let implicit = above.with(&below, |a, b| a.iter().zip(b).map(|(a, b)| (a - b) / (2.0 * epsilon)).collect());
        let gradient = by_alphas.with(&implicit, |a, b| a.iter().zip(b).map(|(a, b)| a - by.rate * b).collect());
        Ok(Unrolled { inner, arch, plus, minus, implicit, norm, epsilon, gradient })
    }

    /// DARTS, second order: α first, as the codes of DARTS and NAS-Bench-201 have it, or weights first, as that of NATS-Bench.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn darts_second(
        &mut self,
        images: Images<'_>,
        alphas_first: bool,
        by: WeightStep,
        unrolling: &Unrolling,
        alphas: &AlphaRules,
    ) -> Result<(Found, Unrolled), SupernetError> {
        let before = if alphas_first { None } else { Some(self.mixed_weights(images.base, by)?) };
        let unrolled = self.unrolled(images, unrolling)?;
        self.alphas.step(unrolled.gradient.clone(), alphas);
        let (base, at_weights) = match before {
            Some(before) => before,
            None => self.mixed_weights(images.base, by)?,
        };
        let (arch, gradient) = (Some(unrolled.arch.clone()), Some(unrolled.gradient.clone()));
        Ok((Found { base, arch, gradient, at_weights: Some(at_weights) }, unrolled))
    }

    fn set(&mut self, values: &[Vec<f64>]) -> Result<(), SupernetError> {
        Ok(self.supernet.learner_mut().set_values(values)?)
    }
}

/// How the weights of DARTS's second order are moved for a look ahead.
#[derive(Clone, Copy, Debug)]
pub struct Unrolling {
    /// The learning rate, ξ.
    pub rate: f64,
    /// The share of the velocity that stays.
    pub momentum: f64,
    /// λ.
    pub decay: f64,
    /// ε of the difference quotient times the norm of its direction.
    pub reach: f64,
}

/// What the second order of a step is made of.
#[derive(Clone, Debug)]
pub struct Unrolled {
    /// The pass that weights are moved by.
    pub inner: Passed,
    /// At the moved weights, on the second stream.
    pub arch: Passed,
    /// Beyond the weights, along the gradient at the moved ones.
    pub plus: Passed,
    /// As far in the other direction.
    pub minus: Passed,
    /// The difference quotient.
    pub implicit: PerChoice,
    /// The norm of the direction.
    pub norm: f64,
    /// How far each goes.
    pub epsilon: f64,
    /// The gradient by α.
    pub gradient: PerChoice,
}

fn shifted(weights: &[Vec<f64>], direction: &ParameterGradients, by: f64) -> Vec<Vec<f64>> {
    let one = |(own, direction): (&Vec<f64>, &Option<Vec<f64>>)| match direction {
        Some(direction) => own.iter().zip(direction).map(|(own, direction)| own + by * direction).collect(),
        None => own.clone(),
    };
    weights.iter().zip(direction).map(one).collect()
}

/// An architecture that was drawn by noise on α.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// On each edge the operator that is most likely with the noise.
    pub architecture: Subspace,
    /// How likely each operator is with the noise, at a temperature.
    pub probabilities: PerChoice,
    /// The temperature.
    pub temperature: f64,
}

impl Drawn {
    /// What this noise G = −ln E, E ~ Exp(1), chooses.
    #[must_use]
    pub fn by(course: &Course<'_>, noise: &PerChoice, temperature: f64) -> Self {
        let probabilities = course.alphas.values.with(noise, |alphas, noise| {
            let logits: Vec<f64> = log_softmax(alphas).iter().zip(noise).map(|(a, g)| (a + g) / temperature).collect();
            softmax(&logits)
        });
        let architecture = probabilities.largest(course.supernet.space().layout());
        Self { architecture, probabilities, temperature }
    }

    /// Whether all of it are numbers; if not, the noise is drawn again.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.probabilities.numbers().all(f64::is_finite)
    }
}
