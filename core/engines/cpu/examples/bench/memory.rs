//! How much memory a measurement takes: the high-water mark of a process that did nothing else.

use std::process::Command;

use crate::Fallible;

/// The argument that makes this program measure κ of the supernet once and tell its peak memory.
pub(crate) const KAPPA: &str = "memory-of-kappa";
/// The same for one forward and backward pass of the network.
pub(crate) const NETWORK: &str = "memory-of-network";

/// Does the work and prints the most memory that this process has held, in MiB, or `null` where the system does not tell.
pub(crate) fn tell(work: impl FnOnce() -> Fallible<()>) -> Fallible<()> {
    work()?;
    let mebibytes = assay_heap::most_resident(None).map(|bytes| bytes as f64 / f64::from(1 << 20));
    println!("{}", serde_json::json!(mebibytes));
    Ok(())
}

/// Runs this program with the argument and reads what it prints.
pub(crate) fn peak_of_a_process(argument: &str) -> Fallible<Option<f64>> {
    let output = Command::new(std::env::current_exe()?).arg(argument).output()?;
    if !output.status.success() {
        return Err(format!("{argument} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
