//! `naswot`: how differently a network's ReLUs answer to the images of one minibatch.
//!
//! **What it measures.** ln |det K|, where K[i, j] counts the ReLU units that are both on or both off for images i and j.
//! A network whose patterns differ between images has a kernel close to a multiple of the identity and so a large determinant.
//! **Source.** Mellor, Turner, Storkey, Crowley: Neural Architecture Search without Training, ICML 2021, Eq. 2, as the
//! released code computes it. Its batch is 128; ours is the one that proxies share. ReLUs that the output does not depend
//! on have no units.
//! **Cost.** One forward pass, and one exclusive or a pair of images and unit.
//! **Undefined** where K is singular, as it is where two images have equal patterns, and where the network has no ReLU.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Patterns};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use nalgebra::DMatrix;

/// ln |det K| over one minibatch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naswot(pub WholePass);

assay_core::register! {
    Proxy,
    name: "naswot",
    summary: "log-determinant of the kernel of agreeing ReLU units (NASWOT, Mellor et al., ICML 2021)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(Naswot(pass)))),
}

impl PassProxy for Naswot {
    fn unit(&self) -> Option<&'static str> {
        Some("ln")
    }

    fn protocol(&self) -> String {
        format!("naswot: {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, _network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new().patterns())
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        Ok(log_determinant(passes[0].answer.patterns()?))
    }
}

/// For each pair of samples, how many units agree: `[samples, samples]`.
#[must_use]
pub fn kernel(patterns: &Patterns) -> Vec<f64> {
    let samples = patterns.samples();
    let mut kernel = vec![patterns.units() as f64; samples * samples];
    for one in 0..samples {
        for other in 0..one {
            let differing = differing_bits(patterns.row(one), patterns.row(other));
            let agreeing = (patterns.units() as u64 - differing) as f64;
            kernel[one * samples + other] = agreeing;
            kernel[other * samples + one] = agreeing;
        }
    }
    kernel
}

fn differing_bits(one: &[u64], other: &[u64]) -> u64 {
    one.iter().zip(other).map(|(one, other)| u64::from((one ^ other).count_ones())).sum()
}

fn log_determinant(patterns: &Patterns) -> Reading {
    let (samples, units) = (patterns.samples(), patterns.units());
    if units == 0 {
        return Reading::undefined("the network has no ReLU whose units could agree");
    }
    let kernel = kernel(patterns);
    let equal = (0..samples).find_map(|one| Some((one, (0..one).find(|other| kernel[one * samples + other] == units as f64)?)));
    if let Some((one, other)) = equal {
        return Reading::undefined(format!(
            "images {other} and {one} of the minibatch have equal ReLU patterns, so the kernel is singular"
        ));
    }
    // K is positive semi-definite: a sum of two Gram matrices.
    let eigenvalues = DMatrix::from_vec(samples, samples, kernel).symmetric_eigenvalues();
    let (smallest, largest) = (eigenvalues.min(), eigenvalues.max());
    if smallest <= largest * samples as f64 * f64::EPSILON {
        return Reading::undefined(format!("the kernel is singular: its eigenvalues reach from {smallest:.3e} to {largest:.3e}"));
    }
    Reading::finite(eigenvalues.iter().map(|eigenvalue| eigenvalue.ln()).sum())
}
