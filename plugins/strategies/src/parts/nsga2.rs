//! Fronts and crowding of NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE Transactions on Evolutionary Computation 2002), for
//! two objectives and a limit.

use std::cmp::Ordering;

use rand::{Rng, RngExt};

/// An architecture as the selection sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Member {
    /// More is better; none is worse than any.
    pub(crate) goodness: Option<f64>,
    /// Less is better; none is worse than any.
    pub(crate) cost: Option<f64>,
    /// By how much it is beyond the limit; 0 within.
    pub(crate) beyond: f64,
}

impl Member {
    fn objectives(&self) -> [f64; 2] {
        [self.goodness.unwrap_or(f64::NEG_INFINITY), -self.cost.unwrap_or(f64::INFINITY)]
    }

    /// Constrained domination: nearer to the limit first; within it, no worse in either objective and better in one.
    fn dominates(&self, other: &Self) -> bool {
        match self.beyond.total_cmp(&other.beyond) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => {
                let pairs = || self.objectives().into_iter().zip(other.objectives());
                pairs().all(|(own, theirs)| own >= theirs) && pairs().any(|(own, theirs)| own > theirs)
            }
        }
    }
}

/// Where a member stands among its like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// How many fronts are before its own.
    pub(crate) front: usize,
    /// How far its neighbours on the front lie apart; infinite at its ends.
    pub(crate) crowding: f64,
}

impl Standing {
    /// The better one first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.front.cmp(&other.front).then(other.crowding.total_cmp(&self.crowding))
    }
}

/// The place of every member.
pub(crate) fn ranked(members: &[Member]) -> Vec<Standing> {
    let mut fronts: Vec<Option<usize>> = vec![None; members.len()];
    let mut number = 0;
    while fronts.iter().any(Option::is_none) {
        let left: Vec<usize> = (0..members.len()).filter(|member| fronts[*member].is_none()).collect();
        let is_beaten = |member: &usize| left.iter().any(|other| members[*other].dominates(&members[*member]));
        for member in left.iter().filter(|member| !is_beaten(member)) {
            fronts[*member] = Some(number);
        }
        number += 1;
    }
    let mut standings: Vec<Standing> = fronts.iter().map(|front| Standing { front: front.unwrap_or(number), crowding: 0.0 }).collect();
    for front in 0..number {
        let of_front: Vec<usize> = (0..members.len()).filter(|member| standings[*member].front == front).collect();
        for objective in 0..2 {
            let value = |member: usize| members[member].objectives()[objective];
            let mut sorted = of_front.clone();
            sorted.sort_by(|one, other| value(*one).total_cmp(&value(*other)));
            let (Some(first), Some(last)) = (sorted.first().copied(), sorted.last().copied()) else { continue };
            let range = value(last) - value(first);
            standings[first].crowding = f64::INFINITY;
            standings[last].crowding = f64::INFINITY;
            for window in sorted.windows(3) {
                // A front whose ends are undefined or equal has no scale.
                if range > 0.0 && range.is_finite() {
                    standings[window[1]].crowding += (value(window[2]) - value(window[0])) / range;
                }
            }
        }
    }
    standings
}

/// The better of two members drawn at random, the first of equals.
pub(crate) fn tournament(standings: &[Standing], rng: &mut impl Rng) -> usize {
    let [one, other] = [rng.random_range(0..standings.len()), rng.random_range(0..standings.len())];
    if standings[other].compare(&standings[one]) == Ordering::Less { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(goodness: f64, cost: f64) -> Member {
        Member { goodness: Some(goodness), cost: Some(cost), beyond: 0.0 }
    }

    #[test]
    fn fronts_are_peeled_off_and_their_ends_are_never_crowded() {
        let members = [member(1.0, 1.0), member(2.0, 2.0), member(4.0, 5.0), member(1.0, 2.0), member(2.0, 5.0), member(3.0, 3.0)];
        let standings = ranked(&members);
        assert_eq!(standings.iter().map(|place| place.front).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 0]);
        // 2/2 lies between 1/1 and 3/3 of a front from 1 to 4 and from 1 to 5.
        assert_eq!(standings[1].crowding, 2.0 / 3.0 + 2.0 / 4.0);
        assert_eq!((standings[0].crowding, standings[2].crowding), (f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn beyond_the_limit_only_the_distance_counts() {
        let near = Member { beyond: 0.5, ..member(0.0, 9.0) };
        let far = Member { beyond: 1.0, ..member(100.0, 1.0) };
        let unknown = Member { goodness: Some(7.0), cost: None, beyond: f64::INFINITY };
        let fronts: Vec<usize> = ranked(&[far, unknown, near, member(-5.0, 8.0)]).iter().map(|place| place.front).collect();
        assert_eq!(fronts, [2, 3, 1, 0]);
    }
}
