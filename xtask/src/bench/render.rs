//! The figures as a table.

use super::columns::{lines, table};
use super::figures::{Figures, Machine, Network, Ntk};

/// The load above which other work shows in the times.
const QUIET: f64 = 0.3;

/// One line of the table.
struct Row<'a> {
    what: String,
    seconds: f64,
    share: Option<f64>,
    ratio: Option<(f64, &'a str)>,
}

/// The table, with what it is measured in below it.
pub(super) fn render(figures: &Figures) -> String {
    let mut table = table(["what", "seconds", "share of peak", "ratio"]);
    let baseline = figures.machine.baseline_engine.as_str();
    let rows = figures.ntk.iter().flat_map(|ntk| ntk_rows(ntk, baseline));
    let rows = rows.chain(figures.network.iter().flat_map(|network| network_rows(network, baseline)));
    for Row { what, seconds, share, ratio } in rows {
        table.add_row([
            what,
            format!("{seconds:.3}"),
            share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share)),
            ratio.map_or_else(String::new, |(ratio, than)| format!("{ratio:.2} × as fast as {than}")),
        ]);
    }
    format!("{}\n\n{}", lines(table, 2), below(figures))
}

fn ntk_rows<'a>(ntk: &Ntk, baseline: &'a str) -> Vec<Row<'a>> {
    let Ntk { kappa_supernet_s_1t: one, kappa_supernet_s_2t: two, .. } = *ntk;
    let mut rows =
        pair("κ, NAS-Bench-201 supernet", one, ntk.kappa_supernet_fraction_of_peak_1t, ntk.burn_flex_kappa_supernet_s_1t, baseline);
    rows.insert(
        1,
        Row {
            what: "  on two threads".into(),
            seconds: two,
            share: Some(ntk.kappa_supernet_fraction_of_peak_2t),
            ratio: Some((one / two, "one thread")),
        },
    );
    rows.extend(pair(
        "κ, all-3×3 path",
        ntk.kappa_single_path_s_1t,
        ntk.kappa_single_path_fraction_of_peak_1t,
        ntk.burn_flex_kappa_single_path_s_1t,
        baseline,
    ));
    rows.extend(pair(
        "κ, DARTS supernet",
        ntk.kappa_darts_supernet_s_1t,
        ntk.kappa_darts_supernet_fraction_of_peak_1t,
        ntk.burn_flex_kappa_darts_supernet_s_1t,
        baseline,
    ));
    rows
}

fn network_rows<'a>(network: &Network, baseline: &'a str) -> Vec<Row<'a>> {
    let mut rows = pair(
        "forward and backward, 5 cells a stage",
        network.network_fwd_bwd_s,
        network.network_fraction_of_peak_1t,
        network.burn_flex_network_fwd_bwd_s,
        baseline,
    );
    rows.extend(pair(
        "forward and backward, 1 cell a stage",
        network.network_one_cell_fwd_bwd_s,
        network.network_one_cell_fraction_of_peak_1t,
        network.burn_flex_network_one_cell_fwd_bwd_s,
        baseline,
    ));
    rows
}

/// A measurement and the same on the baseline.
fn pair<'a>(what: &str, seconds: f64, share: f64, on_baseline: f64, baseline: &'a str) -> Vec<Row<'a>> {
    vec![
        Row { what: what.into(), seconds, share: Some(share), ratio: Some((on_baseline / seconds, baseline)) },
        Row { what: format!("  on {baseline}"), seconds: on_baseline, share: None, ratio: None },
    ]
}

fn below(figures: &Figures) -> String {
    let Machine { engine, rounds, peak_gflops_1t, peak_memory_mib, .. } = &figures.machine;
    let plural = if *rounds == 1 { "" } else { "s" };
    let mut lines = vec![format!(
        "Engine {engine}, one thread where nothing else is said; shortest of {rounds} round{plural}. Peak of one core: {peak_gflops_1t:.1} GFLOP/s."
    )];
    if figures.ntk.is_some() {
        lines.push("Images: 72 for NAS-Bench-201 (3 channels, 1 cell a stage), 14 for DARTS (1 channel, 2 cells); 3×32×32.".into());
        lines.push(
            "κ counts two operations for each backward multiply-add of each cotangent over each image, nothing else: not the forward pass."
                .into(),
        );
    }
    if let Some(network) = &figures.network {
        lines.push("Networks: all-3×3 cell, 16 channels, 64 images of 3×32×32.".into());
        lines.push(format!("Peak memory, forward and backward, 5 cells a stage: {}.", memory(network.network_peak_memory_mib)));
    }
    lines.push(format!("Peak memory, κ of the NAS-Bench-201 supernet: {}.", memory(*peak_memory_mib)));
    lines.join("\n")
}

fn memory(mebibytes: Option<f64>) -> String {
    mebibytes.map_or_else(|| "unknown, this system does not tell".into(), |mebibytes| format!("{mebibytes:.0} MiB"))
}

/// A warning where the machine had other work, given its load of the last minute.
pub(super) fn busy(load: f64) -> Option<String> {
    (load > QUIET).then(|| {
        format!("warning: the machine was busy (load {load:.2} before the start); times and shares may be worse than the machine allows")
    })
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
