//! `cargo xtask reproduce`: published results, made again.

mod ablations;
mod all;
mod conditions;
mod correlation;
mod darts;
mod datasets;
mod figures;
mod networks;
mod one_shot;
mod one_shot_question;
mod own_truth;
mod page;
mod pretext;
mod published;
mod scores;
mod search;
mod searches;
mod spread;
mod study;
mod summary;
mod table1;
mod trained;
mod training_free;

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
    Table4(ablations::Table4),
    Table5(ablations::Table5),
    Fig1(figures::Fig1),
    Fig3(figures::Fig3),
    Fig4(figures::Fig4),
    Fig5(figures::Fig5),
    Fig8(figures::Fig8),
    Fig9(figures::Fig9),
    Correlation(correlation::Correlation),
    CorrelationDarts(correlation::CorrelationDarts),
    #[command(name = "trained-nas-bench-201")]
    TrainedNasBench201(trained::TrainedNasBench201),
    OwnTruth(own_truth::OwnTruth),
    OneShotSearches(one_shot::OneShotSearches),
    OneShot(one_shot_question::OneShot),
    Pretext(pretext::Pretext),
    TrainingFree(training_free::TrainingFree),
    Networks(networks::Networks),
    Scores(scores::Scores),
    All(all::All),
}

impl Reproduce {
    pub(crate) fn run(self) -> miette::Result<()> {
        match self.result {
            Published::Table1(table1) => table1.run(),
            Published::Table2(table2) => table2.run(),
            Published::Table3(table3) => table3.run(),
            Published::Table4(table4) => table4.run(),
            Published::Table5(table5) => table5.run(),
            Published::Fig1(fig1) => fig1.run(),
            Published::Fig3(fig3) => fig3.run(),
            Published::Fig4(fig4) => fig4.run(),
            Published::Fig5(fig5) => fig5.run(),
            Published::Fig8(fig8) => fig8.run(),
            Published::Fig9(fig9) => fig9.run(),
            Published::Correlation(correlation) => correlation.run(),
            Published::CorrelationDarts(correlation) => correlation.run(),
            Published::TrainedNasBench201(trained) => trained.run(),
            Published::OwnTruth(own_truth) => own_truth.run(),
            Published::OneShotSearches(searches) => searches.run(),
            Published::OneShot(one_shot) => one_shot.run(),
            Published::Pretext(pretext) => pretext.run(),
            Published::TrainingFree(searches) => searches.run(),
            Published::Networks(networks) => networks.run(),
            Published::Scores(scores) => scores.run(),
            Published::All(all) => all.run(),
        }
    }
}
