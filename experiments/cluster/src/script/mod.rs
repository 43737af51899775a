//! The scripts that run a plan: for Slurm's job arrays, for any shell, and as lines for GNU parallel.
//!
//! Each task is one command line of Assay, and a run that was begun is continued by the very same line.

use std::fmt::Write;
use std::path::Path;

use assay_results::present::shell::argument;

use crate::folder::{COMMANDS, JOB, SHELL};
use crate::plan::{EXPERIMENTS, LOGS, Plan, REPORT, RUNS, Task, plural};
use crate::resources::Resources;

/// Seconds before the time limit at which a task is told to stop: it has to finish the measurements in flight, or a step of a training.
const GRACE: u32 = 120;

/// The parts of a script that depend on the plan.
struct Parts<'a> {
    plan: &'a Plan,
    /// Worker threads of a task, where the tasks do not say.
    threads: Option<u32>,
}

/// The script of a job array whose elements are these tasks, by number, ascending.
#[must_use]
pub fn slurm(plan: &Plan, tasks: &[u32], resources: &Resources) -> String {
    let folder = plan.place.folder.display().to_string();
    let at_once = resources.at_once.map_or(String::new(), |most| format!("%{most}"));
    let mut options = vec![format!("--job-name={}", quoted(&plan.name)), format!("--array={}{at_once}", ranges(tasks))];
    options.extend(resources.shared());
    options.extend(resources.of_tasks());
    options.extend([
        format!("--chdir={}", quoted(&plan.place.directory.display().to_string())),
        format!("--output={}", quoted(&format!("{}/{LOGS}/task-%a.txt", escaped(&folder)))),
        "--open-mode=append".into(),
        "--requeue".into(),
        format!("--signal=B:USR1@{GRACE}"),
    ]);
    let mut script = String::from("#!/usr/bin/env bash\n");
    for option in options {
        script += &format!("#SBATCH {option}\n");
    }
    script += &format!(
        "# {}, by assay submit. Slurm runs each task as an element of this array; once all are done, merge and report with:\n#   bash {} finish\n",
        plan.describe(),
        argument(&format!("{folder}/{JOB}"))
    );
    // A task has the cores that Slurm gave it.
    script += &Parts { plan, threads: Some(resources.cpus.unwrap_or(1)) }.text();
    script.push('\n');
    script += &include_str!("slurm.sh").replace("{{RETRIES}}", &resources.retries.unwrap_or(Resources::RETRIES).to_string());
    script
}

/// A script for any shell.
#[must_use]
pub fn shell(plan: &Plan, threads: Option<u32>) -> String {
    let folder = plan.place.folder.display().to_string();
    let script = argument(&format!("{folder}/{SHELL}")).into_owned();
    let mut text = format!(
        "#!/usr/bin/env bash\n\
         # {}, by assay submit. Finished ones are not run again.\n\
         #   bash {script} [N]      run the tasks, N at one time (1), then merge and report\n\
         #   bash {script} finish   merge and report\n\
         # With GNU parallel: parallel --jobs N < {} && bash {script} finish\n",
        plan.describe(),
        argument(&format!("{folder}/{COMMANDS}")),
    );
    text += &Parts { plan, threads }.text();
    text.push('\n');
    text += &include_str!("shell.sh").replace("{{COUNT}}", &plan.tasks.len().to_string());
    text
}

/// The command lines of these tasks, one a line, for GNU parallel and the like. They are run in the plan's working directory.
#[must_use]
pub fn commands(plan: &Plan, tasks: &[u32], threads: Option<u32>) -> String {
    let folder = plan.place.folder.display().to_string();
    let within = |path: &str| argument(&format!("{folder}/{path}")).into_owned();
    let tasks = plan.tasks.iter().filter(|task| tasks.contains(&task.number));
    tasks.map(|task| format!("{} {}\n", argument(&plan.place.program), line(task, threads, &within).join(" "))).collect()
}

/// The options of the job that merges and reports after these jobs of the plan.
#[must_use]
pub fn finishing(plan: &Plan, after: &[u64], resources: &Resources) -> Vec<String> {
    let folder = plan.place.folder.display().to_string();
    let mut options = vec![format!("--job-name={}-finish", plan.name)];
    options.extend(resources.shared());
    if !after.is_empty() {
        options.push(after.iter().fold(String::from("--dependency=afterany"), |list, job| format!("{list}:{job}")));
    }
    options.extend([
        format!("--chdir={}", plan.place.directory.display()),
        format!("--output={}/{LOGS}/finish.txt", escaped(&folder)),
        "--open-mode=append".into(),
        format!("--wrap=bash {} finish", argument(&format!("{folder}/{JOB}"))),
    ]);
    options
}

/// The arguments of a task's command line, each as one word of a shell; `within` writes a path of the plan's folder.
fn line(task: &Task, threads: Option<u32>, within: &impl Fn(&str) -> String) -> Vec<String> {
    let mut words = vec![task.kind.command().to_owned(), within(&format!("{EXPERIMENTS}/{}", task.experiment))];
    if let Some(shard) = &task.shard {
        words.extend(["--shard".to_owned(), shard.clone()]);
    }
    if let Some(seed) = task.seed {
        words.extend(["--set".to_owned(), format!("seed={seed}")]);
    }
    if let Some(threads) = threads.map(|threads| threads as usize).or(task.threads) {
        words.extend(["--threads".to_owned(), threads.to_string()]);
    }
    words.extend(["--resume".to_owned(), "--quiet".to_owned(), "--run-dir".to_owned(), within(&format!("{RUNS}/{}", task.run))]);
    words
}

impl Parts<'_> {
    fn text(&self) -> String {
        let place = &self.plan.place;
        include_str!("parts.sh")
            .replace("{{DIRECTORY}}", &argument(&place.directory.display().to_string()))
            .replace("{{PROGRAM}}", &argument(&place.program))
            .replace("{{FOLDER}}", &argument(&place.folder.display().to_string()))
            .replace("{{TASKS}}", self.tasks().trim_end())
            .replace("{{FINISH}}", self.finish().trim_end())
    }

    /// A path of the plan's folder in the script.
    fn within(path: &str) -> String {
        // The folder stands before it, so that nothing begins with a dash.
        let quoted = argument(path);
        format!("\"$folder\"/{}", quoted.strip_prefix("./").unwrap_or(&quoted))
    }

    fn tasks(&self) -> String {
        let mut text = String::new();
        for task in &self.plan.tasks {
            let words = line(task, self.threads, &|path| Self::within(path)).join(" ");
            // Writing into a text does not fail.
            let _ = writeln!(text, "    {}) run={} command=(\"$assay\" {words}) ;;", task.number, argument(&task.run));
        }
        text
    }

    fn finish(&self) -> String {
        let run = |name: &String| Self::within(&format!("{RUNS}/{name}"));
        let mut text = String::new();
        for whole in self.plan.wholes.iter().filter(|whole| !whole.parts.is_empty()) {
            let parts: Vec<String> = whole.parts.iter().map(run).collect();
            let summary = Self::within(&format!("{RUNS}/{}/{}", whole.run, assay_results::files::SUMMARY));
            let _ = writeln!(text, "    [[ -e {summary} ]] || \"$assay\" merge --quiet --run-dir {} \\", run(&whole.run));
            let _ = writeln!(text, "        {} || return", parts.join(" \\\n        "));
        }
        let runs: Vec<String> = self.plan.wholes.iter().map(|whole| run(&whole.run)).collect();
        let _ = writeln!(text, "    \"$assay\" report --output {} \\", Self::within(REPORT));
        let _ = writeln!(text, "        {}", runs.join(" \\\n        "));
        text
    }
}

/// `1-3,7`.
#[must_use]
pub fn ranges(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let range = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// What follows the tasks, for people.
#[must_use]
pub fn ending(plan: &Plan) -> &'static str {
    if plan.wholes.iter().any(|whole| !whole.parts.is_empty()) { "merge and report" } else { "report" }
}

/// A value in a line of `#SBATCH`, where quotes hold blanks together.
fn quoted(text: &str) -> String {
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text.to_owned() }
}

/// A path in the name of a file that Slurm fills in.
fn escaped(path: &str) -> String {
    path.replace('%', "%%")
}

/// Whether a folder can be named in a script: quotes would end a line of `#SBATCH` early.
#[must_use]
pub fn can_name(path: &Path) -> bool {
    path.to_str().is_some_and(|path| !path.chars().any(|character| character.is_control() || "\"\\".contains(character)))
}

/// So many tasks, for people.
#[must_use]
pub fn counted(tasks: usize) -> String {
    format!("{tasks} {}", plural(tasks, "task"))
}

#[cfg(test)]
mod tests;
