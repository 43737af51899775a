//! `pnas-by-blocks`: cells grow block by block, and an ensemble of LSTMs predicts which of them are worth evaluating (Liu et al.,
//! "Progressive Neural Architecture Search", ECCV 2018).
//!
//! All cells of one block are evaluated. Then each cell gets one more block in every way; predictors that learnt from all that was
//! evaluated so far say which of those cells are best, and these are evaluated and are the next to grow. The best cell of the last
//! level is found. Each of five predictors learns from four fifths of what is known, and their mean counts; they go on learning from
//! level to level.
//!
//! The paper has no published code of its search. That predictors are several, read blocks so, and learn faster at the first level
//! than later is told by projects that follow it; the sizes and rates here, the absolute error and the bias of 1.8 are recalled, not
//! checked. How long predictors learn at each level, and by how many cells a step, is not known: `passes` and `batch` are
//! Assay's.
//!
//! Blocks are the inner nodes of cells of `darts` with `inputs = "free"`: both kinds of cell have the same blocks, of the space's own
//! operators but `none`, and concatenate all of their nodes, where the paper concatenates those that no other reads. Nodes that a cell
//! does not have yet read `none` and are zero, so that every cell of every level can be measured and trained. Predictors learn
//! accuracies where a table or a training is the oracle. Scores of a proxy have no scale, so they learn ranks among all that was
//! evaluated.
//!
//! `name = "pnas"` with `blocks` means this strategy too.

use std::collections::HashSet;

use assay_core::plugin::{Read, Reads, SearchError, SearchSpace, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::seq::SliceRandom;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oneshot::learnt::LearntRules;
use crate::parts::oracle::{Budget, Judge, Oracle};
use crate::parts::predictor::{Block, Known, Predictor, PredictorShape};

assay_core::register! {
    dyn SearchStrategy,
    name: "pnas-by-blocks",
    summary: "cells grow block by block as an ensemble of LSTMs predicts it (Liu et al., ECCV 2018)",
    settings: PnasByBlocks,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::forward! { dyn SearchStrategy, from: "pnas", given: ["blocks"], to: "pnas-by-blocks" }

/// The bias that stands for an accuracy of 86 %.
const BIAS: f64 = 1.8;
/// The nodes of a cell before its blocks.
const INPUTS: usize = 2;

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct PnasByBlocks {
        with guide: GuideSettings = GuideSettings { budget: Budget::default(), ..GuideSettings::default() };
        /// blocks of a cell at the last level
        blocks: usize = 4, in 1..=64;
        /// cells that are evaluated at each level but the first
        beam: usize = 256, in 1..=1_000_000;
        /// cells of one block that are evaluated, drawn among all
        first: Option<usize>, otherwise "all", in 1..=1_000_000;
        /// predictors, of which each leaves out another part of what is known
        predictors: usize = 5, in 1..=1000;
        /// units of a predictor's LSTM, and of what it reads
        units: usize = 100, in 1..=2000;
        /// Adam's step at the first level
        first_rate: f64 = 0.01, in 1e-9..=1e3;
        /// Adam's step at the others
        rate: f64 = 0.002, in 1e-9..=1e3;
        /// what a prediction begins with, before it is brought between 0 and 1
        bias: Option<f64>, otherwise "1.8, or 0 where ranks are predicted", in -100.0..=100.0;
        /// how often a predictor goes through what is known at each level
        passes: usize = 50, in 1..=1_000_000;
        /// cells of a step of a predictor
        batch: usize = 8, in 1..=1_000_000;
    }
}

/// Blocks that read these nodes through these operators: one of the two orders in which a block's inputs can stand.
fn blocks(sources: usize, operators: &[usize]) -> Vec<Block> {
    let inputs: Vec<(usize, usize)> = (0..sources).flat_map(|source| operators.iter().map(move |operator| (source, *operator))).collect();
    let pair = |(position, one): (usize, &(usize, usize))| -> Vec<Block> {
        let block = |other: &(usize, usize)| Block { sources: [one.0, other.0], operators: [one.1, other.1] };
        inputs[position..].iter().map(block).collect()
    };
    let mut blocks: Vec<Block> = inputs.iter().enumerate().flat_map(pair).collect();
    // Predictors read those together that begin alike.
    blocks.sort();
    blocks
}

/// The architecture whose cells of all kinds have these blocks, and `none` in the place of those that are missing.
fn architecture(space: &dyn SearchSpace, reads: Reads, none: usize, cell: &[Block]) -> Option<Subspace> {
    let node = |block: &Block| [0, 1].map(|input| Read { source: block.sources[input], operator: block.operators[input] });
    let mut nodes: Vec<[Read; 2]> = cell.iter().map(node).collect();
    nodes.resize(reads.nodes, [Read { source: 0, operator: none }; 2]);
    space.of_reads(&vec![nodes; space.layout().cells.len()])
}

/// What is searched: how cells are made, and what is in them.
struct Ground {
    reads: Reads,
    none: usize,
    operators: Vec<usize>,
}

impl Ground {
    /// Of a space, if its cells are made of blocks; the operators are those that `allowed` keeps of the first input of the first node.
    fn of(space: &dyn SearchSpace, allowed: &Subspace) -> Option<Self> {
        let (reads, none) = (space.reads()?, space.layout().zero?);
        let operators = allowed.kept(0, 0).iter().filter(|operator| *operator != none && *operator < reads.operators).collect();
        Some(Self { reads, none, operators })
    }
}

/// A cell with its evaluation.
type Evaluated = (Vec<Block>, usize);

impl PnasByBlocks {
    /// What was evaluated, each with what predictors learn of it: accuracies from 0 to 1, or ranks.
    fn known(oracle: &Oracle<'_>, evaluated: &[Evaluated], of_accuracies: bool) -> Vec<Known> {
        let defined: Vec<(&Vec<Block>, f64)> =
            evaluated.iter().filter_map(|(cell, number)| Some((cell, oracle.goodness(*number)?))).collect();
        let value = |goodness: f64| {
            if of_accuracies {
                return goodness / 100.0;
            }
            let (below, equal) = defined.iter().fold((0, 0), |(below, equal), (_, other)| {
                (below + usize::from(*other < goodness), equal + usize::from(*other == goodness))
            });
            (below as f64 + 0.5 * equal as f64) / defined.len() as f64
        };
        defined.iter().map(|(cell, goodness)| ((*cell).clone(), value(*goodness))).collect()
    }

    /// Lets predictors learn from what is known after a level, from 1.
    fn learn(&self, oracle: &Oracle<'_>, predictors: &mut [Predictor], known: &[Known], level: usize) {
        let stream = oracle.stream("predictors").child(level);
        let rate = if level == 1 { self.first_rate } else { self.rate };
        let rules = LearntRules { rate, betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.0, clip: f64::INFINITY };
        let mut order: Vec<&Known> = known.iter().collect();
        order.shuffle(&mut stream.child("parts").rng());
        let count = predictors.len();
        for (number, predictor) in predictors.iter_mut().enumerate() {
            let is_own = |position: usize| count == 1 || position % count != number;
            let own: Vec<&Known> = order.iter().enumerate().filter(|(position, _)| is_own(*position)).map(|(_, known)| *known).collect();
            predictor.learn(&own, &rules, self.passes, self.batch, &stream.child("orders").child(number));
        }
    }

    /// The most promising of the cells with one more block, best first: of those that compute the same, one, and none that was
    /// evaluated.
    fn grown(
        &self,
        oracle: &Oracle<'_>,
        ground: &Ground,
        predictors: &[Predictor],
        cells: &[Evaluated],
    ) -> Result<Vec<(Vec<Block>, Subspace)>, SearchError> {
        let level = cells.first().map_or(0, |(cell, _)| cell.len());
        let more = blocks(INPUTS + level, &ground.operators);
        let mut predicted: Vec<(f64, usize, usize)> = Vec::with_capacity(cells.len() * more.len());
        for (position, (cell, _)) in cells.iter().enumerate() {
            let mut sums = vec![0.0; more.len()];
            for predictor in predictors {
                sums.iter_mut().zip(predictor.predict_all(cell, &more)).for_each(|(sum, value)| *sum += value);
            }
            predicted.extend(sums.into_iter().enumerate().map(|(block, sum)| (sum, position, block)));
        }
        // Stable: of equals, what grew first.
        predicted.sort_by(|one, other| other.0.total_cmp(&one.0));
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for (_, position, block) in predicted {
            if found.len() == self.beam {
                break;
            }
            let cell: Vec<Block> = cells[position].0.iter().copied().chain([more[block]]).collect();
            let made = made(oracle.space(), ground, &cell)?;
            let same = oracle.space().canonical(&made).map_err(|error| SearchError::Impossible(error.to_string()))?;
            if oracle.find(&made).is_none() && seen.insert(same) {
                found.push((cell, made));
            }
        }
        Ok(found)
    }
}

fn made(space: &dyn SearchSpace, ground: &Ground, cell: &[Block]) -> Result<Subspace, SearchError> {
    let made = architecture(space, ground.reads, ground.none, cell);
    made.ok_or_else(|| SearchError::Impossible("the space has no cell of such blocks".into()))
}

/// How many blocks an architecture has: nodes that read something.
fn level(oracle: &Oracle<'_>, architecture: &Subspace) -> usize {
    let none = oracle.space().layout().zero;
    let has_block = |inputs: &[assay_core::subspace::OperatorSet]| {
        inputs.iter().step_by(2).any(|operators| operators.iter().any(|operator| Some(operator) != none))
    };
    architecture.cells()[0].chunks(4).filter(|inputs| has_block(inputs)).count()
}

impl Method for PnasByBlocks {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.without_limit()
    }

    fn check(&self, space: &dyn SearchSpace) -> Result<(), SettingsError> {
        let Some(reads) = space.reads() else {
            let problem = "pnas-by-blocks grows cells whose nodes read two earlier ones, each by itself; use darts with space.inputs = \
                           \"free\", or pnas without `blocks`";
            return Err(SettingsError::new("name", problem));
        };
        if self.blocks > reads.nodes {
            let problem = format!("must be {} at the most, which cells of this space have, is {}", reads.nodes, self.blocks);
            return Err(SettingsError::new("blocks", problem));
        }
        Ok(())
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { blocks, beam, first, predictors, units, first_rate, rate, passes, batch, .. } = self;
        let first = first.map_or("all".to_owned(), |first| first.to_string());
        format!(
            "pnas-by-blocks: {guide}, {blocks} blocks, {first} cells of one and a beam of {beam}, {predictors} LSTMs of {units} units, \
             Adam with rates {first_rate} and {rate}, {passes} passes a level in batches of {batch}"
        )
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let nothing = || SearchError::Impossible("cells of this space are not made of blocks".into());
        let ground = Ground::of(oracle.space(), allowed).ok_or_else(nothing)?;
        let judge = self.guide.oracle.judge().map_err(|error| SearchError::Impossible(error.to_string()))?;
        let of_accuracies = matches!(judge, Judge::Table { .. } | Judge::Training { .. });
        let shape = PredictorShape { units: self.units, sources: INPUTS + self.blocks - 1, operators: ground.reads.operators };
        let bias = self.bias.unwrap_or(if of_accuracies { BIAS } else { 0.0 });
        let stream = oracle.stream("ensemble");
        let mut predictors: Vec<Predictor> =
            (0..self.predictors).map(|number| Predictor::draw(shape, bias, &stream.child(number))).collect();
        let mut cells: Vec<Vec<Block>> = blocks(INPUTS, &ground.operators).into_iter().map(|block| vec![block]).collect();
        if let Some(first) = self.first.filter(|first| *first < cells.len()) {
            cells.shuffle(&mut oracle.stream("first").rng());
            cells.truncate(first);
        }
        oracle.expect(cells.len() + (self.blocks - 1) * self.beam);
        let with_architecture = |cell: Vec<Block>| Ok((made(oracle.space(), &ground, &cell)?, cell));
        let (architectures, cells): (Vec<Subspace>, Vec<Vec<Block>>) =
            cells.into_iter().map(with_architecture).collect::<Result<Vec<_>, SearchError>>()?.into_iter().unzip();
        let numbers = oracle.evaluate(&architectures)?;
        let mut last: Vec<Evaluated> = cells.into_iter().zip(numbers).collect();
        let mut all = last.clone();
        for level in 1..self.blocks {
            if oracle.is_spent() || last.is_empty() {
                break;
            }
            let known = Self::known(oracle, &all, of_accuracies);
            self.learn(oracle, &mut predictors, &known, level);
            let (cells, architectures): (Vec<_>, Vec<_>) = self.grown(oracle, &ground, &predictors, &last)?.into_iter().unzip();
            last = cells.into_iter().zip(oracle.evaluate(&architectures)?).collect();
            all.extend(last.iter().cloned());
        }
        Ok(())
    }

    /// The best cell of the level that has most blocks.
    fn choose(&self, oracle: &Oracle<'_>) -> Result<Subspace, SearchError> {
        let defined = (0..oracle.history().len()).filter(|number| oracle.goodness(*number).is_some());
        let levels: Vec<(usize, usize)> = defined.map(|number| (level(oracle, &oracle.history()[number].architecture), number)).collect();
        let most = levels.iter().map(|(level, _)| *level).max();
        let last = levels.iter().filter(|(level, _)| Some(*level) == most).map(|(_, number)| *number);
        match oracle.best_of(last) {
            Some(best) => Ok(oracle.history()[best].architecture.clone()),
            None => oracle.found(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_one_level_are_as_many_as_the_paper_counts() {
        let operators: Vec<usize> = (0..8).collect();
        // Of 256 cells of one block 136 are different.
        assert_eq!(blocks(2, &operators).len(), 136);
        assert_eq!(blocks(3, &operators[..7]).len(), 231);
    }
}
