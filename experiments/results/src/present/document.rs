//! A whole study as one Markdown document: protocol, tables, published figures, differences with their reasons, and times.

use std::collections::BTreeMap;

use super::correlations::{by_target, overview};
use super::grid::{Grid, cell, markdown as tables, unique};
use super::number::{grouped, significant};
use super::published::{self, Difference, NOTABLE};
use crate::correlation::RANDOM;
use crate::machine::Machine;
use crate::study::StudySummary;
use crate::times::Times;

/// The document. All of it but the last section, on time, is a function of the experiment and the reasons.
#[must_use]
pub fn markdown(summary: &StudySummary, reasons: &BTreeMap<String, String>) -> String {
    let StudySummary { experiment, seed, correlations, published: sources, k, .. } = summary;
    let count = grouped(summary.architectures as u128);
    let mut text = format!("# Correlation study {experiment}\n\n{count} architectures, seed {seed}.\n\n");
    for note in summary.notes() {
        text += &format!("- {note}\n");
    }
    if !correlations.is_empty() {
        let grids: Vec<Grid> = [overview(correlations)].into_iter().chain(by_target(correlations, *k)).collect();
        text += &format!("\n{}\n", tables(&grids, &[]).trim_end());
    }
    let grids = published::grids(correlations, sources);
    if !grids.is_empty() {
        text += &format!("\n{}\n{}", tables(&grids, &published::notes(sources)), differences(summary, reasons));
    }
    text + &format!("\n{}", tables(&[times(summary)], &sessions(summary)))
}

/// Every difference, and for each proxy among them its reason.
fn differences(summary: &StudySummary, reasons: &BTreeMap<String, String>) -> String {
    let found = published::differences(&summary.correlations, &summary.published);
    let title = format!("Differences of more than {NOTABLE:.2}");
    if found.is_empty() {
        return format!("## {title}\n\nNone.\n");
    }
    let line = |difference: &Difference<'_>| {
        let Difference { ours, source, value, published } = difference;
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
        let phase = summary.times.phases.get(proxy)?;
        let wall: f64 = walls.iter().filter_map(|times| times.phases.get(proxy)).map(|phase| phase.wall_seconds).sum();
        Some([phase.measurements() as f64, phase.all_thread_seconds(), wall])
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

/// What was measured on which machine, and in how long.
fn sessions(summary: &StudySummary) -> Vec<String> {
    let machine = |machine: &Machine, times: &Times| {
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
