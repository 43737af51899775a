//! What a report shows of a correlation study.

use assay_statistics::{Pairs, kendall};
use rayon::prelude::*;
use serde_json::json;

use super::chart::Scale;
use super::chart::bars::Bars;
use super::chart::forest::{Forest, Row};
use super::chart::heat::Heat;
use super::chart::scatter::{PLOT, Scatter, pixel};
use super::content::{Body, Chapter, Chart, Charts, PartsOf, Table, file_name};
use super::preference::{PARTS, Shares};
use super::reading::better;
use super::scored::{OperatorCounts, ProxyScores, Scored};
use super::source::Study;
use super::topology::Preferred;
use crate::run::protocol::grouped;
use crate::study::correlation::Correlation;
use crate::study::grid::{self, Grid};
use crate::study::truth::Target;
use crate::study::{NoiseCeiling, StudySummary, beside};

const OVERVIEW: &str = "1: the proxy orders the architectures as their accuracies do, or as their costs do if less of them counts as \
    better; 0: no better than chance; −1: the reverse order. In brackets the interval by resampling architectures, where they are a sample; after ± the standard deviation of single measurements.";
const FOREST: &str = "The dot is τ-b, the bar its interval by resampling architectures; a study of a whole space has no interval, since \
    nothing was left to the draw. No score can be expected to come nearer to the accuracies than one training run comes to \
    others: the noise ceiling, where the benchmark records single runs.";
const CLOUDS: &str = "One point an architecture; points that fall together are drawn once, later colours above earlier ones.";
const MATRIX: &str = "τ-b between the scores of each two proxies over the architectures that both score, better scores first in both. \
    Proxies of 1 are one proxy to a search; proxies that add to each other agree less with each other than with the accuracy.";
const SHARES: &str = "How often each operator occurs in the architectures of the best scores, among all their operators; the last series \
    is all architectures. Architectures that tie for the last places count in part.";
const SHAPES: &str = "Where the scores of all cells of a depth and a width lie on average: 1 above all others, 0 in the middle, −1 below all others. \
    Depth is the number of edges on the longest path from an input of the cell to its output, width the sum over inner nodes of the \
    share of their edges that come from the cell's inputs (Shu, Wang and Cai, ICLR 2020); edges of `none` and dead ends do not count.";
const PREFERENCES: &str = "τ-b of better scores with greater depth and width, and means over the best tenth by score; the last row is all \
    architectures.";
const PUBLISHED: &str = "What papers print of the same proxies, each in a column of its own whose number leads to its protocol below.";
const DETAILS: &str = "Correlations over all architectures and among the best 10 % and 1 %; of the k best by score, how many are among \
    the k best by accuracy and how well they are ordered (NDCG); how far the architecture of the best score falls short of the best \
    accuracy; and what is left of τ-b when live-params is held fixed.";

/// The chapter of a study; `operator` colours its points.
pub(super) fn chapter(study: &Study, label: &str, prefix: &str, operator: Option<&str>) -> Chapter {
    let summary = &study.summary;
    let of_run = PartsOf { prefix, notes: summary.notes() };
    let table = |grid: Grid| Body::Table(Table { grid, is_short: false, is_sortable: true });
    let mut parts = Vec::new();
    if !summary.correlations.is_empty() {
        let overview = Body::Table(Table { grid: grid::overview(&summary.correlations), is_short: true, is_sortable: true });
        parts.push(of_run.part("tau", "Kendall τ-b by proxy and target", OVERVIEW, overview));
        parts.push(of_run.part("intervals", "τ-b with intervals", FOREST, Body::charts(forests(summary))));
    }
    parts.push(match (&study.scored.truth, operator) {
        (Ok(truth), Some(operator)) => {
            let clouds = Clouds::new(&study.scored, truth, operator);
            let body = clouds.charts(summary);
            let without: Vec<&str> = targets(summary).into_iter().map(|(column, _)| column).filter(|column| !clouds.has(column)).collect();
            let missing = match without.as_slice() {
                [] => String::new(),
                columns => {
                    format!(" Not drawn, since the benchmark that is imported now lists no accuracy of the name: {}.", columns.join(", "))
                }
            };
            of_run.part("scatter", "Score against accuracy", &format!("{CLOUDS}{missing}"), Body::Charts(body))
        }
        (Ok(_), None) => of_run.part("scatter", "Score against accuracy", "Left out: the architectures do not differ.", Body::Nothing),
        (Err(because), _) => of_run.part("scatter", "Score against accuracy", &format!("Left out: {because}."), Body::Nothing),
    });
    if let Some(shares) = Shares::of(&study.scored) {
        let title = format!("Operators of the best {} % by score", 100 / PARTS);
        let bars = Bars { title: title.clone(), axis: "share".into(), groups: &shares.operators, series: &shares.by_proxy }.draw();
        let drawn = Body::charts(vec![Chart { name: String::new(), drawing: bars, place: None }]);
        parts.push(of_run.part("operators", &title, SHARES, drawn));
        parts.push(of_run.part("operator-shares", &title, "The same as numbers.", table(shares.grid(title.clone()))));
    }
    for topology in &study.scored.topologies {
        let preferred = Preferred::of(topology, &study.scored.proxies);
        let (name, kind) = (format!("shape-{}", file_name(&topology.kind)), topology.name());
        parts.push(of_run.part(&name, &format!("Depth and width of the {kind}"), SHAPES, Body::charts(preferred.charts())));
        let title = format!("Standings by depth and width of the {kind}");
        parts.push(of_run.part(&format!("{name}-standings"), &title, "The same as numbers.", table(preferred.by_shape(title.clone()))));
        let title = format!("Depth and width of the {kind}, by proxy");
        parts.push(of_run.part(&format!("{name}-by-proxy"), &title, PREFERENCES, table(preferred.by_proxy(title.clone()))));
    }
    let matrix = Matrix::of(&study.scored.proxies);
    let heat = Heat { title: "τ-b between proxies", rows: &matrix.names, columns: &matrix.names, values: &matrix.values }.draw();
    parts.push(of_run.part(
        "matrix",
        "How far proxies agree",
        MATRIX,
        Body::charts(vec![Chart { name: String::new(), drawing: heat, place: None }]),
    ));
    parts.push(of_run.part("agreement", "τ-b between proxies", "The same as numbers.", table(matrix.grid())));
    for (grid, (column, _)) in grid::by_target(&summary.correlations, summary.k).into_iter().zip(targets(summary)) {
        let name = format!("statistics-{}", file_name(column));
        let title = format!("All statistics: {}", grid.title);
        parts.push(of_run.part(&name, &title, DETAILS, table(grid)));
    }
    for grid in beside::grids(&summary.correlations, &summary.published) {
        let mut part = of_run.part(&format!("published-{}", file_name(&grid.title)), &grid.title.clone(), PUBLISHED, table(grid));
        part.notes.extend(beside::notes(&summary.published));
        parts.push(part);
    }
    let (undefined, explanation) = undefined(summary, &study.scored);
    parts.push(of_run.part("undefined", "Undefined scores", &explanation, table(undefined)));
    let about = format!(
        "Correlation study of {} architectures, {} proxies and {} targets, seed {}.",
        grouped(summary.architectures as u128),
        study.scored.proxies.len(),
        targets(summary).len(),
        summary.seed
    );
    Chapter { title: label.to_owned(), about, parts }
}

/// Columns and titles of the study's targets.
pub(super) fn targets(summary: &StudySummary) -> Vec<(&str, &str)> {
    let mut targets = Vec::new();
    for row in &summary.correlations {
        let target = (row.target.as_str(), row.title.as_str());
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

fn forests(summary: &StudySummary) -> Vec<Chart> {
    let rows = |target: &str| summary.correlations.iter().filter(move |row| row.target == target).collect::<Vec<_>>();
    // One order for all targets, the best of the first target above.
    let order: Vec<&str> = match targets(summary).first() {
        None => Vec::new(),
        Some((first, _)) => {
            let mut rows = rows(first);
            rows.sort_by(|one, other| other.tau_b.unwrap_or(-2.0).total_cmp(&one.tau_b.unwrap_or(-2.0)));
            rows.into_iter().map(|row| row.proxy.as_str()).collect()
        }
    };
    // One axis for all, so that targets can be compared.
    let ends = |row: &Correlation| row.tau_b.into_iter().chain(row.tau_b_interval.map(|interval| interval.low)).fold(0.0, f64::min);
    let low = summary.correlations.iter().map(ends).fold(0.0, f64::min);
    let row = |row: &Correlation| Row {
        name: row.proxy.clone(),
        value: row.tau_b,
        interval: row.tau_b_interval.map(|interval| [interval.low, interval.high]),
    };
    let forest = |(column, title): (&str, &str)| {
        let of_target = rows(column);
        let in_order = order.iter().filter_map(|proxy| of_target.iter().find(|row| row.proxy == *proxy));
        let drawing = Forest {
            title: format!("{title} ({column})"),
            axis: "Kendall τ-b".into(),
            rows: in_order.map(|found| row(found)).collect(),
            low,
            ceiling: ceiling_of(&summary.ceilings, column),
        };
        Chart { name: file_name(column), drawing: drawing.draw(), place: None }
    };
    targets(summary).into_iter().map(forest).collect()
}

/// The ceiling of the column whose name holds the target's as whole words: `v11_test_cifar10_seeds` of `test_cifar10`.
fn ceiling_of(ceilings: &[NoiseCeiling], target: &str) -> Option<f64> {
    let is_of = |ceiling: &&NoiseCeiling| {
        let column = ceiling.target.split(' ').next().unwrap_or_default();
        format!("_{column}_").contains(&format!("_{target}_"))
    };
    ceilings.iter().find(is_of).and_then(|ceiling| ceiling.ceiling.tau_b)
}

/// The clouds of a study: what their axes and colours share.
struct Clouds<'a> {
    scored: &'a Scored,
    truth: &'a [Target],
    operator: &'a OperatorCounts,
    highest: usize,
    /// By proxy, if any of its scores is finite.
    across: Vec<Option<Scale>>,
    /// By target.
    up: Vec<Option<Scale>>,
}

impl<'a> Clouds<'a> {
    fn new(scored: &'a Scored, truth: &'a [Target], operator: &str) -> Self {
        let position = scored.operators.iter().position(|known| known.name == operator).unwrap_or_default();
        Self {
            scored,
            truth,
            operator: &scored.operators[position],
            highest: scored.operators.iter().flat_map(|operator| &operator.counts).copied().max().unwrap_or_default(),
            across: scored.proxies.iter().map(|proxy| Scale::over(proxy.values.iter().copied().flatten())).collect(),
            up: truth.iter().map(|truth| Scale::over(truth.values.iter().copied().flatten())).collect(),
        }
    }

    fn has(&self, column: &str) -> bool {
        self.truth.iter().any(|truth| truth.column == column)
    }

    fn charts(&self, summary: &StudySummary) -> Charts {
        let group = |(target, truth): (usize, &Target)| {
            let chart = |(position, proxy): (usize, &ProxyScores)| {
                let scales = [self.across[position]?, self.up[target]?];
                let row = summary.correlations.iter().find(|row| row.proxy == proxy.label && row.target == truth.column)?;
                Some(Chart {
                    name: format!("{}-{}", file_name(&proxy.label), file_name(&truth.column)),
                    drawing: self.cloud(proxy, truth, scales, row),
                    place: Some([position, target]),
                })
            };
            (truth.title.clone(), self.scored.proxies.iter().enumerate().filter_map(chart).collect())
        };
        Charts { groups: self.truth.iter().enumerate().map(group).collect(), recolour: Some(self.recolour()) }
    }

    fn cloud(&self, proxy: &ProxyScores, truth: &Target, scales: [Scale; 2], row: &Correlation) -> super::chart::Drawing {
        let point = |(score, value): (&Option<f64>, &Option<f64>)| Some([score.filter(|score| score.is_finite())?, (*value)?]);
        let points: Vec<Option<[f64; 2]>> = proxy.values.iter().zip(&truth.values).map(point).collect();
        let tau = row.tau_b.map_or("undefined".into(), |tau| format!("{tau:.3}").replace('-', "−"));
        let drawn = points.iter().flatten().count();
        let mut subtitle = format!("τ-b {tau}, {} architectures, {} undefined", grouped(row.architectures as u128), row.undefined);
        if drawn < row.architectures {
            subtitle += &format!(", {} infinite", row.architectures - drawn);
        }
        let vertical = format!("{} ({}), {}", truth.title, truth.column, truth.unit);
        let vertical = if truth.is_accuracy() { vertical } else { format!("{vertical} ({})", better(truth.direction)) };
        let scatter = Scatter {
            title: format!("{} and {}", proxy.label, truth.title),
            subtitle,
            axes: [format!("{} ({})", proxy.label, better(proxy.direction)), vertical],
            scales,
            points,
            operator: &self.operator.name,
            levels: &self.operator.counts,
            highest: self.highest,
        };
        scatter.draw()
    }

    /// Where each architecture lies by proxy and target, and how often it has each operator.
    fn recolour(&self) -> String {
        let of_proxy = |(scale, proxy): (&Option<Scale>, &ProxyScores)| places(scale.as_ref(), proxy.values.iter().copied(), PLOT.0);
        let of_target = |(scale, truth): (&Option<Scale>, &Target)| places(scale.as_ref(), truth.values.iter().copied(), PLOT.1);
        let operators = &self.scored.operators;
        json!({
            "operator": self.operator.name,
            "operators": operators.iter().map(|operator| &operator.name).collect::<Vec<_>>(),
            "counts": operators.iter().map(|operator| numbers(operator.counts.iter().copied())).collect::<Vec<_>>(),
            "x": self.across.iter().zip(&self.scored.proxies).map(of_proxy).collect::<Vec<_>>(),
            "y": self.up.iter().zip(self.truth).map(of_target).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

/// The digits of the page's numbers, of which each has two.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The place of what is not drawn.
const NOWHERE: usize = DIGITS.len() * DIGITS.len() - 1;

fn numbers(numbers: impl Iterator<Item = usize>) -> String {
    numbers
        .flat_map(|number| [number / DIGITS.len() % DIGITS.len(), number % DIGITS.len()].map(|digit| char::from(DIGITS[digit])))
        .collect()
}

fn places(scale: Option<&Scale>, values: impl Iterator<Item = Option<f64>>, length: f64) -> String {
    let drawn = |value: Option<f64>| value.filter(|value| value.is_finite()).zip(scale);
    numbers(values.map(|value| drawn(value).map_or(NOWHERE, |(value, scale)| pixel(scale, value, length))))
}

/// τ-b between proxies.
struct Matrix {
    names: Vec<String>,
    values: Vec<Vec<Option<f64>>>,
}

impl Matrix {
    fn of(proxies: &[ProxyScores]) -> Self {
        let oriented: Vec<Vec<Option<f64>>> = proxies.iter().map(ProxyScores::oriented).collect();
        let tau = |one: &[Option<f64>], other: &[Option<f64>]| {
            let (x, y): (Vec<f64>, Vec<f64>) = one.iter().zip(other).filter_map(|(one, other)| one.zip(*other)).unzip();
            Pairs::new(&x, &y).ok().and_then(|pairs| kendall::tau_b(&pairs))
        };
        let row = |one: &Vec<Option<f64>>| oriented.iter().map(|other| tau(one, other)).collect();
        Self { names: proxies.iter().map(|proxy| proxy.label.clone()).collect(), values: oriented.par_iter().map(row).collect() }
    }

    fn grid(&self) -> Grid {
        let row = |(name, values): (&String, &Vec<Option<f64>>)| {
            [name.clone()].into_iter().chain(values.iter().copied().map(grid::cell)).collect()
        };
        Grid {
            title: "Kendall τ-b between proxies".into(),
            head: ["proxy".to_owned()].into_iter().chain(self.names.iter().cloned()).collect(),
            rows: self.names.iter().zip(&self.values).map(row).collect(),
        }
    }
}

/// How many scores are undefined and why, with a sentence that sums it up.
fn undefined(summary: &StudySummary, scored: &Scored) -> (Grid, String) {
    let reasons = |proxy: &ProxyScores| {
        let mut reasons: Vec<(&String, &usize)> = proxy.undefined.iter().collect();
        reasons.sort_by(|one, other| other.1.cmp(one.1));
        reasons.into_iter().map(|(reason, count)| format!("{count}: {reason}")).collect::<Vec<_>>().join("; ")
    };
    let row = |proxy: &ProxyScores| {
        let count: usize = proxy.undefined.values().sum();
        vec![proxy.label.clone(), (proxy.values.len() - count).to_string(), count.to_string(), reasons(proxy)]
    };
    let rows: Vec<Vec<String>> = scored.proxies.iter().map(row).collect();
    let all: usize = scored.proxies.iter().flat_map(|proxy| proxy.undefined.values()).sum();
    let explanation = match all {
        0 => format!("Every proxy has a score for each of the {} architectures.", grouped(summary.architectures as u128)),
        _ => "An architecture whose score is undefined in one repeat is left out of that proxy's statistics, and counted.".into(),
    };
    let head = ["proxy", "scored", "undefined", "reasons"].map(str::to_owned).to_vec();
    (Grid { title: "Undefined scores".into(), head, rows }, explanation)
}
