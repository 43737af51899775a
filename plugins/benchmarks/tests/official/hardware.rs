//! HW-NAS-Bench's latencies and energies.

use std::fs;

use assay_core::score::Reading;

use crate::pickler::{Pickler, Py, dict};
use crate::place::{Place, benchmark, shared};

#[test]
fn latencies_and_energies_are_added_to_the_accuracies() {
    let place = Place::new();
    place.import("nas-bench-201", &shared("data/nas-bench-201/nb201.csv")).unwrap();
    let mut rows = 0;
    for (file, dataset) in [("cifar10", "cifar10"), ("cifar100", "cifar100"), ("ImageNet16-120", "imagenet16_120")] {
        let source = shared(&format!("data/nas-bench-201/hwnasbench_{file}.csv"));
        let imported = place.import("nas-bench-201", &source).unwrap();
        assert_eq!(imported.ignored, ["eyeriss_arithmetic_intensity"]);
        let text = fs::read_to_string(&source).unwrap();
        let mut lines = csv::Reader::from_reader(text.as_bytes());
        let header = lines.headers().unwrap().clone();
        let measures: Vec<&str> = header.iter().skip(2).filter(|name| *name != "eyeriss_arithmetic_intensity").collect();
        assert_eq!(measures.len(), 9);
        let names: Vec<String> = measures.iter().map(|measure| format!("hw_{measure}_{dataset}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = benchmark(&imported, &["test_cifar10"], &names);
        let architectures = architectures();
        for line in lines.records() {
            let line = line.unwrap();
            let index: usize = line[0].parse().unwrap();
            let costs = table.costs(&architectures[index]).unwrap();
            for (cost, measure) in costs.iter().zip(&measures) {
                let given: f64 = line[header.iter().position(|name| name == *measure).unwrap()].parse().unwrap();
                let expected = if given == -1.0 { None } else { Some(given) };
                assert_eq!(cost.reading.value(), expected, "{} of {index}", cost.target);
                assert_eq!(cost.unit, if measure.ends_with("energy") { "mJ" } else { "ms" });
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 3 * 9 * 15_625);
    // The accuracies are still there.
    let imported = place.import("nas-bench-201", &shared("data/nas-bench-201/hwnasbench_cifar10.csv")).unwrap();
    assert_eq!((imported.columns.len(), imported.kept.len()), (17 + 27, 15 + 18));
    let cell = &architectures()[1];
    assert_eq!(benchmark(&imported, &["test_cifar10"], &[]).accuracies(cell).unwrap()[0].percent, 93.66);
}

/// The cells of the table of accuracies, by index.
fn architectures() -> Vec<String> {
    let text = fs::read_to_string(shared("data/nas-bench-201/nb201.csv")).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn what_a_device_does_not_support_is_undefined() {
    let place = Place::new();
    let text = fs::read_to_string(shared("data/nas-bench-201/hwnasbench_cifar10.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replacen("5.807418537139893", "-1", 1);
    let source = place.write("hwnasbench_cifar10.csv", lines.join("\n"));
    // Also where no accuracies were imported before.
    let imported = place.import("nas-bench-201", &source).unwrap();
    assert_eq!((imported.columns.len(), imported.kept.len()), (2 + 9, 0));
    let columns = fs::read(&imported.file).unwrap();
    place.import("nas-bench-201", &imported.file).unwrap();
    assert!(fs::read(&imported.file).unwrap() == columns);
    place.import("nas-bench-201", &shared("data/nas-bench-201/nb201.csv")).unwrap();
    let table = benchmark(&imported, &["test_cifar10"], &["hw_edgegpu_latency_cifar10", "hw_edgegpu_energy_cifar10"]);
    let [latency, energy] = table.costs(&architectures()[0]).unwrap().try_into().unwrap();
    assert_eq!(latency.reading, Reading::undefined("the table records no value for this architecture"));
    assert_eq!(energy.reading, Reading::Value(24.226614330768584));
    assert_eq!(latency.title, "latency on an edge GPU (Jetson TX2), CIFAR-10");
}

#[test]
fn a_file_of_an_unknown_dataset_and_a_wrong_cell_are_refused() {
    let place = Place::new();
    let text = fs::read_to_string(shared("data/nas-bench-201/hwnasbench_cifar10.csv")).unwrap();
    let refused = |name: &str, text: &str| place.import("nas-bench-201", &place.write(name, text)).unwrap_err();
    let messages = [
        refused("latencies.csv", &text),
        refused("hwnasbench_cifar10.csv", &text.replacen("(2, 2, 0, 4, 2, 0)", "(2, 2, 0, 4, 2, 5)", 1)),
        refused("hwnasbench_cifar10.csv", &text.replacen("5.807418537139893", "-2", 1)),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    latencies.csv: the file's name does not say which dataset its latencies and energies are of; name it hwnasbench_cifar10.csv, hwnasbench_cifar100.csv or hwnasbench_ImageNet16-120.csv
    hwnasbench_cifar10.csv, line 3, column `arch`: `(2, 2, 0, 4, 2, 5)`, but a cell string such as |nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2| is expected
    hwnasbench_cifar10.csv, line 2, column `hw_edgegpu_latency_cifar10`: `-2`, but a number, 0 or more, or nothing is expected
    ");
}

/// A dictionary's keys and values.
type Entries = Vec<(Py, Py)>;

/// `HW-NAS-Bench-v1_0.pickle` with the figures of the CSV files: numbers as the file of one dataset has them in an array, of
/// another as NumPy's numbers, of the third as Python's.
fn pickle() -> Vec<(&'static str, Py)> {
    let cells = architectures();
    let of_dataset = |file: &str, numbers: fn(Vec<f64>) -> Py| {
        let text = fs::read_to_string(shared(&format!("data/nas-bench-201/hwnasbench_{file}.csv"))).unwrap();
        let mut lines = csv::Reader::from_reader(text.as_bytes());
        let header = lines.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = lines.records().map(Result::unwrap).collect();
        let configuration = |cell: &String| {
            let (name, classes) = (Py::from("infer.tiny"), Py::Int(10));
            dict([("name", name), ("C", Py::Int(16)), ("N", Py::Int(5)), ("arch_str", cell.as_str().into()), ("num_classes", classes)])
        };
        let mut entries = vec![(Py::from("config"), Py::List(cells.iter().map(configuration).collect()))];
        for (place, name) in header.iter().enumerate().skip(2) {
            let values = rows.iter().map(|row| row[place].parse().unwrap()).collect();
            entries.push((name.into(), numbers(values)));
        }
        Py::Dict(entries)
    };
    vec![
        ("cifar10", of_dataset("cifar10", Py::Array)),
        ("cifar100", of_dataset("cifar100", |values| Py::List(values.into_iter().map(Py::Scalar).collect()))),
        ("ImageNet16-120", of_dataset("ImageNet16-120", |values| Py::List(values.into_iter().map(Py::Float).collect()))),
    ]
}

fn dumped(datasets: Vec<(&'static str, Py)>) -> Vec<u8> {
    let datasets = Py::Dict(datasets.into_iter().map(|(name, dataset)| (name.into(), dataset)).collect());
    let blocks = dict([("ConvNorm_H32_W32_Cin3_Cout16_kernel3_stride1_group1", Py::Float(0.1)), ("Skip_H8", Py::Float(0.0))]);
    Pickler::dump(&dict([("nasbench201", datasets), ("fbnet", dict([("edgegpu_latency", blocks)]))]), 4)
}

#[test]
fn the_official_pickle_gives_what_the_csv_files_give() {
    let (place, other) = (Place::new(), Place::new());
    let source = place.write("HW-NAS-Bench-v1_0.pickle", dumped(pickle()));
    let imported = place.import("nas-bench-201", &source).unwrap();
    assert_eq!((imported.columns.len(), imported.ignored.len()), (2 + 27, 0));
    for file in ["cifar10", "cifar100", "ImageNet16-120"] {
        other.import("nas-bench-201", &shared(&format!("data/nas-bench-201/hwnasbench_{file}.csv"))).unwrap();
    }
    let csv = other.path().join("benchmarks/nas-bench-201.parquet");
    assert!(fs::read(&imported.file).unwrap() == fs::read(csv).unwrap(), "the kept tables are equal to the last byte");
}

fn position(entries: &[(Py, Py)], key: &str) -> usize {
    entries.iter().position(|(name, _)| matches!(name, Py::Text(name) if name == key)).unwrap()
}

#[test]
fn an_official_pickle_that_is_cut_short_or_wrong_is_refused_with_the_place() {
    let place = Place::new();
    let refused = |bytes: &[u8]| place.import("nas-bench-201", &place.write("HW-NAS-Bench-v1_0.pickle", bytes)).unwrap_err();
    let datasets = pickle();
    let whole = dumped(datasets.clone());
    let changed = |change: fn(&mut Entries)| {
        let mut datasets = datasets.clone();
        let Py::Dict(entries) = &mut datasets[1].1 else { panic!("a dataset is a dictionary") };
        change(entries);
        refused(&dumped(datasets))
    };
    let messages = [
        refused(&whole[..whole.len() / 2]),
        refused(&Pickler::dump(&dict([("fbnet", dict([("a", Py::Float(1.0))]))]), 4)),
        refused(&dumped(datasets[..2].to_vec())),
        changed(|entries| {
            let at = position(entries, "raspi4_latency");
            let Py::List(values) = &mut entries[at].1 else { panic!() };
            values.pop();
        }),
        changed(|entries| {
            let at = position(entries, "raspi4_latency");
            entries[at].1 = "none".into();
        }),
        changed(|entries| {
            let at = position(entries, "config");
            let Py::List(cells) = &mut entries[at].1 else { panic!() };
            cells.swap(3, 4);
        }),
        changed(|entries| {
            let at = position(entries, "config");
            entries.remove(at);
        }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    HW-NAS-Bench-v1_0.pickle: it ends in the middle of a value, at byte 8472676; it is truncated
    HW-NAS-Bench-v1_0.pickle: it is a Python pickle, but not HW-NAS-Bench-v1_0.pickle: it holds no dictionary with the key `nasbench201`; its keys are fbnet
    HW-NAS-Bench-v1_0.pickle: `nasbench201` has no `imagenet16-120`
    HW-NAS-Bench-v1_0.pickle: `nasbench201`, `cifar100`, `raspi4_latency`: it has 15624 values, but 15625 are expected
    HW-NAS-Bench-v1_0.pickle: `nasbench201`, `cifar100`, `raspi4_latency`: it is not a list of numbers
    HW-NAS-Bench-v1_0.pickle: `nasbench201`, `cifar100`, `config`: index 3 is another cell than in the other datasets
    HW-NAS-Bench-v1_0.pickle: `nasbench201`, `cifar100`, `config`: it holds no dictionary with the key `config`; its keys are edgegpu_energy, edgegpu_latency, edgetpu_latency, eyeriss_arithmetic_intensity, eyeriss_energy, eyeriss_latency, fpga_energy, fpga_latency
    ");
}
