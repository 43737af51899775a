//! What measurements will take, before they are made. Networks that users bring are of any size.

use std::collections::BTreeMap;
use std::time::Instant;

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Precision};
use assay_core::graph::Graph;
use assay_core::network::{Initialiser, NormStatistics};
use assay_core::plugin::{Request, WholeNetwork, Work, called};
use assay_core::subspace::Subspace;

use super::workbench::Workbench;
use crate::{RunError, machine};

/// Multiply-adds that are made in a few seconds by any engine: not worth a word.
const LITTLE: u64 = 20_000_000_000;

/// Seconds from which on it is told how long it will take.
const LONG: f64 = 10.0;

const GIB: f64 = (1_u64 << 30) as f64;

impl Workbench {
    /// How long these measurements of networks that the space was given will take, roughly, if that is long. One forward pass of some
    /// images through the largest network is timed for it.
    ///
    /// # Errors
    /// If a network cannot be measured in the memory that there is, with what would fit.
    pub fn estimate(&self, requests: &[&Request]) -> Result<Option<String>, RunError> {
        if self.space.protocol().is_none() {
            return Ok(None);
        }
        let net = WholeNetwork::default().net(self.dataset.as_ref());
        let mut graphs: BTreeMap<&Subspace, Option<Graph>> = BTreeMap::new();
        let (mut total, mut most, mut largest) = (0_u64, 0_u64, None);
        let mut memory = 0;
        for request in requests {
            // What is wrong with a network is told when it is measured.
            let graph = graphs.entry(&request.subspace).or_insert_with(|| self.space.lower(&request.subspace, &net).ok());
            let (Some(graph), Some(planned)) = (graph, self.proxies.iter().find(|planned| planned.label == request.label)) else {
                continue;
            };
            let Some(work) = planned.proxy.work(self.dataset.as_ref()) else { continue };
            total = total.saturating_add(graph.multiply_adds().saturating_mul(work.passes_of_an_image));
            if graph.multiply_adds() >= most {
                most = graph.multiply_adds();
                largest = Some(*request);
            }
            if self.other_engine_of(&request.subspace).is_some() {
                let bytes = bytes(graph, work);
                self.check_memory(bytes, requests.len(), (request, &planned.name))?;
                memory = memory.max(bytes);
            }
        }
        let Some(request) = largest.filter(|_| total > LITTLE) else { return Ok(None) };
        let Some(rate) =
            graphs.get(&request.subspace).and_then(Option::as_ref).and_then(|graph| self.rate(request, graph, images_of(total, most)))
        else {
            return Ok(None);
        };
        let threads = self.threads.current_num_threads().min(requests.len().max(1));
        let seconds = total as f64 / rate / threads as f64;
        if seconds < LONG {
            return Ok(None);
        }
        let kept = match memory as f64 * threads as f64 / GIB {
            some if some >= 0.5 => format!(", and {some:.1} GiB of memory at the least"),
            _ => String::new(),
        };
        Ok(Some(format!(
            "this takes about {}{kept}: {:.3e} multiply-adds, {:.1} billion a second on each of {threads} threads",
            duration(seconds),
            total as f64,
            rate / 1e9
        )))
    }

    /// Multiply-adds a second on one thread; none where the network cannot be run.
    fn rate(&self, request: &Request, graph: &Graph, images: usize) -> Option<f64> {
        let draws = self.draws(request);
        let subject = self.subject(request, self.engine(), &draws);
        let network = subject.network(graph.clone(), Initialiser::UniformFanIn, Some(NormStatistics::Running)).ok()?;
        let shape = graph.input_shape();
        let batch = Minibatch::new(shape, vec![0.5; images * shape.elements()], vec![0; images]);
        let mut seconds = f64::INFINITY;
        // What is made once, as threads and tables, does not count.
        for _ in 0..2 {
            let start = Instant::now();
            self.engine().pass(&network, &batch, &Ask::new(), Precision::F32).ok()?;
            seconds = start.elapsed().as_secs_f64();
        }
        Some(images as f64 * graph.multiply_adds() as f64 / seconds.max(1e-6)).filter(|rate| *rate > 0.0)
    }

    /// Whether there is memory for as many such measurements as are made at once. Engines that count their memory say so themselves.
    fn check_memory(&self, bytes: u64, requests: usize, (request, proxy): (&Request, &str)) -> Result<(), RunError> {
        let calls = self.threads.current_num_threads().min(requests).max(1) as u64;
        let Some(available) = machine::available_memory().filter(|available| bytes.saturating_mul(calls) > *available) else {
            return Ok(());
        };
        let needed = |count: u64| bytes.saturating_mul(count) as f64 / GIB;
        let what = format!(
            "`{proxy}` of {} needs {:.1} GiB of memory at the least on {calls} threads, but only {:.1} GiB are available",
            called(self.space.as_ref(), &request.subspace),
            needed(calls),
            available as f64 / GIB
        );
        let fewer = if calls > 1 && bytes <= available { "fewer threads (threads = 1), " } else { "" };
        Err(RunError::refused(what, format!("use {fewer}a smaller batch (proxies.{proxy}.batch), or smaller images (--input)")))
    }
}

/// Images that a rate is measured by: as many as engines compute side by side, where that takes a small part of the whole.
fn images_of(total: u64, of_an_image: u64) -> usize {
    const SIDE_BY_SIDE: usize = 16;
    if of_an_image.saturating_mul(64 * SIDE_BY_SIDE as u64) <= total { SIDE_BY_SIDE } else { 1 }
}

/// The bytes that a measurement takes at the least: the network, the values of all nodes, and gradients.
fn bytes(graph: &Graph, work: Work) -> u64 {
    let size = match work.precision {
        Precision::F32 => 4,
        Precision::F64 => 8,
    };
    let values: u64 = graph.nodes().iter().map(|node| node.shape.elements() as u64).sum();
    let parameters = graph.parameter_count() as u64;
    let of_gradients = (work.gradients as u64).saturating_mul(8).saturating_add(4).saturating_mul(parameters);
    values.saturating_mul(work.images as u64).saturating_mul(size).saturating_add(of_gradients)
}

/// A time for people.
fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        minutes if minutes < 5400.0 => format!("{:.0} min", minutes / 60.0),
        hours => format!("{:.1} h", hours / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use assay_core::graph::{Conv2d, GraphBuilder, Shape};

    use super::*;

    #[test]
    fn memory_is_that_of_values_and_gradients() {
        let mut builder = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
        let maps = builder.conv("conv", builder.input(), Conv2d::new(4, 3).padding(1)).unwrap();
        let graph = builder.finish(maps);
        let work = Work { passes_of_an_image: 1, images: 10, gradients: 10, precision: Precision::F64 };
        // Values of 7 maps of 64 for 10 images in 8 bytes; 108 weights, and 10 gradients in 8 bytes each.
        assert_eq!(bytes(&graph, work), 7 * 64 * 10 * 8 + 108 * (4 + 80));
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!([12.3, 600.0, 7200.0].map(duration), ["12 s", "10 min", "2.0 h"]);
    }
}
