//! The folder of a plan: its experiments, its scripts, its runs, and what was submitted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use assay_results::files::SUMMARY;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ClusterError;
use crate::plan::{EVENTS, EXPERIMENTS, Item, LOGS, Plan, RUNS, Task};
use crate::resources::Resources;

/// The plan. A folder that has it is that of a plan.
pub const PLAN: &str = "plan.json";
/// What was submitted: [`Submission`]s.
pub const JOBS: &str = "jobs.json";
/// The script for Slurm.
pub const JOB: &str = "job.sh";
/// The script for any shell.
pub const SHELL: &str = "run.sh";
/// The command lines for GNU parallel.
pub const COMMANDS: &str = "commands.txt";

/// What was submitted at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The number of the array's job; nothing where all tasks were finished or in the queue.
    pub array: Option<u64>,
    /// The number of the job that merges and reports; nothing where it could not be submitted.
    pub finish: Option<u64>,
    /// The tasks of the array.
    pub tasks: Vec<u32>,
    /// What they asked for.
    pub resources: Resources,
}

/// The folder of a plan.
#[derive(Clone, Debug)]
pub struct PlanFolder {
    /// Where it is, seen from here.
    pub path: PathBuf,
    /// What stands in it.
    pub plan: Plan,
}

impl PlanFolder {
    /// Whether a folder is that of a plan.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        path.join(PLAN).is_file()
    }

    /// Opens the folder of a plan.
    ///
    /// # Errors
    /// If it is not one, or another version of the program made it in a form that this one does not read.
    pub fn open(path: &Path) -> Result<Self, ClusterError> {
        if !Self::is_one(path) {
            let help = "name the folder that assay submit said it made; the folder of a single run is shown by assay show";
            return Err(ClusterError::refused(format!("`{}` is not the folder of a plan: it has no {PLAN}", path.display()), help));
        }
        let plan: Plan = read_json(&path.join(PLAN))?;
        if plan.schema != Plan::SCHEMA {
            let problem = format!("`{}` is a plan of form {}, and this version reads form {}", path.display(), plan.schema, Plan::SCHEMA);
            return Err(ClusterError::refused(problem, format!("use assay {}, which made it", plan.assay)));
        }
        Ok(Self { path: path.to_owned(), plan })
    }

    /// That a plan may stand in a folder: it is empty, or not there, or holds this very plan.
    ///
    /// # Errors
    /// If it holds something else, or cannot be read.
    pub fn check(path: &Path, plan: &Plan, items: &[Item]) -> Result<(), ClusterError> {
        if Self::is_one(path) {
            return Self::open(path)?.check_same(plan, items);
        }
        if has_entries(path)? {
            let help = "name another folder with --run-dir";
            return Err(ClusterError::refused(format!("the folder `{}` is not empty, and not that of a plan", path.display()), help));
        }
        Ok(())
    }

    /// Writes a plan into its folder with the experiments that it is of, or opens it, where it stands there already.
    ///
    /// # Errors
    /// If the folder holds something else, or a file cannot be written.
    pub fn write(path: &Path, plan: Plan, items: &[Item]) -> Result<Self, ClusterError> {
        Self::check(path, &plan, items)?;
        let folder = Self { path: path.to_owned(), plan };
        for name in [EXPERIMENTS, RUNS, LOGS, EVENTS] {
            let made = path.join(name);
            fs::create_dir_all(&made).map_err(ClusterError::file("make", &made))?;
        }
        for item in items {
            folder.write_file(&format!("{EXPERIMENTS}/{}.toml", item.name), item.experiment.as_bytes())?;
        }
        // Last: a folder that has it has the experiments.
        folder.write_json(PLAN, &folder.plan)?;
        Ok(folder)
    }

    /// That it is of the same experiments, split in the same way, by the same version.
    fn check_same(&self, plan: &Plan, items: &[Item]) -> Result<(), ClusterError> {
        let path = self.path.display();
        if self.plan.assay != plan.assay {
            let problem = format!("the plan in `{path}` was begun by assay {}, and this is {}", self.plan.assay, plan.assay);
            return Err(ClusterError::refused(problem, "finish it with that version, or name another folder with --run-dir"));
        }
        for item in items {
            let file = self.path.join(EXPERIMENTS).join(format!("{}.toml", item.name));
            let stored = match fs::read_to_string(&file) {
                Ok(text) => Some(text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(ClusterError::file("read", &file)(error)),
            };
            if stored.is_none_or(|stored| stored != item.experiment) {
                let problem = format!("the plan in `{path}` is of another experiment than `{}` is now", item.name);
                let help = format!("name another folder with --run-dir; to go on with the experiment as it was: assay submit {path}");
                return Err(ClusterError::refused(problem, help));
            }
        }
        if !self.plan.is_same(plan) {
            let problem = format!("the plan in `{path}` is of {}, and this one of {}", self.plan.describe(), plan.describe());
            let help = format!("name another folder with --run-dir; to go on with it: assay submit {path}");
            return Err(ClusterError::refused(problem, help));
        }
        Ok(())
    }

    /// The folder of a task's run.
    #[must_use]
    pub fn run(&self, task: &Task) -> PathBuf {
        self.path.join(RUNS).join(&task.run)
    }

    /// The file of what happens to a task.
    #[must_use]
    pub fn events(&self, task: &Task) -> PathBuf {
        self.path.join(EVENTS).join(format!("{}.txt", task.number))
    }

    /// The numbers of the tasks whose runs are not finished.
    #[must_use]
    pub fn unfinished(&self) -> Vec<u32> {
        self.plan.tasks.iter().filter(|task| !self.run(task).join(SUMMARY).exists()).map(|task| task.number).collect()
    }

    /// Whether every run that the report is about is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.plan.wholes.iter().all(|whole| self.path.join(RUNS).join(&whole.run).join(SUMMARY).exists())
    }

    /// What was submitted, oldest first.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn submissions(&self) -> Result<Vec<Submission>, ClusterError> {
        let file = self.path.join(JOBS);
        if file.exists() { read_json(&file) } else { Ok(Vec::new()) }
    }

    /// Writes down what was submitted.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_submissions(&self, submissions: &[Submission]) -> Result<(), ClusterError> {
        self.write_json(JOBS, &submissions)
    }

    /// Writes a file of the folder: whole, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), ClusterError> {
        let file = self.path.join(name);
        assay_whole_file::write(&file, bytes).map_err(ClusterError::file("write", &file))
    }

    fn write_json<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), ClusterError> {
        let json = serde_json::to_vec_pretty(value).map_err(|error| ClusterError::file("write", &self.path.join(name))(error.into()))?;
        self.write_file(name, &json)
    }
}

/// Whether there is something in a folder.
fn has_entries(path: &Path) -> Result<bool, ClusterError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ClusterError::file("read", path)(error)),
    }
}

fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T, ClusterError> {
    let read = fs::read(file).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
    read.map_err(ClusterError::file("read", file))
}

#[cfg(test)]
mod tests {
    use assay_results::Kind;

    use super::*;
    use crate::plan::Spread;
    use crate::plan::tests::{item, plan};

    #[test]
    fn a_plan_is_found_again_and_another_is_not_written_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan");
        let items = [item("small", Kind::Study)];
        let split = |of: u32| plan(&items, &Spread { shards: Some(of), seeds: None }).unwrap();
        let written = PlanFolder::write(&path, split(3), &items).unwrap();
        assert_eq!((written.unfinished(), written.is_whole()), (vec![1, 2, 3], false));
        assert_eq!(PlanFolder::open(&path).unwrap().plan, split(3));
        // Moved, and with another program.
        let mut moved = split(3);
        moved.place.program = "elsewhere".into();
        assert_eq!(PlanFolder::write(&path, moved, &items).unwrap().plan.place.program, "elsewhere");

        let said = |plan: Plan, items: &[Item]| PlanFolder::write(&path, plan, items).unwrap_err().to_string();
        assert!(said(split(4), &items).ends_with("is of 3 shards of one study, and this one of 4 shards of one study"));
        let changed = [Item { experiment: "version = 2\n".into(), ..item("small", Kind::Study) }];
        assert!(said(split(3), &changed).ends_with("is of another experiment than `small` is now"));
        let newer = Plan { assay: "9.0.0".into(), ..split(3) };
        assert!(said(newer, &items).ends_with("was begun by assay 0.1.0, and this is 9.0.0"));
        fs::write(folder.path().join("other.txt"), "").unwrap();
        let error = PlanFolder::write(folder.path(), split(3), &items).unwrap_err();
        assert!(matches!(error, ClusterError::Refused { .. }) && !folder.path().join(PLAN).exists());
        let submission = Submission { array: Some(7), finish: Some(8), tasks: vec![1], resources: Resources::default() };
        assert_eq!(written.submissions().unwrap(), []);
        written.write_submissions(std::slice::from_ref(&submission)).unwrap();
        assert_eq!(written.submissions().unwrap(), [submission]);
        fs::write(path.join(PLAN), r#"{"schema": 1"#).unwrap();
        assert!(matches!(PlanFolder::open(&path), Err(ClusterError::File { doing: "read", .. })));
    }
}
