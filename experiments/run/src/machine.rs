//! What a run ran on.

use std::num::NonZeroUsize;

use assay_results::Machine;
use sysinfo::{CGroupLimits, CpuRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

/// This machine, with this many worker threads.
#[must_use]
pub fn here(threads: usize) -> Machine {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let cpu = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).filter(|brand| !brand.is_empty());
    Machine {
        cpu: cpu.unwrap_or_else(|| "unknown".into()),
        cores: cores().get(),
        threads,
        os: System::long_os_version().unwrap_or_else(|| std::env::consts::OS.into()),
        rustc: env!("ASSAY_RUSTC").into(),
        target: env!("ASSAY_TARGET").into(),
    }
}

/// The cores that this process may use, or one if the system does not tell.
pub(crate) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The bytes of memory that this process may still take, if the system tells: of the machine, of its control groups, and of the
/// addresses that a limit leaves it (`ulimit -v`). What it keeps to use again is available to it, and taken to the system.
#[must_use]
pub fn available_memory() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory();
    let process = sysinfo::get_current_pid().ok();
    if let Some(process) = process {
        let what = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, what);
    }
    let process = process.and_then(|process| system.process(process));
    let of_machine = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    let all = system.total_memory();
    let of_limits = |limits: CGroupLimits| of_group(limits.total_memory, limits.rss, all);
    let of_group = system.cgroup_limits().and_then(of_limits);
    let of_own_group = process.and_then(|process| process.cgroup_limits()).and_then(of_limits);
    let of_addresses = std::fs::read_to_string("/proc/self/limits").ok().and_then(|limits| addresses(&limits));
    let kept = assay_heap::kept() as u64;
    let of_addresses =
        of_addresses.zip(process).map(|(limit, process)| usable(limit.saturating_sub(process.virtual_memory()).saturating_add(kept)));
    let of_memory = [of_machine, of_group, of_own_group].into_iter().flatten().min().map(|bytes| bytes.saturating_add(kept));
    [of_memory, of_addresses].into_iter().flatten().min()
}

/// What a control group leaves of its limit, on a machine of `all` bytes. Pages of files that the group has read count against it to the
/// system, which drops them where memory is wanted; what stays is that of its processes, `taken`. None where it has no limit.
fn of_group(limit: u64, taken: u64, all: u64) -> Option<u64> {
    (limit < all).then(|| limit.saturating_sub(taken))
}

/// How many bytes of addresses a process may have, where that is limited: what `/proc/self/limits` says.
fn addresses(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The part of so many bytes of addresses that can be memory in use: allocators keep a reserve for each thread.
fn usable(addresses: u64) -> u64 {
    addresses / 4 * 3
}

/// The processor time of this process so far, of all threads, if the system tells.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    let process = sysinfo::get_current_pid().ok()?;
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, ProcessRefreshKind::nothing().with_cpu());
    Some(system.process(process)?.accumulated_cpu_time() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_group_leaves_what_its_processes_do_not_have_where_it_has_a_limit() {
        assert_eq!(of_group(8 << 30, 3 << 30, 24 << 30), Some(5 << 30));
        assert_eq!(of_group(8 << 30, 9 << 30, 24 << 30), Some(0));
        // sysinfo tells the machine's memory where there is no limit.
        assert_eq!(of_group(24 << 30, 3 << 30, 24 << 30), None);
    }

    #[test]
    fn a_limit_of_addresses_is_read_where_there_is_one() {
        let limits =
            |value: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax cpu time  5  5  seconds\nMax address space         {value}\n");
        assert_eq!(addresses(&limits("2048000000           unlimited            bytes")), Some(2_048_000_000));
        assert_eq!(addresses(&limits("unlimited            unlimited            bytes")), None);
        assert_eq!(addresses(""), None);
    }
}
