//! A bracket of successive halving (Jamieson and Talwalkar, AISTATS 2016): more training for fewer architectures.

use assay_core::plugin::SearchError;
use assay_core::subspace::Subspace;

use super::oracle::{Budget, Oracle};

assay_core::settings! {
    /// What every strategy of halving understands.
    #[derive(Clone, Debug)]
    pub struct HalvingSettings {
        /// one in this many architectures gets the next longer training
        pub eta: f64 = 3.0, in 1.1..=1e6;
    }
}

/// Evaluates these after the training `from`, the best `1 / eta` of them after the next longer one, and so on; at least one
/// gets to the end. Stops when the budget is spent.
pub(crate) fn bracket(oracle: &mut Oracle<'_>, from: usize, first: Vec<Subspace>, eta: f64) -> Result<(), SearchError> {
    let mut architectures = first;
    for training in from..oracle.trainings() {
        let mut ranked: Vec<usize> = oracle.evaluate_after(training, &architectures)?.collect();
        if ranked.len() < architectures.len() {
            return Ok(());
        }
        // Stable: of equals, what was evaluated first.
        ranked.sort_by(|one, other| oracle.compare(*other, *one));
        ranked.truncate(promoted(architectures.len(), eta));
        architectures = ranked.into_iter().map(|number| oracle.history()[number].architecture.clone()).collect();
    }
    Ok(())
}

/// Says how many epochs are to come of these brackets again and again, each with the training that it begins with and how many
/// architectures, where evaluations or epochs limit a search that trains.
pub(crate) fn expect(oracle: &mut Oracle<'_>, brackets: &[(usize, usize)], eta: f64) {
    let Budget { evaluations, epochs, .. } = oracle.budget();
    if oracle.epochs(0, None).is_none() || (evaluations, epochs) == (None, None) {
        return;
    }
    let (mut evaluated, mut trained) = (0, 0);
    for &(from, count) in brackets.iter().cycle() {
        let mut count = count;
        for training in from..oracle.trainings() {
            let each = oracle.epochs(training, (training > from).then_some(training - 1)).unwrap_or(1).max(1);
            let paid = epochs.map_or(usize::MAX, |limit| (limit - trained) / each);
            let rung = count.min(paid).min(evaluations.map_or(usize::MAX, |limit| limit - evaluated));
            (evaluated, trained) = (evaluated + rung, trained + rung * each);
            if rung < count {
                return oracle.expect_in_all(trained);
            }
            count = promoted(count, eta);
        }
    }
}

/// How many of so many architectures get the next longer training.
fn promoted(count: usize, eta: f64) -> usize {
    ((count as f64 / eta).floor() as usize).max(1)
}

/// Hyperband's brackets (Li et al., JMLR 2018), the most economical first: the training that each begins with, and with how
/// many architectures. With S + 1 trainings, bracket s has ⌈(S + 1) / (s + 1) · ηˢ⌉ and s trainings to go after its first.
pub(crate) fn brackets(trainings: usize, eta: f64) -> Vec<(usize, usize)> {
    let bracket = |longer: usize| {
        let count = (trainings as f64 / (longer + 1) as f64 * eta.powi(i32::try_from(longer).unwrap_or(i32::MAX))).ceil();
        (trainings - 1 - longer, count as usize)
    };
    (0..trainings).rev().map(bracket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_those_of_the_paper() {
        // Table 1 of Li et al. (2018): R = 81, η = 3, five trainings.
        assert_eq!(brackets(5, 3.0), [(0, 81), (1, 34), (2, 15), (3, 8), (4, 5)]);
    }
}
