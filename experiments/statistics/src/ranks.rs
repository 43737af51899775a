//! Order without values: what rank statistics need of a side.

/// A number whose order as an integer is the value's order; equal for equal values. NaN and −0 are not given.
pub(crate) fn order_key(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = value.to_bits();
    // Among negative floats a larger magnitude is a smaller value, hence the complement.
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The ranks of `n` values; tied values form one class.
pub(crate) struct Ranks {
    /// Per value, its class: 0 for the smallest value. Length n.
    pub(crate) class: Vec<usize>,
    /// Per class, how many values are tied in it.
    pub(crate) size: Vec<usize>,
    /// Per class, how many values are smaller.
    pub(crate) below: Vec<usize>,
}

impl Ranks {
    /// Ranks the values.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut order: Vec<(u64, usize)> = values.iter().enumerate().map(|(position, value)| (order_key(*value), position)).collect();
        order.sort_unstable();
        let mut ranks = Self { class: vec![0; values.len()], size: Vec::new(), below: Vec::new() };
        for (below, tied) in runs(&order, |(left, _), (right, _)| left == right) {
            for (_, position) in tied {
                ranks.class[*position] = ranks.size.len();
            }
            ranks.size.push(tied.len());
            ranks.below.push(below);
        }
        ranks
    }

    /// Whether there are fewer than two classes, so that there is no order to agree with.
    pub(crate) fn is_constant(&self) -> bool {
        self.size.len() < 2
    }

    /// Twice the value's mean rank (counted from 1 over ties), so that it is an integer.
    pub(crate) fn twice_mean_rank(&self, position: usize) -> u64 {
        let class = self.class[position];
        (2 * self.below[class] + self.size[class] + 1) as u64
    }

    /// How many values, itself included, are tied with the one at this position.
    pub(crate) fn tied(&self, position: usize) -> usize {
        self.size[self.class[position]]
    }
}

/// Where each value stands among all, from −1 (below all others) over 0 (in the middle) to 1 (above all others); tied values
/// share their mean. Precisely (2r − n − 1) / (n − 1) of the mean rank r of n values, and 0 for a single one. NaN has no place
/// in an order: the caller leaves it out.
#[must_use]
pub fn standings(values: &[f64]) -> Vec<f64> {
    let ranks = Ranks::of(values);
    let (centre, reach) = (values.len() as f64 + 1.0, (values.len() as f64 - 1.0).max(1.0));
    (0..values.len()).map(|position| (ranks.twice_mean_rank(position) as f64 - centre) / reach).collect()
}

/// The maximal runs of neighbours that are alike, each with its start.
pub(crate) fn runs<T>(sorted: &[T], alike: impl Fn(&T, &T) -> bool) -> impl Iterator<Item = (usize, &[T])> {
    sorted.chunk_by(alike).scan(0, |end, run| {
        let start = *end;
        *end += run.len();
        Some((start, run))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_the_values_are() {
        let ascending = [f64::NEG_INFINITY, f64::MIN, -1.5, -1.0, -f64::from_bits(1), 0.0, f64::from_bits(1), 1.0, f64::MAX, f64::INFINITY];
        assert!(ascending.is_sorted_by(|left, right| order_key(*left) < order_key(*right)));
    }

    #[test]
    fn tied_values_share_their_mean_rank() {
        let ranks = Ranks::of(&[2.0, 1.0, 2.0, 7.0, 2.0]);
        let mean: Vec<f64> = (0..5).map(|position| ranks.twice_mean_rank(position) as f64 / 2.0).collect();
        assert_eq!(mean, [3.0, 1.0, 3.0, 5.0, 3.0]);
        assert_eq!((ranks.tied(0), ranks.tied(1)), (3, 1));
    }

    #[test]
    fn values_stand_between_minus_one_and_one() {
        assert_eq!(standings(&[2.0, 1.0, 2.0, 7.0, 2.0]), [0.0, -1.0, 0.0, 1.0, 0.0]);
        assert_eq!(standings(&[-3.0, -4.0]), [1.0, -1.0]);
        assert_eq!(standings(&[5.0]), [0.0]);
        assert!(standings(&[]).is_empty());
    }
}
