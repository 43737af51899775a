//! Splits the work of a study into parts of equal size.

use std::collections::BTreeMap;

use assay_core::stream::Stream;
use rand::seq::SliceRandom;

use super::selection::Selected;

/// The part that measures each architecture, counted from 0.
///
/// Architectures that are measured once for all stay together, so no part measures what another one does. What is left
/// is put in the order of its cost, and each `parts` of it in turn are dealt out at random, one to a part: the parts
/// differ by about one architecture in number and in cost.
pub(super) fn deal(architectures: &[Selected], costs: &[u64], parts: u32, stream: &Stream) -> Vec<u32> {
    let mut classes: BTreeMap<usize, u64> = BTreeMap::new();
    for architecture in architectures {
        classes.entry(architecture.measured_as).or_insert_with(|| costs.get(architecture.measured_as).copied().unwrap_or(0));
    }
    let mut order: Vec<(u64, usize)> = classes.into_iter().map(|(class, cost)| (cost, class)).collect();
    order.sort_unstable();
    let mut rng = stream.rng();
    let mut hand: Vec<u32> = (0..parts).collect();
    let mut part_of: BTreeMap<usize, u32> = BTreeMap::new();
    for round in order.chunks(hand.len().max(1)) {
        hand.shuffle(&mut rng);
        part_of.extend(round.iter().zip(&hand).map(|((_, class), part)| (*class, *part)));
    }
    architectures.iter().map(|architecture| part_of.get(&architecture.measured_as).copied().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use assay_core::subspace::Subspace;

    use super::*;

    fn architectures(measured_as: impl IntoIterator<Item = usize>) -> Vec<Selected> {
        let subspace: Subspace = "01.10".to_owned().try_into().unwrap();
        let selected = |measured_as| Selected { text: String::new(), index: None, subspace: subspace.clone(), measured_as };
        measured_as.into_iter().map(selected).collect()
    }

    #[test]
    fn parts_are_of_equal_number_and_nearly_equal_cost_and_depend_on_the_seed_alone() {
        let all = architectures(0..1_001);
        let costs: Vec<u64> = (0..1_001).map(|position| position * 7_919 % 1_009).collect();
        let dealt = deal(&all, &costs, 4, &Stream::new(3, "study"));
        assert_eq!(dealt, deal(&all, &costs, 4, &Stream::new(3, "study")));
        assert_ne!(dealt, deal(&all, &costs, 4, &Stream::new(4, "study")));
        let of = |part: u32| dealt.iter().zip(&costs).filter(move |(own, _)| **own == part).map(|(_, cost)| *cost);
        let mut counts: Vec<usize> = (0..4).map(|part| of(part).count()).collect();
        counts.sort_unstable();
        assert_eq!(counts, [250, 250, 250, 251]);
        let sums: Vec<u64> = (0..4).map(|part| of(part).sum()).collect();
        let (least, most) = (*sums.iter().min().unwrap(), *sums.iter().max().unwrap());
        // One architecture more, and what chance leaves within the rounds, which differ by a few each.
        assert!(most - least < 1_009 + 200, "{sums:?}");
    }

    #[test]
    fn isomorphic_architectures_stay_together_and_there_may_be_more_parts_than_work() {
        let all = architectures([0, 1, 0, 1, 4, 4]);
        let dealt = deal(&all, &[5, 5, 9, 9, 1, 1], 8, &Stream::new(0, "study"));
        assert!(dealt[0] == dealt[2] && dealt[1] == dealt[3] && dealt[4] == dealt[5], "{dealt:?}");
        assert!(dealt[0] != dealt[1] && dealt[1] != dealt[4] && dealt[0] != dealt[4], "{dealt:?}");
    }
}
