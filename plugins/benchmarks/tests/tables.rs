//! Importing NAS-Bench-101, NAS-Bench-Macro and the 1,000 DARTS genotypes: the real tables, and tables with one thing wrong.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay_benchmarks as _;
use assay_core::plugin::import::{self, ImportError, Imported, Importer, imported_table};
use assay_core::plugin::{Benchmark, BenchmarkError, Recorded, Registry, SearchSpace, Settings};
use assay_core::score::Reading;
use assay_spaces::darts::{Darts, Inputs};
use assay_spaces::nas_bench_101::NasBench101;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use serde_json::Value;
use tempfile::TempDir;

fn shared(file: &str) -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("ASSAY_SHARED").map_or_else(default, PathBuf::from).join("data").join(file)
}

fn cells_101() -> PathBuf {
    shared("nas-bench-101/nb101_compact.csv.gz")
}

fn networks_macro() -> PathBuf {
    shared("nas-bench-macro/nas-bench-macro_cifar10.json")
}

fn genotypes() -> PathBuf {
    shared("darts/darts_1000_cifar10.csv")
}

fn import(benchmark: &str, source: &Path, data: &Path) -> Result<Imported, ImportError> {
    import::import(benchmark, source, data, &mut |_| ControlFlow::Continue(()))
}

fn benchmark(name: &str, table: &Path) -> Box<dyn Benchmark> {
    let settings = Settings::none().with("path", table.to_str().unwrap());
    Registry::<dyn Benchmark>::collect().unwrap().build(name, &settings).unwrap()
}

/// What the import of this content says, without the folder.
fn refusal(name: &str, content: impl AsRef<[u8]>) -> String {
    let place = TempDir::new().unwrap();
    let table = place.path().join("table");
    fs::write(&table, content).unwrap();
    let error = import(name, &table, place.path()).unwrap_err();
    assert!(!Importer::of(name).unwrap().file(name, place.path()).exists());
    error.to_string().replace(&format!("{}/", place.path().display()), "")
}

/// The accuracies of some architectures.
fn accuracies(benchmark: &dyn Benchmark, architectures: &[String]) -> Vec<f64> {
    architectures.iter().map(|text| benchmark.accuracies(text).unwrap()[0].percent).collect()
}

#[test]
fn a_missing_table_is_reported_with_the_command_that_imports_it() {
    let data = TempDir::new().unwrap();
    let missing = |name: &str| {
        let error = imported_table(name, data.path()).unwrap_err();
        assert!(matches!(error, BenchmarkError::NotImported(_)));
        error.to_string().replace(&data.path().display().to_string(), "DATA")
    };
    let messages = ["nas-bench-201", "nats-bench-size", "darts-1000"].map(missing);
    insta::assert_snapshot!(messages.join("\n"), @"
    the table of nas-bench-201 is not imported yet (DATA/benchmarks/nas-bench-201.parquet is not there); import your copy once: assay benchmark import nas-bench-201 <table.csv, NAS-Bench-201-v1_1-096897.pth, NATS-tss-v1_0-3ffb9-simple or HW-NAS-Bench-v1_0.pickle>
    the table of nats-bench-size is not imported yet (DATA/benchmarks/nats-bench-size.parquet is not there); import your copy once: assay benchmark import nats-bench-size <NATS-sss-v1_0-50262-simple or table.csv>
    the table of darts-1000 is not imported yet (DATA/benchmarks/darts-1000.parquet is not there); import your copy once: assay benchmark import darts-1000 <darts_1000_cifar10.csv>
    ");
}

#[test]
fn what_an_import_kept_gives_the_accuracies_of_the_file() {
    let place = TempDir::new().unwrap();
    for (name, source, count) in [("darts-1000", genotypes(), 1_000), ("nas-bench-101", cells_101(), 423_624)] {
        let imported = import(name, &source, place.path()).unwrap();
        assert_eq!((imported.architectures, imported.ignored.len()), (count, 0));
        let (kept, own) = (benchmark(name, &imported.file), benchmark(name, &source));
        let all = kept.architectures().unwrap().unwrap();
        assert_eq!(all.len(), count);
        assert!(all == own.architectures().unwrap().unwrap(), "{name}");
        let some: Vec<String> = all.iter().step_by(count / 1_000).cloned().collect();
        assert_eq!(accuracies(kept.as_ref(), &some), accuracies(own.as_ref(), &some), "{name}");
        // The numbers are those of the file's rows.
        for row in [0, 1, count - 1] {
            assert_eq!(kept.index(&all[row]).unwrap(), Some(row as u32));
        }
    }
}

#[test]
fn every_genotype_of_the_table_is_one_of_the_space() {
    let space = Darts::new().inputs(Inputs::Free);
    let table = benchmark("darts-1000", &genotypes());
    let text = fs::read_to_string(genotypes()).unwrap();
    let mut compared = 0;
    for line in text.lines() {
        let (genotype, accuracy) = line.rsplit_once(',').unwrap();
        let architecture = space.parse(genotype.trim_matches('"')).unwrap();
        let found = table.accuracies(&space.write(&architecture).unwrap()).unwrap();
        assert_eq!(found[0].percent, accuracy.parse::<f64>().unwrap());
        // Also as the file writes it.
        assert_eq!(table.accuracies(genotype.trim_matches('"')).unwrap(), found);
        compared += 1;
    }
    assert_eq!(compared, 1_000);
    insta::assert_snapshot!(table.describe(), @"1,000 random DARTS genotypes, CIFAR-10 validation accuracy after 200 epochs");
}

#[test]
fn a_cell_is_found_whatever_the_numbering_of_its_vertices() {
    let space = NasBench101::new();
    let table = benchmark("nas-bench-101", &cells_101());
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(cells_101()).unwrap()).read_to_string(&mut text).unwrap();
    let recorded = text.lines().skip(1).map(|line| line.split(',').nth(4).unwrap().parse::<f64>().unwrap() * 100.0);
    let texts = table.architectures().unwrap().unwrap();
    let (some, recorded): (Vec<String>, Vec<f64>) = texts.into_iter().zip(recorded).step_by(500).unzip();
    assert_eq!(accuracies(table.as_ref(), &some), recorded);
    let one = "conv3x3-bn-relu,maxpool3x3,conv1x1-bn-relu|0>1,0>2,1>3,2>3,3>4";
    let other = "maxpool3x3,conv3x3-bn-relu,conv1x1-bn-relu|0>1,0>2,1>3,2>3,3>4";
    assert_ne!(space.parse(one).unwrap(), space.parse(other).unwrap());
    assert_eq!(table.accuracies(one).unwrap(), table.accuracies(other).unwrap());
    assert_eq!(table.index(one).unwrap(), table.index(other).unwrap());
    assert!(matches!(table.accuracies("conv3x3-bn-relu|0>1"), Err(BenchmarkError::UnknownArchitecture(_))));
}

#[test]
fn networks_have_their_mean_and_their_three_runs() {
    let place = TempDir::new().unwrap();
    let imported = import("nas-bench-macro", &networks_macro(), place.path()).unwrap();
    assert_eq!((imported.architectures, imported.columns.join(", ")), (6_561, "index, arch, test_cifar10, test_cifar10_seeds".into()));
    let table = benchmark("nas-bench-macro", &imported.file);
    assert_eq!(table.architectures().unwrap(), None);
    let recorded: serde_json::Map<String, Value> = serde_json::from_slice(&fs::read(networks_macro()).unwrap()).unwrap();
    let space = NasBenchMacro::new();
    for (text, row) in &recorded {
        assert_eq!(&space.write(&space.parse(text).unwrap()).unwrap(), text);
        assert_eq!(table.accuracies(text).unwrap()[0].percent, row["mean_acc"].as_f64().unwrap());
        let runs: Vec<f64> = row["test_acc"].as_array().unwrap().iter().map(|run| run.as_f64().unwrap()).collect();
        assert_eq!(table.training_runs(text).unwrap()[0].percent, runs);
        assert_eq!(table.index(text).unwrap(), Some(u32::from_str_radix(text, 3).unwrap()));
    }
    // Importing what was imported changes nothing.
    let content = fs::read(&imported.file).unwrap();
    import("nas-bench-macro", &imported.file, place.path()).unwrap();
    assert!(fs::read(&imported.file).unwrap() == content);
}

#[test]
fn a_table_of_genotypes_with_something_wrong_is_refused_where_it_is() {
    let table = fs::read_to_string(genotypes()).unwrap();
    let with = |line: usize, change: &dyn Fn(&str) -> String| {
        let lines: Vec<String> =
            table.lines().enumerate().map(|(index, text)| if index + 1 == line { change(text) } else { text.to_owned() }).collect();
        refusal("darts-1000", lines.join("\n"))
    };
    let short = |message: String| {
        let (place, genotype) = message.split_once("`Genotype").unwrap();
        format!("{place}…, {}", genotype.split_once("`, ").unwrap().1)
    };
    let accuracy = |value: &'static str| move |text: &str| format!("{},{value}", text.rsplit_once(',').unwrap().0);
    let messages = [
        short(with(3, &|text| text.replacen("skip_connect", "skip", 1))),
        with(4, &accuracy("many")),
        with(5, &accuracy("101")),
        with(6, &accuracy("")),
        with(7, &|text| text.to_owned() + ",1"),
        with(8, &|_| ",90".into()),
        refusal("darts-1000", table.lines().take(999).collect::<Vec<_>>().join("\n")),
        refusal("darts-1000", b"PK\x03\x04"),
        refusal("darts-1000", b"\x1f\x8b\x08not really"),
        refusal("darts-1000", ""),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    table, line 3: column `genotype`: …, character 40: there is no operator `skip`; known: none, skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5, avg_pool_3x3, max_pool_3x3; the form is Genotype(normal=[…], normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6)) with eight inputs a cell, two a node, for example ('sep_conv_3x3', 0), ('skip_connect', 1)
    table, line 4, column `valid_cifar10`: `many`, but an accuracy in per cent (0 to 100) is expected
    table, line 5, column `valid_cifar10`: `101`, but an accuracy in per cent (0 to 100) is expected
    table, line 6, column `valid_cifar10`: the cell is empty, but an accuracy in per cent (0 to 100) is expected
    table, line 7: the number of cells is 3, but 2 are expected: genotype, valid_cifar10
    table, line 8, column `genotype`: the cell is empty, but a genotype is expected
    table, all rows: 999 architectures, but 1000 are expected; is the file cut short?
    table is neither a CSV nor a parquet table: it is a zip archive (PyTorch's .pth files are such)
    table: the gzip file cannot be unpacked: invalid gzip header
    table is neither a CSV nor a parquet table: it is empty
    ");
    let first = table.lines().next().unwrap();
    let twice = with(9, &|_| first.to_owned());
    assert!(twice.ends_with("is in line 1 and again in line 9; every architecture must be there exactly once"), "{twice}");
    // A line of names is not a row.
    let place = TempDir::new().unwrap();
    let named = place.path().join("named.csv");
    fs::write(&named, format!("genotype,valid_cifar10\n{table}")).unwrap();
    assert_eq!(import("darts-1000", &named, place.path()).unwrap().architectures, 1_000);
}

#[test]
fn a_table_of_cells_with_something_wrong_is_refused_where_it_is() {
    let table = |rows: &str| format!("index,n_vertices,adj_bits,ops,test_acc_mean108,params\n{rows}");
    let of_rows = |rows: &str| refusal("nas-bench-101", table(rows));
    let messages = [
        of_rows("0,8,1205349,02001,0.92,1\n"),
        of_rows("0,7,many,02001,0.92,1\n"),
        of_rows("0,7,1205349,02301,0.92,1\n"),
        of_rows("0,7,1205349,0200,0.92,1\n"),
        of_rows("0,7,1205349,02001,92,1\n"),
        of_rows("0,3,1,0,0.92,1\n"),
        of_rows("0,2,1,,0.92,1\n1,2,1,,0.93,1\n"),
        of_rows("0,2,1,,0.92,1\n"),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    table, line 2, column `n_vertices`: `8`, but a number of vertices, 2 to 7 is expected
    table, line 2, column `adj_bits`: `many`, but 21 bits of an adjacency matrix is expected
    table, line 2, column `ops`: `02301`, but a digit from 0 to 2 for each inner vertex is expected
    table, line 2: columns `n_vertices`, `adj_bits` and `ops`: a cell of 7 vertices has 5 operators, not 4
    table, line 2, column `test_acc_mean108`: `92`, but an accuracy as a fraction (0 to 1) is expected
    table, line 2: columns `n_vertices`, `adj_bits` and `ops`: no path leads from the input to the output
    table: architecture |0>1 is in line 2 and again in line 3; every architecture must be there exactly once
    table, all rows: 1 architectures, but 423624 are expected; is the file cut short?
    ");
    insta::assert_snapshot!(refusal("nas-bench-101", "index,n_vertices\n0,7\n"), @"table: the table lacks adj_bits, ops, test_acc_mean108; it needs the columns n_vertices, adj_bits, ops, test_acc_mean108; its first line names: index, n_vertices");
}

#[test]
fn a_file_of_networks_with_something_wrong_is_refused_where_it_is() {
    let entry = r#"{"test_acc": [89.4, 88.9, 89.2], "mean_acc": 89.2, "std": 0.2, "params": 1, "flops": 1}"#;
    let whole = |number: usize| {
        let digits: String = (0..8_u32).rev().map(|place| (number / 3_usize.pow(place) % 3).to_string()).collect();
        format!("\"{digits}\": {entry}")
    };
    let with = |number: usize, other: &str| {
        let entries: Vec<String> = (0..6_561).map(|index| if index == number { other.to_owned() } else { whole(index) }).collect();
        refusal("nas-bench-macro", format!("{{{}}}", entries.join(",\n")))
    };
    let messages = [
        with(0, &format!("\"00000003\": {entry}")),
        with(1, &whole(2)),
        with(2, &format!("\"00000002\": {}", entry.replace("89.2,", "\"high\","))),
        with(3, &format!("\"00000010\": {}", entry.replace("\"mean_acc\"", "\"mean\""))),
        with(4, &format!("\"00000011\": {}", entry.replace("88.9", "188.9"))),
        with(5, "\"00000012\": 89.2"),
        refusal("nas-bench-macro", "{\"00000000\": {"),
        refusal("nas-bench-macro", format!("{{{}}}", whole(0))),
        refusal("nas-bench-macro", "[]"),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    table, entry `00000003`: the name is not a network; eight digits such as 02012100, each 0, 1 or 2 is expected
    table: index 2 is in entry `00000002` and again in entry `00000002`; every architecture must be there exactly once
    table, entry `00000002`, column `test_cifar10`: `"high"`, but an accuracy in per cent (0 to 100) is expected
    table, entry `00000010`, column `test_cifar10`: the cell is empty, but an accuracy in per cent (0 to 100) is expected
    table, entry `00000011`, column `test_cifar10_seeds`: `89.4 188.9 89.2`, but one to three accuracies in per cent, separated by spaces, is expected
    table, entry `00000012`, column `test_cifar10`: the cell is empty, but an accuracy in per cent (0 to 100) is expected
    table: EOF while parsing an object at line 1 column 14
    table holds 1 of 6561 architectures: 6560 are missing, the first is index 1; is the file cut short?
    table: the table lacks index, arch; it needs the columns index, arch; its first line names: []
    "#);
}

#[test]
fn an_entry_has_all_that_a_table_holds_by_text_and_by_number() {
    let table = benchmark("darts-1000", &genotypes());
    let first = table.entry("0").unwrap();
    assert_eq!(table.entry(&first.architecture).unwrap(), first);
    assert_eq!((first.index, first.figures.len(), first.figures[0].column.as_str()), (Some(0), 1, "valid_cifar10"));
    let percent = table.accuracies(&first.architecture).unwrap()[0].percent;
    assert_eq!(first.figures[0].recorded, Recorded::One(Reading::Value(percent)));
    let error = table.entry("1000").unwrap_err();
    insta::assert_snapshot!(format!("{error}; {}", table.holds()), @"this is not an architecture of darts-1000: there is no index 1000; the last one is 999; it holds 1,000 architectures; write a genotype of both cells as DARTS writes it, Genotype(normal=[('sep_conv_3x3', 1), …], …), or an index from 0 to 999");
    let table = benchmark("nas-bench-101", &cells_101());
    let first = table.entry("0").unwrap();
    // Any notation of the space, whatever the numbering of the vertices.
    let matrix = "[[0,1,1,0,0],[0,0,0,1,0],[0,0,0,1,0],[0,0,0,0,1],[0,0,0,0,0]] \
                  ['input','conv3x3-bn-relu','maxpool3x3','conv1x1-bn-relu','output']";
    let other = "maxpool3x3,conv3x3-bn-relu,conv1x1-bn-relu|0>1,0>2,1>3,2>3,3>4";
    assert_eq!(table.entry(matrix).unwrap(), table.entry(other).unwrap());
    let columns: Vec<&str> = first.figures.iter().map(|figure| figure.column.as_str()).collect();
    assert_eq!(columns, ["test_cifar10", "params"]);
    assert_eq!(first.figures[1].recorded, Recorded::One(Reading::Value(8_555_530.0)));
    assert!(matches!(table.entry("conv3x3-bn-relu|0>1"), Err(BenchmarkError::NotAnArchitecture { .. })));
}

#[test]
fn figures_of_an_earlier_import_of_nas_bench_101_stay_in_whatever_order_its_rows_were() {
    let place = TempDir::new().unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(cells_101()).unwrap()).read_to_string(&mut text).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    // Other figures, which can be told from the cell, and the rows from the last to the first.
    let valid = |row: &str| 50.0 + row.split(',').nth(2).unwrap().parse::<f64>().unwrap() / 100_000.0;
    let further = |row: &str| format!("{row},{valid},{valid} {valid} {valid}\n", valid = valid(row));
    let rows: Vec<&str> = rows.lines().collect();
    let table = place.path().join("table.csv");
    let backwards: String = rows.iter().rev().map(|row| further(row)).collect();
    fs::write(&table, format!("{header},valid_cifar10,valid_cifar10_seeds\n{backwards}")).unwrap();
    let first = import("nas-bench-101", &table, place.path()).unwrap();
    assert_eq!(first.columns[4..], ["valid_cifar10", "valid_cifar10_seeds", "params"]);
    let second = import("nas-bench-101", &cells_101(), place.path()).unwrap();
    assert_eq!(second.kept, ["valid_cifar10", "valid_cifar10_seeds"]);
    let settings = Settings::none().with("path", second.file.to_str().unwrap());
    let settings = settings.with("targets", vec!["valid_cifar10".to_owned()]).with("costs", vec!["params".to_owned()]);
    let kept = Registry::<dyn Benchmark>::collect().unwrap().build("nas-bench-101", &settings).unwrap();
    insta::assert_snapshot!(kept.describe(), @"NAS-Bench-101 accuracies, 108 epochs, mean of three runs, 423,624 architectures");
    let cells = kept.architectures().unwrap().unwrap();
    for (row, cell) in rows.iter().zip(&cells).step_by(5_000) {
        let found = kept.accuracies(cell).unwrap();
        assert_eq!((found.len(), found[0].target.as_str(), found[0].percent), (1, "valid_cifar10", valid(row)));
        assert_eq!(kept.costs(cell).unwrap()[0].reading.value(), row.split(',').nth(5).unwrap().parse().ok());
        assert_eq!(kept.training_runs(cell).unwrap()[0].percent, [valid(row); 3]);
    }
    // A table without what was chosen says so.
    let settings = Settings::none().with("path", cells_101().to_str().unwrap()).with("targets", vec!["valid_cifar10".to_owned()]);
    let table = Registry::<dyn Benchmark>::collect().unwrap().build("nas-bench-101", &settings).unwrap();
    let error = table.check().unwrap_err().to_string();
    assert!(error.contains("has no column `valid_cifar10`; import what has it, or choose other `targets`"), "{error}");
}
