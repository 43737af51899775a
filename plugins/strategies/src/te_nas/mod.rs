//! `te-nas`: pruning a supernet by the neural tangent kernel's condition number and the number of linear regions
//! (Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours", ICLR 2021).
//!
//! The search starts with every operator on every edge. In each round it measures, for every operator that could go,
//! how κ and the regions change without it, and each edge loses the operator whose removal lowers κ most and the
//! regions least, by the sum of the two ranks. It ends when every edge has one operator.
//!
//! Where that is not yet an architecture, as in the DARTS space, one more stage clears edges: the same ranking, over the
//! clearings of the edges that lead into one node, leaves each node its two best ([`edge_groups`]), one node after the other.

pub mod decision;
mod draws;
pub mod edge_groups;
mod settings;

use std::ops::Range;

use assay_core::data::Dataset;
use assay_core::plugin::{
    Laboratory, ProxyUse, Removal, Request, SearchError, SearchSpace, SearchStrategy, Settings, SettingsError, Step, Words,
};
use assay_core::score::{Direction, Reading, Score};
use assay_core::subspace::{CellLayout, Choice, Layout, Subspace};

use decision::{Combination, Difference, Indicator, Pair, Ranking};
use draws::Quantity;
pub use draws::{Pairing, Variant};
use settings::Resolved;
pub use settings::TeNasSettings;

assay_core::register! {
    dyn SearchStrategy,
    name: "te-nas",
    summary: "prune a supernet by κ and linear regions (Chen et al., ICLR 2021)",
    settings: TeNasSettings,
    build: |settings| Ok(Box::new(TeNas::new(settings)?)),
}

/// A round of the search, in which some of the candidates go.
struct Round<'a> {
    /// Counted from 1.
    number: usize,
    /// What its step of the trajectory is called.
    title: String,
    candidates: &'a [Choice],
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct TeNas {
    settings: Resolved,
}

impl TeNas {
    /// With these settings; what is absent follows from the variant.
    ///
    /// # Errors
    /// If the indicators are none of those that there are.
    pub fn new(settings: TeNasSettings) -> Result<Self, SettingsError> {
        Ok(Self { settings: Resolved::from(settings)? })
    }

    /// Different measurements that one round of this many candidates takes.
    fn measurements(&self, candidates: usize) -> usize {
        let states = match self.settings.pairing {
            Pairing::Common => candidates + 1,
            Pairing::Independent => 2 * candidates,
        };
        states * self.settings.repeats * self.settings.indicators.len()
    }

    /// Different measurements from this state to the end, with these groups of edges to be thinned out then. Which
    /// operators go does not matter, only how many.
    fn measurements_from(&self, state: &Subspace, groups: &[(usize, Range<usize>)]) -> usize {
        let mut kept: Vec<usize> = state.cells().iter().flatten().map(|set| set.len()).collect();
        let mut total = groups.iter().map(|(_, group)| self.measurements(group.len())).sum();
        loop {
            let candidates: usize = kept.iter().filter(|count| **count > 1).sum();
            if candidates == 0 {
                return total;
            }
            total += self.measurements(candidates);
            let cap = kept[0].saturating_sub(1).max(1);
            for count in kept.iter_mut().filter(|count| **count > 1) {
                *count -= self.settings.rule.prune_number.min(cap).min(*count - 1);
            }
        }
    }

    /// For each indicator, candidate and repeat: the request before and the request after.
    fn requests(&self, layout: &Layout, state: &Subspace, candidates: &[Choice], round: usize) -> Vec<Request> {
        let Resolved { variant, pairing, repeats, ref indicators, .. } = self.settings;
        let mut requests = Vec::with_capacity(2 * indicators.len() * candidates.len() * repeats);
        for measured in indicators.iter().copied() {
            for choice in candidates {
                let pruned = state.without(*choice);
                for repeat in 1..=repeats {
                    let paths = draws::paths(variant, pairing, measured, round, &layout.describe(*choice), repeat);
                    let request = |subspace: &Subspace| Request {
                        label: measured.label().to_owned(),
                        subspace: subspace.clone(),
                        parameters: paths.parameters.clone(),
                        images: paths.images.clone(),
                    };
                    requests.extend([request(state), request(&pruned)]);
                }
            }
        }
        requests
    }

    /// One round: the removal of every operator is a candidate, and every edge loses some.
    fn round(&self, laboratory: &mut dyn Laboratory, layout: &Layout, state: &Subspace, number: usize) -> Result<Subspace, SearchError> {
        let candidates: Vec<Choice> = state.choices().filter(|choice| state.kept(choice.cell, choice.edge).len() > 1).collect();
        let removed = |rankings: &[Ranking]| self.settings.rule.prune(state, &candidates, rankings).concat();
        let round = Round { number, title: format!("round {number}"), candidates: &candidates };
        self.decide(laboratory, layout, state, &round, &removed)
    }

    /// Thins out the edges into one node: the clearing of each is a candidate.
    fn thin_out(
        &self,
        laboratory: &mut dyn Laboratory,
        layout: &Layout,
        state: &Subspace,
        (cell, group): &(usize, Range<usize>),
        number: usize,
    ) -> Result<Subspace, SearchError> {
        let candidates: Vec<Choice> = state.choices().filter(|choice| choice.cell == *cell && group.contains(&choice.edge)).collect();
        let removed = |rankings: &[Ranking]| {
            let cleared = edge_groups::cleared(group, self.settings.rule.combination, rankings);
            candidates.iter().filter(|choice| cleared.contains(&choice.edge)).copied().collect()
        };
        let CellLayout { kind, edges, .. } = &layout.cells[*cell];
        let title = format!("round {number}: edges {} to {} of {kind}", edges[group.start], edges[group.end - 1]);
        self.decide(laboratory, layout, state, &Round { number, title, candidates: &candidates }, &removed)
    }

    /// Measures every candidate, decides, records.
    fn decide(
        &self,
        laboratory: &mut dyn Laboratory,
        layout: &Layout,
        state: &Subspace,
        round: &Round<'_>,
        removed: &dyn Fn(&[Ranking]) -> Vec<Choice>,
    ) -> Result<Subspace, SearchError> {
        let candidates = round.candidates;
        let mut answers = laboratory.measure(&self.requests(layout, state, candidates, round.number))?.into_iter();
        let mut pair = || -> Result<Pair, SearchError> {
            match (answers.next(), answers.next()) {
                (Some(before), Some(after)) => Ok(Pair { before, after }),
                _ => Err(SearchError::Impossible("the laboratory gave fewer answers than it was asked for".into())),
            }
        };
        let mut indicators = Vec::new();
        let mut readings = Vec::new();
        for label in self.labels() {
            let direction = laboratory.direction(label)?;
            let mut repeats = || (0..self.settings.repeats).map(|_| pair()).collect::<Result<Vec<Pair>, _>>();
            let pairs = candidates.iter().map(|_| repeats()).collect::<Result<Vec<_>, _>>()?;
            readings.push((label.to_owned(), self.unpruned(direction, &pairs)));
            indicators.push(Indicator { direction, pairs });
        }
        let rankings: Vec<Ranking> = indicators.iter().map(|indicator| self.settings.rule.rank(indicator)).collect();
        let title = self.without_silent(&round.title, &rankings)?;

        let removed = removed(&rankings);
        let after = removed.iter().fold(state.clone(), |state, choice| state.without(*choice));
        let verdict = |(candidate, choice): (usize, &Choice)| Removal {
            choice: *choice,
            indicators: self
                .labels()
                .zip(&rankings)
                .map(|(label, ranking)| (label.to_owned(), ranking.changes[candidate].clone(), ranking.ranks[candidate]))
                .collect(),
            removed: removed.contains(choice),
        };
        let candidates = candidates.iter().enumerate().map(verdict).collect();
        laboratory.record(Step { title, before: state.clone(), after: after.clone(), candidates, readings })?;
        Ok(after)
    }

    /// The mean reading of the unpruned network over its different measurements.
    fn unpruned(&self, direction: Direction, pairs: &[Vec<Pair>]) -> Reading {
        // With common draws every candidate repeats the first one's measurements.
        let different = match self.settings.pairing {
            Pairing::Common => 1,
            Pairing::Independent => pairs.len(),
        };
        let readings: Vec<Reading> = pairs.iter().take(different).flatten().map(|pair| pair.before.clone()).collect();
        Score::of(direction, &readings).reading
    }

    /// The labels of the indicators, in their order.
    fn labels(&self) -> impl Iterator<Item = &'static str> {
        self.settings.indicators.iter().map(|measured| measured.label())
    }

    /// The title of a round, and which indicator was left out of it because none of its changes is defined.
    fn without_silent(&self, title: &str, rankings: &[Ranking]) -> Result<String, SearchError> {
        let silent: Vec<&str> = self.labels().zip(rankings).filter(|(_, ranking)| ranking.is_silent()).map(|(label, _)| label).collect();
        match silent[..] {
            [] => Ok(title.to_owned()),
            [only] if rankings.len() > 1 => Ok(format!("{title}, without {only}, whose every change is undefined")),
            _ => {
                let reason = rankings.first().and_then(|ranking| ranking.changes.first()).map(Reading::to_string).unwrap_or_default();
                let problem = format!("{title} cannot be decided: no proxy's change is defined for any removal; the first is {reason}");
                Err(SearchError::Impossible(problem))
            }
        }
    }
}

impl SearchStrategy for TeNas {
    fn proxies(&self) -> Vec<ProxyUse> {
        let settings = &self.settings;
        let kernel = Settings::none()
            .with("batch", settings.batch)
            .with("channels", settings.channels)
            .with("initialiser", settings.ntk_initialiser.word())
            .with("precision", settings.precision.word())
            .with("augmentation", settings.augment.word());
        let regions = Settings::none()
            .with("crops", settings.crops)
            .with("crop_batch", settings.crop_batch)
            .with("crop_size", settings.crop_size)
            .with("channels", settings.region_channels)
            .with("initialiser", settings.region_initialiser.word());
        let of = |measured: &Quantity| {
            let settings = if *measured == Quantity::Kernel { kernel.clone() } else { regions.clone() };
            ProxyUse { label: measured.label().into(), proxy: measured.proxy().into(), settings }
        };
        settings.indicators.iter().map(of).collect()
    }

    fn protocol(&self) -> String {
        let Resolved { variant, pairing, repeats, rule, exclusion, indicators, .. } = &self.settings;
        let changes = match rule.difference {
            Difference::Relative => format!("relative changes to {} decimals", rule.rounding),
            Difference::Absolute => "absolute changes".into(),
        };
        let draws = if *repeats == 1 { "1 repeat".into() } else { format!("{repeats} repeats") };
        let verdicts = match (&indicators[..], rule.combination) {
            ([alone], _) => format!(", by {} alone", alone.proxy()),
            (_, Combination::RankSum) => String::new(),
            (_, Combination::Minimum) => ", joined by the smaller of the two ranks".into(),
            (_, Combination::Maximum) => ", joined by the larger of the two ranks".into(),
            (_, Combination::NumericSum) => ", joined by their numeric sum".into(),
        };
        format!(
            "te-nas ({variant}): {}, {} removed an edge and round, {draws} with {pairing} draws, {changes} sorted by {} significant figures{verdicts}",
            exclusion, rule.prune_number, rule.rounding
        )
    }

    fn check(&self, space: &dyn SearchSpace, _: &dyn Dataset) -> Result<(), SettingsError> {
        let Some(filter) = space.filter() else { return Ok(()) };
        let problem = format!(
            "te-nas takes operators out of the whole space, and {filter} leaves out single architectures, which it does not ask about; use a \
             strategy that draws architectures, as random or regularized-evolution"
        );
        Err(SettingsError::new("name", problem))
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let layout = laboratory.space().layout().clone();
        let mut state = self.settings.exclusion.start(&layout)?;
        let groups = groups_to_thin_out(laboratory.space(), &state);
        let mut number = 0;
        while !state.is_single_path() {
            number += 1;
            laboratory.expect(self.measurements_from(&state, &groups));
            state = self.round(laboratory, &layout, &state, number)?;
        }
        for (position, group) in groups.iter().enumerate() {
            number += 1;
            laboratory.expect(groups[position..].iter().map(|(_, group)| self.measurements(group.len())).sum());
            state = self.thin_out(laboratory, &layout, &state, group, number)?;
        }
        if laboratory.space().is_architecture(&state) {
            return Ok(state);
        }
        Err(SearchError::Impossible(format!(
            "pruning ended in {state}, which is not an architecture of the space; te-nas prunes spaces in which every single path is one, \
             or in which it is one when every node keeps two edges"
        )))
    }
}

/// The groups of edges that have to lose some before a single path of `start` is an architecture, each with its kind of cell.
fn groups_to_thin_out(space: &dyn SearchSpace, start: &Subspace) -> Vec<(usize, Range<usize>)> {
    if start.single_path(0).is_none_or(|path| space.is_architecture(&path)) {
        return Vec::new();
    }
    let cells = space.layout().cells.iter().enumerate();
    let groups = cells.flat_map(|(cell, layout)| edge_groups::groups(layout).into_iter().map(move |group| (cell, group)));
    groups.filter(|(_, group)| edge_groups::is_scored(group)).collect()
}
