//! How far tasks are, by their folders, their events and what Slurm says.

use assay_results::Kind;

use super::*;
use crate::Plan;
use crate::plan::Spread;
use crate::plan::tests::{item, plan};

/// Six tasks, of which four were begun: one done, one running, one failed, one killed.
fn begun(path: &Path) -> PlanFolder {
    let items = [item("tiny", Kind::Search)];
    let plan: Plan = plan(&items, &Spread { shards: None, seeds: Some(&[0, 1, 2, 3, 4, 5]) }).unwrap();
    let folder = PlanFolder::write(path, plan, &items).unwrap();
    let write = |number: usize, files: &[(&str, &str)], events: &str| {
        let task = &folder.plan.tasks[number - 1];
        fs::create_dir_all(folder.run(task)).unwrap();
        files.iter().for_each(|(file, text)| fs::write(folder.run(task).join(file), text).unwrap());
        fs::write(folder.events(task), events).unwrap();
    };
    write(
        1,
        &[(EXPERIMENT, ""), (SUMMARY, ""), (JOURNAL, "{}\n{}\n")],
        "2026-11-27T01:00:00Z begun a 7_1\n2026-11-27T01:01:40Z done 0 7_1\n",
    );
    write(2, &[(EXPERIMENT, ""), (JOURNAL, "{}\n{\"torn")], "2026-11-27T01:00:00Z begun a 7_2\n");
    write(3, &[(EXPERIMENT, "")], "2026-11-27T01:00:00Z begun b 7_3\n2026-11-27T01:00:09Z failed 1 7_3\n");
    write(4, &[(EXPERIMENT, "")], "2026-11-27T01:00:00Z begun b 7_4\n");
    folder
}

fn states(folder: &PlanFolder, seen: &Seen, later: u64) -> Vec<State> {
    Status::of(folder, seen, SystemTime::now() + Duration::from_secs(later)).tasks.into_iter().map(|task| task.state).collect()
}

fn running(on: &str) -> State {
    State::Running { on: on.into() }
}

#[test]
fn folders_alone_tell_what_is_done_what_runs_and_what_failed() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = begun(temporary.path());
    let seen = Seen::ask(&folder).unwrap();
    assert!(seen.problem.is_none(), "nothing was submitted: nothing is asked");
    let failed = State::Failed { with: "exit code 1".into() };
    let wanted = [State::Done, running("a"), failed.clone(), running("b"), State::Waiting, State::Waiting];
    assert_eq!(states(&folder, &seen, 0), wanted);
    let silent = |machine: &str| State::Stopped { because: format!("ended without a word on {machine}") };
    let wanted = [State::Done, silent("a"), failed, silent("b"), State::Waiting, State::Waiting];
    assert_eq!(states(&folder, &seen, 16 * 60), wanted);
    let status = Status::of(&folder, &seen, SystemTime::now());
    assert_eq!((status.tasks[0].measured, status.tasks[1].measured, status.tasks[0].seconds), (10, 1, 100.0));
    assert!(!status.is_whole && status.finish.is_none());
}

#[test]
fn the_queue_tells_what_runs_and_the_controller_how_the_others_ended() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = begun(temporary.path());
    let queued = |state: &str, place: &str| Queued { state: state.into(), left: "59:00".into(), place: place.into() };
    let seen = Seen {
        queue: Queue::from([
            ((7, 2), queued("RUNNING", "a")),
            ((7, 5), queued("PENDING", "(Priority)")),
            ((8, 0), queued("PENDING", "(Dependency)")),
        ]),
        past: Past::from([((6, 4), "FAILED".into()), ((7, 4), "NODE_FAIL".into()), ((7, 1), "COMPLETED".into())]),
        is_submitted: true,
        is_known: true,
        problem: None,
    };
    let failed = |with: &str| State::Failed { with: with.into() };
    let waits = State::Queued { because: "Priority".into() };
    let wanted = [State::Done, running("a, 59:00 left to it"), failed("exit code 1"), failed("node fail"), waits, State::Waiting];
    assert_eq!(states(&folder, &seen, 0), wanted);
    assert_eq!((seen.has(2), seen.has(4), seen.arrays(), seen.finishes()), (true, false, BTreeSet::from([7]), vec![8]));
    assert_eq!(Status::of(&folder, &seen, SystemTime::now()).finish.as_deref(), Some("(Dependency)"));
}

fn task(state: State, measured: usize, of: Option<usize>, seconds: f64) -> TaskStatus {
    TaskStatus { number: 1, title: String::new(), state, measured, of, seconds }
}

#[test]
fn the_time_left_is_what_is_missing_at_the_pace_so_far() {
    // 150 measurements in 75 s: 0.5 s each. 250 are missing, on two tasks at a time.
    let of = Some(100);
    let tasks = [
        task(State::Done, 100, of, 50.0),
        task(running("a"), 30, of, 15.0),
        task(running("b"), 20, of, 10.0),
        task(State::Waiting, 0, of, 0.0),
    ];
    assert_eq!(seconds_left(&tasks), Some(0.5 * 250.0 / 2.0));
    // The last task is not made faster by others that are done.
    assert_eq!(seconds_left(&[task(State::Done, 100, of, 50.0), task(running("a"), 0, of, 0.0)]), Some(50.0));
    // Searches: by the time of those that are done.
    let seeds = [task(State::Done, 7, None, 60.0), task(running("a"), 3, None, 20.0), task(State::Waiting, 0, None, 0.0)];
    assert_eq!(seconds_left(&seeds), Some(120.0));
    assert_eq!(seconds_left(&[task(State::Waiting, 0, None, 0.0)]), None);
    assert_eq!(seconds_left(&[task(State::Done, 9, None, 9.0)]), None);
}
