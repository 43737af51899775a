//! The candidates among which a search that shares weights chose: what the shared weights say of each, and what a table holds.

use std::collections::BTreeSet;

use assay_results::Step;
use assay_results::mixed::SKIP;
use assay_results::search::Accuracies;

use super::read::Search;
use crate::picture::axis::Scale;
use crate::picture::chart::band::{Band, Bands, scales};
use crate::picture::chart::scatter::Scatter;
use crate::report::content::{Chart, file_name};

/// What such a search reads of a candidate, as its strategies name it.
const JUDGED: &str = "one-shot accuracy";

/// What a step read under this name.
fn read(step: &Step, name: &str) -> Option<f64> {
    step.readings.iter().find(|(own, _)| own == name)?.1.value()
}

/// Against what each table holds, a chart an accuracy; in their order where no table knows them; and against what they cost, where that
/// was weighed. Nothing where none was judged.
pub(super) fn charts(search: &Search) -> Vec<Chart> {
    let steps: Vec<&Step> = search.trajectory.steps.iter().filter(|step| read(step, JUDGED).is_some()).collect();
    let known: Vec<Chart> = match &search.summary.accuracies {
        Accuracies::Known { values, .. } => values.iter().filter_map(|accuracy| against(search, &steps, &accuracy.label())).collect(),
        Accuracies::Unknown { .. } => Vec::new(),
    };
    let mut charts = if known.is_empty() { in_order(&steps).into_iter().collect() } else { known };
    charts.extend(costs(&steps).into_iter().filter_map(|cost| against(search, &steps, cost)));
    charts
}

/// What else steps read that is not an accuracy: what candidates cost.
fn costs<'s>(steps: &[&'s Step]) -> BTreeSet<&'s str> {
    let labels = steps.iter().flat_map(|step| &step.readings).map(|(label, _)| label.as_str());
    labels.filter(|label| *label != JUDGED && !label.ends_with(", %")).collect()
}

/// The shared weights against one accuracy or cost.
fn against(search: &Search, steps: &[&Step], accuracy: &str) -> Option<Chart> {
    let layout = &search.trajectory.layout;
    let points: Vec<Option<[f64; 2]>> = steps.iter().map(|step| Some([read(step, JUDGED)?, read(step, accuracy)?])).collect();
    let axis = |position: usize| Scale::over(points.iter().flatten().map(move |point| point[position]));
    let operator = layout.operator(SKIP).unwrap_or(0);
    let levels: Vec<usize> = steps.iter().map(|step| step.before.choices().filter(|choice| choice.operator == operator).count()).collect();
    let scatter = Scatter {
        title: format!("{JUDGED} against {accuracy}"),
        subtitle: format!("{} candidates", points.iter().flatten().count()),
        axes: [format!("{JUDGED}, %"), accuracy.to_owned()],
        scales: [axis(0)?, axis(1)?],
        operator: &layout.operators[operator],
        highest: levels.iter().copied().max().unwrap_or(0).max(1),
        levels: &levels,
        points,
    };
    Some(Chart { name: file_name(accuracy), drawing: scatter.draw(), place: None })
}

/// One candidate after the other.
fn in_order(steps: &[&Step]) -> Option<Chart> {
    let points = steps.iter().enumerate().filter_map(|(number, step)| Some(((number + 1) as f64, read(step, JUDGED)?, 0.0)));
    let bands = vec![Band { name: JUDGED.into(), points: points.collect() }];
    let up = scales(&bands)?[1];
    let axes = ["candidate".into(), format!("{JUDGED}, %")];
    let chart = Bands { title: format!("{JUDGED} of each candidate"), axes, scales: [Scale::counting(steps.len()), up], bands };
    Some(Chart { name: String::new(), drawing: chart.draw(), place: None })
}
