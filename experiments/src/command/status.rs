//! `assay status`: how far the tasks of a plan are.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use assay_cluster::folder::{PlanFolder, SHELL};
use assay_cluster::plan::{LOGS, REPORT, RUNS};
use assay_cluster::script;
use assay_cluster::status::{Seen, State, Status as HowFar, TaskStatus};
use assay_results::present::shell::argument;
use clap::Args;
use indicatif::HumanDuration;

use super::Ending;
use super::tabular::{render, table};
use crate::failure::Failure;
use crate::output::{self, OutputError, out, tell};

/// Of more tasks, those that wait or are done are only counted.
const MOST_SHOWN: usize = 40;

/// Show how far the tasks are that `assay submit` planned: done, running, failed, and the time left
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay status results/study-seed0-64shards
  assay status results/study-seed0-64shards --json

It reads the tasks' folders, and Slurm's queue where there is one: squeue, and of jobs that ended sacct or scontrol. Without Slurm
it tells from the folders alone: a task that wrote nothing for 15 minutes is taken to have stopped.")]
pub(super) struct Status {
    /// The folder of the plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Print all tasks as JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self) -> Result<(), Ending> {
        let folder = PlanFolder::open(&self.plan)?;
        let seen = Seen::ask(&folder)?;
        let status = HowFar::of(&folder, &seen, SystemTime::now());
        if let Some(problem) = &seen.problem {
            tell!("Slurm's queue is not known, and the folders alone are told: {problem}");
        }
        if self.json {
            let json = serde_json::to_string_pretty(&status).map_err(|error| Failure::new(error.to_string()))?;
            return Ok(output::json(&json)?);
        }
        Ok(print(&folder, &status)?)
    }
}

fn print(folder: &PlanFolder, status: &HowFar) -> Result<(), OutputError> {
    let path = folder.path.display().to_string();
    let is_all = status.tasks.len() <= MOST_SHOWN;
    let is_shown = |task: &&TaskStatus| is_all || !matches!(task.state, State::Done | State::Waiting | State::Queued { .. });
    let mut rows = table(&["task", "what", "state", "measured", "time", ""]);
    let mut shown: usize = 0;
    for task in status.tasks.iter().filter(is_shown).take(MOST_SHOWN) {
        let measured = task.of.map_or_else(|| task.measured.to_string(), |of| format!("{}/{of}", task.measured));
        let (state, said) = words(&task.state);
        let time = if task.seconds > 0.0 { time(task.seconds) } else { String::new() };
        rows.add_row([task.number.to_string(), task.title.clone(), state.to_owned(), measured, time, said.to_owned()]);
        shown += 1;
    }
    if shown > 0 {
        out!("{}\n", render(&rows))?;
    }
    let counts = [
        ("done", status.count(|state| *state == State::Done)),
        ("running", status.count(|state| matches!(state, State::Running { .. }))),
        ("queued", status.count(|state| matches!(state, State::Queued { .. }))),
        ("failed", status.count(|state| matches!(state, State::Failed { .. }))),
        ("stopped", status.count(|state| matches!(state, State::Stopped { .. }))),
        ("waiting", status.count(|state| *state == State::Waiting)),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    out!("tasks    {}, of {}", counts.join(", "), status.tasks.len())?;
    if let Some(seconds) = status.seconds_left {
        out!("left     about {}, by the pace so far", HumanDuration(Duration::from_secs_f64(seconds)))?;
    }
    print_next(folder, status, &path)
}

/// What comes next, and what to do.
fn print_next(folder: &PlanFolder, status: &HowFar, path: &str) -> Result<(), OutputError> {
    // A plan that was never submitted is run by its script.
    let is_script = !status.is_submitted && folder.path.join(SHELL).exists();
    let (again, does) = if is_script {
        (format!("bash {}", argument(&format!("{path}/{SHELL}"))), "runs")
    } else {
        (format!("assay submit {}", argument(path)), "submits")
    };
    let is_idle = |state: &State| matches!(state, State::Failed { .. } | State::Stopped { .. } | State::Waiting);
    let [failed, idle] = [status.count(|state| matches!(state, State::Failed { .. })), status.count(is_idle)];
    if let Some(because) = &status.finish {
        out!("then     {}, in the queue: {because}", script::ending(&folder.plan))?;
    }
    if failed > 0 {
        out!("logs     {path}/{LOGS}")?;
    }
    if status.is_whole {
        out!("runs     {path}/{RUNS}")?;
        let report = folder.path.join(REPORT).join("index.html");
        if report.exists() {
            out!("report   {}", report.display())?;
        }
    } else if idle > 0 {
        out!("go on    {again}      {does} what is missing")?;
    } else if status.count(|state| *state == State::Done) == status.tasks.len() && status.finish.is_none() {
        out!("go on    {again}      to {}", script::ending(&folder.plan))?;
    }
    Ok(())
}

fn words(state: &State) -> (&str, &str) {
    match state {
        State::Done => ("done", ""),
        State::Running { on } => ("running", on),
        State::Queued { because } => ("queued", because),
        State::Failed { with } => ("failed", with),
        State::Stopped { because } => ("stopped", because),
        State::Waiting => ("waiting", ""),
    }
}

/// `4 s`, `2:05`, `3:20:00`.
fn time(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
