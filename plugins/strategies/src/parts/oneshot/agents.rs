//! MANAS's agents: one an edge, each of which draws an operator by itself and is charged with the loss of what all of them drew
//! (Lopes et al., arXiv 1909.01051).

use assay_core::plugin::SearchSpace;
use assay_core::plugin::supernet::{Kept, Passed, PerChoice, SupernetError};
use assay_core::stream::Stream;
use assay_core::subspace::{Choice, Layout, Subspace};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::alphas::{Alphas, softmax};
use super::method::Moment;
use super::steps::Course;

/// The agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agents {
    /// B̃: what operators are charged with; less is better.
    pub charges: PerChoice,
    /// π: how likely each agent draws each operator.
    pub policy: PerChoice,
    /// What was drawn since least squares were last taken, and the losses.
    pub evaluations: Vec<(Subspace, f64)>,
}

impl Agents {
    /// Those that draw all operators of an edge as often.
    #[must_use]
    pub fn uniform(layout: &Layout) -> Self {
        let mut policy = PerChoice::filled(layout, 0.0);
        for choice in Subspace::whole(layout).choices() {
            *policy.at_mut(choice) = 1.0 / layout.cells[choice.cell].offers[choice.edge].len() as f64;
        }
        Self { charges: PerChoice::filled(layout, 0.0), policy, evaluations: Vec::new() }
    }

    /// What all agents draw.
    #[must_use]
    pub fn draw(&self, layout: &Layout, rng: &mut impl Rng) -> Subspace {
        let mut one = |policy: &Vec<f64>| {
            let mut left: f64 = rng.random();
            let found = policy.iter().position(|probability| {
                left -= probability;
                left < 0.0
            });
            let last = || policy.iter().rposition(|probability| *probability > 0.0);
            found.or_else(last).into_iter().collect()
        };
        Subspace::new(layout, self.policy.0.iter().map(|cell| cell.iter().map(&mut one).collect()).collect())
    }

    /// A step of weights on what the agents draw, and the loss of the same by other images and the new weights.
    ///
    /// # Errors
    /// If the images do not fit.
    pub fn step(&self, course: &mut Course<'_>, moment: &Moment<'_>) -> Result<(Passed, Subspace, f64), SupernetError> {
        let drawn = self.draw(course.supernet.space().layout(), &mut moment.stream.child("agents").rng());
        let passed = course.single(moment.base, Kept::Shared(&drawn), moment.by)?;
        let arch = moment.arch.unwrap_or(moment.base);
        let output = course.look(arch, Kept::Shared(&drawn))?;
        let loss = course.supernet.loss(&output, arch);
        Ok((passed, drawn, loss))
    }

    /// EXP3 (Auer et al., SIAM Journal on Computing 2002): what was drawn is charged with the loss over its probability, and what is
    /// charged with more is less likely.
    pub fn exp3(&mut self, drawn: &Subspace, loss: f64, eta: f64) {
        for choice in drawn.choices() {
            *self.charges.at_mut(choice) += loss / self.policy.at(choice);
        }
        self.policy = self.charges.with(&self.policy, |charges, policy| {
            // What an edge does not offer has the probability 0, and keeps it.
            let logits = charges.iter().zip(policy).map(|(charge, p)| if *p > 0.0 { -eta * charge } else { f64::NEG_INFINITY });
            // What is offered never has the probability 0, over which a charge could not be divided.
            softmax(&logits.collect::<Vec<_>>())
                .iter()
                .zip(policy)
                .map(|(new, old)| if *old > 0.0 { new.max(LEAST) } else { 0.0 })
                .collect()
        });
    }

    /// Charges by least squares of least norm over the evaluations, which are then forgotten; then each agent draws by Zipf's law: an
    /// operator of rank r, the least charged first, has a probability proportional to 1/r. What was not evaluated is charged with 0.
    pub fn least_squares(&mut self, layout: &Layout) {
        let zeros = PerChoice::filled(layout, 0.0);
        let place = |choice: Choice| {
            let before: usize = layout.cells[..choice.cell].iter().map(|cell| cell.edges.len()).sum();
            (before + choice.edge) * layout.operators.len() + choice.operator
        };
        let rows: Vec<Vec<usize>> = self.evaluations.iter().map(|(drawn, _)| drawn.choices().map(place).collect()).collect();
        let losses: Vec<f64> = self.evaluations.iter().map(|(_, loss)| *loss).collect();
        let charges = of_least_norm(&rows, &losses, zeros.numbers().count());
        self.charges = zeros;
        self.charges.0.iter_mut().flatten().flatten().zip(charges).for_each(|(own, charge)| *own = charge);
        self.policy = self.charges.with(&self.policy, zipf);
        self.evaluations.clear();
    }

    /// What the agents draw in the end: of a space whose architectures leave edges empty, the edges whose drawn operators are most
    /// likely.
    #[must_use]
    pub fn recommended(&self, space: &dyn SearchSpace, stream: &Stream) -> Subspace {
        /// What was not drawn comes behind all that was.
        const BEHIND: f64 = 1e-9;
        let drawn = self.draw(space.layout(), &mut stream.rng());
        if space.is_architecture(&drawn) {
            return drawn;
        }
        let mut likely = self.policy.by_edge(|policy| policy.iter().map(|p| BEHIND * p).collect());
        for choice in drawn.choices() {
            *likely.at_mut(choice) = self.policy.at(choice);
        }
        space.strongest(&likely)
    }

    /// The probabilities, as steps of searches have them.
    #[must_use]
    pub fn left(&self, layout: &Layout) -> Alphas {
        Alphas::new(layout, self.policy.by_edge(|policy| policy.iter().map(|p| p.max(LEAST).ln()).collect()))
    }
}

/// The least probability of what is offered.
const LEAST: f64 = 1e-12;

/// 1/rank over Σ 1/rank, the least charged first; of equals, the earlier operator. What has the probability 0 keeps it.
fn zipf(charges: &[f64], policy: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..charges.len()).filter(|operator| policy[*operator] > 0.0).collect();
    order.sort_by(|one, other| charges[*one].total_cmp(&charges[*other]));
    let sum: f64 = (1..=order.len()).map(|rank| 1.0 / rank as f64).sum();
    let mut drawn = vec![0.0; charges.len()];
    order.iter().enumerate().for_each(|(before, operator)| drawn[*operator] = 1.0 / ((before + 1) as f64 * sum));
    drawn
}

/// The least-squares solution of least norm, of rows that have ones in these places: conjugate gradients from zero never leave the
/// space of the rows (Björck, Numerical Methods for Least Squares Problems, 1996).
fn of_least_norm(rows: &[Vec<usize>], targets: &[f64], unknowns: usize) -> Vec<f64> {
    let by_rows = |x: &[f64]| -> Vec<f64> { rows.iter().map(|row| row.iter().map(|place| x[*place]).sum()).collect() };
    let back = |r: &[f64]| -> Vec<f64> {
        let mut sum = vec![0.0; unknowns];
        rows.iter().zip(r).for_each(|(row, own)| row.iter().for_each(|place| sum[*place] += own));
        sum
    };
    let dot = |one: &[f64], other: &[f64]| -> f64 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    let (mut found, mut rest) = (vec![0.0; unknowns], targets.to_vec());
    let mut slope = back(&rest);
    let (mut direction, mut squares) = (slope.clone(), dot(&slope, &slope));
    let enough = 1e-28 * squares;
    for _ in 0..4 * unknowns {
        let along = by_rows(&direction);
        let length = dot(&along, &along);
        if squares <= enough || length == 0.0 {
            break;
        }
        let far = squares / length;
        found.iter_mut().zip(&direction).for_each(|(found, by)| *found += far * by);
        rest.iter_mut().zip(&along).for_each(|(rest, by)| *rest -= far * by);
        slope = back(&rest);
        let next = dot(&slope, &slope);
        direction.iter_mut().zip(&slope).for_each(|(own, slope)| *own = slope + next / squares * *own);
        squares = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use assay_core::subspace::CellLayout;

    use super::*;

    fn layout() -> Layout {
        Layout::new(["a", "b", "c"], vec![CellLayout::uniform("cell", ["x", "y"], 3)])
    }

    fn drawn(operators: [usize; 2]) -> Subspace {
        Subspace::new(&layout(), vec![operators.iter().map(|operator| std::iter::once(*operator).collect()).collect()])
    }

    #[test]
    fn what_loses_less_is_drawn_more_often() {
        let mut agents = Agents::uniform(&layout());
        agents.exp3(&drawn([0, 1]), 2.0, 0.1);
        // 2 / (1/3) = 6; exp(−0.6) / (exp(−0.6) + 2).
        let expected = (-0.6_f64).exp() / ((-0.6_f64).exp() + 2.0);
        assert!((agents.policy.0[0][0][0] - expected).abs() < 1e-12 && (agents.policy.0[0][1][1] - expected).abs() < 1e-12);
        let mut rng = Stream::new(0, "rounds").rng();
        for _ in 0..3000 {
            let now = agents.draw(&layout(), &mut rng);
            let loss: f64 = now.choices().map(|choice| f64::from(u8::from(choice.operator != 2)) / 2.0).sum();
            agents.exp3(&now, loss, 0.02);
        }
        assert!(agents.policy.edges().all(|edge| edge[2] > 0.9), "{:?}", agents.policy);
    }

    #[test]
    fn least_squares_give_each_choice_its_part_of_the_loss_and_ranks_decide() {
        let mut agents = Agents::uniform(&layout());
        let (first, second) = ([3.0, 1.0, 2.0], [0.5, 0.25, 0.0]);
        for (a, one) in first.iter().enumerate() {
            for (b, other) in second.iter().enumerate() {
                agents.evaluations.push((drawn([a, b]), one + other));
            }
        }
        agents.least_squares(&layout());
        // Of least norm: each edge's own parts about their mean, and the sum of the means in equal parts a choice of either edge.
        let mean = (2.0 + 0.25) / 2.0;
        let expected = [first.map(|part| part - 2.0 + mean), second.map(|part| part - 0.25 + mean)];
        for (found, expected) in agents.charges.edges().zip(expected) {
            assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9), "{found:?} {expected:?}");
        }
        // Ranks 3, 1, 2 and 3, 2, 1: 1/rank over 1 + 1/2 + 1/3.
        for (found, expected) in agents.policy.edges().zip([[2.0, 6.0, 3.0], [2.0, 3.0, 6.0]]) {
            assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected / 11.0).abs() < 1e-12), "{found:?}");
        }
        assert!(agents.evaluations.is_empty());
    }
}
