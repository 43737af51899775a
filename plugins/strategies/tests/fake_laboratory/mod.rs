//! A laboratory whose proxies are plain arithmetic on the subspace, so that the best architecture is known.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;

use assay_core::plugin::{Laboratory, Request, SearchError, SearchSpace, Step};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_core::subspace::{Choice, Subspace};
use assay_spaces::nas_bench_201::NasBench201;
use rand::RngExt;

/// What a proxy says of a request.
pub(crate) type Answer = fn(&Request) -> Reading;

pub(crate) struct FakeLaboratory {
    space: Box<dyn SearchSpace>,
    proxies: BTreeMap<&'static str, (Direction, Answer)>,
    /// Every different request, with how often it was asked.
    pub(crate) asked: BTreeMap<Request, usize>,
    /// What the strategy expected each time, and how many different requests had been answered by then.
    pub(crate) expected: Vec<(usize, usize)>,
    pub(crate) steps: Vec<Step>,
}

impl FakeLaboratory {
    pub(crate) fn new(proxies: &[(&'static str, Direction, Answer)]) -> Self {
        Self::of(Box::new(NasBench201::new()), proxies)
    }

    /// Of any space.
    pub(crate) fn of(space: Box<dyn SearchSpace>, proxies: &[(&'static str, Direction, Answer)]) -> Self {
        let proxies = proxies.iter().map(|(label, direction, answer)| (*label, (*direction, *answer))).collect();
        Self { space, proxies, asked: BTreeMap::new(), expected: Vec::new(), steps: Vec::new() }
    }
}

impl Laboratory for FakeLaboratory {
    fn space(&self) -> &dyn SearchSpace {
        self.space.as_ref()
    }

    fn direction(&self, proxy: &str) -> Result<Direction, SearchError> {
        self.proxies.get(proxy).map(|(direction, _)| *direction).ok_or_else(|| SearchError::UnknownProxy(proxy.to_owned()))
    }

    fn measure(&mut self, requests: &[Request]) -> Result<Vec<Reading>, SearchError> {
        let mut readings = Vec::new();
        for request in requests {
            let (_, answer) = self.proxies.get(request.label.as_str()).ok_or_else(|| SearchError::UnknownProxy(request.label.clone()))?;
            *self.asked.entry(request.clone()).or_default() += 1;
            readings.push(answer(request));
        }
        Ok(readings)
    }

    fn seconds(&self, request: &Request) -> Option<f64> {
        self.asked.contains_key(request).then_some(0.5)
    }

    fn stream(&self, purpose: &str) -> Stream {
        Stream::new(5, purpose)
    }

    fn expect(&mut self, measurements: usize) {
        self.expected.push((measurements, self.asked.len()));
    }

    fn record(&mut self, step: Step) -> Result<(), SearchError> {
        self.steps.push(step);
        Ok(())
    }
}

/// How much one operator on one edge costs: between 1 and 2, the same in every test.
pub(crate) fn cost(choice: Choice) -> f64 {
    1.0 + Stream::new(0, "cost").child(choice.edge).child(choice.operator).rng().random::<f64>()
}

/// Costs added over edges; an edge costs the mean of what it keeps.
pub(crate) fn total_cost(subspace: &Subspace) -> f64 {
    subspace.choices().map(|choice| cost(choice) / subspace.kept(choice.cell, choice.edge).len() as f64).sum()
}

/// The architecture of the cheapest operators among those that `allowed` keeps.
pub(crate) fn cheapest(allowed: &Subspace) -> Subspace {
    let beaten = |choice: &Choice| {
        let rivals = allowed.kept(choice.cell, choice.edge).iter();
        rivals.map(|operator| cost(Choice { operator, ..*choice })).any(|rival| rival < cost(*choice))
    };
    allowed.choices().filter(beaten).fold(allowed.clone(), |state, choice| state.without(choice))
}
