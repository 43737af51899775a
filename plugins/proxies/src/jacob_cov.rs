//! `jacob-cov`: how independent the network's responses to different images are.
//!
//! **What it measures.** −Σ (ln(v + 1e-5) + 1/(v + 1e-5)) over the eigenvalues v of the correlation matrix of the images'
//! input gradients; an image's input gradient is that of the sum of all logits of the minibatch, at initialisation. The more
//! the gradients of two images differ, the easier the images are to tell apart.
//! **Source.** Mellor, Turner, Storkey, Crowley: Neural Architecture Search without Training, first version (2020), as
//! Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021, measure it.
//! **Cost.** One forward and one backward pass down to the input, and the eigenvalues of a matrix of the batch's size.
//! **Undefined** for a single image, for networks of tokens, which have no gradient, and where an image's gradient does not vary, as for an architecture without a path from
//! input to output: nothing correlates with a constant.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Gram, Objective, Precision, Wanted};
use assay_core::graph::NodeId;
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass, looked_up};
use assay_core::score::Reading;
use assay_core::stream::Stream;

/// The node of the images in every graph.
const IMAGES: NodeId = NodeId(0);
/// What is added to eigenvalues, which may be zero.
const SHIFT: f64 = 1e-5;
/// A gradient whose deviation is this part of its norm or less is constant within rounding.
const CONSTANT: f64 = 1e-12;

/// Scores the correlation of input gradients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JacobCov(pub WholePass);

assay_core::register! {
    Proxy,
    name: "jacob-cov",
    summary: "correlation of the images' input gradients (Mellor et al., 2020)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(JacobCov(pass)))),
}

impl PassProxy for JacobCov {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("jacob-cov: eigenvalues of the correlations of input gradients of the summed logits, {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, _: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        if let Some((table, _)) = looked_up(network.graph()).next() {
            let name = &table.name;
            return Err(AskError::Undefined(format!(
                "the network reads whole numbers, which `{name}` looks up, and these have no gradient"
            )));
        }
        Ok(Ask::new().gradients(Objective::output_sum(network.graph()), Wanted::node(IMAGES)))
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        let graph = network.graph();
        let gradients = answer.gradients(&Objective::output_sum(graph))?.node(IMAGES)?;
        Ok(score(gradients, batch.len()))
    }
}

/// The score of the input gradients of a batch of `images`.
fn score(gradients: &[f64], images: usize) -> Reading {
    if images < 2 {
        return Reading::undefined("one image has no other to correlate with");
    }
    let mut rows: Vec<Vec<f64>> = gradients.chunks(gradients.len() / images).map(<[f64]>::to_vec).collect();
    for (image, row) in rows.iter_mut().enumerate() {
        let norm = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>().sqrt();
        let before = norm(row);
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
        let deviation = norm(row);
        if !deviation.is_finite() {
            return Reading::undefined(format!("the input gradient of image {image} is not finite"));
        }
        if deviation <= CONSTANT * before {
            return Reading::undefined(format!(
                "the input gradient of image {image} is the same at every pixel, so it correlates with no other"
            ));
        }
        row.iter_mut().for_each(|value| *value /= deviation);
    }
    let correlations = Gram::of_rows(&rows, Precision::F64);
    match correlations.eigenvalues() {
        Some(values) => Reading::finite(-values.iter().map(|value| (value + SHIFT).ln() + 1.0 / (value + SHIFT)).sum::<f64>()),
        None => Reading::undefined("a correlation is not finite"),
    }
}
