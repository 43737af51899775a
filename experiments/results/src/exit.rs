//! How the program `assay` ends, for programs that start it: its exit codes beside 0, and 2 of misuse.

/// It failed.
pub const FAILED: u8 = 1;
/// It failed because nothing but data is missing: images of a dataset, or the table of a benchmark.
pub const MISSING_DATA: u8 = 3;
/// The user interrupted it, as shells expect it to be said.
pub const INTERRUPTED: u8 = 130;
