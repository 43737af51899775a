//! What a study measures, and which part of it a shard does.

use assay_core::experiment::{PlannedProxy, Shard};
use assay_core::plugin::{Proxy, Request};
use assay_core::stream::Stream;
use rayon::prelude::*;

use super::selection::Selected;
use super::{BASELINE, StudyRun, shards};
use crate::RunError;
use crate::bench::workbench::repeats;

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

/// The requests of these, in their order.
pub(super) fn requests(wanted: &[Wanted]) -> Vec<&Request> {
    wanted.iter().map(|wanted| &wanted.request).collect()
}

impl StudyRun {
    /// What is asked for, of the whole study or one shard, by architecture, repeat and proxy: structural proxies first, one
    /// after the other, since they share a network, and once, since they have no draws; of the others those of one repeat
    /// one after the other, since they share their draws.
    pub(super) fn wanted(&self, shard: Option<Shard>) -> Result<Vec<Wanted>, RunError> {
        let mut proxies: Vec<(usize, &PlannedProxy)> = self.workbench.proxies.iter().enumerate().collect();
        proxies.sort_by_key(|(_, planned)| !matches!(*planned.proxy, Proxy::Structure(_)));
        let architectures = &self.selection.architectures;
        let parts = shard.map(|shard| self.parts(shard.of())).transpose()?;
        let repeat_count = u32::try_from(self.study.repeats).unwrap_or(u32::MAX);
        let mut wanted = Vec::new();
        for (position, architecture) in architectures.iter().enumerate() {
            if shard.zip(parts.as_ref()).is_some_and(|(shard, parts)| parts[position] + 1 != shard.number()) {
                continue;
            }
            for repeat in 0..repeat_count {
                for (proxy, planned) in &proxies {
                    let (measured, count) = match *planned.proxy {
                        Proxy::Structure(_) => (position, 1),
                        Proxy::Passes(_) | Proxy::Own(_) => (architecture.measured_as, self.study.repeats),
                    };
                    let request =
                        repeats(&planned.label, &architectures[measured].subspace, "study", count).into_iter().nth(repeat as usize);
                    let is_shared = measured != position;
                    wanted.extend(request.map(|request| Wanted { architecture: position, proxy: *proxy, request, repeat, is_shared }));
                }
            }
        }
        Ok(wanted)
    }

    /// The part of each architecture's measurements, counted from 0. What one costs is taken to be in proportion to the
    /// multiply-adds of its network.
    fn parts(&self, parts: u32) -> Result<Vec<u32>, RunError> {
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
