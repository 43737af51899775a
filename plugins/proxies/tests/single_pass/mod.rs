//! What a proxy reads off passes over a given network and given minibatches.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use assay_core::data::{DataError, Dataset, Minibatch, Normalisation};
use assay_core::engine::{Answer, Ask, Engine};
use assay_core::graph::Shape;
use assay_core::network::Network;
use assay_core::plugin::{Measured, PassProxy};
use assay_core::score::Reading;
use assay_core::stream::Stream;

/// A dataset that is asked for its shape only.
pub struct NoImages;

impl Dataset for NoImages {
    fn describe(&self) -> String {
        "no images".into()
    }
    fn len(&self) -> usize {
        0
    }
    fn shape(&self) -> Shape {
        Shape::new(3, 32, 32)
    }
    fn classes(&self) -> usize {
        10
    }
    fn normalisation(&self) -> &Normalisation {
        unreachable!("nothing is drawn from it")
    }
    fn read(&self, _index: usize, _pixels: &mut [u8]) -> Result<u32, DataError> {
        unreachable!("nothing is drawn from it")
    }
}

/// What a proxy reads off passes over these minibatches.
pub fn read(proxy: &dyn PassProxy, network: &Network, batches: &[&Minibatch], engine: &dyn Engine) -> Reading {
    let stream = Stream::new(0, "test");
    let ask = |(position, batch): (usize, &&Minibatch)| proxy.ask(position, network, batch, &stream).unwrap();
    let precision = proxy.passes(&NoImages)[0].precision;
    let asks: Vec<Ask> = batches.iter().enumerate().map(ask).collect();
    let answers: Vec<Answer> = batches.iter().zip(&asks).map(|(batch, ask)| engine.pass(network, batch, ask, precision).unwrap()).collect();
    let measured = batches.iter().zip(&asks).zip(&answers).map(|((batch, ask), answer)| Measured { network, batch, ask, answer });
    let measured: Vec<Measured<'_>> = measured.collect();
    proxy.read(&measured, &stream, engine).unwrap()
}
