//! What a run found, for people.

use std::path::Path;

use assay_results::Times;
use assay_results::present::reading::describe;
use assay_results::search::{Accuracies, SearchSummary};

use super::tabular::{render, table};
use crate::output::{OutputError, out};

/// Prints the result of a run.
pub(super) fn print_summary(summary: &SearchSummary, path: &Path) -> Result<(), OutputError> {
    out!("found       {}", summary.architecture.text)?;
    match &summary.accuracies {
        Accuracies::Known { source, values } => {
            for accuracy in values {
                out!("accuracy    {} {:.2} % ({})", accuracy.title, accuracy.percent, accuracy.target)?;
            }
            out!("            from {source}")?;
        }
        Accuracies::Unknown { because } => out!("accuracies: not known, because {because}")?,
    }
    for (label, score) in &summary.scores {
        out!("score       {label} {}", describe(score))?;
    }
    for (label, count) in summary.counts.undefined.iter().filter(|(_, count)| **count > 0) {
        let all = summary.counts.measurements.get(label).copied().unwrap_or_default();
        out!("undefined   {count} of {all} measurements of {label}")?;
    }
    out!("\n{}\n", times(&summary.times))?;
    out!("run folder  {}", path.display())?;
    out!("protocol    {}", summary.protocol)
}

/// Where the time went, with shares of the wall time.
pub(super) fn times(times: &Times) -> String {
    let total = times.total_wall_seconds;
    let share = |seconds: f64| if total > 0.0 { format!("{:.1} %", 100.0 * seconds / total) } else { "–".into() };
    let mut rows = table(&["where the time went", "measured", "wall s", "share"]);
    for (label, phase) in &times.phases {
        let wall = phase.wall_seconds;
        rows.add_row([label.clone(), phase.measured.to_string(), format!("{wall:.2}"), share(wall)]);
    }
    rows.add_row(["the rest".into(), String::new(), format!("{:.2}", times.rest_wall_seconds), share(times.rest_wall_seconds)]);
    rows.add_row(["in all".into(), String::new(), format!("{total:.2}"), share(total)]);
    let mut text = render(&rows);
    let replayed: usize = times.phases.values().map(|phase| phase.replayed).sum();
    if replayed > 0 {
        let seconds: f64 = times.phases.values().map(|phase| phase.replayed_thread_seconds).sum();
        text += &format!("\n{replayed} measurements ({seconds:.2} thread-seconds) were taken over from the interrupted session");
    }
    text
}
