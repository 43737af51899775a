//! The table that `--profile` prints.

use std::sync::Arc;

use assay_core::engine::profile::{Profile, Spent};
use assay_run::machine;

use super::tabular::{render, table};
use crate::output::tell;

/// The profile of a command, if it was asked for.
#[derive(Debug)]
pub(super) struct Profiling {
    profile: Option<Arc<Profile>>,
    /// Processor time before.
    before: f64,
}

impl Profiling {
    pub(super) fn start(wanted: bool) -> Self {
        Self { profile: wanted.then(Arc::default), before: if wanted { machine::cpu_seconds().unwrap_or(0.0) } else { 0.0 } }
    }

    pub(super) fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    /// Prints the table to standard error, so that results stay alone on standard output.
    pub(super) fn print(&self) {
        if let Some(profile) = &self.profile {
            tell!("\n{}", describe(&profile.spent(), machine::cpu_seconds().map(|seconds| seconds - self.before)));
        }
    }
}

/// The kinds of work from the longest to the shortest, then the rest of the processor's time.
fn describe(spent: &[Spent], cpu_seconds: Option<f64>) -> String {
    let mut rows = table(&["time on all threads", "seconds", "share", "GFLOP/s"]);
    let kinds: f64 = spent.iter().map(|spent| spent.time.as_secs_f64()).sum();
    let total = cpu_seconds.unwrap_or(kinds).max(kinds);
    let share = |seconds: f64| if total > 0.0 { format!("{:.1} %", 100.0 * seconds / total) } else { "–".into() };
    let mut sorted = spent.to_vec();
    sorted.sort_by_key(|spent| std::cmp::Reverse(spent.time));
    for spent in sorted {
        let (seconds, speed) = (spent.time.as_secs_f64(), spent.gigaflops().map_or_else(|| "–".into(), |speed| format!("{speed:.1}")));
        rows.add_row([spent.work.to_string(), format!("{seconds:.3}"), share(seconds), speed]);
    }
    if cpu_seconds.is_some() {
        let rest = total - kinds;
        rows.add_row(["everything else".to_owned(), format!("{rest:.3}"), share(rest), "–".into()]);
    }
    render(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_core::engine::profile::{ConvolutionPass, Kernel, Work};
    use std::time::Duration;

    #[test]
    fn the_longest_work_is_first_and_the_rest_of_the_processor_time_last() {
        let spent = [
            Spent { work: Work::Eigenvalues, time: Duration::from_millis(5), operations: 0 },
            Spent {
                work: Work::Convolution(ConvolutionPass::DataGradient, Kernel::Three),
                time: Duration::from_millis(750),
                operations: 90_000_000_000,
            },
        ];
        insta::assert_snapshot!(describe(&spent, Some(1.0)), @"
        time on all threads             seconds  share   GFLOP/s
        convolution 3×3, data gradient  0.750    75.0 %  120.0
        eigenvalues                     0.005    0.5 %   –
        everything else                 0.245    24.5 %  –
        ");
    }
}
