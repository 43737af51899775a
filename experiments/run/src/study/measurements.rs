//! What a study measures, and which part of it a shard does.

use assay_core::experiment::{PlannedProxy, Shard};
use assay_core::plugin::{Proxy, Request};
use assay_core::stream::Stream;
use rayon::prelude::*;

use super::selection::Selected;
use super::{BASELINE, StudyRun, shards};
use crate::RunError;
use crate::bench::workbench::repeated;

/// One measurement that enters a study.
pub(super) struct Wanted {
    /// Its position in the selection.
    pub(super) architecture: usize,
    /// Its position on the workbench.
    pub(super) proxy: usize,
    pub(super) request: Request,
    /// From 0.
    pub(super) repeat: u32,
    /// Whether the measurement is that of an isomorphic architecture.
    pub(super) is_shared: bool,
}

/// What a shard makes of a study.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The part of each architecture.
    pub(super) of: &'a [u32],
    pub(super) shard: Shard,
}

/// The requests of these, in their order.
pub(super) fn requests(wanted: &[Wanted]) -> Vec<&Request> {
    wanted.iter().map(|wanted| &wanted.request).collect()
}

impl StudyRun {
    /// What is asked for, of the whole study or one of its [parts](Self::parts), by architecture, repeat and proxy: structural
    /// proxies first, one after the other, since they share a network, and once, since they have no draws; of the others those of
    /// one repeat one after the other, since they share their draws.
    pub(super) fn wanted(&self, part: Option<Part<'_>>) -> Vec<Wanted> {
        let mut proxies: Vec<(usize, &PlannedProxy)> = self.workbench.proxies.iter().enumerate().collect();
        proxies.sort_by_key(|(_, planned)| !matches!(*planned.proxy, Proxy::Structure(_)));
        let architectures = &self.selection.architectures;
        let repeat_count = u32::try_from(self.study.repeats).unwrap_or(u32::MAX);
        let mut wanted = Vec::new();
        for (position, architecture) in architectures.iter().enumerate() {
            if part.is_some_and(|part| part.of[position] + 1 != part.shard.number()) {
                continue;
            }
            for repeat in 0..repeat_count {
                for (proxy, planned) in &proxies {
                    if repeat > 0 && !planned.proxy.is_drawn() {
                        continue;
                    }
                    let measured = if planned.proxy.is_drawn() { architecture.measured_as } else { position };
                    let request = repeated(&planned.label, &architectures[measured].subspace, "study", repeat as usize);
                    let is_shared = measured != position;
                    wanted.push(Wanted { architecture: position, proxy: *proxy, request, repeat, is_shared });
                }
            }
        }
        wanted
    }

    /// The part that makes each architecture's measurements, counted from 0. What one costs is taken to be in proportion to the
    /// multiply-adds of its network.
    pub(super) fn parts(&self, parts: u32) -> Result<Vec<u32>, RunError> {
        let missing = || RunError::Result(format!("the proxy `{BASELINE}` is not structural"));
        let baseline = self.workbench.proxies.iter().find(|planned| planned.label == BASELINE);
        let Some(Proxy::Structure(baseline)) = baseline.map(|planned| planned.proxy.as_ref()) else { return Err(missing()) };
        let net = baseline.net(self.workbench.dataset.as_ref());
        let cost = |architecture: &Selected| {
            // A network that cannot be built fails when it is measured, which costs nothing.
            self.workbench.space.lower(&architecture.subspace, &net).map_or(0, |graph| graph.multiply_adds())
        };
        let architectures = &self.selection.architectures;
        let costs: Vec<_> = self.workbench.threads.install(|| architectures.par_iter().map(cost).collect());
        Ok(shards::deal(architectures, &costs, parts, &Stream::new(self.experiment.seed, "study").child("shards").child(parts)))
    }
}
