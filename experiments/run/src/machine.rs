//! What a run ran on.

use assay_results::Machine;
use sysinfo::{CpuRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

/// This machine, with this many worker threads.
#[must_use]
pub fn here(threads: usize) -> Machine {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let cpu = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).filter(|brand| !brand.is_empty());
    Machine {
        cpu: cpu.unwrap_or_else(|| "unknown".into()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        threads,
        os: System::long_os_version().unwrap_or_else(|| std::env::consts::OS.into()),
        rustc: env!("ASSAY_RUSTC").into(),
        target: env!("ASSAY_TARGET").into(),
    }
}

/// The bytes of memory that this process may still take, if the system tells: of the machine, or of its control group.
#[must_use]
pub fn available_memory() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory();
    let of_group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    Some(system.available_memory().min(of_group)).filter(|bytes| *bytes > 0)
}

/// The processor time of this process so far, of all threads, if the system tells.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    let process = sysinfo::get_current_pid().ok()?;
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, ProcessRefreshKind::nothing().with_cpu());
    Some(system.process(process)?.accumulated_cpu_time() as f64 / 1000.0)
}
