//! The names of the files of a run folder. Those of its tables stand in [`tables`](crate::tables).

/// The resolved experiment; a folder that has it holds a run.
pub const EXPERIMENT: &str = "experiment.toml";
/// Which kind of run was begun: a [`Begun`](crate::Begun).
pub const BEGUN: &str = "run.json";
/// The result: a [`Summary`](crate::Summary). A run that has it is finished.
pub const SUMMARY: &str = "summary.json";
/// The checksums of the files of a finished run, its summary among them: [`Checksums`](crate::Checksums).
pub const CHECKSUMS: &str = "checksums.txt";
/// Every finished measurement, one JSON line each, whose last entry is the CRC-32 of what stands before it.
pub const JOURNAL: &str = "measurements.jsonl";
/// Lines of the journal that were damaged, and measured again.
pub const DAMAGED: &str = "measurements.damaged.jsonl";
/// The log.
pub const LOG: &str = "log.txt";
/// What was searched or scored: a [`Space`](crate::Space).
pub const SPACE: &str = "space.json";
/// The steps of a search: a [`Trajectory`](crate::Trajectory).
pub const TRAJECTORY: &str = "trajectory.json";
/// A study as one document to be read.
pub const DOCUMENT: &str = "study.md";
/// The correlations of a study as tables to be read.
pub const CORRELATIONS_MARKDOWN: &str = "correlations.md";
/// The same for LaTeX.
pub const CORRELATIONS_LATEX: &str = "correlations.tex";
/// The state that a training continues from.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The folder of the states that trainings continue from by which a search or a study judges.
pub const CHECKPOINTS: &str = "checkpoints";
/// The state that a search continues from which trains a network of all architectures.
pub const SUPERNET: &str = "supernet.safetensors";
/// How many seconds the sessions trained it that made this state.
pub const SUPERNET_SECONDS: &str = "supernet-seconds.txt";
/// A trained network with its running statistics.
pub const WEIGHTS: &str = "weights.safetensors";
