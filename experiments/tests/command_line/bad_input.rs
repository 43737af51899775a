//! What users get wrong, and what they are told.

use insta::assert_snapshot;

use crate::scratch::{Scratch, TINY};
use crate::studies::SMALL;

/// Scores one cell with κ over four unvaried images.
const SCORE: [&str; 10] = [
    "score",
    "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
    "--proxy",
    "ntk-condition",
    "--repeats",
    "1",
    "--set",
    "proxies.ntk-condition.batch=4",
    "--set",
    "proxies.ntk-condition.augmentation=none",
];

#[test]
fn an_unknown_key_points_at_its_line_and_suggests_the_nearest_name() {
    let scratch = Scratch::new();
    scratch.write("wrong.toml", TINY.replace("repeats", "repeat"));
    assert_snapshot!(scratch.fail(&["run", "wrong.toml"]), @r"
     × `strategy.repeat`: no such setting
       ╭─[wrong.toml:14:1]
    13 │ batch = 4
    14 │ repeat = 1
       · ──────
    15 │ crops = 200
       ╰────
     help: did you mean `repeats`? Known: variant, pairing, repeats, batch, channels, region_channels, crops, crop_batch, crop_size, ntk_initialiser, region_initialiser, precision, rounding, difference, exclude, indicators, combination, prune_number, augment
    ");
    assert!(scratch.runs().is_empty(), "nothing was begun");
}

#[test]
fn a_wrong_type_points_at_the_value() {
    let scratch = Scratch::new();
    scratch.write("wrong.toml", TINY.replace("crops = 200", "crops = \"many\""));
    assert_snapshot!(scratch.fail(&["run", "wrong.toml"]), @r#"
     × `strategy.crops`: must be a whole number from 1 to 10000000, is "many"
       ╭─[wrong.toml:15:9]
    14 │ repeats = 1
    15 │ crops = "many"
       ·         ──────
    16 │ crop_batch = 200
       ╰────
    "#);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let scratch = Scratch::new();
    scratch.write("wrong.toml", TINY.replace("name = \"te-nas\"", "name = \"tenas\"").replace("[dataset]", "[datset]"));
    assert_snapshot!(scratch.fail(&["run", "wrong.toml"]), @r#"
      × `datset`: no such section
       ╭─[wrong.toml:7:2]
     6 │
     7 │ [datset]
       ·  ──────
     8 │ name = "synthetic"
       ╰────
      help: did you mean `dataset`? Known: version, name, seed, threads, output, on_error, engine, space, dataset, strategy, benchmark, test, plugins, proxies, study, training

    Error:
      × there is no strategy `tenas`
        ╭─[wrong.toml:12:8]
     11 │ [strategy]
     12 │ name = "tenas"
        ·        ───────
     13 │ batch = 4
        ╰────
      help: did you mean `te-nas`? Known: bohb, cnas, cnas-by-oracle, darts, enas, exhaustive, freerea, gdas, hardware-aware, hurricane, hyperband, local-search, manas, manas-by-oracle, manas-ls, manas-ls-by-oracle, pnas, pnas-by-blocks, random, regularized-evolution, reinforce, rsps, setn, successive-halving, te-nas

    Error:
      × [dataset] is missing: the images
      help: add a section [dataset] with a line name = "…"; known: cifar10, cifar100, image-folder, imagenet16-120, records, synthetic, tokens
    "#);
}

#[test]
fn a_mistake_in_the_environment_or_on_the_command_line_is_said_to_be_there() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.fail(&["run", "tiny.toml", "--set", "strategy.pairing=commn"]), @r#"  × `strategy.pairing`: must be one of "common", "independent", is "commn" (from --set strategy.pairing=commn)"#);
    let output = scratch.command(&["run", "tiny.toml"]).env("ASSAY_SET_STRATEGY__REPEATS", "0").output().unwrap();
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"  × `strategy.repeats`: must be a whole number from 1 to 10000, is 0 (from environment variable ASSAY_SET_STRATEGY__REPEATS)");
}

#[test]
fn settings_that_contradict_each_other_are_reported_before_anything_runs() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.fail(&["run", "tiny.toml", "--set", "strategy.crop_batch=150"]), @"  × `proxies.linear-regions.crop_batch`: must divide `crops` (200), is 150 (from --set strategy.crop_batch=150)");
    assert!(scratch.runs().is_empty(), "nothing was begun");
}

#[test]
fn an_architecture_with_an_unknown_operator_is_refused() {
    let scratch = Scratch::new();
    let wrong = SCORE[1].replace("nor_conv_1x1", "nor_conv_7x7");
    assert_snapshot!(scratch.fail(&["score", &wrong, "--proxy", "ntk-condition"]), @"  × this is not an architecture of nas-bench-201: `|nor_conv_3x3~0|+|skip_connect~0|nor_conv_7x7~1|+|none~0|avg_pool_3x3~1|nor_conv…`, character 34: there is no operator `nor_conv_7x7`; did you mean `nor_conv_1x1`? Known: none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3; the form is |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, for example |nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|");
}

#[test]
fn a_batch_of_one_image_gives_an_undefined_score_with_its_reason() {
    let scratch = Scratch::new();
    let mut arguments = SCORE;
    arguments[7] = "proxies.ntk-condition.batch=1";
    let out = scratch.succeed(&arguments);
    assert!(out.contains("undefined, because a Gram matrix of 1 sample has no two eigenvalues to compare"), "{out}");
}

#[test]
fn equal_images_give_an_undefined_score_with_its_reason() {
    let scratch = Scratch::new();
    let grey = [vec![3_u8], vec![127; 3 * 32 * 32]].concat();
    scratch.write("grey.bin", grey.repeat(20));
    let records = ["--dataset", "records", "--set", "dataset.path=grey.bin", "--set", "dataset.normalisation=cifar10"];
    let out = scratch.succeed(&[SCORE.as_slice(), &records].concat());
    assert!(out.contains("undefined, because the Gram matrix is singular"), "{out}");
}

#[test]
fn a_search_over_equal_images_ends_with_a_reason_and_no_crash() {
    let scratch = Scratch::new();
    scratch.write("grey.bin", [vec![3_u8], vec![127; 3 * 32 * 32]].concat().repeat(400));
    let dataset = "name = \"records\"\npath = \"grey.bin\"\nnormalisation = \"cifar10\"";
    scratch.write(
        "grey.toml",
        TINY.replace("name = \"synthetic\"\nimages = 400", dataset).replace("batch = 4", "batch = 4\naugment = \"none\""),
    );
    let said = scratch.assay(&["run", "grey.toml", "--quiet", "--run-dir", "run"]);
    let text = said.out + &said.err;
    assert_eq!(said.code, Some(0), "{text}");
    assert!(text.contains("score       ntk undefined, because the Gram matrix is singular"), "{text}");
    // The rounds go by regions alone; whoever reads the result is told.
    assert!(text.contains("undefined   35 of 35 measurements of ntk"), "{text}");
    let journal = std::fs::read_to_string(scratch.path().join("run/measurements.jsonl")).unwrap();
    assert!(journal.contains("\"undefined\":{\"because\":\"the Gram matrix is singular"), "{journal}");
}

#[test]
fn a_failed_measurement_stops_the_run_or_is_skipped_as_the_experiment_says() {
    let scratch = Scratch::new();
    let too_many = ["--set", "strategy.batch=500"];
    let error = scratch.fail(&[["run", "tiny.toml", "--quiet", "--run-dir", "stop"].as_slice(), &too_many].concat());
    assert!(error.contains("a batch of 500 distinct images was asked for"), "{error}");
    let skip = ["--set", "on_error=skip"];
    let said = scratch.assay(&[["run", "tiny.toml", "--quiet", "--run-dir", "skip"].as_slice(), &too_many, &skip].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("undefined   35 of 35 measurements of ntk"), "{}", said.out);
    let journal = std::fs::read_to_string(scratch.path().join("skip/measurements.jsonl")).unwrap();
    assert!(journal.contains("\"undefined\":{\"because\":\"measuring it failed: the minibatch cannot be drawn"), "{journal}");
    assert!(journal.contains("{\"proxy\":\"regions\""), "the other proxy is measured all the same");
}

#[test]
fn a_place_that_cannot_be_written_is_a_clear_error() {
    let scratch = Scratch::new();
    scratch.write("file", "a regular file");
    assert_snapshot!(scratch.fail(&["run", "tiny.toml", "--set", "output=file/results"]), @r"
    × cannot make the output folder `file/results`: Not a directory (os error 20)
    help: name a folder that can be written with --run-dir, or with --set output=FOLDER
    ");
    assert_snapshot!(scratch.fail(&["run", "tiny.toml", "--run-dir", "file/run"]), @r"
    × cannot make the run folder `file/run`: Not a directory (os error 20)
    help: name a folder that can be written with --run-dir, or with --set output=FOLDER
    ");
}

#[test]
fn what_is_no_run_is_not_shown() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.fail(&["show", "results/nothing"]), @r"
    × `results/nothing` holds no run: results/nothing/summary.json: No such file or directory (os error 2)
    help: name a run folder, such as one under results/
    ");
}

#[test]
fn what_cannot_be_fetched_or_imported_is_said_so() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.fail(&["data", "fetch", "synthetic"]), @"  × `synthetic` cannot be fetched: it is computed and needs no files");
    scratch.write("table.csv", "arch,test_cifar10\n|nor_conv_3x3~0|,ninety\n");
    let error = scratch.fail(&["benchmark", "import", "nas-bench-201", "table.csv"]);
    assert!(error.contains("table.csv"), "{error}");
    assert!(!scratch.path().join("data/benchmarks/nas-bench-201.parquet").exists(), "nothing was kept");
    assert_snapshot!(scratch.fail(&["benchmark", "import", "nas-bench-202", "table.csv"]), @"  × there is no importer for benchmark `nas-bench-202`; did you mean `nas-bench-201`? Known: analog-nas-bench, darts-1000, nas-bench-101, nas-bench-201, nas-bench-301, nas-bench-macro, nats-bench-size, nds-darts, trained, transnas-bench-101-macro, transnas-bench-101-micro");
}

#[test]
fn every_configuration_of_the_project_is_a_valid_experiment_but_for_data_that_is_not_here() {
    let scratch = Scratch::new();
    let configs = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../configs"));
    let mut seen = 0;
    let entries = |folder: &std::path::Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in entries(configs).chain(entries(&configs.join("full"))).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let verbs = [("\n[study]", "correlate"), ("\n[strategy]", "run"), ("\n[training]", "train")];
        let verb = verbs.into_iter().find(|(section, _)| text.contains(section)).map_or("run", |(_, verb)| verb);
        let said = scratch.assay(&[verb, path.to_str().unwrap()]);
        // The images of ImageNet are named by a path, which must be there.
        let is_told = matches!(said.code, Some(0 | 3)) || said.err.contains("`dataset.path`");
        assert!(is_told, "{}: {}", path.display(), said.err);
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} configurations");
}

#[test]
fn where_nothing_but_data_is_missing_the_exit_code_is_3() {
    let scratch = Scratch::new();
    scratch.write("study.toml", SMALL);
    let synthetic = "name = \"synthetic\"\nimages = 40";
    assert!(SMALL.contains(synthetic));
    scratch.write("images.toml", SMALL.replace(synthetic, "name = \"cifar10\"").replace("[benchmark]\nname = \"nas-bench-201\"\n", ""));
    for (arguments, code, says) in [
        (["correlate", "study.toml", "--quiet"], 3, "assay benchmark import nas-bench-201"),
        (["correlate", "images.toml", "--quiet"], 3, "`dataset.path`: not given, and there is no "),
        (["correlate", "images.toml", "--set=dataset.path=nowhere"], 1, "nowhere"),
        (["correlate", "study.toml", "--set=dataset.images=few"], 1, "`dataset.images`: must be"),
    ] {
        let said = scratch.assay(&arguments);
        let words: Vec<&str> = said.err.split_whitespace().collect();
        assert!(said.code == Some(code) && words.join(" ").contains(says), "{arguments:?} {said:?}");
    }
}

#[test]
fn misuse_exits_with_2() {
    let scratch = Scratch::new();
    for arguments in [["list", "everything"].as_slice(), &["run"], &["score", "x"], &["run", "tiny.toml", "--threads", "0"]] {
        assert_eq!(scratch.assay(arguments).code, Some(2), "{arguments:?}");
    }
}
