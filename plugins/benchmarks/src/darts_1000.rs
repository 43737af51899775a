//! `darts-1000`: 1,000 random genotypes of the DARTS space, trained on CIFAR-10.
//!
//! Each input of a node was drawn by itself, so a node may read another twice and `none` may be an operator: an experiment
//! needs `inputs = "free"` in its `[space]`. Both cells of a genotype are alike. The table is a CSV file of two columns
//! without a line of names: the genotype, and the validation accuracy after 200 epochs in per cent.

use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::import::{ImportError, Importer, Supply};
use assay_core::plugin::{ArchitectureError, Benchmark, SearchSpace};
use assay_core::register;
use assay_spaces::darts::{Darts, Inputs};
use polars::prelude::Column as Series;

use crate::parts::lookup::{self, Chosen, Records, Sample, SomeOfSpace, TablePath, Targets, rows};
use crate::parts::table::{Column, Content, RawTable, Values};

register! {
    dyn Benchmark,
    name: Darts1000::NAME,
    summary: "recorded accuracies of 1,000 random DARTS genotypes on CIFAR-10",
    settings: TablePath,
    build: |TablePath { path }| {
        Ok(Box::new(SomeOfSpace::<Darts1000>::new(Chosen { path, targets: vec![ACCURACY.into()], costs: Vec::new() })?))
    },
    importer: Importer { reads: "<darts_1000_cifar10.csv>", extension: "parquet", import: lookup::import::<Darts1000>, supply: Supply::OwnCopy },
}

const GENOTYPE: &str = "genotype";
const ACCURACY: &str = "valid_cifar10";

/// The table.
#[derive(Debug)]
pub(crate) struct Darts1000;

static SPACE: LazyLock<Darts> = LazyLock::new(|| Darts::new().inputs(Inputs::Free));

/// The genotype as the space writes it, or what is wrong with it.
fn normalised(text: &str) -> Result<String, ArchitectureError> {
    SPACE.parse(text).and_then(|genotype| SPACE.write(&genotype))
}

impl Sample for Darts1000 {
    type Architecture = String;
    type Key = String;

    const NAME: &'static str = "darts-1000";
    const COUNT: usize = 1_000;
    const EXAMPLE: &'static str = "a genotype of both cells as DARTS writes it, Genotype(normal=[('sep_conv_3x3', 1), …], …)";

    fn describe(_: &Targets) -> String {
        "1,000 random DARTS genotypes, CIFAR-10 validation accuracy after 200 epochs".into()
    }

    fn columns() -> &'static [Column] {
        static COLUMNS: LazyLock<[Column; 1]> = LazyLock::new(|| {
            let title = "CIFAR-10 validation".into();
            [Column::new(ACCURACY, Content::Accuracy { training: "200 epochs", title })]
        });
        &*COLUMNS
    }

    fn read(file: &Path, _: &dyn Fn(&str) -> bool) -> Result<Records<String, String>, ImportError> {
        let table = RawTable::read_without_header(file, &[GENOTYPE, ACCURACY])?;
        let texts = table.values(GENOTYPE, "a genotype", |cell| cell.text().map(str::to_owned))?;
        let genotype = |(row, text): (usize, &String)| {
            normalised(text).map_err(|problem| ImportError::Row {
                file: table.file.clone(),
                place: table.place(row),
                problem: format!("column `{GENOTYPE}`: {problem}"),
            })
        };
        let architectures = texts.iter().enumerate().map(genotype).collect::<Result<Vec<_>, _>>()?;
        let percent = table.values(ACCURACY, "an accuracy in per cent (0 to 100)", |cell| cell.number_in(0.0, 100.0))?;
        let rows = rows::<Self>(&table, &architectures)?;
        if percent.iter().all(|percent| *percent <= 1.0) {
            return Err(ImportError::Fractions { file: table.file, column: ACCURACY.into() });
        }
        let columns = vec![Series::new(GENOTYPE.into(), architectures.as_slice()), Series::new(ACCURACY.into(), percent.as_slice())];
        let figures = Self::columns().iter().map(|column| (column, Values::Numbers(percent.clone()))).collect();
        Ok(Records { architectures, rows, figures, columns, ignored: table.unknown })
    }

    fn parse(text: &str) -> Result<String, ArchitectureError> {
        normalised(text)
    }

    fn key(architecture: &String) -> String {
        architecture.clone()
    }
}
