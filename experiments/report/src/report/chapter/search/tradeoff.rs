//! The Pareto fronts of a search that looked up what architectures cost.

use assay_results::Step;
use assay_results::present::grid::Grid;
use assay_results::present::number::number;
use assay_results::present::reading::better;
use assay_statistics::pareto::{self, Offer};
use assay_structure::score::{Direction, Score};

use super::read::Search;
use crate::picture::axis::Scale;
use crate::picture::chart::pareto::ParetoFront;
use crate::report::content::{Chart, file_name};

/// One reading of the steps against one of their costs.
pub(super) struct Tradeoff<'a> {
    search: &'a Search,
    label: &'a str,
    direction: Direction,
    cost: &'a str,
    /// Cheapest first.
    front: Vec<Step>,
}

/// Of each score and each cost that the steps have. The cost of recorded trainings is left out: it is what a search spent, and
/// not a property of an architecture. An accuracy by training is a score, also where the one found was trained longer.
pub(super) fn tradeoffs(search: &Search) -> Vec<Tradeoff<'_>> {
    let (summary, steps) = (&search.summary, &search.trajectory.steps);
    let counts = &summary.counts;
    let is_cost = |label: &str| {
        !summary.scores.contains_key(label) && !counts.recorded_costs.contains_key(label) && !counts.trained_epochs.contains_key(label)
    };
    let mut costs: Vec<&str> = Vec::new();
    for (label, _) in steps.iter().flat_map(|step| &step.readings) {
        if is_cost(label) && !costs.contains(&label.as_str()) {
            costs.push(label);
        }
    }
    let mut tradeoffs = Vec::new();
    for (label, Score { direction, .. }) in &summary.scores {
        for cost in &costs {
            let front = front(steps, label, *direction, cost);
            tradeoffs.push(Tradeoff { search, label, direction: *direction, cost, front });
        }
    }
    tradeoffs
}

/// Of the architectures evaluated, those that no other one beats in the label's reading without costing more, cheapest
/// first. Equal ones are kept once.
fn front(steps: &[Step], label: &str, direction: Direction, cost: &str) -> Vec<Step> {
    let sign = if direction == Direction::HigherIsBetter { 1.0 } else { -1.0 };
    let offer = |step: &Step| Some(Offer { cost: reading(step, cost)?, goodness: sign * reading(step, label)? });
    let (offers, known): (Vec<Offer>, Vec<&Step>) = steps.iter().filter_map(|step| Some((offer(step)?, step))).unzip();
    pareto::front(&offers).into_iter().map(|position| known[position].clone()).collect()
}

/// What a step reads under a label, where it is defined.
fn reading(step: &Step, label: &str) -> Option<f64> {
    step.readings.iter().find(|(own, _)| own == label).and_then(|(_, reading)| reading.value())
}

impl Tradeoff<'_> {
    /// A name for files.
    pub(super) fn name(&self) -> String {
        file_name(&format!("{} {}", self.label, self.cost))
    }

    /// `ep12_valid_cifar10 against hw_edgegpu_latency_cifar10`.
    pub(super) fn title(&self) -> String {
        format!("{} against {}", self.label, self.cost)
    }

    /// Cost and reading, where both are defined.
    fn point(&self, step: &Step) -> Option<[f64; 2]> {
        Some([reading(step, self.cost)?, reading(step, self.label)?])
    }

    /// Everything that was evaluated, and the front; nothing where nothing is defined.
    pub(super) fn chart(&self) -> Option<Chart> {
        let steps = &self.search.trajectory.steps;
        let points: Vec<[f64; 2]> = steps.iter().filter_map(|step| self.point(step)).collect();
        let axis = |position: usize| Scale::over(points.iter().map(move |point| point[position]));
        let found = steps.iter().find(|step| step.before.to_string() == self.search.summary.architecture.mask);
        let chart = ParetoFront {
            title: self.title(),
            axes: [format!("{} (lower is better)", self.cost), format!("{} ({})", self.label, better(self.direction))],
            scales: [axis(0)?, axis(1)?],
            front: self.front.iter().filter_map(|step| self.point(step)).collect(),
            found: found.and_then(|step| self.point(step)),
            points,
        };
        Some(Chart { name: String::new(), drawing: chart.draw(), place: None })
    }

    /// The front, cheapest first.
    pub(super) fn grid(&self) -> Grid {
        // A step reads what it starts from; what it leads to is the best so far.
        let row = |step: &Step| {
            let numbers = self.point(step).map_or(["–"; 2].map(str::to_owned), |point| point.map(number));
            numbers.into_iter().chain([step.title.clone(), self.search.written.of(&step.before)]).collect()
        };
        let head = [self.cost, self.label, "step", "architecture"].map(str::to_owned).to_vec();
        Grid { title: format!("Pareto front: {}", self.title()), head, rows: self.front.iter().map(row).collect() }
    }
}
