//! The table in Markdown, which is read as it is, too.

use std::collections::BTreeMap;

use super::{Found, Run};
use crate::line::{Measured, Part};

/// All parts.
pub(super) fn render(found: &Found) -> String {
    let mut text = String::new();
    for part in [Part::Oracles, Part::Kappa, Part::Training, Part::Proxies] {
        let runs: Vec<&Run> = found.runs.iter().filter(|run| run.begun.part == part).collect();
        if !runs.is_empty() {
            text += &format!("## {}\n\n", title(part));
            text += &if part == Part::Oracles { oracles(&runs) } else { measured(part, &runs) };
            text += &below(&runs);
        }
    }
    for name in &found.silent {
        text += &format!("{name} did not begin: see {name}.log.\n");
    }
    text
}

fn title(part: Part) -> &'static str {
    match part {
        Part::Oracles => "Oracles: largest deviation",
        Part::Kappa => "κ: milliseconds",
        Part::Training => "Training: images a second",
        Part::Proxies => "Proxies: architectures a second",
    }
}

/// Rows of cells between bars.
fn rows(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text += &format!("| {} |\n", row.join(" | "));
        if number == 0 {
            text += &format!("|{}|\n", vec!["---"; row.len()].join("|"));
        }
    }
    text.push('\n');
    text
}

/// For each oracle and what is compared, the largest deviation of its cases on each engine.
fn oracles(runs: &[&Run]) -> String {
    // By oracle and what was compared: the engine's place with the deviation of one case.
    let mut found: BTreeMap<_, Vec<(usize, Option<f64>)>> = BTreeMap::new();
    let mut allowed: BTreeMap<(String, &str), f64> = BTreeMap::new();
    let mut failed = Vec::new();
    for (position, run) in runs.iter().enumerate() {
        for compared in &run.compared {
            let oracle = compared.case.split_once(' ').map_or(compared.case.as_str(), |(oracle, _)| oracle);
            let key = (oracle.to_owned(), compared.what.as_str());
            found.entry(key.clone()).or_default().push((position, compared.deviation));
            allowed.insert(key, compared.allowed);
            if !compared.holds() {
                failed.push(format!("{} of {} on {}", compared.what, compared.case, run.begun.engine));
            }
        }
    }
    let mut table = vec![vec!["oracle".to_owned(), "what".into(), "allowed".into()]];
    table[0].extend(runs.iter().map(|run| run.begun.engine.clone()));
    for (key, deviations) in &found {
        let mut row = vec![key.0.clone(), key.1.to_owned(), exponent(allowed[key], 0)];
        row.extend((0..runs.len()).map(|position| {
            let own: Vec<Option<f64>> = deviations.iter().filter(|(run, _)| *run == position).map(|(_, deviation)| *deviation).collect();
            match own.iter().copied().try_fold(0.0_f64, |most, deviation| Some(most.max(deviation?))) {
                _ if own.is_empty() => String::new(),
                Some(most) => format!("{} of {}", exponent(most, 1), cases(own.len())),
                None => "not finite".into(),
            }
        }));
        table.push(row);
    }
    let verdict =
        if failed.is_empty() { "Every comparison holds.".to_owned() } else { format!("Comparisons that fail: {}.", failed.join("; ")) };
    format!("{}{verdict}\n\n", rows(&table))
}

/// With so many digits behind the point.
fn exponent(value: f64, digits: usize) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.digits$e}") }
}

fn cases(count: usize) -> String {
    format!("{count} case{}", if count == 1 { "" } else { "s" })
}

/// For each case what each engine needs for it, the first engine beside the others, and by how much what they computed differs.
fn measured(part: Part, runs: &[&Run]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for measured in runs.iter().flat_map(|run| &run.measured) {
        if !names.contains(&measured.case.as_str()) {
            names.push(&measured.case);
        }
    }
    let mut head = vec!["case".to_owned()];
    head.extend(runs.iter().map(|run| run.begun.engine.clone()));
    head.extend(runs.iter().skip(1).map(|run| format!("times as fast as {}", run.begun.engine)));
    head.push("results differ by".into());
    head.extend(runs.iter().map(|run| format!("MiB, {}", run.begun.engine)));
    let mut table = vec![head];
    for name in names {
        let own: Vec<Option<&Measured>> = runs.iter().map(|run| run.measured.iter().find(|measured| measured.case == name)).collect();
        let rate = |measured: &Measured| measured.items / measured.seconds;
        let blank = String::new;
        let mut row = vec![name.to_owned()];
        row.extend(own.iter().map(|own| {
            own.map_or_else(blank, |own| {
                let shown = if part == Part::Kappa { 1000.0 * own.seconds } else { rate(own) };
                format!("{}{}", short(shown), if own.calls == 1 { "*" } else { "" })
            })
        }));
        row.extend(
            own.iter().skip(1).map(|other| own[0].zip(*other).map_or_else(blank, |(first, other)| short(rate(first) / rate(other)))),
        );
        let results: Vec<f64> = own.iter().flatten().filter_map(|own| own.result).collect();
        row.push(if results.len() < 2 { blank() } else { format!("{:.0e}", spread(&results)) });
        row.extend(own.iter().map(|own| own.and_then(|own| own.memory_mib).map_or_else(blank, |mib| format!("{mib:.0}"))));
        table.push(row);
    }
    let single = runs.iter().flat_map(|run| &run.measured).any(|measured| measured.calls == 1);
    let note = if single { "`*`: a single call, which is the first; the time for others was up.\n\n" } else { "" };
    format!("{}{note}", rows(&table))
}

/// The largest difference of two, as a part of the larger of all.
fn spread(values: &[f64]) -> f64 {
    let (least, most) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)));
    (most - least) / least.abs().max(most.abs()).max(f64::MIN_POSITIVE)
}

/// Three digits or so.
fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        large if large >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.1e}"),
    }
}

/// Who measured, and what was left out.
fn below(runs: &[&Run]) -> String {
    let mut text = String::new();
    for run in runs {
        let end = run.ended_s.map_or_else(
            || "it did not end: it was killed when its time was up, or failed; its log says more".to_owned(),
            |seconds| format!("ended after {seconds:.0} s"),
        );
        let begun = &run.begun;
        text += &format!("- {}: {}, {} threads; {end} (limit {:.0} s).\n", begun.engine, begun.device, begun.threads, begun.limit_s);
        for alike in run.left_out.chunk_by(|one, other| one.because == other.because) {
            let cases: Vec<&str> = alike.iter().map(|left_out| left_out.case.as_str()).collect();
            text += &format!("  - Without {}: {}.\n", cases.join("; "), alike[0].because);
        }
    }
    text.push('\n');
    text
}
