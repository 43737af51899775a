//! Slurm's own commands: `sbatch`, `squeue`, `sacct`, `scontrol` and `scancel`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;

use crate::ClusterError;

/// What the queue says of an element of an array, or of a job that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// `RUNNING`, `PENDING`.
    pub state: String,
    /// The time that is left to it, as Slurm writes it.
    pub left: String,
    /// Why it waits, or where it runs.
    pub place: String,
}

/// By job and element: 0 for a job that is not an array.
pub type Queue = BTreeMap<(u64, u32), Queued>;

/// How elements of arrays ended that are not in the queue any more: `FAILED`, `CANCELLED`, `TIMEOUT`.
pub type Past = BTreeMap<(u64, u32), String>;

/// Submits a script with these options, and gives the number of its job. Without a script one of the options is `--wrap`.
///
/// # Errors
/// If `sbatch` is not here, or refuses it.
pub fn submit(options: &[String], script: Option<&Path>) -> Result<u64, ClusterError> {
    let mut arguments = vec!["--parsable".to_owned()];
    arguments.extend(options.iter().cloned());
    arguments.extend(script.map(|script| script.display().to_string()));
    let said = call("sbatch", &arguments)?;
    // On a federation the cluster's name follows.
    let number = said.trim().split(';').next().and_then(|number| number.parse().ok());
    number.ok_or_else(|| ClusterError::Slurm { command: "sbatch --parsable".into(), said: format!("it said no number of a job: {said}") })
}

/// Refuses an array with an element that the cluster does not take.
///
/// # Errors
/// If it does not, or Slurm is not here.
pub fn check_array(last: u32) -> Result<(), ClusterError> {
    let said = call("scontrol", &["show".into(), "config".into()])?;
    let line = said.lines().find_map(|line| line.strip_prefix("MaxArraySize").and_then(|rest| rest.split('=').nth(1)));
    // A version that does not say leaves it to sbatch.
    let Some(size) = line.and_then(|size| size.trim().parse::<u32>().ok()) else { return Ok(()) };
    if last < size {
        return Ok(());
    }
    let problem =
        format!("the plan has {last} tasks, and this cluster takes arrays of at most {} (MaxArraySize = {size})", size.saturating_sub(1));
    Err(ClusterError::refused(problem, "ask for fewer --shards or --seeds, or for fewer files at a time"))
}

/// What of these jobs is in the queue.
///
/// # Errors
/// If `squeue` is not here, or the controller does not answer.
pub fn queue(jobs: &BTreeSet<u64>) -> Result<Queue, ClusterError> {
    // One's own and not by number: a number that the controller has forgotten would be an error.
    let arguments = ["--me", "--array", "--noheader", "--states=all", "--format=%F|%K|%T|%L|%R|%i"].map(str::to_owned);
    Ok(read_queue(&call("squeue", &arguments)?, jobs))
}

fn read_queue(said: &str, jobs: &BTreeSet<u64>) -> Queue {
    let line = |line: &str| {
        let [job, element, state, left, place, _] = line.trim().split('|').collect::<Vec<_>>().try_into().ok()?;
        let job = job.parse().ok()?;
        let element = element.parse().unwrap_or(0);
        let is_over = OVER.contains(&state);
        (jobs.contains(&job) && !is_over).then(|| ((job, element), Queued { state: state.into(), left: left.into(), place: place.into() }))
    };
    said.lines().filter_map(line).collect()
}

/// States that a job does not leave.
const OVER: [&str; 8] = ["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "OUT_OF_MEMORY", "REVOKED", "TIMEOUT"];

/// How elements of these arrays ended: from accounting, or from what the controller still remembers. Empty where neither says.
#[must_use]
pub fn past(jobs: &BTreeSet<u64>) -> Past {
    if jobs.is_empty() {
        return Past::new();
    }
    let list = jobs.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let arguments = ["--noheader", "--parsable2", "--allocations", "--format=JobID,State", "--jobs", &list].map(str::to_owned);
    if let Ok(said) = call("sacct", &arguments) {
        return read_accounting(&said);
    }
    let remembered =
        jobs.iter().filter_map(|job| call("scontrol", &["--oneliner".into(), "show".into(), "job".into(), job.to_string()]).ok());
    remembered.flat_map(|said| read_jobs(&said)).collect()
}

/// `12_3|CANCELLED by 0`.
fn read_accounting(said: &str) -> Past {
    let line = |line: &str| {
        let (id, state) = line.trim().split_once('|')?;
        let (job, element) = id.split_once('_').unwrap_or((id, "0"));
        let state = state.split(' ').next().unwrap_or(state);
        OVER.contains(&state).then(|| Some(((job.parse().ok()?, element.parse().ok()?), state.to_owned())))?
    };
    said.lines().filter_map(line).collect()
}

/// Lines of `KEY=VALUE KEY=VALUE`.
fn read_jobs(said: &str) -> Past {
    let line = |line: &str| {
        let value = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let (job, state) = (value("ArrayJobId").or_else(|| value("JobId"))?, value("JobState")?);
        let element = value("ArrayTaskId").unwrap_or("0");
        OVER.contains(&state).then(|| Some(((job.parse().ok()?, element.parse().ok()?), state.to_owned())))?
    };
    said.lines().filter_map(line).collect()
}

/// Takes a job that waits out of the queue.
///
/// # Errors
/// If it cannot be.
pub fn cancel(job: u64) -> Result<(), ClusterError> {
    call("scancel", &[job.to_string()]).map(|_| ())
}

fn call(program: &'static str, arguments: &[String]) -> Result<String, ClusterError> {
    let failed = |said: String| ClusterError::Slurm { command: format!("{program} {}", arguments.join(" ")), said };
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ClusterError::NoSlurm(program)),
        Err(error) => return Err(failed(error.to_string())),
    };
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_read_for_our_jobs_alone() {
        let said = "1|1|RUNNING|11:59:40|node7|2\n1|2|PENDING|12:00:00|(Priority)|1_2\n1|3|FAILED|0:00|node7|3\n2|N/A|PENDING|1:00|(Dependency)|2\n\
                    9|1|RUNNING|1:00|node1|9\nslurm says something else\n";
        let read = read_queue(said, &BTreeSet::from([1, 2]));
        let of = |state: &str, left: &str, place: &str| Queued { state: state.into(), left: left.into(), place: place.into() };
        let wanted = [
            ((1, 1), of("RUNNING", "11:59:40", "node7")),
            ((1, 2), of("PENDING", "12:00:00", "(Priority)")),
            ((2, 0), of("PENDING", "1:00", "(Dependency)")),
        ];
        assert_eq!(read, Queue::from(wanted));
    }

    #[test]
    fn how_elements_ended_is_read_from_accounting_or_from_the_controller() {
        let accounting = "12_1|COMPLETED\n12_2|CANCELLED by 1000\n12_[3-4]|PENDING\n12_5|RUNNING\n13|FAILED\n";
        let ended = |element: u32, state: &str| ((12, element), state.to_owned());
        let read = read_accounting(accounting);
        assert_eq!(read, Past::from([ended(1, "COMPLETED"), ended(2, "CANCELLED"), ((13, 0), "FAILED".to_owned())]));
        let controller = "JobId=12 ArrayJobId=12 ArrayTaskId=5-8%2 JobName=small JobState=PENDING Reason=None\n\
                          JobId=14 ArrayJobId=12 ArrayTaskId=2 JobName=small JobState=TIMEOUT Reason=None ExitCode=0:15\n\
                          JobId=13 JobName=small-finish JobState=FAILED\n";
        assert_eq!(read_jobs(controller), Past::from([ended(2, "TIMEOUT"), ((13, 0), "FAILED".to_owned())]));
    }
}
