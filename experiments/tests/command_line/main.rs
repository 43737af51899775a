//! The program as users meet it: real processes, real files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod benchmarks;
mod damage;
mod darts;
mod drawing;
mod export;
mod fuzz;
mod hostile;
mod interruption;
mod kills;
mod lists;
mod one_shot;
mod output;
mod own_truth;
mod plugins;
mod printing;
mod provenance;
mod published;
mod query;
mod recorded;
mod repeated;
mod report_page;
mod reports;
mod runs;
mod scratch;
mod shards;
mod shared_weights;
mod strategies;
mod studies;
mod study_interruption;
mod system;
mod trained;
mod training;
mod training_faults;
mod without_labels;
