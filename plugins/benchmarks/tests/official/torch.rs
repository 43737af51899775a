//! NAS-Bench-201's torch files, and NATS-Bench's single pickle.

use std::ops::ControlFlow;

use assay_core::plugin::import::Progress;

use crate::archive::{TOPOLOGY, TORCH, cell, legacy_torch, packed, zipped_torch};
use crate::pickler::Pickler;
use crate::place::{Place, benchmark};

#[test]
fn every_form_of_file_gives_the_same_figures() {
    let place = Place::new();
    let pickle = Pickler::dump(&TORCH.whole(), 2);
    let legacy = place.write("NAS-Bench-201-v1_0-e61699.pth", legacy_torch(&pickle));
    let zipped = place.write("NAS-Bench-201-v1_1-096897.pth", zipped_torch(&pickle));
    let single = place.write("NATS-tss-v1_0-3ffb9.pickle.pbz2", packed(&Pickler::dump(&TOPOLOGY.whole(), 4)));

    let mut seen: Vec<Progress> = Vec::new();
    place.import("nas-bench-201", &legacy).unwrap();
    let second = place.import_reporting("nas-bench-201", &zipped, &mut |progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    });
    assert_eq!(second.unwrap().kept.len(), 24 + 16);
    let length = std::fs::metadata(&zipped).unwrap().len();
    let done: Vec<u64> = seen
        .into_iter()
        .map(|progress| match progress {
            Progress::Reading { unit: "bytes", done, total } if total == 2 * length => done,
            other => panic!("{other:?} of {length} bytes"),
        })
        .collect();
    assert!(done.len() > 10 && done.is_sorted() && *done.last().unwrap() > length * 19 / 10);
    let imported = place.import("nas-bench-201", &single).unwrap();
    // Each release has columns of its own, beside those of the others.
    assert_eq!((imported.architectures, imported.columns.len(), imported.kept.len()), (15_625, 2 + 3 * 40, 2 * 40));

    let mut compared = 0;
    let names = ["test_cifar10", "test_cifar100", "valid_cifar10", "valid_imagenet16_120", "half_test_cifar10", "valtest_cifar100"];
    let costs = ["cost_s_cifar10", "epoch_s_cifar100", "cost_s_imagenet16_120"];
    for (prefixes, names, costs) in
        [(["", "v10_", "v11_"], &names[..], &costs[..]), (["nats_ep12_", "v10_ep12_", "v11_ep12_"], &names[..2], &costs[..2])]
    {
        let of_prefix = |prefix: &str| {
            let targets: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            let costs: Vec<String> = costs.iter().map(|name| format!("{prefix}{name}")).collect();
            let borrowed = |names: &[String]| names.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
            let (targets, costs) = (borrowed(&targets), borrowed(&costs));
            let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
            let costs: Vec<&str> = costs.iter().map(String::as_str).collect();
            benchmark(&imported, &targets, &costs)
        };
        let [nats, first, second] = prefixes.map(of_prefix);
        for index in 0..15_625 {
            let text = cell(index);
            let figures = |table: &dyn assay_core::plugin::Benchmark| {
                let accuracies: Vec<f64> = table.accuracies(&text).unwrap().iter().map(|accuracy| accuracy.percent).collect();
                let costs: Vec<Option<f64>> = table.costs(&text).unwrap().iter().map(|cost| cost.reading.value()).collect();
                let runs: Vec<Vec<f64>> = table.training_runs(&text).unwrap().into_iter().map(|runs| runs.percent).collect();
                (accuracies, costs, runs)
            };
            let expected = figures(&*nats);
            assert!(figures(&*first) == expected && figures(&*second) == expected, "{text}");
            compared += expected.0.len() + expected.1.len();
        }
    }
    assert_eq!(compared, 15_625 * 13);
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let place = Place::new();
    let few = Pickler::dump(&crate::archive::Archive { architectures: 40, ..TORCH }.whole(), 2);
    let refused = |name: &str, content: &[u8]| place.import("nas-bench-201", &place.write(name, content)).unwrap_err();
    let size = Pickler::dump(&crate::archive::Archive { architectures: 40, ..crate::archive::SIZE }.whole(), 4);
    let hostile = [&few[..few.len() - 1], b"0cos\nsystem\n."].concat();
    let messages = [
        refused("NAS-Bench-201-v1_1-096897.pth", &legacy_torch(&few)),
        refused("benchmark.pth", &legacy_torch(&few)),
        refused("NAS-Bench-201-v1_0-e61699.pth", &legacy_torch(&few)[..2_000]),
        refused("NAS-Bench-201-v1_1-hostile.pth", &zipped_torch(&hostile)),
        refused("NATS-sss-v1_0-50262.pickle.pbz2", &packed(&size)),
        refused("photos.zip", b"PK\x03\x04 and so on"),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    NAS-Bench-201-v1_1-096897.pth holds 40 of 15625 architectures: 15585 are missing, the first is index 40; is the file cut short?
    benchmark.pth: the file's name does not say which release of NAS-Bench-201 it is; give it its official name, NAS-Bench-201-v1_1-096897.pth or NAS-Bench-201-v1_0-e61699.pth
    NAS-Bench-201-v1_0-e61699.pth: it ends in the middle of a value, at byte 1863; it is truncated
    NAS-Bench-201-v1_1-hostile.pth: byte 159901: it wants to call `os.system`, which saved data do not need; nothing was called
    NATS-sss-v1_0-50262.pickle.pbz2: `8:8:8:8:8` is not an architecture of nas-bench-201, which has a cell string such as |nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|
    photos.zip is neither a CSV nor a parquet table: it is a zip archive (PyTorch's .pth files are such)
    ");
    assert!(!place.path().join("benchmarks").exists());
}

#[test]
fn a_flipped_bit_in_a_zip_archive_is_found_by_its_checksum() {
    let place = Place::new();
    let mut zipped = zipped_torch(&Pickler::dump(&crate::archive::Archive { architectures: 40, ..TORCH }.whole(), 2));
    let middle = zipped.len() / 2;
    zipped[middle] ^= 1;
    let error = place.import("nas-bench-201", &place.write("NAS-Bench-201-v1_1-096897.pth", &zipped)).unwrap_err();
    assert!(error.contains("data.pkl in the zip archive is damaged") && error.contains("copy the file again"), "{error}");
}
