//! What a table of NAS-Bench-101 records, and how the networks behind it were trained.

use std::sync::LazyLock;

use crate::parts::table::{Column, Content, runs_of};

/// A training from scratch to its end.
pub(super) struct Schedule {
    pub(super) epochs: u32,
    /// What the names of its columns begin with.
    prefix: &'static str,
    training: &'static str,
}

/// Those of the benchmark; the first is that of every table.
pub(super) const SCHEDULES: [Schedule; 4] = [
    Schedule { epochs: 108, prefix: "", training: "108 epochs, mean of three runs" },
    Schedule { epochs: 36, prefix: "ep36_", training: "36 epochs, mean of three runs" },
    Schedule { epochs: 12, prefix: "ep12_", training: "12 epochs, mean of three runs" },
    Schedule { epochs: 4, prefix: "ep4_", training: "4 epochs, mean of three runs" },
];

/// The accuracies at the end of a training, by column and for people.
pub(super) const ACCURACIES: [(&str, &str); 3] =
    [("test_cifar10", "CIFAR-10"), ("valid_cifar10", "CIFAR-10 validation"), ("train_cifar10", "CIFAR-10, 10,000 training images")];

/// The accuracy that every table has.
pub(super) const TARGET: &str = ACCURACIES[0].0;

/// Trainable parameters.
pub(super) const PARAMETERS: &str = "params";

impl Schedule {
    /// The column of an accuracy.
    pub(super) fn accuracy(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The column of the time that training took.
    pub(super) fn seconds(&self) -> String {
        format!("{}train_s_cifar10", self.prefix)
    }
}

/// Every column of figures.
pub(super) fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let mut columns = Vec::new();
        for schedule in SCHEDULES {
            for (name, title) in ACCURACIES {
                let (name, training) = (schedule.accuracy(name), schedule.training);
                let runs = Column::new(runs_of(&name), Content::Runs { training });
                columns.extend([Column::new(name, Content::Accuracy { training, title: title.into() }), runs]);
            }
            let title = format!("training, CIFAR-10, {} epochs", schedule.epochs);
            columns.push(Column::new(schedule.seconds(), Content::Cost { title, unit: "TPU s", source: None }));
        }
        columns.push(Column::new(PARAMETERS, Content::Cost { title: "trainable parameters".into(), unit: "", source: None }));
        columns
    });
    &COLUMNS
}
