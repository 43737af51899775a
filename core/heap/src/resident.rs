//! How much memory a process has, as Linux tells it.

use std::fs::read_to_string;

/// The bytes of memory that a process has; of this one where none is named, and none where the system does not tell.
#[must_use]
pub fn resident(process: Option<u32>) -> Option<u64> {
    field(process, "VmRSS:")
}

/// The most bytes of memory that a process had at one time; of this one where none is named, and none where the system does not tell
/// or the process has ended.
#[must_use]
pub fn most_resident(process: Option<u32>) -> Option<u64> {
    field(process, "VmHWM:")
}

fn field(process: Option<u32>, name: &str) -> Option<u64> {
    let process = process.map_or_else(|| "self".to_owned(), |process| process.to_string());
    bytes(&read_to_string(format!("/proc/{process}/status")).ok()?, name)
}

/// A field of `/proc/PROCESS/status` that is in kB.
fn bytes(status: &str, name: &str) -> Option<u64> {
    let kibibytes: u64 = status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_where_it_is_there() {
        let status = "Name:\tassay\nVmHWM:\t  106548 kB\nVmRSS:\t     2 kB\n";
        assert_eq!((bytes(status, "VmHWM:"), bytes(status, "VmRSS:"), bytes(status, "VmPeak:")), (Some(106_548 * 1024), Some(2048), None));
        assert_eq!(bytes("VmHWM:\tmany kB\n", "VmHWM:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_had_at_least_what_it_has_and_one_that_is_not_there_nothing() {
        let has = resident(None).unwrap();
        // The system counts pages in batches, a thread each.
        assert!(has > 0 && most_resident(Some(std::process::id())).unwrap() + (1 << 20) >= has);
        assert_eq!(most_resident(Some(u32::MAX)), None);
    }
}
