//! `assay collect`: joins the scores of finished studies in one small table.

use std::path::PathBuf;

use assay_results::present::number::grouped;
use assay_run::study::collected::{Collected, collect};
use clap::Args;

use super::Ending;
use crate::failure::Failure;
use crate::output::out;

/// Join the scores of finished studies of one space in one small table
///
/// The table is parquet: arch, index, proxy, repeat, value, undefined_because, and protocol, which says how the score was measured.
/// Values have 32 bits, or 64 where one of them does not fit. A study reads it by study.scores in place of measuring, in a second.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: proxies measured in two studies, and an aggregate of them tried on what both left
  assay collect results/cheap results/dear --output scores.parquet
  assay correlate study.toml --set study.scores=scores.parquet --set 'study.proxies=[\"az-nas\", \"meco\"]'")]
pub(super) struct Collect {
    /// The run folders of finished studies
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The table
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl Collect {
    pub(super) fn run(self) -> Result<(), Ending> {
        let Collected { bytes, proxies, architectures, scores, undefined, is_of_32_bits } = collect(&self.runs)?;
        assay_whole_file::write(&self.output, &bytes).map_err(|error| {
            Failure::new(format!("`{}` cannot be written: {error}", self.output.display()))
                .with_help("name a file in a folder that is there")
        })?;
        out!(
            "{}: {} scores of {} architectures, {} undefined, {} bits, {} kB\nproxies: {}",
            self.output.display(),
            grouped(scores as u128),
            grouped(architectures as u128),
            grouped(undefined as u128),
            if is_of_32_bits { 32 } else { 64 },
            grouped(bytes.len().div_ceil(1000) as u128),
            proxies.join(", ")
        )?;
        Ok(())
    }
}
