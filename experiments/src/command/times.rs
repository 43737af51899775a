//! Where the time of a run went, for people.

use assay_results::Times;

use super::tabular::{render, table};

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
