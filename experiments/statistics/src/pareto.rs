//! The Pareto front of what is good against what it costs.

/// One of the alternatives that are compared. Neither number is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// Less is better.
    pub cost: f64,
    /// More is better.
    pub goodness: f64,
}

/// Positions of the offers that are better than every other one that costs no more, cheapest first. Of equal offers, the
/// first.
#[must_use]
pub fn front(offers: &[Offer]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..offers.len()).collect();
    // Stable: of equal offers, the first stays in front.
    order.sort_by(|one, other| {
        let (one, other) = (offers[*one], offers[*other]);
        one.cost.total_cmp(&other.cost).then(other.goodness.total_cmp(&one.goodness))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|position| {
        let goodness = offers[*position].goodness;
        let is_better = goodness > best;
        best = best.max(goodness);
        is_better
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_cheaper_one_equals_is_on_the_front() {
        let offer = |(cost, goodness): (f64, f64)| Offer { cost, goodness };
        let offers = [(3.0, 5.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.0), (2.0, 4.0), (3.0, 5.0), (4.0, 4.5)].map(offer);
        assert_eq!(front(&offers), [1, 4, 0]);
        assert_eq!(front(&[]), Vec::<usize>::new());
    }
}
