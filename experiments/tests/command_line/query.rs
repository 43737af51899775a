//! What `assay benchmark query` prints.

use insta::assert_snapshot;
use serde_json::Value;

use crate::scratch::{Scratch, shared};

/// Index 1 of NAS-Bench-201.
const CELL: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";

fn with_tables() -> Scratch {
    let scratch = Scratch::new();
    scratch.import_nas_bench_201();
    let import = |benchmark: &str, file: &str| {
        scratch.succeed(&["benchmark", "import", benchmark, shared().join("data").join(file).to_str().unwrap()]);
    };
    import("nas-bench-201", "nas-bench-201/hwnasbench_cifar10.csv");
    import("nas-bench-macro", "nas-bench-macro/nas-bench-macro_cifar10.json");
    import("darts-1000", "darts/darts_1000_cifar10.csv");
    scratch
}

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn all_that_a_table_knows_is_printed_for_any_notation_and_any_number() {
    let scratch = with_tables();
    let query = |wanted: &str| scratch.succeed(&["benchmark", "query", "nas-bench-201", wanted]);
    let printed = query(CELL);
    let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let some: Vec<&str> = lines.iter().filter(|line| !line.starts_with("hw_") || line.contains("edgegpu")).copied().collect();
    assert_snapshot!(some.join("\n"));
    assert_eq!(lines.iter().filter(|line| line.starts_with("hw_")).count(), 9);
    assert_eq!(query("1"), printed, "the benchmark's number");
    // NASLib's digits, and a call as NAS-Bench-201's own code writes it.
    for file in ["(2, 2, 0, 4, 2, 0)", "[2, 2, 0, 4, 2, 0]"] {
        assert!(query(file).starts_with("nas-bench-201, index "), "{file}");
    }
    let index = |text: &str| json(&scratch.succeed(&["benchmark", "query", "nas-bench-macro", text, "--json"]))[0].clone();
    let network = index("02012100");
    assert_eq!((&network["architecture"], &network["figures"][0]["unit"]), (&"02012100".into(), &"%".into()));
    assert_eq!(network["figures"][1]["runs"].as_array().unwrap().len(), 3);
    // Eight digits are a network and no number; fewer are a number.
    assert_eq!(index(&network["index"].to_string()), network);
}

#[test]
fn lists_come_from_files_and_from_standard_input() {
    let scratch = with_tables();
    scratch.write("cells.txt", format!("# two\n{CELL}\n\n0  # by its number\n"));
    let listed = scratch.succeed(&["benchmark", "query", "nas-bench-201", "@cells.txt", "2", "--json"]);
    let entries = json(&listed);
    assert_eq!(entries.iter().map(|entry| entry["index"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 0, 2]);
    let figure = |entry: &Value, column: &str| {
        entry["figures"].as_array().unwrap().iter().find(|figure| figure["column"] == column).unwrap().clone()
    };
    assert_eq!(figure(&entries[0], "ep12_valid_cifar10")["source"], "12 epochs, one trial");
    assert_eq!(figure(&entries[1], "test_cifar10")["value"], 85.863);
    assert_eq!(figure(&entries[1], "v11_test_cifar10_seeds")["runs"], serde_json::json!([85.62, 86.18, 85.79]));
    assert_eq!(figure(&entries[1], "hw_edgegpu_energy_cifar10")["unit"], "mJ");
    let input = std::fs::read_to_string(scratch.path().join("cells.txt")).unwrap() + "2\n";
    let said = scratch.assay_with_input(&["benchmark", "query", "nas-bench-201", "-", "--json"], &input);
    assert_eq!((said.code, said.out), (Some(0), listed));
}

#[test]
fn who_asks_for_what_a_table_does_not_hold_is_told_what_it_holds() {
    let scratch = with_tables();
    let error = |arguments: &[&str]| scratch.fail(&[&["benchmark", "query"], arguments].concat());
    scratch.write("cells.txt", format!("{CELL}\nno_conv\n"));
    scratch.write("empty.txt", "# none\n");
    let genotype = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
                    ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1)], normal_concat=range(2, 6), \
                    reduce=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), \
                    ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1)], reduce_concat=range(2, 6))";
    let messages = [
        error(&["nas-bench-201", "@cells.txt"]),
        error(&["nas-bench-201", "15625"]),
        error(&["nas-bench-201", CELL, "15625"]),
        error(&["darts-1000", genotype]).replace(genotype, "GENOTYPE"),
        error(&["nas-bench-201", "@empty.txt"]),
        error(&["nas-bench-201", "@none.txt"]),
        error(&["nas-bench-202", "1"]),
    ];
    assert_snapshot!(messages.join("\n"));
    let missing = scratch.miss_data(&["benchmark", "query", "nats-bench-size", "8:8:8:8:8"]);
    assert!(missing.contains("assay benchmark import nats-bench-size"), "{missing}");
    // A table of one's own needs no import.
    let table = shared().join("data/darts/darts_1000_cifar10.csv");
    let own = Scratch::new().succeed(&["benchmark", "query", "darts-1000", "999", "--table", table.to_str().unwrap()]);
    assert!(own.starts_with("darts-1000, index 999\nGenotype(") && own.contains("valid_cifar10"), "{own}");
}
