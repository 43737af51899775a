//! Tables that studies of trainings left: importing, adding to each other, and tables with one thing wrong.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use assay_benchmarks as _;
use assay_core::plugin::import::{self, ImportError, Imported, Importer};
use assay_core::plugin::{Benchmark, Registry, Settings};
use tempfile::TempDir;

const HEAD: &str = "arch,training,short,short_seeds,long,long_seeds\n";
const ROWS: &str = "a|b,one epoch,50.5,50 51,70,70 70\nb|a,one epoch,20,20 20,30.25,30 30.5\nc|c,one epoch,,,40,40 40\n";

fn import(place: &Path, content: &str) -> Result<Imported, ImportError> {
    let table = place.join("table.csv");
    fs::write(&table, content).unwrap();
    import::import("trained", &table, place, &mut |_| ControlFlow::Continue(()))
}

fn benchmark(settings: &Settings) -> Box<dyn Benchmark> {
    Registry::<dyn Benchmark>::collect().unwrap().build("trained", settings).unwrap()
}

fn read(table: &Path) -> Box<dyn Benchmark> {
    benchmark(&Settings::none().with("path", table.to_str().unwrap()))
}

#[test]
fn what_was_imported_answers_with_means_single_trainings_and_what_has_all_of_them() {
    let place = TempDir::new().unwrap();
    let imported = import(place.path(), &format!("{HEAD}{ROWS}")).unwrap();
    assert_eq!(imported.architectures, 3);
    for table in [imported.file, place.path().join("table.csv")] {
        let read = read(&table);
        let percent: Vec<(String, f64)> =
            read.accuracies("a|b").unwrap().into_iter().map(|accuracy| (accuracy.target, accuracy.percent)).collect();
        assert_eq!(percent, [("short".into(), 50.5), ("long".into(), 70.0)]);
        let runs = read.training_runs("b|a").unwrap();
        assert_eq!((runs[1].target.as_str(), &runs[1].percent), ("long_seeds", &vec![30.0, 30.5]));
        // A training of the third gave no accuracy.
        assert_eq!(read.architectures().unwrap().unwrap(), ["a|b", "b|a"]);
        assert!(read.accuracies("c|c").is_err());
        assert_eq!(read.describe(), "3 architectures of one's own, one epoch");
    }
    let long = Settings::none().with("path", place.path().join("table.csv").to_str().unwrap()).with("targets", vec!["long"]);
    assert_eq!(benchmark(&long).architectures().unwrap().unwrap().len(), 3);
}

#[test]
fn architectures_are_added_to_those_of_an_earlier_import_and_the_later_row_counts() {
    let place = TempDir::new().unwrap();
    import(place.path(), &format!("{HEAD}{ROWS}")).unwrap();
    let imported = import(place.path(), &format!("{HEAD}d|d,one epoch,60,60,61,61\na|b,one epoch,51,51,71,71\n")).unwrap();
    assert_eq!(imported.architectures, 4);
    let read = read(&imported.file);
    assert_eq!(read.accuracies("a|b").unwrap()[0].percent, 51.0);
    assert_eq!(read.accuracies("b|a").unwrap()[0].percent, 20.0);
    let refused = |content: &str| import(place.path(), content).unwrap_err().to_string().contains("cannot be added to");
    assert!(refused(&format!("{HEAD}e|e,two epochs,60,60,61,61\n")));
    assert!(refused("arch,training,short,short_seeds\ne|e,one epoch,60,60\n"));
}

#[test]
fn a_table_with_one_thing_wrong_is_refused_by_its_place() {
    let place = TempDir::new().unwrap();
    let refusal = |content: String| {
        let error = import(place.path(), &content).unwrap_err().to_string();
        assert!(!Importer::of("trained").unwrap().file("trained", place.path()).exists());
        error.replace(&format!("{}/", place.path().display()), "")
    };
    let told = [
        refusal("arch,accuracy\na|b,50\n".into()),
        refusal("arch,training,accuracy\na|b,one epoch,50\n".into()),
        refusal(HEAD.into()),
        refusal(format!("{HEAD}{ROWS}a|b,one epoch,1,1,1,1\n")),
        refusal(format!("{HEAD}{ROWS}d|d,two epochs,1,1,1,1\n")),
        refusal(format!("{HEAD}{ROWS}d|d,one epoch,52,50 51,1,1\n")),
        refusal(format!("{HEAD}{ROWS}d|d,one epoch,50.5,50 101,1,1\n")),
        refusal(format!("{HEAD}{ROWS}d|d,one epoch,50.5,,1,1\n")),
        refusal(format!("{HEAD}a|b,one epoch,0.5,0.5,0.7,0.7\n")),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_trained_and_what_is_read_are_told_apart() {
    let build = |settings: Settings| {
        Registry::<dyn Benchmark>::collect().unwrap().build("trained", &settings).map(|benchmark| benchmark.describe())
    };
    let train = || Settings::none().with("train", vec![1.0, 3.0]);
    assert_eq!(build(train()).unwrap(), "trainings of this study");
    assert_eq!(build(train().with("repeats", 3)).unwrap(), "trainings of this study, mean of 3 of each architecture");
    let told = [
        build(train().with("path", "table.csv")).unwrap_err().to_string(),
        build(Settings::none().with("repeats", 3)).unwrap_err().to_string(),
        build(Settings::none().with("train", vec![1.5])).unwrap_err().to_string(),
        benchmark(&train()).accuracies("a|b").unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    benchmark `trained`: `path`: is of a table, and with `train` the accuracies are made; remove one of them
    benchmark `trained`: `repeats`: goes only with train; a table has as many as were made
    benchmark `trained`: `train`: must be whole numbers of epochs from 1 to 100000, ascending, such as [1, 3, 9]
    `benchmark.train` trains the architectures of a study: there is nothing to look up; leave it out to read a table
    ");
}
