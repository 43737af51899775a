//! What a task asks of Slurm.

use serde::{Deserialize, Serialize};

use crate::ClusterError;

/// What a task asks of Slurm. What is not said the cluster decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// The partition.
    pub partition: Option<String>,
    /// The most time of one task, as Slurm writes it: `30`, `12:00:00`, `2-00`.
    pub time: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// GPUs of a task: `1`, `a100:2`.
    pub gpus: Option<String>,
    /// Memory of a task: `8G`.
    pub memory: Option<String>,
    /// Cores of a task, and its worker threads.
    pub cpus: Option<u32>,
    /// The most tasks that run at one time.
    pub at_once: Option<u32>,
    /// How often a task that failed is begun again.
    pub retries: Option<u32>,
    /// Other options of `sbatch`, one each: `--qos=long`.
    pub options: Vec<String>,
}

impl Resources {
    /// How often a task that failed is begun again, where nothing is said.
    pub const RETRIES: u32 = 2;

    /// Refuses what `sbatch` would take for something else.
    ///
    /// # Errors
    /// Saying which option, and how it is written.
    pub fn check(&self) -> Result<(), ClusterError> {
        let texts = [
            ("--partition", &self.partition),
            ("--time", &self.time),
            ("--account", &self.account),
            ("--gpus", &self.gpus),
            ("--mem", &self.memory),
        ];
        for (option, text) in texts {
            let Some(text) = text else { continue };
            if text.is_empty() || text.starts_with('-') || !text.chars().all(is_plain) {
                return Err(ClusterError::refused(
                    format!("{option}: `{text}` is not a value of it"),
                    format!("write it as sbatch takes it: sbatch {option}=…"),
                ));
            }
        }
        if let Some(time) = self.time.as_ref().filter(|time| !is_time(time)) {
            let help = "write minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS: 90, 12:00:00, 2-00";
            return Err(ClusterError::refused(format!("--time: `{time}` is not a time of Slurm"), help));
        }
        for option in &self.options {
            if !option.starts_with("--")
                || option.len() < 3
                || option.chars().any(|character| character.is_whitespace() || "'\"\\".contains(character))
            {
                let help = "write one option each time, with its value behind a `=`: --sbatch --qos=long --sbatch --exclusive";
                return Err(ClusterError::refused(format!("--sbatch: `{option}` is not one option of sbatch"), help));
            }
            let name = option.split('=').next().unwrap_or(option);
            if OURS.contains(&name) {
                let help = "leave it out; assay submit sets it";
                return Err(ClusterError::refused(format!("--sbatch: `{name}` would undo what the script relies on"), help));
            }
        }
        Ok(())
    }

    /// With what is not said here as it is there.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            partition: self.partition.or_else(|| other.partition.clone()),
            time: self.time.or_else(|| other.time.clone()),
            account: self.account.or_else(|| other.account.clone()),
            gpus: self.gpus.or_else(|| other.gpus.clone()),
            memory: self.memory.or_else(|| other.memory.clone()),
            cpus: self.cpus.or(other.cpus),
            at_once: self.at_once.or(other.at_once),
            retries: self.retries.or(other.retries),
            options: if self.options.is_empty() { other.options.clone() } else { self.options },
        }
    }

    /// The options that the tasks and the job after them are submitted with: who pays, and where and how long they run.
    #[must_use]
    pub fn shared(&self) -> Vec<String> {
        let named = [("partition", &self.partition), ("account", &self.account), ("time", &self.time)];
        let named = named.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}")));
        named.chain(self.options.iter().cloned()).collect()
    }

    /// Those of the tasks.
    #[must_use]
    pub fn of_tasks(&self) -> Vec<String> {
        let named = [("gpus", &self.gpus), ("mem", &self.memory)];
        let named = named.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}")));
        // Said always: without it Slurm gives one core and does not tell the task.
        [format!("--cpus-per-task={}", self.cpus.unwrap_or(1))].into_iter().chain(named).collect()
    }
}

/// What the script sets itself.
const OURS: [&str; 9] = ["--array", "--chdir", "--dependency", "--error", "--open-mode", "--output", "--parsable", "--signal", "--wrap"];

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-.,:+=/@".contains(character)
}

/// `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes`, `days-hours:minutes:seconds`.
fn is_time(text: &str) -> bool {
    if ["UNLIMITED", "INFINITE"].contains(&text.to_ascii_uppercase().as_str()) {
        return true;
    }
    let is_number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let parts: Vec<&str> = rest.split(':').collect();
    is_number(days) && parts.len() <= 3 && parts.iter().all(|part| is_number(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_slurm() {
        for time in ["30", "30:00", "12:00:00", "2-00", "2-00:30", "2-00:30:59", "unlimited"] {
            assert!(is_time(time), "{time}");
        }
        for time in ["", "2 h", "1:2:3:4", "-1", "1-", "2d", "12:"] {
            assert!(!is_time(time), "{time}");
        }
    }

    #[test]
    fn what_sbatch_would_take_for_something_else_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        let option = |option: &str| Resources { options: vec![option.into()], ..Resources::default() };
        let wrong = [
            Resources { partition: text("main\n#SBATCH --uid=0"), ..Resources::default() },
            Resources { account: text("-x"), ..Resources::default() },
            Resources { time: text("2h"), ..Resources::default() },
            option("--qos long"),
            option("qos=long"),
            option("--array=1-3"),
            option("--output=x"),
        ];
        let said: Vec<String> = wrong.iter().map(|resources| resources.check().unwrap_err().to_string()).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        --partition: `main
        #SBATCH --uid=0` is not a value of it
        --account: `-x` is not a value of it
        --time: `2h` is not a time of Slurm
        --sbatch: `--qos long` is not one option of sbatch
        --sbatch: `qos=long` is not one option of sbatch
        --sbatch: `--array` would undo what the script relies on
        --sbatch: `--output` would undo what the script relies on
        ");
        let right = Resources { gpus: text("a100:2"), memory: text("8G"), options: vec!["--qos=long".into()], ..Resources::default() };
        right.check().unwrap();
        assert_eq!(right.of_tasks(), ["--cpus-per-task=1", "--gpus=a100:2", "--mem=8G"]);
        assert_eq!(right.shared(), ["--qos=long"]);
    }
}
