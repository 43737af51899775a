//! What happened to a task, as its script wrote it down: lines of `TIME WHAT DETAIL JOB`.

use std::time::SystemTime;

/// What happened to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its command was started on this machine.
    Begun {
        /// The machine.
        machine: String,
    },
    /// Its command ended well.
    Done,
    /// Its command failed with this exit code.
    Failed(i32),
    /// It was told to stop, by its user or by Slurm, and did.
    Ended,
    /// Its time was nearly over: it stopped, and is begun again.
    Paused,
}

/// An event with its time and the job that it happened in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub time: SystemTime,
    /// What.
    pub event: Event,
    /// `12_3`, or `shell`.
    pub job: String,
}

/// The lines of a file. What a weak file system or a kill left half-written is passed over: events tell people, and results do not
/// depend on them.
#[must_use]
pub fn read(text: &str) -> Vec<Line> {
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Line> {
    let [time, what, detail, job] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let event = match what {
        "begun" => Event::Begun { machine: detail.to_owned() },
        "done" => Event::Done,
        "failed" => Event::Failed(detail.parse().ok()?),
        "ended" => Event::Ended,
        "paused" => Event::Paused,
        _ => return None,
    };
    Some(Line { time: humantime::parse_rfc3339(time).ok()?, event, job: job.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_torn_ones_passed_over() {
        let text = "2026-11-27T01:00:00Z begun node7 12_3\n2026-11-27T01:00:09Z failed 137 12_3\n2026-11-27T01:0\n\0\0\0\n\
                    2026-11-27T01:00:10Z paused 130 12_3\n2026-11-27T01:00:11Z ended 143 shell\n2026-11-27T01:00:12Z done 0 12_3\n";
        let read = read(text);
        let events: Vec<&Event> = read.iter().map(|line| &line.event).collect();
        let begun = Event::Begun { machine: "node7".into() };
        assert_eq!(events, [&begun, &Event::Failed(137), &Event::Paused, &Event::Ended, &Event::Done]);
        assert_eq!(read[3].job, "shell");
        assert_eq!(read[1].time.duration_since(read[0].time).unwrap().as_secs(), 9);
    }
}
