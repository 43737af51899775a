//! The scripts as they are written, and what shells say to them.

use std::process::Command;

use assay_results::Kind;
use insta::assert_snapshot;

use super::*;
use crate::plan::Spread;
use crate::plan::tests::{item, plan};

fn shards() -> Plan {
    plan(&[item("small", Kind::Study)], &Spread { shards: Some(3), seeds: None }).unwrap()
}

fn seeds() -> Plan {
    plan(&[item("tiny", Kind::Search), item("it's", Kind::Training)], &Spread { shards: None, seeds: Some(&[0, 7]) }).unwrap()
}

fn resources() -> Resources {
    let text = |text: &str| Some(text.to_owned());
    Resources { partition: text("gpu"), time: text("12:00:00"), gpus: text("1"), cpus: Some(8), at_once: Some(16), ..Resources::default() }
}

#[test]
fn a_study_as_a_job_array() {
    assert_snapshot!(slurm(&shards(), &[1, 2, 3], &resources()));
}

#[test]
fn seeds_and_trainings_as_a_plain_script() {
    assert_snapshot!(shell(&seeds(), None));
}

#[test]
fn lines_for_gnu_parallel_name_what_is_missing() {
    assert_snapshot!(commands(&seeds(), &[2, 4], Some(2)), @r"
    /opt/assay run results/plan/experiments/tiny.toml --set seed=7 --threads 2 --resume --quiet --run-dir results/plan/runs/tiny-seed7
    /opt/assay train 'results/plan/experiments/it'\''s.toml' --set seed=7 --threads 2 --resume --quiet --run-dir 'results/plan/runs/it'\''s-seed7'
    ");
}

#[test]
fn the_job_after_the_tasks_waits_for_all_of_their_jobs() {
    assert_snapshot!(finishing(&shards(), &[12, 15], &resources()).join("\n"), @r"
    --job-name=small-finish
    --partition=gpu
    --time=12:00:00
    --dependency=afterany:12:15
    --chdir=/data/my work
    --output=results/plan/logs/finish.txt
    --open-mode=append
    --wrap=bash results/plan/job.sh finish
    ");
}

#[test]
fn numbers_are_ranges_as_slurm_writes_them() {
    assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
    assert_eq!(ranges(&[4]), "4");
}

/// Runs a checker on a script's file; nothing where it is not installed.
fn check(program: &str, arguments: &[&str], script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script.sh");
    std::fs::write(&file, script).unwrap();
    match Command::new(program).args(arguments).arg(&file).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
            assert!(output.status.success(), "{program}: {said}\n{script}");
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => eprintln!("skipped: {program} is not installed"),
        Err(error) => panic!("{program}: {error}"),
    }
}

#[test]
fn bash_and_shellcheck_find_nothing_wrong() {
    for plan in [shards(), seeds()] {
        for script in [slurm(&plan, &[1, 3], &resources()), shell(&plan, Some(2))] {
            check("bash", &["-n"], &script);
            check("shellcheck", &["--shell=bash", "--severity=style"], &script);
        }
    }
}
