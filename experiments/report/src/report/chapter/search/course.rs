//! Search curves: the best so far against evaluations and against what they cost, over the seeds of each experiment.

use assay_results::present::reading::better;
use assay_statistics::spread::{Spread, spread};
use assay_structure::score::Direction;

use super::read::{Search, best_so_far, readings};
use crate::picture::chart::band::{Band, Bands, scales};
use crate::report::content::{Chart, file_name};

/// Places on the horizontal axis where the curves of a group are compared.
const PLACES: usize = 120;

/// The best so far of one search, with what had been spent by then.
struct Course {
    spent: Vec<f64>,
    best: Vec<f64>,
}

impl Course {
    /// By the readings of a label; what is spent is 1 a step, or the readings of the column of costs. Before the first defined
    /// reading there is no best.
    fn new(search: &Search, label: &str, direction: Direction, cost: Option<&str>) -> Self {
        let costs = cost.map(|cost| readings(search, cost));
        let mut spent = 0.0;
        let mut course = Self { spent: Vec::new(), best: Vec::new() };
        for (step, best) in best_so_far(&readings(search, label), direction).into_iter().enumerate() {
            spent += costs.as_ref().map_or(1.0, |costs| costs[step].unwrap_or_default());
            if let Some(best) = best {
                course.spent.push(spent);
                course.best.push(best);
            }
        }
        course
    }

    /// The best when this much was spent; after the end of the search, its last one.
    fn at(&self, spent: f64) -> Option<f64> {
        let known = self.spent.partition_point(|own| *own <= spent);
        known.checked_sub(1).map(|last| self.best[last])
    }
}

/// Mean and standard deviation at each place where every search of the group has a best.
fn band(name: &str, courses: &[Course], end: f64) -> Band {
    let begin = courses.iter().filter_map(|course| course.spent.first().copied()).fold(0.0, f64::max);
    let place = |number: usize| begin + (end - begin) * number as f64 / (PLACES - 1) as f64;
    let point = |spent: f64| {
        let values: Vec<Option<f64>> = courses.iter().map(|course| course.at(spent)).collect();
        let Spread { mean, deviation, .. } = spread(&values).filter(|spread| spread.undefined == 0)?;
        Some((spent, mean, deviation.unwrap_or(0.0)))
    };
    let plural = if courses.len() == 1 { "search" } else { "searches" };
    Band { name: format!("{name} ({} {plural})", courses.len()), points: (0..PLACES).map(place).filter_map(point).collect() }
}

/// The charts: for every score that searches share, against evaluations, and against each column of costs that all looked up.
pub(super) fn charts(searches: &[&Search]) -> Vec<Chart> {
    let Some(first) = searches.first() else { return Vec::new() };
    // A round of pruning does not evaluate an architecture.
    if searches.iter().any(|search| search.trajectory.steps.iter().any(|step| !step.candidates.is_empty())) {
        return Vec::new();
    }
    let mut groups: Vec<(&str, Vec<&Search>)> = Vec::new();
    for search in searches {
        match groups.iter_mut().find(|(name, _)| *name == search.summary.experiment) {
            Some((_, members)) => members.push(search),
            None => groups.push((&search.summary.experiment, vec![search])),
        }
    }
    let all_have = |label: &String| searches.iter().all(|search| has(search, label));
    let costs = || first.summary.counts.recorded_costs.keys().filter(|cost| all_have(cost));
    let scores = first.summary.scores.iter().filter(|(label, _)| all_have(label) && !costs().any(|cost| cost == *label));
    let mut charts = Vec::new();
    for (label, score) in scores {
        for cost in [None].into_iter().chain(costs().map(|cost| Some(cost.as_str()))) {
            let courses: Vec<(&str, Vec<Course>)> = groups
                .iter()
                .map(|(name, members)| (*name, members.iter().map(|search| Course::new(search, label, score.direction, cost)).collect()))
                .collect();
            let end = |courses: &[Course]| courses.iter().filter_map(|course| course.spent.last().copied()).fold(f64::INFINITY, f64::min);
            let bands: Vec<Band> = courses.iter().map(|(name, courses)| band(name, courses, end(courses))).collect();
            let against = cost.map_or("evaluations".to_owned(), |cost| format!("{cost}, added up"));
            let Some(scales) = scales(&bands) else { continue };
            let chart = Bands {
                title: format!("best {label} so far against {}", cost.unwrap_or("evaluations")),
                axes: [against, format!("{label} ({})", better(score.direction))],
                scales,
                bands,
            };
            let name = file_name(&format!("{label} {}", cost.unwrap_or("evaluations")));
            charts.push(Chart { name, drawing: chart.draw(), place: None });
        }
    }
    charts
}

fn has(search: &Search, label: &str) -> bool {
    search.trajectory.steps.iter().any(|step| step.readings.iter().any(|(own, _)| own == label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_the_mean_and_the_deviation_where_every_search_has_a_best() {
        let one = Course { spent: vec![1.0, 2.0, 3.0], best: vec![1.0, 5.0, 5.0] };
        let other = Course { spent: vec![2.0, 3.0], best: vec![3.0, 7.0] };
        assert_eq!([0.5, 1.0, 2.9, 9.0].map(|spent| one.at(spent)), [None, Some(1.0), Some(5.0), Some(5.0)]);
        let band = band("x", &[one, other], 3.0);
        assert_eq!(band.name, "x (2 searches)");
        let (first, last) = (band.points[0], band.points[PLACES - 1]);
        assert_eq!(first, (2.0, 4.0, 2_f64.sqrt()));
        assert_eq!(last, (3.0, 6.0, 2_f64.sqrt()));
    }
}
