//! The page: each proxy's τ-b against one's own trainings and against the recorded ones.

use std::fmt::Write as _;

use assay_results::StudySummary;
use assay_results::correlation::{Correlation, RANDOM};
use assay_statistics::{Pairs, kendall};

use crate::reproduce::summary::machine;

/// The proxy that looks one's own accuracies up.
const LOOKED_UP: &str = "recorded";

/// What one study says of a proxy and a target.
fn of<'s>(study: &'s StudySummary, proxy: &str, target: &str) -> Option<&'s Correlation> {
    study.correlations.iter().find(|row| row.proxy == proxy && row.target == target)
}

/// `0.512 [0.401, 0.611]`.
fn tau(row: Option<&Correlation>) -> String {
    let Some((row, tau)) = row.and_then(|row| Some((row, row.tau_b?))) else { return "–".into() };
    let interval = row.interval().map_or(String::new(), |interval| format!(" [{:.3}, {:.3}]", interval.low, interval.high));
    format!("{tau:.3}{interval}")
}

/// The targets of a study, in its order.
fn targets(study: &StudySummary) -> Vec<&str> {
    study.targets.iter().map(|target| target.column.as_str()).collect()
}

pub(super) fn render(command: &str, made: &StudySummary, recorded: &StudySummary) -> String {
    let columns: Vec<(&StudySummary, &str)> = targets(made)
        .into_iter()
        .map(|target| (made, target))
        .chain(targets(recorded).into_iter().map(|target| (recorded, target)))
        .collect();
    let mut text = format!(
        "# Ground truth of one's own: short trainings of {} cells of NAS-Bench-201\n\nMade by\n\n```\n{command}\n```\n\n\
         Kendall's τ-b of each proxy with 95 % intervals over the same cells: against accuracies that Assay trained itself in minutes, \
         and, last, against those that the benchmark records after full trainings.\n\n",
        made.architectures
    );
    let head: String = columns.iter().map(|(_, target)| format!(" {target} |")).collect();
    let lines = "---:|".repeat(columns.len());
    // Writing to a string does not fail.
    let _ = writeln!(text, "| proxy |{head}\n|:---|{lines}");
    let mut proxies: Vec<&str> = Vec::new();
    for row in &made.correlations {
        if row.proxy != RANDOM && !proxies.contains(&row.proxy.as_str()) {
            proxies.push(&row.proxy);
        }
    }
    for proxy in &proxies {
        let cells: String = columns.iter().map(|(study, target)| format!(" {} |", tau(of(study, proxy, target)))).collect();
        let _ = writeln!(text, "| {proxy} |{cells}");
    }
    let own = targets(made).last().copied().unwrap_or_default().to_owned();
    for (study, target) in columns.iter().filter(|(study, _)| std::ptr::eq(*study, recorded)) {
        let _ = writeln!(text, "\n{own} itself against {target}: τ-b {}.", tau(of(study, LOOKED_UP, target)));
        for theirs in targets(made) {
            let _ = writeln!(text, "\n{}", agreement(&proxies, (made, theirs), (study, target)));
        }
    }
    text += "\n## Noise and cost\n\n";
    made.ceilings.iter().chain(&recorded.ceilings).for_each(|ceiling| text += &format!("- {}.\n", ceiling.describe()));
    for target in targets(made) {
        if let Some(phase) = made.times.phases.get(target) {
            let minutes = phase.all_thread_seconds() / 60.0;
            let _ = writeln!(
                text,
                "- {target}: {} trainings (of the one before, if there is one, the rest), {minutes:.1} minutes of one thread in all.",
                phase.measurements()
            );
        }
    }
    let _ = write!(text, "- On {}.\n\n## Protocol\n\n- {}.\n- {}.\n", machine(&made.machine), made.protocol, recorded.protocol);
    text
}

/// How far the proxies' τ-b against one truth are those against another, in one line.
fn agreement(proxies: &[&str], (made, own): (&StudySummary, &str), (recorded, theirs): (&StudySummary, &str)) -> String {
    let both = |proxy: &&str| Some((of(made, proxy, own)?.tau_b?, of(recorded, proxy, theirs)?.tau_b?));
    let (ours, truth): (Vec<f64>, Vec<f64>) = proxies.iter().filter_map(both).unzip();
    let mean = ours.iter().zip(&truth).map(|(one, other)| (one - other).abs()).sum::<f64>() / ours.len().max(1) as f64;
    let pairs = Pairs::new(&ours, &truth).ok();
    let order = pairs.as_ref().and_then(kendall::tau_b).map_or("not determined".into(), |tau| format!("{tau:.3}"));
    format!(
        "Of {} proxies, τ-b against {own} differs from that against {theirs} by {mean:.3} on average; τ-b between the two orders of the \
         proxies: {order}.",
        ours.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(targets: &[&str], rows: &[(&str, &str, f64)]) -> StudySummary {
        let targets: Vec<_> = targets
            .iter()
            .map(|column| serde_json::json!({ "column": column, "title": column, "unit": "%", "direction": "higher_is_better" }))
            .collect();
        let row = |(proxy, target, tau): &(&str, &str, f64)| {
            serde_json::json!({
                "proxy": proxy, "target": target, "title": target, "architectures": 60, "undefined": 0, "tau_b": tau,
                "tau_b_interval": { "low": tau - 0.1, "high": tau + 0.1, "level": 0.95, "resamples": 1000, "undefined": 0 },
                "tau_b_spread": null, "rho": null, "weighted_tau": null, "pearson": null, "tau_b_top_10_percent": null,
                "tau_b_top_1_percent": null, "precision_at_k": null, "ndcg_at_k": null, "regret": null, "partial_tau_b": null
            })
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        serde_json::from_value(serde_json::json!({
            "schema": 1, "kind": "correlation study", "assay": "0.1.0", "experiment": "made-up", "seed": 0, "protocol": "made up", "k": 10,
            "architectures": 60, "targets": targets, "correlations": rows, "ceilings": [],
            "times": { "phases": {}, "rest_wall_seconds": 0.0, "total_wall_seconds": 1.0, "cpu_seconds": null },
            "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
        }))
        .unwrap()
    }

    #[test]
    fn the_page_sets_each_proxy_against_both_truths_and_says_how_far_they_agree() {
        let made = study(&["own"], &[("flops", "own", 0.4), ("snip", "own", 0.3), ("zen", "own", 0.1), (RANDOM, "own", 0.0)]);
        let theirs = [("flops", "test", 0.6), ("snip", "test", 0.5), ("zen", "test", 0.55), (LOOKED_UP, "test", 0.7)];
        let text = render("cargo xtask reproduce own-truth", &made, &study(&["test"], &theirs));
        assert!(
            text.contains("| proxy | own | test |\n|:---|---:|---:|\n| flops | 0.400 [0.300, 0.500] | 0.600 [0.500, 0.700] |\n"),
            "{text}"
        );
        assert!(!text.contains(RANDOM), "{text}");
        assert!(text.contains("own itself against test: τ-b 0.700 [0.600, 0.800]."), "{text}");
        let said = "Of 3 proxies, τ-b against own differs from that against test by 0.283 on average; τ-b between the two orders of the \
                    proxies: 0.333.";
        assert!(text.contains(said), "{text}");
    }
}
