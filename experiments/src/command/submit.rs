//! `assay submit`: spreads experiments over a cluster, or writes the script that another scheduler or shell runs.

use std::path::{Path, PathBuf};

use assay_cluster::folder::{COMMANDS, JOB, PlanFolder, SHELL, Submission};
use assay_cluster::plan::Spread;
use assay_cluster::resources::Resources;
use assay_cluster::seeds::Seeds;
use assay_cluster::status::Seen;
use assay_cluster::{script, slurm};
use assay_results::present::shell::argument;
use assay_run::VERSION;
use clap::{Args, ValueEnum};

use super::Ending;
use crate::failure::Failure;
use crate::output::{self, OutputError, out, tell};
use crate::planned::{Planned, program};

/// Spread experiments over a Slurm cluster: shards of a study, seeds of a search, files of a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay submit study.toml --shards 64 --partition cpu --time 12:00:00 --cpus 4
  assay submit search.toml --seeds 0-19 --time 2-00
  assay submit experiments/ --gpus 1                each .toml of a folder is a task
  assay submit study.toml --shards 64 --dry-run     print the job's script; needs no Slurm
  assay submit study.toml --shards 8 --to script    a script for any shell, and lines for GNU parallel
  assay submit results/study-seed0-64shards         submit what is missing of it

An array job runs the tasks, and a job after it merges shards and writes a report. The plan, its scripts, logs and runs stand in
one folder, which assay status shows. Submitting again submits only what is neither finished nor in the queue.
A task that is told to stop (two minutes before its time limit, by scancel, or when it is pre-empted) stops as by Ctrl-C and loses
no finished measurement. At its time limit, after a failed node and when it is pre-empted it goes on by itself; where it fails,
--retries times.

All machines must see one file system, under the same paths. It has to show a file that was written and closed on one machine to
programs that open it on another later, and to put a renamed file in the place of another in one step: NFS, Lustre, BeeGFS and GPFS
do. Locks are used where there are any, and not needed: each task writes a folder of its own, and what two wrote at once is found
by checksums.")]
pub(super) struct Submit {
    /// Experiment files, folders of them, or the folder of a plan to submit what is missing
    #[arg(value_name = "FILE|PLAN", required = true)]
    targets: Vec<PathBuf>,
    /// Split each study into so many tasks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9_999))]
    shards: Option<u32>,
    /// Run each experiment by these seeds, in place of its own: 0-19, or 0,3,7
    #[arg(long, value_name = "SEEDS")]
    seeds: Option<Seeds>,
    /// Set a key of the experiments: strategy.pairing=common
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The plan's folder [default: one named by the experiment, under its output folder]
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// What the tasks are written for
    #[arg(long, value_enum, default_value_t = To::Slurm)]
    to: To,
    /// Print the script, and write and submit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    asked: Asked,
}

/// What a task asks of Slurm.
#[derive(Debug, Args)]
#[command(next_help_heading = "What a task asks for")]
struct Asked {
    /// The partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// The most time of one task: 90 (minutes), 12:00:00, 2-00
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// The account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// GPUs: 1, a100:2
    #[arg(long, value_name = "GPUS")]
    gpus: Option<String>,
    /// Memory: 8G
    #[arg(long, value_name = "SIZE")]
    mem: Option<String>,
    /// Cores, and worker threads [default: 1, in a script all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    cpus: Option<u32>,
    /// The most tasks that run at one time [default: as many as the cluster lets]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at_once: Option<u32>,
    /// How often a task that failed is begun again [default: 2]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// Another option of sbatch, each by itself: --sbatch --qos=long
    #[arg(long = "sbatch", value_name = "OPTION", allow_hyphen_values = true)]
    options: Vec<String>,
}

/// What tasks are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    /// An array job of Slurm
    Slurm,
    /// A script for any shell, and lines for GNU parallel
    Script,
}

impl Submit {
    pub(super) fn run(self) -> Result<(), Ending> {
        let resources = self.asked.resources()?;
        if self.to == To::Script && resources != (Resources { cpus: resources.cpus, ..Resources::default() }) {
            let help = "of what a task asks for, a script for any shell takes --cpus; how many run at one time it is told when it is run";
            return Err(Failure::new("a script for any shell has no partition, time or account")
                .with_help(help)
                .of_what_was_asked()
                .into());
        }
        let folder = match self.targets.as_slice() {
            [target] if PlanFolder::is_one(target) => self.stored(target)?,
            targets => self.planned(targets)?,
        };
        match (self.to, self.dry_run) {
            (To::Slurm, true) => {
                let missing = of_all(&folder, folder.unfinished());
                Ok(output::text(format_args!("{}", script::slurm(&folder.plan, &missing, &resources)))?)
            }
            (To::Script, true) => Ok(output::text(format_args!("{}", script::shell(&folder.plan, resources.cpus)))?),
            (To::Script, false) => write_script(&folder, resources.cpus),
            (To::Slurm, false) => submit(&folder, resources),
        }
    }

    /// The plan of a folder that is gone on with.
    fn stored(&self, path: &Path) -> Result<PlanFolder, Failure> {
        if self.shards.is_some() || self.seeds.is_some() || !self.set.is_empty() || self.run_dir.is_some() {
            let help = "leave out --shards, --seeds, --set and --run-dir, or name the experiment's file";
            return Err(Failure::new("a plan that is gone on with keeps its tasks and its folder").with_help(help).of_what_was_asked());
        }
        let mut folder = PlanFolder::open(path)?;
        if folder.plan.assay != VERSION {
            let problem = format!("the plan in `{}` was begun by assay {}, and this is {VERSION}", path.display(), folder.plan.assay);
            return Err(Failure::new(problem).with_help("finish it with that version, or begin a new one"));
        }
        folder.plan.place.program = program();
        Ok(folder)
    }

    /// A plan of experiments, in its folder.
    fn planned(&self, targets: &[PathBuf]) -> Result<PlanFolder, Failure> {
        let spread = Spread { seeds: self.seeds.as_ref().map(Seeds::as_slice), shards: self.shards };
        let Planned { items, plan, folder } = Planned::new(targets, &self.set, &spread, self.run_dir.as_deref())?;
        if self.dry_run {
            PlanFolder::check(&folder, &plan, &items)?;
            return Ok(PlanFolder { path: folder, plan });
        }
        Ok(PlanFolder::write(&folder, plan, &items)?)
    }
}

impl Asked {
    fn resources(&self) -> Result<Resources, Failure> {
        let Self { partition, time, account, gpus, mem, cpus, at_once, retries, options } = self;
        let resources = Resources {
            partition: partition.clone(),
            time: time.clone(),
            account: account.clone(),
            gpus: gpus.clone(),
            memory: mem.clone(),
            cpus: *cpus,
            at_once: *at_once,
            retries: *retries,
            options: options.clone(),
        };
        resources.check()?;
        Ok(resources)
    }
}

/// These tasks, or all of a plan, where none is left: a script is of something.
fn of_all(folder: &PlanFolder, missing: Vec<u32>) -> Vec<u32> {
    if missing.is_empty() { folder.plan.tasks.iter().map(|task| task.number).collect() } else { missing }
}

/// Writes the script for any shell.
fn write_script(folder: &PlanFolder, threads: Option<u32>) -> Result<(), Ending> {
    let plan = &folder.plan;
    let missing = folder.unfinished();
    folder.write_file(SHELL, script::shell(plan, threads).as_bytes())?;
    folder.write_file(COMMANDS, script::commands(plan, &missing, threads).as_bytes())?;
    let within = |name: &str| argument(&folder.path.join(name).display().to_string()).into_owned();
    print_plan(folder, missing.len())?;
    out!("run      bash {} 2      two tasks at a time, then {}", within(SHELL), script::ending(plan))?;
    out!("or       parallel --jobs 2 < {} && bash {} finish", within(COMMANDS), within(SHELL))?;
    Ok(print_look(folder)?)
}

/// Submits what is missing, and the job that merges and reports.
fn submit(folder: &PlanFolder, asked: Resources) -> Result<(), Ending> {
    let plan = &folder.plan;
    let mut submissions = folder.submissions()?;
    let resources = submissions.last().map_or_else(|| asked.clone(), |last| asked.clone().or(&last.resources));
    let seen = Seen::ask(folder)?;
    // Without the queue it is not known what still runs: a task would run twice.
    if let Some(problem) = seen.problem {
        return Err(Failure::from(problem).into());
    }
    let unfinished = folder.unfinished();
    let missing: Vec<u32> = unfinished.iter().copied().filter(|task| !seen.has(*task)).collect();
    print_plan(folder, unfinished.len())?;
    if missing.is_empty() && (folder.is_whole() || !seen.finishes().is_empty()) {
        let what = if folder.is_whole() { "all runs are finished" } else { "what is not finished is in the queue" };
        out!("nothing is submitted: {what}")?;
        return Ok(print_look(folder)?);
    }
    let mut after = seen.arrays();
    if let Some(last) = missing.last() {
        slurm::check_array(*last)?;
        folder.write_file(JOB, script::slurm(plan, &missing, &resources).as_bytes())?;
        let array = slurm::submit(&[], Some(&folder.path.join(JOB)))?;
        // At once: whatever goes wrong from here on, they are known to be in the queue.
        submissions.push(Submission { array: Some(array), finish: None, tasks: missing.clone(), resources: resources.clone() });
        folder.write_submissions(&submissions)?;
        after.insert(array);
        out!("job      {array}: {}, {}", script::counted(missing.len()), script::ranges(&missing))?;
    }
    for earlier in seen.finishes() {
        // It waits for other tasks than are wanted now.
        if let Err(error) = slurm::cancel(earlier) {
            tell!("the earlier job {earlier} that merges and reports stays in the queue: {error}");
        }
    }
    let finish = slurm::submit(&script::finishing(plan, &Vec::from_iter(after), &resources), None)?;
    match submissions.last_mut() {
        Some(last) => last.finish = Some(finish),
        None => submissions.push(Submission { array: None, finish: Some(finish), tasks: Vec::new(), resources }),
    }
    folder.write_submissions(&submissions)?;
    out!("job      {finish}: {}, once these are done", script::ending(plan))?;
    Ok(print_look(folder)?)
}

fn print_plan(folder: &PlanFolder, unfinished: usize) -> Result<(), OutputError> {
    let done = folder.plan.tasks.len() - unfinished;
    let done = if done > 0 { format!(", {done} of them finished") } else { String::new() };
    out!("plan     {}{done}", folder.plan.describe())?;
    out!("folder   {}", folder.path.display())
}

fn print_look(folder: &PlanFolder) -> Result<(), OutputError> {
    out!("look     assay status {}", argument(&folder.path.display().to_string()))
}
