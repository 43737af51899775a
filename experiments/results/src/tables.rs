//! The tables of a run folder: their files, their columns, and what stands in them.
//!
//! Each table has a module of its own with the name of its file and of each column, and all of it as data in `TABLE`. A
//! value that is not there is null.

/// The most bytes that are read of one table, which bounds the memory that it can make a reader take. Of a column that are 16 million
/// rows; a run that has more of them would not fit into a report.
pub const MOST_BYTES: u64 = 1 << 30;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name of its file.
    pub file: &'static str,
    /// Its columns, in their order.
    pub columns: &'static [Column],
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub values: Values,
    /// Whether every run has it. Others have it where it says something.
    pub is_always: bool,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Texts.
    Text,
    /// Whole numbers from 0.
    Count,
    /// Numbers, to the last bit.
    Number,
}

macro_rules! tables {
    ($($(#[$about:meta])* $table:ident = $file:literal { $($(#[$doc:meta])* $column:ident = $name:literal: $values:ident $(or $nothing:ident)?,)* })*) => {
        $(
            $(#[$about])*
            pub mod $table {
                use super::{Column, Table, Values};

                /// The name of its file.
                pub const FILE: &str = $file;
                $($(#[$doc])* pub const $column: &str = $name;)*
                /// All of it.
                pub const TABLE: Table = Table {
                    file: FILE,
                    columns: &[$(Column {
                        name: $column,
                        values: Values::$values,
                        is_always: { let nothing: &[&str] = &[$(stringify!($nothing))?]; nothing.is_empty() },
                    }),*],
                };
            }
        )*

        /// Every table.
        pub const ALL: &[Table] = &[$($table::TABLE),*];
    };
}

tables! {
    /// Every measurement of a search, one a row, by proxy, subspace and streams.
    measurements = "measurements.parquet" {
        /// The strategy's label of the proxy.
        PROXY = "proxy": Text,
        /// What was measured: a mask of operators.
        SUBSPACE = "subspace": Text,
        /// The stream of the weights.
        PARAMETERS = "parameters": Text,
        /// The stream of the images.
        IMAGES = "images": Text,
        /// What was read.
        VALUE = "value": Number,
        /// Why there is no value.
        UNDEFINED_BECAUSE = "undefined_because": Text,
        /// How long it took on its thread.
        SECONDS = "seconds": Number,
        /// What measured it, where that is not the experiment's engine; there where any was measured so.
        ENGINE = "engine": Text or nothing,
    }

    /// The readings of each step of a search, one a row.
    steps = "trajectory.parquet" {
        /// The step, from 1.
        STEP = "step": Count,
        /// What the step is: `round 1`.
        TITLE = "title": Text,
        /// The mask of the state before.
        BEFORE = "before": Text,
        /// The mask of the state after.
        AFTER = "after": Text,
        /// The strategy's label of the proxy.
        PROXY = "proxy": Text,
        /// What was read.
        VALUE = "value": Number,
        /// Why there is no value.
        UNDEFINED_BECAUSE = "undefined_because": Text,
    }

    /// The architectures of a study in their order, and those among the states of a search.
    architectures = "architectures.parquet" {
        /// As the space writes it.
        ARCH = "arch": Text,
        /// Its mask of operators.
        MASK = "mask": Text,
    }

    /// Every score that a study measured, one a row, by architecture, repeat and proxy.
    scores = "scores.parquet" {
        /// The architecture.
        ARCH = "arch": Text,
        /// Its number in the benchmark, if that numbers them.
        INDEX = "index": Count,
        /// The proxy.
        PROXY = "proxy": Text,
        /// From 0.
        REPEAT = "repeat": Count,
        /// What was read.
        VALUE = "value": Number,
        /// Why there is no value.
        UNDEFINED_BECAUSE = "undefined_because": Text,
        /// What measured it, where that is not the experiment's engine; there where any was measured so.
        ENGINE = "engine": Text or nothing,
    }

    /// The scores of a study that are made of others, the larger the better; means over the repeats.
    aggregates = "aggregates.parquet" {
        /// The architecture.
        ARCH = "arch": Text,
        /// Its number in the benchmark, if that numbers them.
        INDEX = "index": Count,
        /// The aggregate.
        AGGREGATE = "aggregate": Text,
        /// The score.
        VALUE = "value": Number,
        /// Why there is no value.
        UNDEFINED_BECAUSE = "undefined_because": Text,
    }

    /// What the scores of a study are compared with, by target and architecture. Titles, units and directions stand in the
    /// summary.
    targets = "targets.parquet" {
        /// The architecture.
        ARCH = "arch": Text,
        /// Its number in the benchmark, if that numbers them.
        INDEX = "index": Count,
        /// The benchmark's column.
        TARGET = "target": Text,
        /// As recorded; null where a cost could not be measured.
        VALUE = "value": Number,
    }

    /// How long each measurement of a study took.
    times = "times.parquet" {
        /// The architecture.
        ARCH = "arch": Text,
        /// Its number in the benchmark, if that numbers them.
        INDEX = "index": Count,
        /// The proxy.
        PROXY = "proxy": Text,
        /// From 0.
        REPEAT = "repeat": Count,
        /// On its thread; null where the measurement is that of an isomorphic architecture.
        SECONDS = "seconds": Number,
    }

    /// The statistics of a study by proxy and target; the same as CSV in [`CORRELATIONS_CSV`](super::CORRELATIONS_CSV).
    /// [`precision_at`](super::precision_at) and [`ndcg_at`](super::ndcg_at) stand before the regret; after the protocol come
    /// two columns of each source of published figures.
    correlations = "correlations.parquet" {
        /// The proxy.
        PROXY = "proxy": Text,
        /// The benchmark's column.
        TARGET = "target": Text,
        /// Architectures with a score and a value of the target.
        ARCHITECTURES = "architectures": Count,
        /// Architectures with a value of the target whose score is undefined.
        UNDEFINED = "undefined": Count,
        /// Kendall's τ-b.
        TAU_B = "tau_b": Number,
        /// The lower end of its interval.
        TAU_B_LOW = "tau_b_low": Number,
        /// The upper end of its interval.
        TAU_B_HIGH = "tau_b_high": Number,
        /// Its standard deviation over the repeats.
        TAU_B_DEVIATION = "tau_b_deviation_over_repeats": Number,
        /// Spearman's ρ.
        RHO = "rho": Number,
        /// Vigna's weighted τ.
        WEIGHTED_TAU = "weighted_tau": Number,
        /// Pearson's r.
        PEARSON = "pearson": Number,
        /// τ-b among the truly best 10 %.
        TAU_B_TOP_10_PERCENT = "tau_b_top_10_percent": Number,
        /// τ-b among the truly best 1 %.
        TAU_B_TOP_1_PERCENT = "tau_b_top_1_percent": Number,
        /// How far the architecture of the best score falls short of the best accuracy.
        REGRET = "regret_percent": Number,
        /// Partial τ-b given `live-params`.
        PARTIAL_TAU_B = "partial_tau_b_given_live_params": Number,
        /// Under which conditions it holds.
        PROTOCOL = "protocol": Text,
    }

    /// The learning curve of a training, one epoch a row.
    curve = "curve.csv" {
        /// From 1.
        EPOCH = "epoch": Count,
        /// The learning rate of its steps.
        LEARNING_RATE = "learning_rate": Number,
        /// The probability of drop-path in its steps.
        DROP_PATH = "drop_path": Number,
        /// Mean loss over its images as they were trained on.
        TRAIN_LOSS = "train_loss": Number,
        /// Share of its images that were classified correctly as they were trained on.
        TRAIN_ACCURACY = "train_accuracy": Number,
        /// Mean cross-entropy of the test.
        TEST_LOSS = "test_loss": Number,
        /// Share of the test images that were classified correctly.
        TEST_ACCURACY = "test_accuracy": Number,
        /// How many images it was tested on.
        TEST_IMAGES = "test_images": Count,
        /// Seconds of training and testing.
        SECONDS = "seconds": Number,
    }
}

/// [`correlations`] as CSV.
pub const CORRELATIONS_CSV: &str = "correlations.csv";

/// The share of the k best by score among the k best by accuracy.
#[must_use]
pub fn precision_at(k: usize) -> String {
    format!("precision_at_{k}")
}

/// NDCG of the k best by score.
#[must_use]
pub fn ndcg_at(k: usize) -> String {
    format!("ndcg_at_{k}")
}

/// The scores of several studies in one small table, which `assay collect` writes and studies read: the columns of [`scores`], by proxy,
/// architecture and repeat, and one more. Values are of 32 bits where all of them fit.
pub mod collected {
    /// How the study measured that the score is from, in one line.
    pub const PROTOCOL: &str = "protocol";
}

/// The accuracies of a study that trained its architectures, one row an architecture: a table that `assay benchmark import trained`
/// reads. Behind its own columns come two of each accuracy: the mean over the trainings, and [`seeds`](trained::seeds).
pub mod trained {
    /// The name of its file.
    pub const FILE: &str = "trained.csv";
    /// As the space writes it.
    pub const ARCH: &str = "arch";
    /// How it was trained and tested.
    pub const TRAINING: &str = "training";

    /// The column of the accuracies of single trainings, separated by spaces, beside that of their mean.
    #[must_use]
    pub fn seeds(accuracy: &str) -> String {
        format!("{accuracy}_seeds")
    }
}
