//! NATS-Bench's folders.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use assay_core::plugin::import::{Imported, Progress};
use assay_core::plugin::{Benchmark, Registry, Settings};

use crate::archive::{Archive, SIZE, TOPOLOGY, cell, file, packed, widths};
use crate::pickler::{Pickler, Py, dict};
use crate::place::{Place, benchmark};

/// Index, schedule, dataset; validation, test and validation-and-test accuracy, seconds an epoch of training, cost of a
/// query; test accuracies of the seeds.
type Given = (usize, &'static str, &'static str, [Option<f64>; 5], &'static [f64]);

/// What the package `nats-bench` 1.8 says of the archives of these tests. Written by
/// `ASSAY_ARCHIVES=FOLDER cargo test --release -p assay-benchmarks --test official -- --ignored` and then
///
/// ```python
/// api = nats_bench.create("FOLDER/NATS-tss-v1_0-3ffb9-simple", "tss", fast_mode=True, verbose=False)  # or sss
/// info = api.get_more_info(index, dataset, hp=hp, is_random=False)
/// cost = info["train-all-time"] + info["valid-per-time"] if "valid-per-time" in info else None  # as simulate_train_eval
/// seeds = [run.get_eval("ori-test")["accuracy"] for run in api.query_by_index(index, dataset, hp).values()]
/// print(index, hp, dataset, [info.get("valid-accuracy"), info.get("test-accuracy"), info.get("valtest-accuracy"),
///                            info["train-per-time"], cost], seeds)
/// ```
#[rustfmt::skip]
const OF_TOPOLOGY: &[Given] = &[
    (2, "200", "cifar10-valid", [Some(52.67284666666668), Some(43.80516333333333), None, Some(32.84281111111111), Some(148.35223666666667)], &[43.11001, 26.5754, 61.73008]),
    (2, "200", "cifar10", [None, Some(41.25765333333333), None, Some(42.22517777777778), None], &[23.643079999999998, 58.86344, 41.26644]),
    (2, "200", "cifar100", [Some(38.13323333333333), Some(45.89865666666666), Some(49.815396666666665), Some(49.17774), Some(192.14074444444444)], &[49.6459, 36.42149, 63.3788]),
    (2, "200", "ImageNet16-120", [Some(56.76843), Some(38.49577), Some(49.57403333333334), Some(36.29775222222222), Some(145.59109222222222)], &[42.48508, 29.40718, 76.82984]),
    (2, "12", "cifar10-valid", [Some(58.446940000000005), Some(35.31575), None, Some(45.41763666666666), Some(112.32983666666667)], &[78.02508, 10.65654, 17.26563]),
    (2, "12", "cifar10", [None, Some(46.39621333333333), None, Some(35.078516666666665), None], &[21.328870000000002, 64.46904, 53.39073]),
    (2, "12", "cifar100", [Some(54.37449), Some(30.35231), Some(54.25122666666667), Some(36.264289999999995), Some(95.74539999999999)], &[79.67357, 63.82572, 19.25439]),
    (2, "12", "ImageNet16-120", [Some(34.31587), Some(36.157046666666666), Some(38.101303333333334), Some(38.26932333333334), Some(93.70925333333335)], &[70.18414, 28.6033, 15.51647]),
    (1003, "200", "cifar10-valid", [Some(64.444765), Some(49.900165), None, Some(48.61054833333333), Some(185.4539933333333)], &[57.95272, 41.84761]),
    (1003, "200", "cifar10", [None, Some(67.97617), None, Some(57.88612499999999), None], &[52.79495, 83.15739]),
    (1003, "200", "cifar100", [Some(65.194475), Some(47.836535), Some(23.075290000000003), Some(65.98517166666666), Some(238.467145)], &[25.91541, 20.23517]),
    (1003, "200", "ImageNet16-120", [Some(66.38847), Some(34.596465), Some(64.87867499999999), Some(36.59383333333333), Some(148.07373166666665)], &[64.69649, 65.06085999999999]),
    (1003, "12", "cifar10-valid", [Some(66.243815), Some(71.42094), None, Some(42.782869999999996), Some(84.44158999999999)], &[62.84434, 79.99754]),
    (1003, "12", "cifar10", [None, Some(60.206075), None, Some(27.420679999999997), None], &[55.71688, 64.69527]),
    (1003, "12", "cifar100", [Some(69.79023), Some(35.47665), Some(33.93249), Some(80.6699), Some(131.933895)], &[33.63983, 34.22515]),
    (1003, "12", "ImageNet16-120", [Some(36.85056), Some(24.010165), Some(59.56926), Some(58.953435), Some(128.592645)], &[68.9762, 50.16232]),
    (15624, "200", "cifar10-valid", [Some(54.65737), Some(57.8293), None, Some(37.45690666666667), Some(157.64600333333334)], &[57.8293]),
    (15624, "200", "cifar10", [None, Some(44.59421), None, Some(53.03759), None], &[44.59421]),
    (15624, "200", "cifar100", [Some(31.12522), Some(32.19274), Some(38.97054), Some(64.25464), Some(237.64057999999997)], &[38.97054]),
    (15624, "200", "ImageNet16-120", [Some(36.08586), Some(32.772729999999996), Some(50.28955), Some(39.974716666666666), Some(180.37804666666668)], &[50.28955]),
    (15624, "12", "cifar10-valid", [Some(53.38912), Some(86.57655), None, Some(50.18955), Some(98.81781)], &[86.57655]),
    (15624, "12", "cifar10", [None, Some(56.92856), None, Some(17.12229), None], &[56.92856]),
    (15624, "12", "cifar100", [Some(21.00912), Some(88.92586), Some(19.453960000000002), Some(30.10974), Some(54.39476)], &[19.453960000000002]),
    (15624, "12", "ImageNet16-120", [Some(82.81254), Some(81.82969), Some(89.36038), Some(49.37224), Some(102.46949000000001)], &[89.36038]),
];

/// As [`OF_TOPOLOGY`].
#[rustfmt::skip]
const OF_SIZE: &[Given] = &[
    (2, "90", "cifar10", [None, Some(41.25765333333333), None, Some(42.22517777777778), None], &[23.643079999999998, 58.86344, 41.26644]),
    (2, "12", "cifar10", [None, Some(77.21199), None, Some(40.80129), None], &[88.94425, 72.28231, 70.40941000000001]),
    (2, "01", "cifar10", [None, Some(46.39621333333333), None, Some(35.078516666666665), None], &[21.328870000000002, 64.46904, 53.39073]),
    (1003, "90", "cifar10", [None, Some(67.97617), None, Some(57.88612499999999), None], &[52.79495, 83.15739]),
    (1003, "12", "cifar10", [None, Some(66.577075), None, Some(36.77494), None], &[84.68063, 48.47352]),
    (1003, "01", "cifar10", [None, Some(60.206075), None, Some(27.420679999999997), None], &[55.71688, 64.69527]),
    (15624, "90", "cifar10", [None, Some(44.59421), None, Some(53.03759), None], &[44.59421]),
    (15624, "12", "cifar10", [None, Some(68.73846), None, Some(31.45422), None], &[68.73846]),
    (15624, "01", "cifar10", [None, Some(56.92856), None, Some(17.12229), None], &[56.92856]),
];

#[test]
#[ignore = "writes the archives of these tests for the official package to read"]
fn write_the_archives() {
    let folder = std::env::var_os("ASSAY_ARCHIVES").expect("ASSAY_ARCHIVES names the folder to write to");
    TOPOLOGY.write_folder(&Path::new(&folder).join("NATS-tss-v1_0-3ffb9-simple"));
    SIZE.write_folder(&Path::new(&folder).join("NATS-sss-v1_0-50262-simple"));
}

/// Compares every figure that was kept with what the package says of it. Gives how many there were.
fn compare(imported: &Imported, given: &[Given], text: fn(usize) -> String, prefix: fn(&str) -> &'static str) -> usize {
    let has = |column: &str| imported.columns.iter().any(|name| name == column);
    let mut compared = 0;
    for (index, schedule, dataset, [valid, test, valtest, epoch, cost], seeds) in given {
        let (prefix, text) = (prefix(schedule), text(*index));
        let name = if *dataset == "ImageNet16-120" { "imagenet16_120" } else { dataset.trim_end_matches("-valid") };
        let test_column = if *dataset == "cifar10-valid" { "half_test" } else { "test" };
        for (column, expected) in [("valid", valid), (test_column, test), ("valtest", valtest)] {
            let (column, Some(expected)) = (format!("{prefix}{column}_{name}"), expected) else { continue };
            if !has(&column) {
                continue;
            }
            let table = benchmark(imported, &[&column], &[]);
            assert_eq!(table.accuracies(&text).unwrap()[0].percent, *expected, "{column} of {index}");
            assert_eq!(table.index(&text).unwrap(), Some(*index as u32));
            compared += 1;
            // The package was asked for the seeds on the original test set.
            if column.contains("valtest") || (name == "cifar10" && column.contains("test")) {
                assert_eq!(table.training_runs(&text).unwrap()[0].percent, *seeds, "{column} of {index}");
                compared += 1;
            }
        }
        // A query of CIFAR-10 trains on half.
        let costs = [(format!("{prefix}cost_s_{name}"), *cost), (format!("{prefix}epoch_s_{name}"), *epoch)];
        for (column, expected) in costs.into_iter().filter(|(column, _)| *dataset != "cifar10" && has(column)) {
            let table = benchmark(imported, &[&format!("{prefix}test_cifar10")], &[&column]);
            let [found] = table.costs(&text).unwrap().try_into().unwrap();
            assert_eq!((found.reading.value(), found.unit.as_str()), (expected, "GPU s"), "{column} of {index}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn the_topology_folder_gives_what_the_official_package_says_of_it() {
    let place = Place::new();
    let folder = place.path().join("NATS-tss-v1_0-3ffb9-simple");
    TOPOLOGY.write_folder(&folder);
    let mut last = None;
    let imported = place.import_reporting("nas-bench-201", &folder, &mut |progress| {
        last = Some(progress);
        ControlFlow::Continue(())
    });
    let imported = imported.unwrap();
    assert_eq!(last, Some(Progress::Reading { unit: "architectures", done: 15_616, total: 15_625 }));
    // Index, text, 9 accuracies and their seeds, 6 times; of the 12 epochs, those of one dataset are incomplete.
    assert_eq!(imported.columns.len(), 2 + 24 + 24 - 8);
    assert_eq!(imported.left_out.len(), 1);
    insta::assert_snapshot!(imported.left_out[0], @"nats_ep12_test_imagenet16_120, nats_ep12_valid_imagenet16_120, nats_ep12_valtest_imagenet16_120, nats_ep12_cost_s_imagenet16_120, nats_ep12_epoch_s_imagenet16_120 (1 of 15625 architectures have no value, the first is index 7)");
    let prefix = |schedule: &str| if schedule == "200" { "" } else { "nats_ep12_" };
    assert_eq!(compare(&imported, OF_TOPOLOGY, cell, prefix), 96);
    insta::assert_snapshot!(benchmark(&imported, &["nats_ep12_valid_cifar10"], &[]).describe(), @"NAS-Bench-201 accuracies, NATS-Bench topology v1.0, 12 epochs, mean over trials, 15,625 architectures");

    // What does not fit is refused, and what was imported stays.
    let kept = fs::read(&imported.file).unwrap();
    let damaged = |change: &dyn Fn(&Path)| {
        let victim = file(&folder, 12);
        let whole = fs::read(&victim).unwrap();
        change(&victim);
        let message = place.import("nas-bench-201", &folder).unwrap_err();
        fs::write(&victim, whole).unwrap();
        assert!(fs::read(&imported.file).unwrap() == kept);
        message
    };
    let another = |of: usize| packed(&Pickler::dump(&TOPOLOGY.results(of), 4));
    let hostile = packed(b"\x80\x04\x8c\x02os\x8c\x06system\x93.");
    let messages = [
        damaged(&|victim| fs::remove_file(victim).unwrap()),
        damaged(&|victim| fs::write(victim, another(13)).unwrap()),
        damaged(&|victim| fs::write(victim, &another(12)[..300]).unwrap()),
        damaged(&|victim| fs::write(victim, &hostile).unwrap()),
        damaged(&|victim| fs::write(victim, packed(&Pickler::dump(&dict([("90", Py::None)]), 4))).unwrap()),
        damaged(&|victim| fs::write(victim, b"<html>").unwrap()),
        place.import("nats-bench-size", &folder).unwrap_err(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    NATS-tss-v1_0-3ffb9-simple holds 15624 of 15625 architectures: 1 are missing, the first is index 12; is the file cut short?
    NATS-tss-v1_0-3ffb9-simple: architecture 12 is `|avg_pool_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|none~2|` in the list of all and `|skip_connect~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|none~1|none~2|` with its figures
    NATS-tss-v1_0-3ffb9-simple/000012.pickle.pbz2: it is not a bz2 file, or it is damaged or cut short (decompression not finished but EOF reached); copy it again
    NATS-tss-v1_0-3ffb9-simple/000012.pickle.pbz2: byte 14: it wants to call `os.system`, which saved data do not need; nothing was called
    NATS-tss-v1_0-3ffb9-simple/000012.pickle.pbz2: it holds no dictionary with the key `200`; its keys are 90
    NATS-tss-v1_0-3ffb9-simple/000012.pickle.pbz2: it is not a bz2 file, or it is damaged or cut short (bzip2: bz2 header missing); copy it again
    NATS-tss-v1_0-3ffb9-simple/meta.pickle.pbz2: `|none~0|+|none~0|none~1|+|none~0|none~1|none~2|` is not an architecture of nats-bench-size, which has five widths such as 64:64:64:64:64, each 8, 16, …, 64
    ");
}

#[test]
fn the_size_space_gives_what_the_official_package_says_of_it() {
    let place = Place::new();
    // The entries of the single file are the folder's files.
    let file = place.write("NATS-sss-v1_0-50262.pickle.pbz2", packed(&Pickler::dump(&SIZE.whole(), 4)));
    let imported = place.import("nats-bench-size", &file).unwrap();
    assert_eq!((imported.architectures, imported.columns.len()), (32_768, 2 + 3 * 2));
    let prefix = |schedule: &str| match schedule {
        "90" => "",
        "12" => "ep12_",
        _ => "ep01_",
    };
    assert_eq!(compare(&imported, OF_SIZE, widths, prefix), 18);
    insta::assert_snapshot!(benchmark(&imported, &["test_cifar10"], &[]).describe(), @"NATS-Bench size accuracies, NATS-Bench size v1.0, 90 epochs, mean over trials, 32,768 architectures");
}

#[test]
fn an_import_stops_when_it_is_asked_to() {
    let place = Place::new();
    let folder = place.path().join("simple");
    let few = Archive { architectures: 600, ..TOPOLOGY };
    few.write_folder(&folder);
    let mut asked = 0;
    let stopped = place.import_reporting("nas-bench-201", &folder, &mut |_| {
        asked += 1;
        if asked == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    insta::assert_snapshot!(stopped.unwrap_err(), @"the import was stopped; nothing was changed");
    insta::assert_snapshot!(place.import("nas-bench-201", &folder).unwrap_err(), @"simple holds 600 of 15625 architectures: 15025 are missing, the first is index 600; is the file cut short?");
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    insta::assert_snapshot!(place.import("nas-bench-201", &empty).unwrap_err(), @"empty: the folder holds no meta.pickle.pbz2; give the unpacked folder of NATS-Bench itself");
    assert!(!place.path().join("benchmarks").exists());
}

#[test]
fn costs_that_are_none_are_refused_with_those_there_are() {
    let registry = Registry::<dyn Benchmark>::collect().unwrap();
    let refusal =
        |costs: &[&str]| registry.build("nats-bench-size", &Settings::none().with("costs", costs.to_vec())).err().unwrap().to_string();
    insta::assert_snapshot!([refusal(&["latency"]), refusal(&["cost_s_cifar10", "cost_s_cifar10"])].join("\n"), @"
    benchmark `nats-bench-size`: `costs`: `latency` is not a cost of the table
    benchmark `nats-bench-size`: `costs`: `cost_s_cifar10` is there twice
    ");
}
