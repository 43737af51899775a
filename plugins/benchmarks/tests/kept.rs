//! Tables that were imported: what several imports at once keep, and what a damaged file says.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay_benchmarks as _;
use assay_core::plugin::import::{ImportError, Imported, import};
use assay_core::plugin::{Benchmark, Registry, Settings};
use tempfile::TempDir;

const NAME: &str = "nas-bench-201";

/// A complete table of these columns of accuracies.
fn table(columns: &[&str]) -> String {
    let operators = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    let mut text = format!("index,arch,{}\n", columns.join(","));
    for index in 0..15_625_usize {
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|edge| operators[index / 5_usize.pow(edge) % 5]);
        write!(text, "{index},|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|").unwrap();
        (0..columns.len()).for_each(|column| write!(text, ",{}", 10.0 + (index + column) as f64 / 1000.0).unwrap());
        text.push('\n');
    }
    text
}

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn import_into(folder: &TempDir, source: &Path) -> Result<Imported, ImportError> {
    import(NAME, source, folder.path(), &mut |_| ControlFlow::Continue(()))
}

/// What a benchmark says that answers from this table.
fn check(table: &Path) -> Result<(), String> {
    let settings = Settings::none().with("path", table.to_str().unwrap()).with("targets", vec!["test_cifar10".to_owned()]);
    let benchmark = Registry::<dyn Benchmark>::collect().unwrap().build(NAME, &settings).unwrap();
    benchmark.check().map_err(|error| error.to_string())
}

#[test]
fn imports_of_one_table_at_the_same_moment_keep_all_columns() {
    let columns = ["test_cifar10", "test_cifar100", "valid_cifar10"];
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let tables = columns.map(|column| write(&folder, &format!("{column}.csv"), table(&[column])));
        std::thread::scope(|scope| {
            for table in &tables {
                scope.spawn(|| import_into(&folder, table).unwrap());
            }
        });
        let last = import_into(&folder, &tables[0]).unwrap();
        for column in columns {
            assert!(last.columns.iter().any(|name| name == column), "{column} is lost: {:?}", last.columns);
        }
        assert_eq!(fs::read_dir(folder.path().join("benchmarks")).unwrap().count(), 1, "something is left beside the table");
    }
}

#[test]
fn a_flipped_bit_in_an_imported_table_is_an_error_that_says_to_import_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let source = write(&folder, "table.csv", table(&["test_cifar10"]));
    let kept = import_into(&folder, &source).unwrap().file;
    let whole = fs::read(&kept).unwrap();
    check(&kept).unwrap();
    let redacted = |text: String| text.replace(&folder.path().display().to_string(), "DATA");
    let bits = 8 * whole.len();
    for bit in (64..bits).step_by(bits / 150).chain(bits - 600..bits) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&kept, damaged).unwrap();
        let error = check(&kept).unwrap_err();
        assert!(error.contains("nas-bench-201.parquet: ") && error.contains("import it again"), "bit {bit}: {error}");
    }
    insta::assert_snapshot!(redacted(check(&kept).unwrap_err()), @"DATA/benchmarks/nas-bench-201.parquet: it was damaged or changed after it was imported: its checksum does not fit; import it again");
    let error = import_into(&folder, &source).unwrap_err().to_string();
    assert!(error.contains("delete it and import again"), "{error}");

    // An earlier version wrote the same file without a checksum.
    let label = b"assay: sha-256 of all else ";
    let at = whole.windows(label.len()).position(|window| window == label).unwrap();
    fs::write(&kept, [&whole[..at], &whole[at + label.len() + 32..]].concat()).unwrap();
    check(&kept).unwrap();
    import_into(&folder, &source).unwrap();
    assert!(fs::read(&kept).unwrap() == whole);
}
