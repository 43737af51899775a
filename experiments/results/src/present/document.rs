//! A whole study as one Markdown document: protocol, tables, published figures, differences with their reasons, and times.

use std::collections::BTreeMap;
use std::path::Path;

use super::beside::{self, NOTABLE};
use super::correlation::RANDOM;
use super::grid::{Grid, by_target, cell, markdown as tables, overview, unique};
use super::summary::StudySummary;
use crate::run::RunError;
use crate::run::protocol::grouped;
use crate::run::times::{Phase, Times};

/// Its file name in a study's folder.
pub const FILE: &str = "study.md";

/// Why a proxy's figures differ from published ones, by proxy: the file's `[reasons]`.
///
/// # Errors
/// If the file cannot be read, or is not such a file.
pub fn read_reasons(path: &Path) -> Result<BTreeMap<String, String>, RunError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        reasons: BTreeMap<String, String>,
    }
    let wrong = |error: &dyn std::fmt::Display| RunError::Folder {
        message: format!("the reasons `{}` cannot be read: {error}", path.display()),
        help: Some("write a TOML file with a section [reasons] and in it lines PROXY = \"why its figures differ\"".into()),
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    toml_edit::de::from_str::<File>(&text).map(|file| file.reasons).map_err(|error| wrong(&error))
}

/// The document. All of it but the last section, on time, is a function of the experiment and the reasons.
#[must_use]
pub fn markdown(summary: &StudySummary, reasons: &BTreeMap<String, String>) -> String {
    let StudySummary { experiment, seed, correlations, published, k, .. } = summary;
    let count = grouped(summary.architectures as u128);
    let mut text = format!("# Correlation study {experiment}\n\n{count} architectures, seed {seed}.\n\n");
    for note in summary.notes() {
        text += &format!("- {note}\n");
    }
    if !correlations.is_empty() {
        let grids: Vec<Grid> = [overview(correlations)].into_iter().chain(by_target(correlations, *k)).collect();
        text += &format!("\n{}\n", tables(&grids, &[]).trim_end());
    }
    let grids = beside::grids(correlations, published);
    if !grids.is_empty() {
        text += &format!("\n{}\n{}", tables(&grids, &beside::notes(published)), differences(summary, reasons));
    }
    text + &format!("\n{}", tables(&[times(summary)], &sessions(summary)))
}

/// Every difference, and for each proxy among them its reason.
fn differences(summary: &StudySummary, reasons: &BTreeMap<String, String>) -> String {
    let found = beside::differences(&summary.correlations, &summary.published);
    let title = format!("Differences of more than {NOTABLE:.2}");
    if found.is_empty() {
        return format!("## {title}\n\nNone.\n");
    }
    let line = |difference: &beside::Difference<'_>| {
        let beside::Difference { ours, source, value, published } = difference;
        let name = format!("{} {}", source.label, source.statistic.symbol());
        let numbers = [*value, *published, value - published].map(|number| cell(Some(number)));
        [ours.proxy.clone(), ours.title.clone(), name].into_iter().chain(numbers).collect()
    };
    let head = ["proxy", "target", "source", "ours", "published", "ours − published"].map(str::to_owned).to_vec();
    let grid = Grid { title, head, rows: found.iter().map(line).collect() };
    let reason = |proxy: &str| match reasons.get(proxy) {
        Some(reason) => format!("- `{proxy}`: {}", reason.trim()),
        None => format!("- `{proxy}`: the reason is not known yet."),
    };
    let reasons = unique(found.iter().map(|difference| difference.ours.proxy.as_str())).into_iter().map(reason);
    tables(&[grid], &[reasons.collect::<Vec<_>>().join("\n")])
}

/// Where the time of each proxy went.
fn times(summary: &StudySummary) -> Grid {
    let sources: Vec<_> =
        summary.published.iter().zip(1..).filter(|(source, _)| source.figures.iter().any(|figure| figure.milliseconds.is_some())).collect();
    let head = ["proxy", "measurements", "ms an architecture", "thread s", "wall s"].map(str::to_owned).into_iter();
    let head = head.chain(sources.iter().map(|(source, number)| format!("{} ms, on its GPU [{number}]", source.label))).collect();
    let walls: Vec<&Times> =
        if summary.shards.is_empty() { vec![&summary.times] } else { summary.shards.iter().map(|shard| &shard.times).collect() };
    let of = |proxy: &str| -> Option<[f64; 3]> {
        let Phase { measured, replayed, thread_seconds, replayed_thread_seconds, .. } = summary.times.phases.get(proxy)?;
        let wall: f64 = walls.iter().filter_map(|times| times.phases.get(proxy)).map(|phase| phase.wall_seconds).sum();
        Some([(measured + replayed) as f64, thread_seconds + replayed_thread_seconds, wall])
    };
    let of_parts = |proxy: &str| -> Option<[f64; 3]> {
        let (_, parts) = summary.aggregates.iter().find(|(name, _)| name == proxy)?;
        parts.iter().map(|part| of(part)).try_fold([0.0; 3], |sum, part| {
            let part = part?;
            Some([0, 1, 2].map(|at| sum[at] + part[at]))
        })
    };
    let shown = summary.correlations.iter().map(|row| row.proxy.as_str()).chain(summary.times.phases.keys().map(String::as_str));
    let line = |proxy: &str| {
        let own = of(proxy).or_else(|| of_parts(proxy)).map_or(["–"; 4].map(str::to_owned), |[count, thread, wall]| {
            let each = 1000.0 * thread / summary.architectures.max(1) as f64;
            [grouped(count as u128), significant(each), format!("{thread:.1}"), format!("{wall:.1}")]
        });
        let theirs = sources.iter().map(|(source, _)| {
            let figure = source.figures.iter().find(|figure| figure.proxy == proxy);
            figure.and_then(|figure| figure.milliseconds).map_or("–".into(), |time| format!("{time:.1}"))
        });
        [proxy.to_owned()].into_iter().chain(own).chain(theirs).collect()
    };
    let rows = unique(shown).into_iter().filter(|proxy| *proxy != RANDOM).map(line).collect();
    Grid { title: "Time".into(), head, rows }
}

/// Three significant digits and no exponent.
fn significant(value: f64) -> String {
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else if value >= 1.0 {
        2
    } else {
        3
    };
    format!("{value:.decimals$}")
}

/// What was measured on which machine, and in how long.
fn sessions(summary: &StudySummary) -> Vec<String> {
    let machine = |machine: &crate::run::machine::Machine, times: &Times| {
        let cpu = times.cpu_seconds.map_or(String::new(), |seconds| format!(", {seconds:.1} s of processor time"));
        format!("{:.1} s{cpu}, {} thread(s) of {} core(s), {}", times.total_wall_seconds, machine.threads, machine.cores, machine.cpu)
    };
    let meaning = "An aggregate takes the time of what it is made of. Proxies measured together share out the time of what they \
                   share. Wall time is that of the session that ended the study; thread time that of all sessions."
        .to_owned();
    let shards = summary.shards.iter().map(|part| format!("shard {}: {}", part.shard, machine(&part.machine, &part.times)));
    let whole = format!("assay {}: {}", summary.assay, machine(&summary.machine, &summary.times));
    [meaning].into_iter().chain(shards).chain([whole]).collect()
}
