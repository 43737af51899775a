//! Trainings in JSON files: NDS's list, and NAS-Bench-301's file a training.

use std::fs;

use serde_json::{Value, json};

use crate::place::{Place, benchmark};

fn genotype(operator: &str) -> Value {
    let cell = json!([
        ["sep_conv_3x3", 0],
        [operator, 1],
        ["skip_connect", 0],
        ["none", 0],
        ["max_pool_3x3", 1],
        ["dil_conv_5x5", 3],
        ["avg_pool_3x3", 2],
        ["sep_conv_5x5", 4]
    ]);
    json!({"normal": cell, "normal_concat": [2, 3, 4, 5], "reduce": cell, "reduce_concat": [2, 3, 4, 5]})
}

fn training(operator: &str, errors: [f64; 3], width: usize) -> Value {
    json!({
        "job_id": 7, "rng_seed": 1, "params": 3_200_000, "flops": 5.25e8,
        "net": {"genotype": genotype(operator), "width": width, "depth": 20, "aux": false, "drop_prob": 0.0},
        "test_ep_top1": errors, "min_test_top1": errors.into_iter().fold(100.0, f64::min),
    })
}

/// NDS's list with two trainings of one genotype, and one of another.
pub(crate) fn trainings() -> Value {
    json!([
        training("sep_conv_3x3", [50.0, 6.0, 7.0], 16),
        training("dil_conv_3x3", [50.0, 9.0, 8.0], 16),
        training("sep_conv_3x3", [40.0, 8.0, 9.0], 16),
    ])
}

#[test]
fn nds_is_a_list_of_trainings_or_two_of_which_those_of_one_genotype_are_averaged() {
    let place = Place::new();
    let trainings = trainings();
    let list = place.write("DARTS_fix-w-d.json", trainings.to_string());
    let split = place.write("DARTS_fix-w-d_in.json", json!({"top": [trainings[0], trainings[1]], "mid": [trainings[2]]}).to_string());
    for file in [list, split] {
        let imported = place.import("nds-darts", &file).unwrap();
        assert_eq!((imported.architectures, imported.columns.len()), (2, 5));
        let of = |target: &str| {
            let table = benchmark(&imported, &[target], &["params_m", "flops_m"]);
            let held = table.architectures().unwrap().unwrap();
            assert_eq!(
                table.costs(&held[0]).unwrap().iter().map(|cost| cost.reading.value()).collect::<Vec<_>>(),
                [Some(3.2), Some(525.0)]
            );
            held.iter().map(|text| table.accuracies(text).unwrap()[0].percent).collect::<Vec<_>>()
        };
        assert_eq!((of("test_top1"), of("best_test_top1")), (vec![92.0, 92.0], vec![93.0, 92.0]));
    }
}

/// A configuration whose edges all have the operator, and whose nodes read the first two.
fn configuration(operator: &str, layers: usize) -> Value {
    let mut entries = serde_json::Map::new();
    let key = |name: &str| format!("NetworkSelectorDatasetInfo:darts:{name}");
    for kind in ["normal", "reduce"] {
        (0..14).for_each(|edge| drop(entries.insert(key(&format!("edge_{kind}_{edge}")), operator.into())));
        (3..6).for_each(|node| drop(entries.insert(key(&format!("inputs_node_{kind}_{node}")), "0_1".into())));
    }
    entries.insert(key("layers"), layers.into());
    entries.insert(key("init_channels"), 32.into());
    entries.insert("OptimizerSelector:sgd:learning_rate".into(), 0.025.into());
    Value::Object(entries)
}

pub(crate) fn result(operator: &str, layers: usize, valid: f64) -> String {
    json!({
        "optimized_hyperparamater_config": configuration(operator, layers), "budget": 98, "runtime": 5000.5, "test_accuracy": valid - 1.0,
        "info": [{"val_accuracy": valid, "model_parameters": 1_500_000, "train_accuracy_final": 99.0}],
    })
    .to_string()
}

#[test]
fn nas_bench_301_is_a_folder_of_trainings() {
    let place = Place::new();
    for (name, text) in [
        ("rs/results_0.json", result("sep_conv_3x3", 8, 94.0)),
        ("rs/results_1.json", result("skip_connect", 8, 90.0)),
        ("de/results_0.json", result("sep_conv_3x3", 8, 95.0)),
    ] {
        let file = place.path().join("data").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let folder = place.path().join("data");
    let imported = place.import("nas-bench-301", &folder).unwrap();
    assert_eq!(imported.architectures, 2);
    let table = benchmark(&imported, &["valid_cifar10", "test_cifar10"], &["runtime_s", "params_m"]);
    let held = table.architectures().unwrap().unwrap();
    let of = |text: &String| table.accuracies(text).unwrap().iter().map(|accuracy| accuracy.percent).collect::<Vec<_>>();
    assert_eq!(held.iter().map(of).collect::<Vec<_>>(), [[94.5, 93.5], [90.0, 89.0]]);
    assert!(held[0].contains("('sep_conv_3x3', 0), ('sep_conv_3x3', 1)"), "{}", held[0]);
    assert_eq!(table.costs(&held[1]).unwrap().iter().map(|cost| cost.reading.value()).collect::<Vec<_>>(), [Some(5000.5), Some(1.5)]);

    fs::write(folder.join("rs/results_9.json"), result("sep_conv_5x5", 20, 94.0)).unwrap();
    let other = place.import("nas-bench-301", &folder).unwrap_err();
    fs::write(folder.join("rs/results_9.json"), "{\"budget\": 98").unwrap();
    let cut = place.import("nas-bench-301", &folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    let mixed = [training("sep_conv_3x3", [9.0; 3], 16), training("dil_conv_3x3", [9.0; 3], 24)];
    let unknown = [training("conv_7x1_1x7", [9.0; 3], 16)];
    let refused =
        |name: &str, trainings: &[Value]| place.import("nds-darts", &place.write(name, json!(trainings).to_string())).unwrap_err();
    let messages = [
        other,
        cut,
        place.import("nas-bench-301", &folder).unwrap_err(),
        refused("DARTS.json", &mixed),
        refused("NASNet.json", &unknown),
        refused("empty.json", &[]),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
