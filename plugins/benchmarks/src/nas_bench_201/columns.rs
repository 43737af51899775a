//! The columns of a NAS-Bench-201 table: what each holds, and how the networks behind it were trained.

use std::sync::LazyLock;

use crate::parts::official::{Release, Schedule};
use crate::parts::table::{Column, Content};

use super::hardware;

/// NATS-Bench topology v1.0, the folder `NATS-tss-v1_0-3ffb9-simple`.
pub(super) const NATS_BENCH: Release = Release {
    title: "NATS-Bench topology v1.0",
    schedules: &[
        Schedule { key: "200", prefix: "", training: "NATS-Bench topology v1.0, 200 epochs, mean over trials" },
        Schedule { key: "12", prefix: "nats_ep12_", training: "NATS-Bench topology v1.0, 12 epochs, mean over trials" },
    ],
};

/// The torch file `NAS-Bench-201-v1_1-096897.pth`.
pub(super) const VERSION_1_1: Release = Release {
    title: "NAS-Bench-201 v1.1",
    schedules: &[
        Schedule { key: "full", prefix: "v11_", training: "NAS-Bench-201 v1.1, 200 epochs, mean over trials" },
        Schedule { key: "less", prefix: "v11_ep12_", training: "NAS-Bench-201 v1.1, 12 epochs, mean over trials" },
    ],
};

/// The torch file `NAS-Bench-201-v1_0-e61699.pth`.
pub(super) const VERSION_1_0: Release = Release {
    title: "NAS-Bench-201 v1.0",
    schedules: &[
        Schedule { key: "full", prefix: "v10_", training: "NAS-Bench-201 v1.0, 200 epochs, mean over trials" },
        Schedule { key: "less", prefix: "v10_ep12_", training: "NAS-Bench-201 v1.0, 12 epochs, mean over trials" },
    ],
};

/// How networks were trained whose accuracies are in the 12-epoch columns of other people's tables.
const EPOCHS_12: &str = "12 epochs, one trial";

/// A column of single training runs that many tables have, whatever their other columns.
pub(super) const COMMON_RUNS: &str = "v11_test_cifar10_seeds";

/// Every column, in the order in which an imported table has them.
pub(super) fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let mut columns = vec![
            Column::new("index", Content::Index),
            Column::new("arch", Content::Architecture),
            Column::new("isomorph", Content::Isomorph),
        ];
        for release in [NATS_BENCH, VERSION_1_1, VERSION_1_0] {
            columns.extend(release.columns());
        }
        for (name, title) in [("cifar10", "CIFAR-10"), ("cifar100", "CIFAR-100"), ("imagenet16_120", "ImageNet16-120")] {
            let title = format!("{title} validation");
            columns.push(Column::new(format!("ep12_valid_{name}"), Content::Accuracy { training: EPOCHS_12, title }));
        }
        let title = "12 epochs of training and validation, CIFAR-10".into();
        columns.push(Column::new("ep12_cost_s_cifar10", Content::Cost { title, unit: "GPU s", source: None }));
        columns.extend(hardware::columns());
        columns
    });
    &COLUMNS
}
