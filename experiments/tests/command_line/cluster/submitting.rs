//! What `assay submit` prints and refuses where no Slurm is, or one that does not take it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::scratch::{Said, Scratch};
use crate::studies::with_benchmark;

/// The program where the commands of Slurm are these, and no others.
fn beside(scratch: &Scratch, commands: &[(&str, &str)], arguments: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in commands {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    Said::of(&scratch.command(arguments).env("PATH", folder.path()).output().unwrap())
}

#[test]
fn a_dry_run_prints_the_whole_script_without_slurm_and_writes_nothing() {
    let scratch = with_benchmark();
    let arguments = ["submit", "small.toml", "--shards", "2", "--partition", "cpu", "--time", "90", "--sbatch", "--qos=long", "--dry-run"];
    let said = beside(&scratch, &[], &arguments);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let options: Vec<&str> = said.out.lines().filter(|line| line.starts_with("#SBATCH")).filter(|line| !line.contains("--chdir")).collect();
    assert_snapshot!(options.join("\n"), @r"
    #SBATCH --job-name=small
    #SBATCH --array=1-2
    #SBATCH --partition=cpu
    #SBATCH --time=90
    #SBATCH --qos=long
    #SBATCH --cpus-per-task=1
    #SBATCH --output=results/small-seed0-2shards/logs/task-%a.txt
    #SBATCH --open-mode=append
    #SBATCH --requeue
    #SBATCH --signal=B:USR1@120
    ");
    assert!(said.out.contains("--shard 2/2 --threads 1 --resume --quiet --run-dir \"$folder\"/runs/small-seed0-shard2of2"), "{}", said.out);
    assert!(scratch.runs().is_empty(), "nothing is written");
    let script = beside(&scratch, &[], &["submit", "small.toml", "--shards", "2", "--to", "script", "--dry-run"]);
    assert!(script.out.contains("bash results/small-seed0-2shards/run.sh [N]") && !script.out.contains("#SBATCH"), "{}", script.out);
}

#[test]
fn what_cannot_be_submitted_is_told_with_what_to_do() {
    let scratch = with_benchmark();
    scratch.succeed(&["submit", "small.toml", "--shards", "4", "--to", "script", "--run-dir", "plan"]);
    fs::create_dir(scratch.path().join("empty")).unwrap();
    let refused = |arguments: &[&str]| scratch.fail(&[&["submit"], arguments].concat());
    let mut messages = vec![
        refused(&["tiny.toml", "--shards", "4"]),
        refused(&["tiny.toml", "tiny.toml"]),
        refused(&["small.toml", "--shards", "5", "--run-dir", "plan"]),
        refused(&["small.toml", "--shards", "4", "--set", "seed=1", "--run-dir", "plan"]),
        refused(&["plan", "--shards", "4"]),
        refused(&["small.toml", "--run-dir", "data"]),
        refused(&["empty"]),
        refused(&["small.toml", "--set", "study.shard=\"1/2\""]),
        refused(&["tiny.toml", "--time", "2h"]),
        refused(&["tiny.toml", "--to", "script", "--partition", "gpu"]),
        scratch.fail(&["status", "data"]),
    ];
    let slurm = |commands: &[(&str, &str)], file: &str, seeds: &str, folder: &str| {
        let said = beside(&scratch, commands, &["submit", file, "--seeds", seeds, "--run-dir", folder]);
        assert_eq!(said.code, Some(1), "{}", said.out);
        scratch.redact(&said.err)
    };
    messages.push(slurm(&[], "tiny.toml", "0-2", "none"));
    let config = ("scontrol", "echo 'MaxArraySize            = 4'");
    messages.push(slurm(&[config], "tiny.toml", "0-3", "many"));
    let refuses = ("sbatch", "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1");
    messages.push(slurm(&[config, refuses], "tiny.toml", "0-2", "refused"));
    assert!(!scratch.path().join("refused/jobs.json").exists(), "what was not submitted is not written down as if it were");
    // Submitted once; then the controller does not answer. What runs is not known, so that nothing is submitted twice.
    let numbered = ("sbatch", "echo 12");
    let said = beside(&scratch, &[config, numbered], &["submit", "tiny.toml", "--seeds", "0-2", "--run-dir", "silent"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let silent = ("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1");
    messages.push(slurm(&[config, numbered, silent], "tiny.toml", "0-2", "silent"));
    assert_snapshot!(messages.join("\n\n"));
    let shown = beside(&scratch, &[silent], &["status", "silent"]);
    assert!(shown.err.contains("Slurm's queue is not known, and the folders alone are told"), "{}", shown.err);
    assert!(shown.out.contains("tasks    3 waiting, of 3"), "{}", shown.out);
}

#[test]
fn experiments_of_a_folder_are_a_task_each_and_studies_among_them_are_split() {
    let scratch = with_benchmark();
    fs::create_dir(scratch.path().join("all")).unwrap();
    for name in ["small.toml", "tiny.toml"] {
        fs::rename(scratch.path().join(name), scratch.path().join("all").join(name)).unwrap();
    }
    let said = scratch.succeed(&["submit", "all", "--shards", "2", "--seeds", "0-1", "--to", "script"]);
    assert!(said.contains("plan     6 tasks of 4 runs, 2 of them merged of shards"), "{said}");
    assert!(said.contains("folder   results/all-2seeds-2shards"), "{said}");
    let shown = scratch.succeed(&["status", "results/all-2seeds-2shards"]);
    assert_snapshot!(shown, @r"
    task  what                      state    measured  time
    1     small, seed 0, shard 1/2  waiting  0/42
    2     small, seed 0, shard 2/2  waiting  0/42
    3     small, seed 1, shard 1/2  waiting  0/42
    4     small, seed 1, shard 2/2  waiting  0/42
    5     tiny, seed 0              waiting  0
    6     tiny, seed 1              waiting  0

    tasks    6 waiting, of 6
    go on    bash results/all-2seeds-2shards/run.sh      runs what is missing
    ");
}
