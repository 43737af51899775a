//! Tables as other programs write them, and tables that are made to do harm: each is read, or refused in words and in seconds.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay_benchmarks as _;
use assay_core::plugin::import::{Imported, import};
use tempfile::TempDir;

const NAME: &str = "nas-bench-201";

fn import_at(folder: &TempDir, benchmark: &str, source: &Path) -> Result<Imported, String> {
    let imported = import(benchmark, source, folder.path(), &mut |_| ControlFlow::Continue(()));
    imported.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

/// What the import of a file with this content says.
fn refusal(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    import_at(&folder, NAME, &folder.path().join(name)).unwrap_err()
}

/// A table of the reference data. `None`, and said, if it is not there.
fn field(name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let file = std::env::var_os("ASSAY_SHARED").map_or_else(default, PathBuf::from).join("field/tables").join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not there", file.display());
    None
}

/// A complete table, each line with these further cells.
fn table(names: &str, cells: &str) -> String {
    let operators = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    let mut text = format!("index,arch,test_cifar10{names}\n");
    for index in 0..15_625_usize {
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|edge| operators[index / 5_usize.pow(edge) % 5]);
        writeln!(text, "{index},|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|,{}{cells}", 10.0 + index as f64 / 1000.0).unwrap();
    }
    text
}

#[test]
fn parquet_tables_as_pandas_and_pyarrow_write_them_are_read() {
    for (name, ignored) in [("extra_int16.parquet", true), ("extra_decimal.parquet", true), ("category.parquet", false)] {
        let Some(file) = field(name) else { return };
        let folder = tempfile::tempdir().unwrap();
        let imported = import_at(&folder, NAME, &file).unwrap();
        assert_eq!((imported.architectures, !imported.ignored.is_empty()), (15_625, ignored), "{name}: {imported}");
    }
}

#[test]
fn another_separator_is_named() {
    insta::assert_snapshot!(refusal("table.csv", "index;arch;test_cifar10\n0;|none~0|;93,5\n"), @"table.csv: its columns are separated by `;`, but a comma is expected; write it again with commas, and numbers with points");
    insta::assert_snapshot!(refusal("table.csv", "\"index\"\t\"arch\"\n0\t|none~0|\n"), @"table.csv: its columns are separated by tabs, but a comma is expected; write it again with commas, and numbers with points");
    if let Some(file) = field("semicolon-head.csv") {
        let error = import_at(&tempfile::tempdir().unwrap(), NAME, &file).unwrap_err();
        assert!(error.contains("separated by `;`"), "{error}");
    }
}

#[test]
fn thousands_of_unknown_columns_are_passed_over_and_not_all_listed() {
    let folder = tempfile::tempdir().unwrap();
    let names: String = (0..300).map(|column| format!(",extra{column}")).collect();
    let file = folder.path().join("table.csv");
    fs::write(&file, table(&names, &",1".repeat(300))).unwrap();
    let said = import_at(&folder, NAME, &file).unwrap().to_string();
    assert!(said.ends_with("extra18, extra19 and 280 others"), "{said}");
    let names: String = (0..1_000_000).map(|column| format!(",{column}")).collect();
    let error = refusal("table.csv", format!("index,arch,test_cifar10{names}\n0,none,1{}\n", ",1".repeat(1_000_000)));
    assert!(error.len() < 1000 && error.contains("15624 are missing"), "{error}");
}

#[test]
fn gzip_and_bzip2_bombs_are_refused() {
    let zeros = vec![0; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    // Opens a list and puts None into it for ever.
    bzip2.write_all(b"\x80\x02}(").unwrap();
    let nones = vec![b'N'; 1 << 20];
    for _ in 0..150 {
        gzip.write_all(&zeros).unwrap();
        bzip2.write_all(&nones).unwrap();
    }
    let (gzip, bzip2) = (gzip.finish().unwrap(), bzip2.finish().unwrap());
    let error = refusal("table.csv.gz", gzip);
    assert!(error.contains("it unpacks to more than") && error.contains("ASSAY_READ_LIMIT"), "{error}");
    let error = refusal("NATS-tss-v1_0-3ffb9.pickle.pbz2", bzip2);
    assert!(error.contains("it unpacks to more than") || error.contains("more values than saved data need"), "{error}");
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for benchmark in [NAME, "nas-bench-101", "nas-bench-macro", "nats-bench-size", "analog-nas-bench", "darts-1000"] {
        for source in [Path::new("/dev/zero"), &pipe] {
            let error = import_at(&folder, benchmark, source).unwrap_err();
            assert!(error.contains("it is a pipe or a device, not a file"), "{benchmark}: {error}");
        }
    }
}

#[test]
fn parquet_files_that_claim_more_than_they_hold_are_refused() {
    let footer = |length: u32| [b"PAR1", &[0; 40][..], &length.to_le_bytes(), b"PAR1"].concat();
    insta::assert_snapshot!(refusal("a.parquet", footer(1 << 31)), @"a.parquet: the parquet file cannot be decoded: its footer should have 2147483648 bytes, which are more than the whole file has");
    let error = refusal("a.parquet", footer(30));
    assert!(error.starts_with("a.parquet: the parquet file cannot be decoded: "), "{error}");

    // A real one without its checksum, of which every byte in turn is wrong.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("table.csv"), table("", "")).unwrap();
    let kept = import_at(&folder, NAME, &folder.path().join("table.csv")).unwrap().file;
    let sealed = fs::read(kept).unwrap();
    let label = b"assay: sha-256 of all else ";
    let at = sealed.windows(label.len()).position(|window| window == label).unwrap();
    let bare = [&sealed[..at], &sealed[at + label.len() + 32..]].concat();
    let mut refused = 0;
    for (place, value) in (bare.len() - 700..bare.len() - 8).zip([0, 0x7f, 0xff, 0x80, 1].into_iter().cycle()) {
        let mut damaged = bare.clone();
        damaged[place] = value;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.parquet"), damaged).unwrap();
        refused += usize::from(import_at(&folder, NAME, &folder.path().join("a.parquet")).is_err());
    }
    assert!(refused > 100, "only {refused} were refused");
}
