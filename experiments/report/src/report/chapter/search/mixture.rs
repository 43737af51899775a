//! What a search that shares weights learnt, epoch by epoch: the training of its weights, what mixes the operators of each edge, and
//! which operators the cell of each epoch has.

use assay_results::Step;
use assay_results::mixed::{Mixed, SKIP};
use assay_results::search::Accuracies;
use assay_structure::subspace::Choice;

use super::read::Search;
use crate::picture::axis::Scale;
use crate::picture::chart::band::{Band, Bands, scales};
use crate::report::content::{Chart, file_name};

/// What such a search reads of each epoch, as its strategies name it.
const TRAINING: [(&str, &str); 2] = [("training loss", "mean cross-entropy"), ("training accuracy", "accuracy, %")];

/// The number of a step, and what it read under this name.
pub(super) fn points(steps: &[&Step], name: &str) -> Vec<(f64, f64, f64)> {
    let of_step = |(number, step): (usize, &&Step)| {
        let found = step.readings.iter().find(|(own, _)| own == name);
        Some(((number + 1) as f64, found?.1.value()?, 0.0))
    };
    steps.iter().enumerate().filter_map(of_step).collect()
}

/// The steps that are epochs.
pub(super) fn epochs(search: &Search) -> Vec<&Step> {
    let is_epoch = |step: &&Step| step.readings.iter().any(|(name, _)| name == TRAINING[0].0);
    search.trajectory.steps.iter().filter(is_epoch).collect()
}

/// How its weights were trained; nothing where none were.
pub(super) fn training(search: &Search, label: &str) -> Vec<Chart> {
    let steps = epochs(search);
    let chart = |(name, axis): &(&str, &str)| {
        let bands = vec![Band { name: (*name).to_owned(), points: points(&steps, name) }];
        let scales = [Scale::counting(steps.len()), scales(&bands)?[1]];
        let chart = Bands { title: format!("{name} by epoch, {label}"), axes: ["epoch".into(), (*axis).into()], scales, bands };
        Some(Chart { name: file_name(name), drawing: chart.draw(), place: None })
    };
    if steps.is_empty() { Vec::new() } else { TRAINING.iter().filter_map(chart).collect() }
}

/// The probability of each operator, a chart an edge; nothing where none was learnt.
pub(super) fn mixtures(search: &Search) -> Vec<Chart> {
    let (steps, layout) = (epochs(search), &search.trajectory.layout);
    let mut charts = Vec::new();
    for (cell, kind) in layout.cells.iter().enumerate() {
        for (edge, name) in kind.edges.iter().enumerate() {
            let band = |(operator, name): (usize, &String)| {
                let points = points(&steps, &layout.describe(Choice { cell, edge, operator }));
                (!points.is_empty()).then(|| Band { name: name.clone(), points })
            };
            let bands: Vec<Band> = layout.operators.iter().enumerate().filter_map(band).collect();
            let Some(up) = Scale::over([0.0, 1.0].into_iter()).filter(|_| !bands.is_empty()) else { continue };
            let title = format!("{} {name} by epoch", kind.kind);
            let name = file_name(&format!("{} {name}", kind.kind));
            let scales = [Scale::counting(steps.len()), up];
            let chart = Bands { title, axes: ["epoch".into(), "probability".into()], scales, bands };
            charts.push(Chart { name, drawing: chart.draw(), place: None });
        }
    }
    charts
}

/// On how many edges the cell of each epoch has each operator; nothing where epochs have no cell.
pub(super) fn operators(search: &Search) -> Option<Chart> {
    let (steps, layout) = (epochs(search), &search.trajectory.layout);
    let learnt = layout.operators.iter().enumerate().any(|(operator, _)| {
        let name = layout.describe(Choice { cell: 0, edge: 0, operator });
        !points(&steps, &name).is_empty()
    });
    if !learnt {
        return None;
    }
    let edges = |step: &Step, operator: usize| step.after.choices().filter(|choice| choice.operator == operator).count();
    let band = |(operator, name): (usize, &String)| {
        let points = steps.iter().enumerate().map(|(number, step)| ((number + 1) as f64, edges(step, operator) as f64, 0.0));
        Band { name: name.clone(), points: points.collect() }
    };
    let bands: Vec<Band> = layout.operators.iter().enumerate().map(band).collect();
    let most: usize = layout.cells.iter().map(|cell| cell.edges.len()).sum();
    let scales = [Scale::counting(steps.len()), Scale::over([0.0, most as f64].into_iter())?];
    let chart = Bands { title: "operators of the cell by epoch".into(), axes: ["epoch".into(), "edges".into()], scales, bands };
    Some(Chart { name: String::new(), drawing: chart.draw(), place: None })
}

/// How likely skip connections are and how many the cell has, and how much is decided; nothing where no mixture was learnt.
pub(super) fn drift(search: &Search) -> Vec<Chart> {
    let (steps, layout) = (epochs(search), &search.trajectory.layout);
    let band = |name: &str, value: &dyn Fn(&Step, &Mixed<'_>) -> Option<f64>| {
        let of_step = |(number, step): (usize, &&Step)| {
            let mixed = search.trajectory.mixed(step)?;
            Some(((number + 1) as f64, 100.0 * value(step, &mixed)?, 0.0))
        };
        Band { name: name.to_owned(), points: steps.iter().enumerate().filter_map(of_step).collect() }
    };
    let in_cell = |step: &Step, _: &Mixed<'_>| {
        let (operator, edges) = (layout.operator(SKIP)?, step.after.choices().count());
        let skips = step.after.choices().filter(|choice| choice.operator == operator).count();
        (edges > 0).then(|| skips as f64 / edges as f64)
    };
    let skips = [band("probability, mean over edges", &|_, mixed| mixed.mean_of(SKIP)), band("share of the cell's operators", &in_cell)];
    let entropy = [band("entropy, mean over edges", &|_, mixed| mixed.entropy())];
    let chart = |title: &str, axis: &str, bands: Vec<Band>| {
        let bands: Vec<Band> = bands.into_iter().filter(|band| !band.points.is_empty()).collect();
        let up = Scale::over([0.0, 100.0].into_iter()).filter(|_| !bands.is_empty())?;
        let chart = Bands { title: title.into(), axes: ["epoch".into(), axis.into()], scales: [Scale::counting(steps.len()), up], bands };
        Some(Chart { name: file_name(title), drawing: chart.draw(), place: None })
    };
    let skips = chart("skip connections by epoch", "skip connections, %", skips.into());
    skips.into_iter().chain(chart("entropy by epoch", "of the most that there is, %", entropy.into())).collect()
}

/// What a table holds of each epoch's cell, a chart an accuracy; nothing where none is known.
pub(super) fn recorded(search: &Search) -> Vec<Chart> {
    let (steps, Accuracies::Known { values, .. }) = (epochs(search), &search.summary.accuracies) else { return Vec::new() };
    let chart = |name: String| {
        let bands = vec![Band { points: points(&steps, &name), name: name.clone() }];
        let scales = [Scale::counting(steps.len()), scales(&bands)?[1]];
        let chart = Bands { title: format!("{name} by epoch"), axes: ["epoch".into(), name.clone()], scales, bands };
        Some(Chart { name: file_name(&name), drawing: chart.draw(), place: None })
    };
    values.iter().filter_map(|accuracy| chart(accuracy.label())).collect()
}
