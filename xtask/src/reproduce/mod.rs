//! `cargo xtask reproduce`: published results, made again.

mod conditions;
mod correlation;
mod darts;
mod datasets;
mod published;
mod search;
mod spread;
mod summary;
mod table1;

use clap::{Args, Subcommand};

/// Make published results again and print them beside the published ones
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Reproduce {
    #[command(subcommand)]
    result: Published,
}

#[derive(Debug, Subcommand)]
enum Published {
    Table1(table1::Table1),
    Table2(darts::Table2),
    Table3(darts::Table3),
    Correlation(correlation::Correlation),
    CorrelationDarts(correlation::CorrelationDarts),
}

impl Reproduce {
    pub(crate) fn run(self) -> miette::Result<()> {
        match self.result {
            Published::Table1(table1) => table1.run(),
            Published::Table2(table2) => table2.run(),
            Published::Table3(table3) => table3.run(),
            Published::Correlation(correlation) => correlation.run(),
            Published::CorrelationDarts(correlation) => correlation.run(),
        }
    }
}
