//! Importing NAS-Bench-201: the real table, and tables with one thing wrong.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay_benchmarks as _;
use assay_core::plugin::import::{Imported, import};
use assay_core::plugin::{Benchmark, BenchmarkError, Registry, Settings};
use tempfile::TempDir;

fn real_table() -> PathBuf {
    let shared =
        std::env::var_os("ASSAY_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    shared.join("data/nas-bench-201/nb201.csv")
}

fn benchmark(settings: &Settings) -> Box<dyn Benchmark> {
    Registry::<dyn Benchmark>::collect().unwrap().build(NAME, settings).unwrap()
}

fn at(path: &Path) -> Settings {
    Settings::none().with("path", path.to_str().unwrap())
}

const HEADER: &str = "index,arch,isomorph,test_cifar10,test_cifar100,test_imagenet16_120,v11_test_cifar10_seeds";

/// A complete table of made-up numbers, one line a row; the first line is the header.
fn made_up() -> Vec<String> {
    let operators = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    let row = |index: usize| {
        let operator = |edge: u32| operators[index / 5_usize.pow(edge) % 5];
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(operator);
        let accuracy = 10.0 + index as f64 / 1000.0;
        let cell = format!("|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|");
        format!("{index},{cell},{index},{accuracy},{accuracy},{accuracy},{accuracy} {accuracy}")
    };
    std::iter::once(HEADER.to_owned()).chain((0..15_625).map(row)).collect()
}

fn lines(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

const NAME: &str = "nas-bench-201";

struct Workplace(TempDir);

impl Workplace {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn import(&self, table: &Path) -> Result<Imported, String> {
        let outcome = import(NAME, table, self.0.path(), &mut |_| ControlFlow::Continue(()));
        outcome.map_err(|error| error.to_string().replace(&format!("{}/", self.0.path().display()), ""))
    }

    /// The message for a table whose bytes are these; nothing may have been stored.
    fn refusal(&self, content: impl AsRef<[u8]>) -> String {
        let message = self.import(&self.write("table.csv", content)).unwrap_err();
        assert!(!self.0.path().join("benchmarks").exists(), "a refused table left something behind: {message}");
        message
    }

    /// The message for the made-up table after this change.
    fn refusal_of(&self, change: impl FnOnce(&mut Vec<String>)) -> String {
        let mut rows = made_up();
        change(&mut rows);
        self.refusal(lines(&rows))
    }
}

#[test]
fn every_number_of_the_real_table_comes_back_unchanged() {
    let place = Workplace::new();
    let imported = place.import(&real_table()).unwrap();
    assert_eq!((imported.architectures, imported.columns.len(), imported.ignored.len()), (15_625, 17, 0));

    let text = fs::read_to_string(real_table()).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let accuracies = header
        .iter()
        .enumerate()
        .filter(|(_, name)| ["test_", "v11_", "ep12_valid"].iter().any(|prefix| name.starts_with(prefix)) && !name.ends_with("_seeds"));
    let by_column: Vec<(usize, Box<dyn Benchmark>)> =
        accuracies.map(|(position, name)| (position, benchmark(&at(&imported.file).with("targets", vec![name.to_string()])))).collect();
    assert_eq!(by_column.len(), 12);
    let mut compared = 0;
    for row in rows {
        for (position, benchmark) in &by_column {
            let expected: f64 = row[*position].parse().unwrap();
            assert_eq!(benchmark.accuracies(row[1]).unwrap()[0].percent, expected, "{} of {}", header[*position], row[1]);
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * 15_625);
}

#[test]
fn the_optimum_of_the_real_table_is_the_published_one() {
    let benchmark = benchmark(&at(&real_table()));
    let text = fs::read_to_string(real_table()).unwrap();
    let mut best: [f64; 3] = [0.0; 3];
    for row in text.lines().skip(1) {
        let found = benchmark.accuracies(row.split(',').nth(1).unwrap()).unwrap();
        best.iter_mut().zip(&found).for_each(|(best, found)| *best = best.max(found.percent));
    }
    assert_eq!(best, [94.373, 73.513, 47.311]);
}

#[test]
fn a_cell_has_an_accuracy_on_each_of_three_datasets() {
    let benchmark = benchmark(&at(&real_table()));
    let found = benchmark.accuracies("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|");
    let shown: Vec<String> = found.unwrap().iter().map(|found| format!("{} {} {}", found.target, found.title, found.percent)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    test_cifar10 CIFAR-10 93.66
    test_cifar100 CIFAR-100 70.293
    test_imagenet16_120 ImageNet16-120 44.033
    ");
    insta::assert_snapshot!(benchmark.describe(), @"NAS-Bench-201 accuracies, NATS-Bench topology v1.0, 200 epochs, mean over trials, 15,625 architectures");
    let unknown = benchmark.accuracies("|max_pool~0|").unwrap_err();
    assert_eq!(unknown, BenchmarkError::UnknownArchitecture("|max_pool~0|".into()));
}

#[test]
fn importing_what_was_imported_gives_the_same_file() {
    let place = Workplace::new();
    let first = place.import(&real_table()).unwrap();
    let content = fs::read(&first.file).unwrap();
    assert!(content.starts_with(b"PAR1") && content.len() < 1_000_000, "{} bytes", content.len());
    let copy = place.write("copy.parquet", &content);
    let second = place.import(&copy).unwrap();
    assert_eq!(second, first);
    assert!(fs::read(&second.file).unwrap() == content);
    // And onto itself.
    place.import(&first.file).unwrap();
    assert!(fs::read(&first.file).unwrap() == content);
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let place = Workplace::new();
    let mut rows = made_up();
    let ordered = place.import(&place.write("ordered.csv", lines(&rows))).unwrap();
    let content = fs::read(&ordered.file).unwrap();
    rows[1..].reverse();
    // A byte order mark and Windows line ends do not matter either.
    let reversed = place.write("reversed.csv", format!("\u{feff}{}", lines(&rows).replace('\n', "\r\n")));
    place.import(&reversed).unwrap();
    assert!(fs::read(&ordered.file).unwrap() == content);
}

#[test]
fn columns_that_the_benchmark_does_not_know_are_reported() {
    let place = Workplace::new();
    let rows: Vec<String> =
        made_up().iter().enumerate().map(|(row, line)| format!("{line},{}", if row == 0 { "flops" } else { "1" })).collect();
    let imported = place.import(&place.write("table.csv", lines(&rows))).unwrap();
    let report = imported.to_string().replace(&format!("{}/", place.0.path().display()), "DATA/");
    let (first, rest) = report.split_once(" (").unwrap();
    insta::assert_snapshot!(first, @"nas-bench-201: 15625 architectures checked, kept in DATA/benchmarks/nas-bench-201.parquet");
    insta::assert_snapshot!(rest.split_once('\n').unwrap().1, @"
    columns: index, arch, isomorph, test_cifar10, test_cifar100, test_imagenet16_120, v11_test_cifar10_seeds
    not kept, because the benchmark does not know them: flops
    ");
}

#[test]
fn missing_rows_are_counted_and_the_first_is_named() {
    let message = Workplace::new().refusal_of(|rows| {
        rows.drain(5_001..5_026);
    });
    insta::assert_snapshot!(message, @"table.csv holds 15600 of 15625 architectures: 25 are missing, the first is index 5000; is the file cut short?");
}

#[test]
fn duplicate_rows_are_named_both() {
    let place = Workplace::new();
    let index = place.refusal_of(|rows| rows[100] = rows[7].clone());
    insta::assert_snapshot!(index, @"table.csv: index 6 is in line 8 and again in line 101; every architecture must be there exactly once");
    let architecture = place.refusal_of(|rows| rows[100] = rows[7].replacen("6,", "99,", 1));
    insta::assert_snapshot!(architecture, @"table.csv: architecture |skip_connect~0|+|skip_connect~0|none~1|+|none~0|none~1|none~2| is in line 8 and again in line 101; every architecture must be there exactly once");
}

#[test]
fn cells_that_do_not_hold_what_they_should_are_named_by_line_and_column() {
    let place = Workplace::new();
    let replaced = |line: usize, column: usize, value: &str| {
        place.refusal_of(|rows| {
            let mut cells: Vec<&str> = rows[line - 1].split(',').collect();
            cells[column] = value;
            rows[line - 1] = cells.join(",");
        })
    };
    let messages = [
        replaced(2, 0, "zero"),
        replaced(3, 0, "15625"),
        replaced(4, 0, "1.5"),
        replaced(5, 1, "|max_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
        replaced(6, 2, "5"),
        replaced(7, 3, "n/a"),
        replaced(8, 3, "NaN"),
        replaced(9, 4, "100.1"),
        replaced(10, 5, "-0.5"),
        replaced(11, 5, ""),
        replaced(12, 6, "90.1 90.2 90.3 90.4"),
        replaced(15_626, 6, "90.1;90.2"),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    table.csv, line 2, column `index`: `zero`, but an index from 0 to 15624 is expected
    table.csv, line 3, column `index`: `15625`, but an index from 0 to 15624 is expected
    table.csv, line 4, column `index`: `1.5`, but an index from 0 to 15624 is expected
    table.csv, line 5, column `arch`: `|max_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|`, but a cell string such as |nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2| is expected
    table.csv, line 6, column `isomorph`: `5`, but the smallest index of an architecture that computes the same is expected
    table.csv, line 7, column `test_cifar10`: `n/a`, but an accuracy in per cent (0 to 100) is expected
    table.csv, line 8, column `test_cifar10`: `NaN`, but an accuracy in per cent (0 to 100) is expected
    table.csv, line 9, column `test_cifar100`: `100.1`, but an accuracy in per cent (0 to 100) is expected
    table.csv, line 10, column `test_imagenet16_120`: `-0.5`, but an accuracy in per cent (0 to 100) is expected
    table.csv, line 11, column `test_imagenet16_120`: the cell is empty, but an accuracy in per cent (0 to 100) is expected
    table.csv, line 12, column `v11_test_cifar10_seeds`: `90.1 90.2 90.3 90.4`, but one to three accuracies in per cent, separated by spaces, is expected
    table.csv, line 15626, column `v11_test_cifar10_seeds`: `90.1;90.2`, but one to three accuracies in per cent, separated by spaces, is expected
    ");
}

#[test]
fn blank_lines_do_not_shift_the_lines_that_are_named() {
    let message = Workplace::new().refusal_of(|rows| {
        rows[200] = rows[200].replacen("10.", "ten.", 1);
        rows.insert(50, String::new());
    });
    insta::assert_snapshot!(message, @"table.csv, line 202, column `test_cifar10`: `ten.199`, but an accuracy in per cent (0 to 100) is expected");
}

#[test]
fn accuracies_as_fractions_are_refused() {
    let message = Workplace::new().refusal_of(|rows| {
        for row in &mut rows[1..] {
            let cells: Vec<&str> = row.split(',').collect();
            *row = format!("{},{},{},0.5,0.5,0.5,0.5", cells[0], cells[1], cells[2]);
        }
    });
    insta::assert_snapshot!(message, @"table.csv, column `test_cifar10`: no value is above 1, so these look like fractions; per cent (0 to 100) is expected");
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_is_cut() {
    let place = Workplace::new();
    let text = lines(&made_up());
    let after_line = |line: usize| text.match_indices('\n').nth(line - 1).unwrap().0 + 1;
    insta::assert_snapshot!(place.refusal(&text[..after_line(9_000)]), @"table.csv holds 8999 of 15625 architectures: 6626 are missing, the first is index 8999; is the file cut short?");
    insta::assert_snapshot!(place.refusal(&text[..after_line(9_000) + 30]), @"table.csv, line 9001: the number of cells is 2, but the header names 7 columns; the file is cut short here");
    insta::assert_snapshot!(place.refusal(""), @"table.csv is neither a CSV nor a parquet table: it is empty");

    let whole = place.import(&real_table()).unwrap();
    let parquet = fs::read(&whole.file).unwrap();
    let cut = place.write("cut.parquet", &parquet[..parquet.len() / 2]);
    insta::assert_snapshot!(place.import(&cut).unwrap_err(), @"cut.parquet: the parquet file is cut short: its footer is missing");
    assert!(fs::read(&whole.file).unwrap() == parquet, "a refused table replaced the imported one");
}

#[test]
fn a_row_with_a_cell_too_many_is_named() {
    let message = Workplace::new().refusal_of(|rows| rows[41].push_str(",1"));
    insta::assert_snapshot!(message, @"table.csv, line 42: the number of cells is 8, but the header names 7 columns");
}

#[test]
fn foreign_files_are_named_for_what_they_are() {
    let place = Workplace::new();
    let messages = [
        place.refusal(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        place.refusal(b"PK\x03\x04archive/data.pkl"),
        place.refusal(b"\x80\x02}q\0"),
        place.refusal(b"index,arch\n0,\xff\xfe\n"),
        place.refusal("Dear reader\nthis is a letter.\n"),
        place.refusal(HEADER.replace("test_cifar10,", "") + "\n"),
        place.refusal(HEADER.replace("isomorph", "test_cifar10") + "\n"),
        place.refusal(b"PAR1 but not really PAR1"),
        place.import(&place.0.path().join("nowhere.csv")).unwrap_err(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    table.csv is neither a CSV nor a parquet table: it is a PNG image
    table.csv is neither a CSV nor a parquet table: it is a zip archive (PyTorch's .pth files are such)
    table.csv: it ends in the middle of a value, at byte 5; it is truncated
    table.csv is neither a CSV nor a parquet table: byte 13 is not UTF-8 text
    table.csv: the table lacks index; it needs the columns index; its first line names: Dear reader
    table.csv holds 0 of 15625 architectures: 15625 are missing, the first is index 0; is the file cut short?
    table.csv: column `test_cifar10` is there twice
    table.csv: the parquet file cannot be decoded: its footer should have 544828524 bytes, which are more than the whole file has
    nowhere.csv: No such file or directory (os error 2)
    ");
}

#[test]
fn no_benchmark_is_imported_under_an_unknown_name() {
    let place = Workplace::new();
    let error = import("nas-bench-102", &real_table(), place.0.path(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    insta::assert_snapshot!(error, @"there is no importer for benchmark `nas-bench-102`; did you mean `nas-bench-101`? Known: analog-nas-bench, darts-1000, nas-bench-101, nas-bench-201, nas-bench-301, nas-bench-macro, nats-bench-size, nds-darts, trained, transnas-bench-101-macro, transnas-bench-101-micro");
}

#[test]
fn targets_of_two_trainings_never_share_a_table() {
    let registry = Registry::<dyn Benchmark>::collect().unwrap();
    let refusal = |targets: &[&str]| registry.build(NAME, &Settings::none().with("targets", targets.to_vec())).err().unwrap().to_string();
    let messages = [
        refusal(&["test_cifar10", "v11_test_cifar10"]),
        refusal(&["test_cifar10", "test_cifar10"]),
        refusal(&["test_cifar"]),
        refusal(&[]),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    benchmark `nas-bench-201`: `targets`: `test_cifar10` (NATS-Bench topology v1.0, 200 epochs, mean over trials) and `v11_test_cifar10` (NAS-Bench-201 v1.1, 200 epochs, mean over trials) are not of one training, and must not share a table
    benchmark `nas-bench-201`: `targets`: `test_cifar10` is there twice
    benchmark `nas-bench-201`: `targets`: `test_cifar` is not an accuracy of the table
    benchmark `nas-bench-201`: `targets`: names no accuracy
    ");
    let version11 = benchmark(&at(&real_table()).with("targets", vec!["v11_valid_cifar10", "v11_valid_cifar100"]));
    insta::assert_snapshot!(version11.describe(), @"NAS-Bench-201 accuracies, NAS-Bench-201 v1.1, 200 epochs, mean over trials, 15,625 architectures");
}

#[test]
fn a_table_without_the_wanted_column_is_reported_before_anything_is_looked_up() {
    let place = Workplace::new();
    let path = place.write("table.csv", lines(&made_up()));
    let benchmark = benchmark(&at(&path).with("targets", vec!["ep12_valid_cifar10"]));
    let message = benchmark.check().unwrap_err().to_string().replace(&format!("{}/", place.0.path().display()), "");
    insta::assert_snapshot!(message, @"table.csv has no column `ep12_valid_cifar10`; import what has it, or choose other `targets`; it has test_cifar10, test_cifar100, test_imagenet16_120, v11_test_cifar10_seeds");
}

#[test]
fn an_architecture_has_its_number_and_its_single_training_runs() {
    let place = Workplace::new();
    // The order of the rows is of no consequence.
    let mut rows = made_up();
    rows[1..].reverse();
    let table = benchmark(&at(&place.write("table.csv", lines(&rows))));
    let cell = "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    assert_eq!(table.index(cell).unwrap(), Some(1));
    let [runs] = table.training_runs(cell).unwrap().try_into().unwrap();
    assert_eq!(runs.percent, [10.001, 10.001]);
    assert!(runs.target.starts_with("v11_test_cifar10_seeds ("), "{}", runs.target);
    assert!(matches!(table.index("|none~0|"), Err(BenchmarkError::UnknownArchitecture(_))));

    let without = made_up().iter().map(|row| row.rsplit_once(',').unwrap().0.to_owned()).collect::<Vec<_>>();
    let table = benchmark(&at(&place.write("without.csv", lines(&without))));
    assert_eq!(table.training_runs(cell).unwrap(), []);
}
