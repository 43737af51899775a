//! What a report shows of a correlation study.

mod agreement;
mod clouds;
mod preference;
mod readings;
mod scored;
mod scores;
mod topology;

use std::path::Path;

use assay_results::correlation::{Correlation, RANDOM};
use assay_results::present::grid::{self, Grid};
use assay_results::present::number::grouped;
use assay_results::present::{correlations, published};
use assay_results::study::NoiseCeiling;
use assay_results::{Kind, StudySummary};

use super::comparison;
use super::found::{Found, Reported, Shown, of_kind};
use crate::picture::chart::bars::Bars;
use crate::picture::chart::forest::{Estimate, Forest};
use crate::picture::chart::heat::Heat;
use crate::report::content::{Body, Chapter, Chart, Section, SectionsOf, Subject, Table, file_name};
use crate::report::error::ReportError;
use agreement::Matrix;
use clouds::Clouds;
use preference::Shares;
use readings::Readings;
use scored::Scored;
use scores::{BEST_PART, OperatorCounts};
use topology::{Preferred, Topology};

/// A correlation study.
pub struct Study {
    /// Its result.
    pub summary: StudySummary,
    readings: Readings,
    /// What the folder holds beside its scores; versions before this one did not store it.
    scored: Option<Scored>,
}

impl Study {
    /// Reads what the folder holds beside this summary.
    fn read(folder: &Path, summary: StudySummary) -> Result<Self, ReportError> {
        let readings = Readings::read(folder, &summary)?;
        let scored = Scored::read(folder, &summary, &readings)?;
        Ok(Self { summary, readings, scored })
    }
}

const OVERVIEW: &str = "1: the proxy orders the architectures as their accuracies do, or as their costs do if less of them counts as \
    better; 0: no better than chance; −1: the reverse order. In brackets the interval by resampling architectures, where they are a sample; after ± the standard deviation of single measurements.";
const STUDIES: &str = "τ-b by proxy, one column a run and target. Columns of different protocols answer different questions: what \
    sets the protocols apart stands below.";
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

impl Reported for StudySummary {
    fn found(self, folder: &Path) -> Result<Box<dyn Shown>, ReportError> {
        Ok(Box::new(Study::read(folder, self)?))
    }
}

impl Shown for Study {
    fn chapter(&self, subject: &Subject<'_>, _: &[(&str, &Found)], colour: Option<&str>) -> Result<Chapter, ReportError> {
        chapter(self, subject, colour)
    }

    fn comparison(&self, all: &[(&str, &Found)]) -> Vec<Section> {
        comparison(&of_kind(all))
    }
}

/// The chapter of a study; `colour` is the operator by which its points are coloured, if the reader chose one.
fn chapter(study: &Study, subject: &Subject<'_>, colour: Option<&str>) -> Result<Chapter, ReportError> {
    let Study { summary, readings, scored } = study;
    let Subject { label, prefix, .. } = *subject;
    let of_run = SectionsOf { prefix, notes: summary.notes() };
    let mut sections = Vec::new();
    if !summary.correlations.is_empty() {
        let overview = Body::Table(Table { grid: correlations::overview(&summary.correlations), is_short: true, is_sortable: true });
        sections.push(of_run.section("tau", "Kendall τ-b by proxy and target", OVERVIEW, overview));
        sections.push(of_run.section("intervals", "τ-b with intervals", FOREST, Body::charts(forests(summary))));
    }
    match scored {
        Some(scored) => {
            sections.push(scatter(scored, summary, &of_run, chosen_operator(scored, label, colour)?));
            sections.extend(operators(scored, &of_run));
            sections.extend(scored.topologies.iter().flat_map(|topology| shapes(scored, topology, &of_run)));
            sections.extend(agreement(scored, &of_run));
        }
        None => sections.push(of_run.section("scores", "Scores of single architectures", &not_stored(), Body::Nothing)),
    }
    for (grid, (column, _)) in correlations::by_target(&summary.correlations, summary.k).into_iter().zip(targets(summary)) {
        let name = format!("statistics-{}", file_name(column));
        let title = format!("All statistics: {}", grid.title);
        sections.push(of_run.section(&name, &title, DETAILS, table(grid)));
    }
    for grid in published::grids(&summary.correlations, &summary.published) {
        let mut section = of_run.section(&format!("published-{}", file_name(&grid.title)), &grid.title.clone(), PUBLISHED, table(grid));
        section.notes.extend(published::notes(&summary.published));
        sections.push(section);
    }
    let (undefined, explanation) = readings.undefined();
    sections.push(of_run.section("undefined", "Undefined scores", &explanation, table(undefined)));
    let about = format!(
        "Correlation study of {} architectures, {} proxies and {} targets, seed {}.",
        grouped(summary.architectures as u128),
        readings.by_proxy.len(),
        targets(summary).len(),
        summary.seed
    );
    Ok(Chapter { title: label.to_owned(), about, sections })
}

/// What cannot be shown of a study that an earlier version made.
fn not_stored() -> String {
    let command = Kind::Study.command();
    format!(
        "Left out: this study was made by a version of assay that did not store which scores are better, what they are compared \
         with and which operators the architectures have; run `assay {command}` again to have its charts."
    )
}

/// One cloud a proxy and target.
fn scatter(scored: &Scored, summary: &StudySummary, of_run: &SectionsOf<'_>, operator: Option<&OperatorCounts>) -> Section {
    let section = |explanation: &str, body: Body| of_run.section("scatter", "Score against accuracy", explanation, body);
    match operator {
        _ if scored.targets.is_empty() => section("Left out: the experiment has no [benchmark] section.", Body::Nothing),
        None => section("Left out: the architectures do not differ.", Body::Nothing),
        Some(operator) => section(CLOUDS, Body::Charts(Clouds::new(scored, operator).charts(summary))),
    }
}

/// Which operators the best scores prefer; nothing where the architectures do not differ in them.
fn operators(scored: &Scored, of_run: &SectionsOf<'_>) -> Vec<Section> {
    let Some(shares) = Shares::of(scored) else { return Vec::new() };
    let title = format!("Operators of the best {} % by score", 100 / BEST_PART);
    let bars = Bars { title: title.clone(), axis: "share".into(), groups: &shares.operators, series: &shares.by_proxy }.draw();
    let drawn = Body::charts(vec![Chart { name: String::new(), drawing: bars, place: None }]);
    vec![
        of_run.section("operators", &title, SHARES, drawn),
        of_run.section("operator-shares", &title, "The same as numbers.", table(shares.grid(title.clone()))),
    ]
}

/// Which depths and widths of a kind of cell the scores prefer.
fn shapes(scored: &Scored, topology: &Topology, of_run: &SectionsOf<'_>) -> [Section; 3] {
    let preferred = Preferred::of(topology, &scored.proxies);
    let (name, kind) = (format!("shape-{}", file_name(&topology.kind)), topology.name());
    let charts = Body::charts(preferred.charts());
    let [standings, by_proxy] = [format!("Standings by depth and width of the {kind}"), format!("Depth and width of the {kind}, by proxy")];
    let by_shape = table(preferred.by_shape(standings.clone()));
    let of_proxies = table(preferred.by_proxy(by_proxy.clone()));
    [
        of_run.section(&name, &format!("Depth and width of the {kind}"), SHAPES, charts),
        of_run.section(&format!("{name}-standings"), &standings, "The same as numbers.", by_shape),
        of_run.section(&format!("{name}-by-proxy"), &by_proxy, PREFERENCES, of_proxies),
    ]
}

/// How far proxies agree.
fn agreement(scored: &Scored, of_run: &SectionsOf<'_>) -> [Section; 2] {
    let matrix = Matrix::of(&scored.proxies);
    let heat = Heat { title: "τ-b between proxies", rows: &matrix.names, columns: &matrix.names, values: &matrix.values }.draw();
    let drawn = Body::charts(vec![Chart { name: String::new(), drawing: heat, place: None }]);
    [
        of_run.section("matrix", "How far proxies agree", MATRIX, drawn),
        of_run.section("agreement", "τ-b between proxies", "The same as numbers.", table(matrix.grid())),
    ]
}

/// A table that stands in the page and the files, and is too long for a terminal.
fn table(grid: Grid) -> Body {
    Body::Table(Table { grid, is_short: false, is_sortable: true })
}

/// The operator whose count colours the points: the reader's choice, or that which says most about the first target.
fn chosen_operator<'a>(scored: &'a Scored, run: &str, colour: Option<&str>) -> Result<Option<&'a OperatorCounts>, ReportError> {
    let Some(wanted) = colour else { return Ok(scored.most_telling_operator()) };
    let found = scored.operators.iter().find(|operator| operator.name == wanted);
    found.map(Some).ok_or_else(|| ReportError::Operator {
        run: run.to_owned(),
        operator: wanted.to_owned(),
        known: scored.operators.iter().map(|operator| operator.name.clone()).collect(),
    })
}

/// Studies side by side.
fn comparison(studies: &[(&str, &Study)]) -> Vec<Section> {
    let summaries: Vec<(&str, &StudySummary)> = studies.iter().map(|(label, study)| (*label, &study.summary)).collect();
    let protocols: Vec<(&str, &str)> = summaries.iter().map(|(label, summary)| (*label, summary.protocol.as_str())).collect();
    let table = Body::Table(Table { grid: side_by_side(&summaries), is_short: true, is_sortable: true });
    vec![comparison::section("comparison-tau", "Kendall τ-b side by side", STUDIES, table, &protocols)]
}

fn side_by_side(studies: &[(&str, &StudySummary)]) -> Grid {
    let mut proxies: Vec<&str> = Vec::new();
    for row in studies.iter().flat_map(|(_, summary)| &summary.correlations) {
        if !proxies.contains(&row.proxy.as_str()) {
            proxies.push(&row.proxy);
        }
    }
    // Random choice, which every study has, stays the last.
    let is_random = |proxy: &&str| *proxy == RANDOM;
    proxies.sort_by_key(|proxy| is_random(proxy));
    // One target of all runs after the other, so that what is compared stands together.
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for (_, summary) in studies {
        columns.extend(targets(summary).into_iter().filter(|target| !columns.contains(target)).collect::<Vec<_>>());
    }
    let cells: Vec<(String, &StudySummary, &str)> = columns
        .iter()
        .flat_map(|(column, title)| studies.iter().map(move |(label, summary)| (format!("{title}, {label}"), *summary, *column)))
        .collect();
    let tau = |proxy: &str, (_, summary, column): &(String, &StudySummary, &str)| {
        let row = summary.correlations.iter().find(|row| row.proxy == proxy && row.target == *column);
        row.map_or(String::new(), |row| grid::cell(row.tau_b))
    };
    Grid {
        title: "Kendall τ-b side by side".into(),
        head: ["proxy".to_owned()].into_iter().chain(cells.iter().map(|(head, ..)| head.clone())).collect(),
        rows: proxies
            .iter()
            .map(|proxy| [(*proxy).to_owned()].into_iter().chain(cells.iter().map(|of| tau(proxy, of))).collect())
            .collect(),
    }
}

/// Columns and titles of the study's targets.
fn targets(summary: &StudySummary) -> Vec<(&str, &str)> {
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
    let ends = |row: &Correlation| row.tau_b.into_iter().chain(row.interval().map(|interval| interval.low)).fold(0.0, f64::min);
    let low = summary.correlations.iter().map(ends).fold(0.0, f64::min);
    let row = |row: &Correlation| Estimate {
        name: row.proxy.clone(),
        value: row.tau_b,
        interval: row.interval().map(|interval| [interval.low, interval.high]),
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
