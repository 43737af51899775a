//! What kinds of run have in common.

use std::path::Path;

use assay_core::experiment::{Experiment, Plugins, Purpose};
use assay_results::{Kind, Provenance, ReadError};

use crate::folder::RunFolder;
use crate::{Observer, RunError};

/// An experiment with everything made that it names, ready to run.
pub trait Prepared: Sized {
    /// What it ends with.
    type Summary;

    /// What its experiments are for.
    const PURPOSE: Purpose;

    /// What its progress counts, unless it says something else.
    const UNIT: &'static str;

    /// The kind of the run that this experiment makes.
    fn kind(experiment: &Experiment) -> Kind;

    /// Makes everything that the experiment names, so that what can go wrong goes wrong now.
    ///
    /// # Errors
    /// If a plugin or engine cannot be made, or data is not here.
    fn prepare(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError>;

    /// What its progress counts.
    fn unit(&self) -> &'static str {
        Self::UNIT
    }

    /// What its measurements belong to.
    ///
    /// # Errors
    /// If images or a table cannot be read.
    fn provenance(&self, plugins: &Plugins) -> Result<Provenance, RunError>;

    /// Runs in this folder, from where an earlier session left off, and writes the result there.
    ///
    /// # Errors
    /// If it fails or is interrupted, or a file cannot be written. What was done until then is kept.
    fn run(&self, folder: &RunFolder, observer: &dyn Observer) -> Result<Self::Summary, RunError>;

    /// The result in this folder.
    ///
    /// # Errors
    /// If there is none of this kind, or it cannot be read.
    fn read(folder: &Path) -> Result<Self::Summary, ReadError>;
}
