//! How far a plan is: what the tasks' folders say, and Slurm's queue where there is one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, SystemTime};

use assay_results::files::{CHECKPOINT, EXPERIMENT, JOURNAL, LOG, SUMMARY, SUPERNET};
use serde::Serialize;

use crate::ClusterError;
use crate::events::{self, Event, Line};
use crate::folder::PlanFolder;
use crate::plan::Task;
use crate::slurm::{self, Past, Queue, Queued};

/// Where no queue is asked: a task that wrote nothing for so long is not running any more. A training writes a checkpoint at least
/// every five minutes.
const SILENT: Duration = Duration::from_secs(15 * 60);

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Its run is finished.
    Done,
    /// It runs.
    Running {
        /// Where, and how much of its time limit is left.
        on: String,
    },
    /// Slurm's queue has it.
    Queued {
        /// Why it waits.
        because: String,
    },
    /// It failed, and is in no queue.
    Failed {
        /// How.
        with: String,
    },
    /// It was begun and stopped, and is in no queue.
    Stopped {
        /// How.
        because: String,
    },
    /// It was not begun, and is in no queue.
    Waiting,
}

/// A task with how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct TaskStatus {
    /// Its number.
    pub number: u32,
    /// What it is.
    pub title: String,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// How much it measured.
    pub measured: usize,
    /// Of how much, if that is known.
    pub of: Option<usize>,
    /// Seconds that it took, by what its script wrote down: those of all its sessions.
    pub seconds: f64,
}

/// How far a plan is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The tasks.
    pub tasks: Vec<TaskStatus>,
    /// Whether all runs are there, merged.
    pub is_whole: bool,
    /// Whether anything was submitted to Slurm.
    pub is_submitted: bool,
    /// Whether Slurm's queue was asked, and answered.
    pub is_queue_known: bool,
    /// What the job that merges and reports waits for, where it is in the queue.
    pub finish: Option<String>,
    /// Seconds until all tasks are done, by the pace so far.
    pub seconds_left: Option<f64>,
}

/// What Slurm says of a plan's jobs.
#[derive(Debug, Default)]
pub struct Seen {
    queue: Queue,
    past: Past,
    is_submitted: bool,
    is_known: bool,
    /// Why it could not be asked.
    pub problem: Option<ClusterError>,
}

impl Seen {
    /// Asks Slurm, where anything was submitted.
    ///
    /// # Errors
    /// If the folder's list of jobs cannot be read.
    pub fn ask(folder: &PlanFolder) -> Result<Self, ClusterError> {
        let submissions = folder.submissions()?;
        let arrays: BTreeSet<u64> = submissions.iter().filter_map(|submission| submission.array).collect();
        let jobs: BTreeSet<u64> = arrays.iter().copied().chain(submissions.iter().filter_map(|submission| submission.finish)).collect();
        if jobs.is_empty() {
            return Ok(Self::default());
        }
        Ok(match slurm::queue(&jobs) {
            Ok(queue) => Self { queue, past: slurm::past(&arrays), is_submitted: true, is_known: true, problem: None },
            Err(problem) => Self { is_submitted: true, problem: Some(problem), ..Self::default() },
        })
    }

    /// The arrays of the plan of which something is in the queue.
    #[must_use]
    pub fn arrays(&self) -> BTreeSet<u64> {
        self.queue.keys().filter(|(_, element)| *element > 0).map(|(job, _)| *job).collect()
    }

    /// The jobs that merge and report and are in the queue.
    #[must_use]
    pub fn finishes(&self) -> Vec<u64> {
        self.queue.keys().filter(|(_, element)| *element == 0).map(|(job, _)| *job).collect()
    }

    /// Whether a task is in the queue, waiting or running.
    #[must_use]
    pub fn has(&self, task: u32) -> bool {
        self.queued(task).is_some()
    }

    fn queued(&self, task: u32) -> Option<&Queued> {
        self.queue.iter().find(|((_, element), _)| *element == task).map(|(_, queued)| queued)
    }

    /// How the task's last job ended, if badly.
    fn ended(&self, task: u32) -> Option<&str> {
        let last = self.past.iter().rev().find(|((_, element), _)| *element == task);
        last.map(|(_, state)| state.as_str()).filter(|state| *state != "COMPLETED")
    }
}

impl Status {
    /// Looks at the folders of all tasks.
    #[must_use]
    pub fn of(folder: &PlanFolder, seen: &Seen, now: SystemTime) -> Self {
        let tasks: Vec<TaskStatus> = folder.plan.tasks.iter().map(|task| TaskStatus::of(folder, task, seen, now)).collect();
        let finish = seen.queue.iter().find(|((_, element), _)| *element == 0).map(|(_, queued)| queued.place.clone());
        let seconds_left = seconds_left(&tasks);
        Self { tasks, is_whole: folder.is_whole(), is_submitted: seen.is_submitted, is_queue_known: seen.is_known, finish, seconds_left }
    }

    /// How many tasks are so.
    pub fn count(&self, is: impl Fn(&State) -> bool) -> usize {
        self.tasks.iter().filter(|task| is(&task.state)).count()
    }
}

impl TaskStatus {
    fn of(folder: &PlanFolder, task: &Task, seen: &Seen, now: SystemTime) -> Self {
        let run = folder.run(task);
        // What cannot be read tells nothing; the run itself says why where it is continued.
        let events = fs::read_to_string(folder.events(task)).map(|text| events::read(&text)).unwrap_or_default();
        let state = if run.join(SUMMARY).exists() { State::Done } else { unfinished(&run, task, &events, seen, now) };
        let measured = if state == State::Done { task.measurements.unwrap_or(0) } else { 0 };
        Self {
            number: task.number,
            title: task.title.clone(),
            state,
            measured: measured.max(lines(&run.join(JOURNAL))),
            of: task.measurements,
            seconds: seconds(&events, written(&run), now),
        }
    }
}

fn unfinished(run: &Path, task: &Task, events: &[Line], seen: &Seen, now: SystemTime) -> State {
    if let Some(queued) = seen.queued(task.number) {
        return match queued.state.as_str() {
            "RUNNING" | "COMPLETING" => State::Running { on: format!("{}, {} left to it", queued.place, queued.left) },
            _ => State::Queued { because: queued.place.trim_matches(['(', ')']).to_owned() },
        };
    }
    let last = events.last().map(|line| &line.event);
    let is_silent = written(run).is_none_or(|time| now.duration_since(time).is_ok_and(|age| age > SILENT));
    match (last, seen.ended(task.number)) {
        (Some(Event::Failed(code)), _) => State::Failed { with: format!("exit code {code}") },
        (_, Some(state)) => State::Failed { with: state.to_lowercase().replace('_', " ") },
        (Some(Event::Ended | Event::Paused), None) => State::Stopped { because: "told to stop".into() },
        (Some(Event::Begun { machine }), None) if !seen.is_known && !is_silent => State::Running { on: machine.clone() },
        (Some(Event::Begun { machine }), None) => State::Stopped { because: format!("ended without a word on {machine}") },
        // Its command was run by itself, as GNU parallel does.
        (Some(Event::Done) | None, None) if run.join(EXPERIMENT).exists() => match is_silent {
            true => State::Stopped { because: "wrote nothing for 15 minutes".into() },
            false => State::Running { on: "some machine".into() },
        },
        (Some(Event::Done) | None, None) => State::Waiting,
    }
}

/// When something was last written in a run.
fn written(run: &Path) -> Option<SystemTime> {
    let files = [JOURNAL, LOG, CHECKPOINT, SUPERNET, EXPERIMENT];
    files.iter().filter_map(|file| fs::metadata(run.join(file)).and_then(|data| data.modified()).ok()).max()
}

/// The lines of a journal, torn ones among them: progress, not a result.
fn lines(file: &Path) -> usize {
    let Ok(file) = File::open(file) else { return 0 };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut count = 0;
    while let Ok(bytes) = reader.fill_buf() {
        if bytes.is_empty() {
            break;
        }
        count += bytes.iter().filter(|byte| **byte == b'\n').count();
        let length = bytes.len();
        reader.consume(length);
    }
    count
}

/// From each beginning to what ended it; of a session that did not say how it ended, to the last thing that it wrote.
fn seconds(events: &[Line], written: Option<SystemTime>, now: SystemTime) -> f64 {
    let mut sum = 0.0;
    let mut begun = None;
    for line in events {
        match (&line.event, begun) {
            (Event::Begun { .. }, _) => begun = Some(line.time),
            (_, Some(time)) => {
                sum += line.time.duration_since(time).unwrap_or_default().as_secs_f64();
                begun = None;
            }
            (_, None) => {}
        }
    }
    let open = begun.and_then(|time| written.unwrap_or(now).duration_since(time).ok());
    sum + open.map_or(0.0, |open| open.as_secs_f64())
}

/// By the pace of what is measured so far, on as many tasks at a time as run now. Where it is not known how much there is to measure,
/// by the time of the tasks that are done.
fn seconds_left(tasks: &[TaskStatus]) -> Option<f64> {
    // In measurements, or in tasks.
    let is_measured = tasks.iter().all(|task| task.of.is_some());
    let size = |task: &TaskStatus| if is_measured { task.of.unwrap_or(0) as f64 } else { 1.0 };
    let done = |task: &TaskStatus| match (&task.state, is_measured) {
        (State::Done, _) => size(task),
        (_, true) => (task.measured as f64).min(size(task)),
        (_, false) => 0.0,
    };
    let is_counted = |task: &&TaskStatus| is_measured || task.state == State::Done;
    let seconds: f64 = tasks.iter().filter(is_counted).map(|task| task.seconds).sum();
    let made: f64 = tasks.iter().filter(is_counted).map(done).sum();
    let left: Vec<f64> = tasks.iter().map(|task| size(task) - done(task)).filter(|left| *left > 0.0).collect();
    let running = tasks.iter().filter(|task| matches!(task.state, State::Running { .. })).count();
    if seconds <= 0.0 || made <= 0.0 || left.is_empty() || running == 0 {
        return None;
    }
    let pace = seconds / made;
    // One task is made by itself, however many run beside it.
    let longest = left.iter().copied().fold(0.0, f64::max);
    Some(pace * longest.max(left.iter().sum::<f64>() / running as f64))
}

#[cfg(test)]
mod tests;
