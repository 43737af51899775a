//! TransNAS-Bench-101's official file, and tables of its columns.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use assay_core::plugin::import::Progress;
use assay_core::plugin::{Benchmark, BenchmarkError};

use crate::archive::{legacy_torch, zipped_torch};
use crate::pickler::{Pickler, Py, dict};
use crate::place::{Place, benchmark};

/// Three epochs of every metric of a task: the second is the best for accuracies, the third for losses.
fn training(architecture: usize, task: usize) -> Py {
    let epochs = |scale: f64, numbers: [f64; 3]| Py::List(numbers.map(|number| Py::Float(scale * (number + architecture as f64))).into());
    let mut metrics = Vec::new();
    for (place, part) in ["train", "valid", "test"].into_iter().enumerate() {
        let accuracy = [30.0, 50.0, 40.0].map(|number| number + place as f64 + 3.0 * task as f64);
        let loss = [3.0, 2.0, 1.0].map(|number| number + place as f64);
        let (accuracies, losses): (&[(&str, f64)], &str) = match task {
            0 | 1 | 3 => (&[("top1", 1.0), ("top5", 1.1)], "loss"),
            2 => (&[], "loss"),
            4 => (&[("mIoU", 1.0), ("acc", 1.2)], "loss"),
            _ => (&[("ssim", 0.01)], "l1_loss"),
        };
        // The validation of pictures is called `val` in the benchmark's configurations.
        let part = if task == 6 && part == "valid" { "val" } else { part };
        for (name, scale) in accuracies {
            metrics.push((format!("{part}_{name}"), epochs(*scale, accuracy)));
        }
        metrics.push((format!("{part}_{losses}"), epochs(1.0, loss)));
        if task == 2 {
            metrics.push((format!("{part}_neg_loss"), epochs(-1.0, loss)));
        }
    }
    let times = ["00:01:00", "00:02:00", "00:03:00"].map(|time| Py::Text(time.into()));
    metrics.push(("time_elapsed".into(), Py::List(times.into())));
    let metrics = metrics.into_iter().map(|(name, numbers)| (Py::Text(name), numbers)).collect();
    let info = dict([("model_params", Py::Float(1.5e6 + architecture as f64)), ("encoder_FLOPs", Py::Text(String::new()))]);
    dict([("total_epochs", Py::Int(3)), ("model_info", info), ("metrics", Py::Dict(metrics))])
}

const TASKS: [&str; 7] = ["class_scene", "class_object", "room_layout", "jigsaw", "segmentsemantic", "normal", "autoencoder"];
const MICRO: [&str; 3] = ["64-41414-1_02_333", "64-41414-0_00_000", "64-41414-3_33_333"];
const MACRO: [&str; 2] = ["64-1234-basic", "64-2311-basic"];

/// The file, with these texts in `micro`.
pub(crate) fn whole(micro: &[&str]) -> Py {
    let architecture = |(number, text): (usize, &&str)| {
        let tasks = TASKS.into_iter().enumerate().map(|(task, name)| (Py::Text(name.into()), training(number, task)));
        // A task that was not finished.
        let tasks = tasks.take(if number == 1 { 6 } else { 7 }).collect();
        (Py::Text((*text).to_owned()), Py::Dict(tasks))
    };
    let of = |texts: &[&str]| Py::Dict(texts.iter().enumerate().map(architecture).collect());
    let names = |names: &[&str]| Py::List(names.iter().map(|name| Py::Text((*name).into())).collect());
    dict([
        ("metrics_dict", dict([("class_scene", names(&["train_top1", "valid_top1"])), ("jigsaw", names(&["test_top1"]))])),
        ("info_names", names(&["model_params"])),
        ("task_list", names(&TASKS)),
        ("data", dict([("macro", of(&MACRO)), ("micro", of(micro))])),
    ])
}

fn accuracies(table: &dyn Benchmark, architecture: &str) -> BTreeMap<String, f64> {
    table.accuracies(architecture).unwrap().into_iter().map(|accuracy| (accuracy.target, accuracy.percent)).collect()
}

#[test]
fn both_spaces_are_read_out_of_the_file_in_either_form() {
    let place = Place::new();
    let pickle = Pickler::dump(&whole(&MICRO), 2);
    let mut seen = 0;
    for (name, bytes) in [("legacy.pth", legacy_torch(&pickle)), ("transnas-bench_v10141024.pth", zipped_torch(&pickle))] {
        let file = place.write(name, bytes);
        let micro = place.import_reporting("transnas-bench-101-micro", &file, &mut |progress| {
            assert!(matches!(progress, Progress::Reading { unit: "bytes", .. }), "{progress:?}");
            seen += 1;
            ControlFlow::Continue(())
        });
        let micro = micro.unwrap();
        assert_eq!(micro.architectures, 3);
        assert_eq!(micro.left_out.len(), 1);
        assert!(micro.left_out[0].contains("class_scene_encoder_FLOPs") && !micro.left_out[0].contains("model_params"), "{micro}");
        let targets = ["class_scene_test_top1", "class_object_valid_top5", "segmentsemantic_test_mIoU", "normal_test_ssim"];
        let costs = ["room_layout_test_loss", "final_room_layout_valid_loss", "jigsaw_model_params", "class_object_test_loss"];
        let table = benchmark(&micro, &targets, &costs);
        let expected = [
            ("class_object_valid_top5", 61.6),
            ("class_scene_test_top1", 54.0),
            ("normal_test_ssim", 69.0),
            ("segmentsemantic_test_mIoU", 66.0),
        ];
        for ((name, percent), (target, expected)) in accuracies(&*table, MICRO[2]).into_iter().zip(expected) {
            assert!(name == target && (percent - expected).abs() < 1e-9, "{name}: {percent}, {expected}");
        }
        let costs: Vec<Option<f64>> = table.costs(MICRO[2]).unwrap().iter().map(|cost| cost.reading.value()).collect();
        assert_eq!(costs, [Some(5.0), Some(4.0), Some(1_500_002.0), Some(5.0)]);
        assert_eq!(table.architectures().unwrap().unwrap(), MICRO);
        assert!(table.describe().ends_with("cells, TransNAS-Bench-101, best epoch, 3 architectures"), "{}", table.describe());
        let last = benchmark(&micro, &["final_class_scene_test_top1"], &[]);
        assert_eq!(accuracies(&*last, MICRO[0])["final_class_scene_test_top1"], 42.0);

        let large = place.import("transnas-bench-101-macro", &file).unwrap();
        assert_eq!(large.architectures, 2);
        // The second has no results of the seventh task: it is not among those of which all is there.
        let table = benchmark(&large, &["autoencoder_valid_ssim"], &[]);
        assert_eq!(table.architectures().unwrap().unwrap(), [MACRO[0]]);
        assert_eq!(accuracies(&*table, MACRO[0])["autoencoder_valid_ssim"], 69.0);
        assert!(matches!(table.accuracies(MACRO[1]), Err(BenchmarkError::UnknownArchitecture(_))));
        let entry = table.entry(MACRO[1]).unwrap();
        assert!(entry.figures.iter().all(|figure| !figure.column.contains("autoencoder")), "{entry:?}");
    }
    assert!(seen >= 2);
}

#[test]
fn a_table_may_hold_some_architectures_and_columns_and_others_are_added_to_it() {
    let place = Place::new();
    let first = place.write("first.csv", "arch,class_scene_test_top1,note\n64-41414-1_02_333,54.5,x\n0_00_000,,y\n");
    let second = place.write("second.csv", "jigsaw_test_top1,arch,class_scene_test_top1\n90,64-41414-3_33_333,55\n12.5,0_00_000,7\n");
    let imported = place.import("transnas-bench-101-micro", &first).unwrap();
    assert_eq!((imported.architectures, imported.ignored), (2, vec!["note".to_owned()]));
    let imported = place.import("transnas-bench-101-micro", &second).unwrap();
    assert_eq!((imported.architectures, imported.columns.len(), imported.kept.len()), (3, 3, 0));
    let scenes = benchmark(&imported, &["class_scene_test_top1"], &[]);
    let numbers = MICRO.map(|text| accuracies(&*scenes, text)["class_scene_test_top1"]);
    assert_eq!(numbers, [54.5, 7.0, 55.0]);
    let both = benchmark(&imported, &["jigsaw_test_top1", "class_scene_test_top1"], &[]);
    assert_eq!(both.architectures().unwrap().unwrap(), [MICRO[2], MICRO[1]]);
    // What was kept can be imported again.
    let again = place.import("transnas-bench-101-micro", &imported.file).unwrap();
    assert_eq!(again.architectures, 3);
    assert!(both.holds().contains("3 architectures") && both.holds().contains("64-41414-1_02_333"), "{}", both.holds());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let place = Place::new();
    let table = |text: &str| place.import("transnas-bench-101-micro", &place.write("table.csv", text)).unwrap_err();
    let file = |name: &str, micro: &[&str]| {
        let file = place.write(name, zipped_torch(&Pickler::dump(&whole(micro), 2)));
        place.import("transnas-bench-101-micro", &file).unwrap_err()
    };
    let cut = zipped_torch(&Pickler::dump(&whole(&MICRO), 2));
    let messages = [
        table("arch,class_scene_test_top1\n64-41414-1_02_333,54\n64-1234-basic,50\n"),
        table("arch,class_scene_test_top1\n64-41414-1_02_333,54\n1_02_333,50\n"),
        table("arch,class_scene_test_top1\n64-41414-1_02_333,540\n"),
        table("arch,class_scene_test_top1\n64-41414-1_02_333,0.54\n"),
        table("arch,room_layout_test_loss\n64-41414-1_02_333,-1\n"),
        table("arch,accuracy\n64-41414-1_02_333,54\n"),
        table("architecture,class_scene_test_top1\n64-41414-1_02_333,54\n"),
        file("few.pth", &["64-1234-basic"]),
        file("odd.pth", &["64-41414-1_02_333", "64-41414-1_02_338"]),
        place.import("transnas-bench-101-micro", &place.write("cut.pth", &cut[..cut.len() / 2])).unwrap_err(),
        place.import("transnas-bench-101-macro", place.path()).unwrap_err().replace(&place.path().display().to_string(), "FOLDER"),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(!place.path().join("benchmarks").exists());
}

#[test]
fn a_table_without_the_usual_columns_says_what_there_is_to_choose() {
    let place = Place::new();
    let file = place.write("table.csv", "arch,class_scene_valid_top1\n64-41414-1_02_333,54\n");
    let imported = place.import("transnas-bench-101-micro", &file).unwrap();
    let said = |targets: &[&str]| benchmark(&imported, targets, &[]).check().unwrap_err().to_string();
    assert!(said(&["jigsaw_test_top1"]).contains("no column `jigsaw_test_top1`; import what has it"));
    let settings = assay_core::plugin::Settings::none().with("path", imported.file.to_str().unwrap());
    let usual = assay_core::plugin::Registry::<dyn Benchmark>::collect().unwrap().build("transnas-bench-101-micro", &settings).unwrap();
    let said = usual.check().unwrap_err().to_string();
    assert!(said.contains("choose `targets` among its accuracies: class_scene_valid_top1"), "{said}");
}
