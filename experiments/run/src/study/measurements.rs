//! What a study measures, and which part of it a shard does.

use assay_core::experiment::{PlannedProxy, Shard};
use assay_core::plugin::{Proxy, Request};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use rayon::prelude::*;

use super::selection::Selected;
use super::{BASELINE, StudyRun, shards};
use crate::RunError;
use crate::bench::records::Record;
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
    /// Whether its reading stands in the table of scores.
    pub(super) is_read: bool,
}

impl Wanted {
    /// Whether it is a measurement of its own that this study makes.
    pub(super) fn is_made(&self) -> bool {
        !self.is_shared && !self.is_read
    }
}

/// What a shard makes of a study.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The part of each architecture.
    pub(super) of: &'a [u32],
    pub(super) shard: Shard,
}

/// The requests of those that are not read, in their order.
pub(super) fn requests(wanted: &[Wanted]) -> Vec<&Request> {
    wanted.iter().filter(|wanted| !wanted.is_read).map(|wanted| &wanted.request).collect()
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
                    let is_read = self.stored.as_ref().is_some_and(|stored| stored.has(&planned.label));
                    let measured = if planned.proxy.is_drawn() && !is_read { architecture.measured_as } else { position };
                    let request = repeated(&planned.label, &architectures[measured].subspace, "study", repeat as usize);
                    let is_shared = measured != position;
                    wanted.push(Wanted { architecture: position, proxy: *proxy, request, repeat, is_shared, is_read });
                }
            }
        }
        wanted
    }

    /// The records of those of these whose readings stand in the table of scores.
    pub(super) fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Record>>, RunError> {
        let record = |(wanted, reading): (&Wanted, Option<&Reading>)| {
            reading.map(|reading| Record::new(wanted.request.clone(), reading.clone(), 0.0))
        };
        Ok(wanted.iter().zip(self.look_up(wanted)?).map(record).collect())
    }

    /// What the table of scores has of each of these.
    fn look_up(&self, wanted: &[Wanted]) -> Result<Vec<Option<&Reading>>, RunError> {
        let Some(stored) = &self.stored else { return Ok(vec![None; wanted.len()]) };
        let architectures = &self.selection.architectures;
        let mut missing: Vec<&Wanted> = Vec::new();
        let mut readings = Vec::with_capacity(wanted.len());
        let position = |selected: &Selected| stored.position(&selected.subspace, self.workbench.space.as_ref());
        let positions: Vec<Option<usize>> = architectures.iter().map(position).collect();
        for wanted in wanted {
            let position = positions[wanted.architecture];
            let reading = position.and_then(|position| stored.reading(&wanted.request.label, position, wanted.repeat));
            if wanted.is_read && reading.is_none() {
                missing.push(wanted);
            }
            readings.push(reading);
        }
        match missing.first() {
            None => Ok(readings),
            Some(first) => {
                let text = &architectures[first.architecture].text;
                Err(stored.lacks_scores(missing.len(), &first.request.label, text, first.repeat))
            }
        }
    }

    /// That a study that reads its scores is not to be split.
    fn check_split(&self, is_split: bool) -> Result<(), RunError> {
        if self.stored.is_some() && is_split {
            let problem = "`study.shard`: there is nothing to split where `study.scores` gives the scores";
            return Err(RunError::refused(problem, "leave one of the two out"));
        }
        Ok(())
    }

    /// That the table of scores, if there is one, has all that cannot be counted here, and that nothing is to be split.
    pub(super) fn check_stored(&self) -> Result<(), RunError> {
        let Some(stored) = &self.stored else { return Ok(()) };
        self.check_split(self.study.shard.is_some())?;
        self.workbench.check_stored(stored)?;
        self.look_up(&self.wanted(None)).map(drop)
    }

    /// How many measurements each of so many shards makes, trainings among them; nothing of a study that reads its scores.
    ///
    /// # Errors
    /// If the study cannot be split.
    pub fn sizes(&self, shards: u32) -> Result<Vec<usize>, RunError> {
        if self.stored.is_some() {
            self.check_split(shards > 1)?;
            return Ok(Vec::new());
        }
        let parts = self.parts(shards)?;
        let drawn = self.workbench.proxies.iter().filter(|planned| planned.proxy.is_drawn()).count();
        let once = self.workbench.proxies.len() - drawn;
        let trained: usize = self.made.iter().flat_map(|made| &made.uses).map(|used| used.repeats).sum();
        let mut sizes = vec![0; shards as usize];
        for (position, (architecture, part)) in self.selection.architectures.iter().zip(&parts).enumerate() {
            let is_own = architecture.measured_as == position;
            sizes[*part as usize] += once + trained + if is_own { drawn * self.study.repeats } else { 0 };
        }
        Ok(sizes)
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
