//! What measurements will take, before they are made. Networks that users bring are of any size.

use std::collections::BTreeMap;
use std::time::Instant;

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Precision};
use assay_core::graph::Graph;
use assay_core::network::{Initialiser, NormStatistics};
use assay_core::plugin::{Request, WholeNetwork, Work};
use assay_core::subspace::Subspace;

use super::forecast::{Ahead, Forecast, duration};
use super::records::Record;
use super::workbench::Workbench;
use crate::{Observer, RunError, machine};

/// Multiply-adds that are made in a few seconds by any engine: not worth a word.
const LITTLE: u64 = 20_000_000_000;

/// Seconds from which on it is told how long it will take.
const LONG: f64 = 10.0;

const GIB: f64 = (1_u64 << 30) as f64;

/// What measurements of given networks take together, as far as it is known.
#[derive(Default)]
struct Taken<'r> {
    multiply_adds: u64,
    /// Bytes of the one that takes most, where its engine does not count them.
    memory: u64,
    /// The largest network, with its graph.
    largest: Option<(&'r Request, Graph)>,
}

impl Workbench {
    /// What tells how long measurements here take.
    #[must_use]
    pub fn forecast(&self) -> Forecast {
        Forecast::new(self.threads.current_num_threads())
    }

    /// [Measures](Self::measure) what is kept nowhere, and says how long that takes if it is long, with what is still `ahead`: so many
    /// measurements, these among them.
    ///
    /// # Errors
    /// Those of measuring.
    pub fn measure_told(
        &self,
        requests: &[&Request],
        ahead: usize,
        forecast: &Forecast,
        observer: &dyn Observer,
    ) -> Result<Vec<Record>, RunError> {
        if let Some(line) = self.foretell(forecast, requests, Ahead::Measurements(ahead)) {
            observer.say(&line);
        }
        let finished = |records: &[Record]| {
            observer.advance(records.len());
            if let Some(line) = forecast.measured(records) {
                observer.say(&line);
            }
            Ok(())
        };
        Ok(self.measure(requests, observer, &finished)?)
    }

    /// Takes note of what is measured next, and says how long all that is ahead takes, roughly, if that is long and can be known
    /// before the first of it: of networks that the space was given, which are of any size. What the forecast tells later is for the
    /// others.
    pub(super) fn foretell(&self, forecast: &Forecast, requests: &[&Request], ahead: Ahead) -> Option<String> {
        // A search that prunes asks for no larger network later.
        let are_largest = requests.first().is_some_and(|request| !self.space.is_architecture(&request.subspace));
        let is_first = forecast.asked(requests, ahead, are_largest);
        // Networks are made of files for this, which takes long enough to be done once.
        let is_told = is_first && self.space.protocol().is_some();
        let told = is_told.then(|| self.estimate(&self.taken(requests), requests.len(), ahead)).flatten();
        if told.is_some() {
            forecast.end();
        }
        told
    }

    /// What these take together.
    fn taken<'r>(&self, requests: &[&'r Request]) -> Taken<'r> {
        let net = WholeNetwork::default().net(self.dataset.as_ref());
        let mut graphs: BTreeMap<&Subspace, Option<Graph>> = BTreeMap::new();
        let (mut taken, mut most, mut largest) = (Taken::default(), 0_u64, None);
        for request in requests {
            // What is wrong with a network is told when it is measured.
            let graph = graphs.entry(&request.subspace).or_insert_with(|| self.space.lower(&request.subspace, &net).ok());
            let (Some(graph), Some(planned)) = (graph, self.proxies.iter().find(|planned| planned.label == request.label)) else {
                continue;
            };
            let Some(work) = planned.proxy.work(self.dataset.as_ref()) else { continue };
            let multiply_adds = graph.multiply_adds();
            taken.multiply_adds = taken.multiply_adds.saturating_add(multiply_adds.saturating_mul(work.passes_of_an_image));
            if multiply_adds >= most {
                (most, largest) = (multiply_adds, Some(*request));
            }
            if self.other_engine_of(&request.subspace).is_some() {
                taken.memory = taken.memory.max(bytes(graph, work));
            }
        }
        taken.largest = largest.and_then(|request| Some((request, graphs.remove(&request.subspace)??)));
        taken
    }

    /// How long all that is ahead takes, of which these are so many measurements, if that is long. One forward pass of some images
    /// through the largest network is timed for it.
    fn estimate(&self, taken: &Taken<'_>, requests: usize, ahead: Ahead) -> Option<String> {
        let (request, graph) = taken.largest.as_ref()?;
        let all = ahead.count().unwrap_or(requests).max(requests);
        let total = u128::from(taken.multiply_adds) * all as u128 / requests.max(1) as u128;
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        if total <= LITTLE {
            return None;
        }
        let rate = self.rate(request, graph, images_of(total, graph.multiply_adds()))?;
        let threads = self.threads.current_num_threads().min(requests.max(1));
        let seconds = total as f64 / rate / threads as f64;
        if seconds < LONG {
            return None;
        }
        let at_once = taken.memory.saturating_mul(threads as u64);
        // What does not fit side by side is measured alone.
        let fit = machine::available_memory().is_none_or(|available| at_once <= available);
        let kept = match if fit { at_once } else { taken.memory } as f64 / GIB {
            some if some >= 0.5 => format!(", and {some:.1} GiB of memory at the least"),
            _ => String::new(),
        };
        let what = ahead.called();
        Some(format!(
            "{what} about {}{kept}: {:.3e} multiply-adds, {:.1} billion a second on each of {threads} threads",
            duration(seconds),
            total as f64,
            rate / 1e9
        ))
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
}
