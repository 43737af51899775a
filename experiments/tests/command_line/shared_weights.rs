//! Searches that train a network whose architectures share weights.
#![cfg(unix)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assay_core::stream::Stream;
use rand::RngExt;
use serde_json::Value;

use crate::scratch::{Scratch, result, summary};

/// Where weights are shared: the name of a space and its settings.
const CELLS: &str = "nas-bench-201\"";
const FREE_INPUTS: &str = "darts\"\ninputs = \"free\"";

/// Each search with what it needs to end in some seconds, on NAS-Bench-201.
const SEARCHES: [(&str, &str); 9] = [
    ("rsps", "candidates = 4\nvalidation_batch = 8"),
    ("gdas", "alpha_rate = 0.1"),
    ("darts", "alpha_rate = 0.1"),
    ("darts", "alpha_rate = 0.1\norder = \"second\"\ncode = \"nb201\""),
    ("enas", "controller_steps = 3\nsamples = 4\ncandidates = 4\nvalidation_batch = 8"),
    ("setn", "alpha_rate = 0.1\ncandidates = 4\nvalidation_batch = 8"),
    ("cnas", "first = 2\nstages = 2\nwarm_up = 1\nunits = 4\ncandidates = 3\nvalidation_images = 12\ncontroller_rate = 0.1"),
    ("manas", ""),
    ("manas-ls", "evaluations = 4"),
];

/// The same on cells whose inputs are chosen each by itself.
const ON_FREE_INPUTS: [(&str, &str); 2] = [
    ("cnas", "first = 6\nwarm_up = 0\nunits = 4\ncandidates = 3\nvariant = \"code\""),
    ("cnas", "curriculum = \"nodes\"\nfirst = 2\nstages = 3\nwarm_up = 1\nunits = 4\ncandidates = 3"),
];

/// The same on networks whose layers are chosen each by itself, within a limit that some of them are beyond.
const ON_LAYERS: [(&str, &str); 2] = [("nas-bench-macro\"", "limit = 60_000"), ("nats-bench-size\"", "limit = 1_000_000")];

/// What HURRICANE needs to end in some seconds.
fn hurricane(limit: &str) -> String {
    format!(
        "{limit}\nlearning_rate = 0.05\npopulation = 6\ngenerations = 3\nparents = 3\ncrossovers = 2\nmutations = 2\nmutation = 0.3\n\
         validation_images = 12\nrecalibration_images = 16"
    )
}

/// How often each search is killed at a moment that is drawn; another number is asked for by `ASSAY_KILLS`.
const KILLS: usize = 1;

#[test]
fn the_halves_of_a_search_can_be_given_and_another_split_does_not_go_on() {
    let scratch = Scratch::new();
    let write = |bits: &str| scratch.write("splits.json", format!(r#"{{"synthetic": {{"images": 40, "bits": "{bits}"}}}}"#));
    write("////AAA=");
    scratch.write("search.toml", format!("{}halves = {{ file = \"splits.json\" }}\n", experiment("gdas", "")));
    scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "run"]);
    let run = scratch.path().join("run");
    let protocol = summary(&run)["protocol"].as_str().unwrap().to_owned();
    assert!(protocol.contains("on halves of the images (in splits.json); as the code of NATS-Bench"), "{protocol}");
    std::fs::remove_file(run.join("summary.json")).unwrap();
    write("AAD//w8=");
    let said = scratch.fail(&["run", "search.toml", "--quiet", "--resume", "--run-dir", "run"]);
    assert!(said.contains("cannot be continued: its `split`"), "{said}");
}

#[test]
fn what_a_table_holds_of_each_epochs_cell_and_of_each_candidate_is_noted_for_whoever_looks_at_the_run() {
    let scratch = Scratch::new();
    scratch.import_nas_bench_201();
    for (search, section, count) in [(SEARCHES[1], "recorded-", 3), (SEARCHES[0], "candidates-", 3)] {
        let (strategy, settings) = search;
        scratch.write("search.toml", format!("{}\n[benchmark]\nname = \"nas-bench-201\"\n", experiment(strategy, settings)));
        let run = scratch.path().join(strategy);
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", strategy]);
        let trajectory: Value = serde_json::from_slice(&std::fs::read(run.join("trajectory.json")).unwrap()).unwrap();
        let last = trajectory["steps"].as_array().unwrap().last().unwrap();
        let reading = |name: &str| {
            let found = last["readings"].as_array().unwrap().iter().find(|reading| reading[0] == name);
            found.map(|reading| reading[1]["value"].as_f64().unwrap())
        };
        let noted = reading("CIFAR-10 (test_cifar10), %").unwrap_or_else(|| panic!("{last}"));
        if strategy == "gdas" {
            // The last epoch's cell is the one that is found.
            let found = summary(&run)["accuracies"]["known"]["values"].as_array().unwrap().clone();
            let found = found.iter().find(|accuracy| accuracy["target"] == "test_cifar10").unwrap();
            assert_eq!(found["percent"].as_f64().unwrap(), noted, "{found}");
        } else {
            assert!(reading("one-shot accuracy").is_some() && (10.0..=100.0).contains(&noted), "{last}");
        }
        scratch.succeed(&["report", strategy]);
        let figures = std::fs::read_dir(run.join("report/figures")).unwrap();
        let figures: Vec<String> = figures.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let of_section = figures.iter().filter(|name| name.starts_with(section) && name.ends_with(".svg")).count();
        assert!(of_section >= count, "{section}: {figures:?}");
    }
}

/// An experiment on images made on the spot, whose labels say nothing about them.
fn experiment(strategy: &str, settings: &str) -> String {
    on(CELLS, strategy, settings)
}

fn on(space: &str, strategy: &str, settings: &str) -> String {
    format!(
        "version = 1\n\n[space]\nname = \"{space}\n\n[dataset]\nname = \"synthetic\"\nimages = 40\nsize = 8\n\n\
         [strategy]\nname = \"{strategy}\"\nchannels = 4\ncells = 1\nepochs = 3\nbatch = 8\n{settings}\n"
    )
}

/// A folder with `search.toml`.
fn scratch((strategy, settings): (&str, &str)) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("search.toml", experiment(strategy, settings));
    scratch
}

fn supernet(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("supernet.safetensors")).unwrap()
}

#[test]
fn a_search_that_shares_weights_is_the_same_on_any_number_of_threads_and_killed_anywhere() {
    let on = |space: &'static str, (strategy, settings): (&str, &str)| self::on(space, strategy, settings);
    let mut searches: Vec<String> = SEARCHES.into_iter().map(|search| on(CELLS, search)).collect();
    searches.extend(ON_FREE_INPUTS.map(|search| on(FREE_INPUTS, search)));
    searches.extend(ON_LAYERS.map(|(space, limit)| on(space, ("hurricane", &hurricane(limit)))));
    let kills = std::env::var("ASSAY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut rng = Stream::new(0, "kills of searches that share weights").rng();
    let mut in_time = 0;
    for search in &searches {
        let scratch = Scratch::new();
        scratch.write("search.toml", search);
        let begin = Instant::now();
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "whole", "--threads", "1"]);
        let time = begin.elapsed();
        let whole = scratch.path().join("whole");
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "two", "--threads", "2"]);
        let two = scratch.path().join("two");
        assert_eq!(summary(&two)["architecture"], summary(&whole)["architecture"], "{search}");
        assert!(supernet(&two) == supernet(&whole), "{search}");
        for kill in 0..=kills {
            let folder = format!("killed-{kill}");
            let run = scratch.path().join(&folder);
            let mut child = scratch.command(&["run", "search.toml", "--quiet", "--run-dir", &folder, "--threads", "1"]);
            let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let start = Instant::now();
            // Once behind the first epoch, whose state is kept, and at moments that are drawn.
            let moment = time.mul_f64(rng.random_range(0.0..1.0));
            let is_time = || if kill == 0 { run.join("supernet.safetensors").exists() } else { start.elapsed() >= moment };
            while !is_time() && child.try_wait().unwrap().is_none() {
                assert!(start.elapsed() < Duration::from_secs(60), "the search does not get on");
                std::thread::sleep(Duration::from_micros(300));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            in_time += usize::from(!run.join("summary.json").exists());
            scratch.succeed(&["run", "search.toml", "--quiet", "--resume", "--run-dir", &folder, "--threads", "1"]);
            assert_eq!(result(&run), result(&whole), "{search}");
            assert!(supernet(&run) == supernet(&whole), "{search}");
        }
    }
    let all = searches.len() * (kills + 1);
    assert!(2 * in_time > all, "only {in_time} of {all} were killed before their end");
}

#[test]
fn the_steps_of_a_search_say_what_mixes_operators_epoch_by_epoch() {
    let scratch = scratch(SEARCHES[1]);
    let out = scratch.succeed(&["run", "search.toml", "--run-dir", "run"]);
    assert!(out.contains("epoch 3 of 3: loss ") || summary(&scratch.path().join("run"))["counts"]["steps"] == 3, "{out}");
    let trajectory: Value = serde_json::from_slice(&std::fs::read(scratch.path().join("run/trajectory.json")).unwrap()).unwrap();
    let steps = trajectory["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    for step in steps {
        let readings = step["readings"].as_array().unwrap();
        assert_eq!(readings.len(), 2 + 30, "{readings:?}");
    }
    let found = summary(&scratch.path().join("run"));
    let protocol = found["protocol"].as_str().unwrap();
    assert!(protocol.contains("gdas (temperature 10 to 0.1, rate of α 0.1; weights shared in a supernet of C=4, 1 cells"), "{protocol}");
    scratch.succeed(&["report", "run"]);
    let figures = std::fs::read_dir(scratch.path().join("run/report/figures")).unwrap();
    let mut figures: Vec<String> = figures.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    figures.retain(|name| name.ends_with(".svg"));
    let of = |section: &str| figures.iter().filter(|name| name.starts_with(section)).count();
    assert_eq!([of("mixture-"), of("training-"), of("operators"), of("drift-"), of("recorded-")], [6, 2, 1, 2, 0], "{figures:?}");
    // What is shown fits on a terminal: no column for each operator of each edge.
    let shown = scratch.succeed(&["show", "run"]);
    let head = shown.lines().find(|line| line.starts_with("step ")).unwrap();
    let columns: Vec<&str> = head.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let expected = ["step", "training loss", "training accuracy", "strongest operators", "entropy, %", "skip connections, %"];
    assert_eq!(columns, expected, "{shown}");
    let spent = &summary(&scratch.path().join("run"))["times"]["phases"]["supernet"];
    // Three epochs of 20 images in batches of 8.
    assert_eq!((spent["measured"].as_u64(), spent["replayed"].as_u64()), (Some(9), Some(0)), "{spent}");
    assert!(spent["wall_seconds"].as_f64().unwrap() > 0.0, "{spent}");
    // Another search does not go on from this one's state.
    std::fs::remove_file(scratch.path().join("run/summary.json")).unwrap();
    std::fs::write(scratch.path().join("search.toml"), experiment("gdas", "alpha_rate = 0.2")).unwrap();
    let refused = scratch.fail(&["run", "search.toml", "--resume", "--run-dir", "run"]);
    assert!(refused.contains("is of another experiment than"), "{refused}");
}

#[test]
fn the_steps_of_a_curriculum_have_the_cell_of_each_stage() {
    for (curriculum, cells) in [("operators\"\nfirst = 6", 3), ("nodes\"", 4)] {
        let settings = format!("curriculum = \"{curriculum}\nwarm_up = 1\nunits = 4\ncandidates = 3");
        let scratch = Scratch::new();
        scratch.write("search.toml", on(FREE_INPUTS, "cnas", &settings).replace("epochs = 3", "epochs = 1"));
        let out = scratch.succeed(&["run", "search.toml", "--run-dir", "run"]);
        let run = scratch.path().join("run");
        let trajectory: Value = serde_json::from_slice(&std::fs::read(run.join("trajectory.json")).unwrap()).unwrap();
        let titles: Vec<&str> = trajectory["steps"].as_array().unwrap().iter().map(|step| step["title"].as_str().unwrap()).collect();
        let expected = (1..=cells)
            .flat_map(|stage| [format!("stage {stage}, warm-up epoch 1"), format!("stage {stage}, epoch 1"), format!("stage {stage}")]);
        assert!(titles.iter().copied().eq(expected), "{titles:?}");
        let last = trajectory["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(last["readings"][0][0], "one-shot accuracy");
        assert!(out.contains("Genotype(normal=["), "{out}");
        let found = summary(&run);
        let protocol = found["protocol"].as_str().unwrap();
        assert!(protocol.contains("on parts of 40 and 60 % of the images"), "{protocol}");
        scratch.succeed(&["show", "run"]);
        scratch.succeed(&["report", "run"]);
    }
}

#[test]
fn a_curriculum_that_the_space_is_too_small_for_is_refused() {
    let refused = [
        (CELLS, "stages = 6", "`strategy.stages`: must be 5 at the most, is 6: the space has 5 operators, of which 1 are there at first"),
        (CELLS, "first = 3\nstages = 4", "must be 3 at the most, is 4"),
        (CELLS, "first = 6", "`strategy.first`: the space has 5 operators, so 6 cannot be there at first"),
        (CELLS, "curriculum = \"fixed\"\nstages = 2", "must be 1 at the most, is 2: a fixed space has one stage"),
        (CELLS, "curriculum = \"nodes\"", "on darts with space.inputs = \"free\""),
        (CELLS, "variant = \"code\"", "use \"paper\""),
        (CELLS, "order = [\"none\", \"none\"]", "`none` joins twice"),
        (CELLS, "order = [\"nor_conv_3x4\"]", "did you mean `nor_conv_3x3`?"),
        (CELLS, "code = \"nats\"", "cnas is done by \"cnas\", not by \"nats\""),
        (FREE_INPUTS, "curriculum = \"nodes\"\nstages = 5", "the space has 4 nodes"),
        ("darts\"", "", "use nas-bench-201, or darts with space.inputs = \"free\""),
    ];
    for (space, settings, because) in refused {
        let scratch = Scratch::new();
        scratch.write("search.toml", on(space, "cnas", settings));
        let said = scratch.fail(&["run", "search.toml"]);
        assert!(said.contains(because), "{settings}: {said}");
        assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
    }
    // Where inputs are chosen each by itself, there are no edges whose operators could be mixed or judged.
    for strategy in ["gdas", "darts", "setn", "rsps", "enas", "manas", "manas-ls"] {
        let scratch = Scratch::new();
        scratch.write("search.toml", on(FREE_INPUTS, strategy, ""));
        let said = scratch.fail(&["run", "search.toml"]);
        assert!(said.contains("set space.inputs = \"distinct\""), "{strategy}: {said}");
    }
}

#[test]
fn what_agents_cannot_search_is_refused() {
    let refused = [
        ("manas", CELLS, "code = \"cnas\"", "manas is done by \"nats\" and \"nb201\" and \"darts\", not by \"cnas\""),
        ("manas-ls", CELLS, "code = \"unnas\"", "manas-ls is done by \"nats\" and \"nb201\" and \"darts\", not by \"unnas\""),
        ("manas", CELLS, "eta = 0.0", "`strategy.eta`"),
        ("manas-ls", CELLS, "evaluations = 0", "`strategy.evaluations`"),
        ("manas", CELLS, "evaluations = 10", "`strategy.evaluations`: no such setting"),
        ("manas", "nas-bench-101\"", "", "those of nas-bench-201, darts, nas-bench-macro and nats-bench-size can"),
        ("manas-ls", CELLS, "images = 21", "must be 20 at the most, which is half of the dataset"),
    ];
    for (strategy, space, settings, because) in refused {
        let scratch = Scratch::new();
        scratch.write("search.toml", on(space, strategy, settings));
        let said = scratch.fail(&["run", "search.toml"]);
        assert!(said.contains(because), "{strategy} {settings}: {said}");
        assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
    }
}

#[test]
fn the_policies_of_controllers_and_mixtures_are_told_epoch_by_epoch() {
    for search in [SEARCHES[4], SEARCHES[5]] {
        let scratch = scratch(search);
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "run"]);
        let trajectory: Value = serde_json::from_slice(&std::fs::read(scratch.path().join("run/trajectory.json")).unwrap()).unwrap();
        for step in &trajectory["steps"].as_array().unwrap()[..3] {
            let readings = step["readings"].as_array().unwrap();
            let probabilities = readings[2..32].iter().map(|reading| reading[1]["value"].as_f64().unwrap()).collect::<Vec<_>>();
            for edge in probabilities.chunks(5) {
                assert!((edge.iter().sum::<f64>() - 1.0).abs() < 1e-9 && edge.iter().all(|p| *p > 0.0), "{search:?}: {edge:?}");
            }
        }
        scratch.succeed(&["report", "run"]);
        let figures = std::fs::read_dir(scratch.path().join("run/report/figures")).unwrap();
        let names: Vec<String> = figures.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let of = |section: &str| names.iter().filter(|name| name.starts_with(section) && name.ends_with(".svg")).count();
        assert_eq!([of("mixture-"), of("drift-")], [6, 2], "{search:?}: {names:?}");
    }
}

#[test]
fn what_cannot_be_searched_so_is_refused_before_anything_runs() {
    let scratch = scratch(SEARCHES[1]);
    let refused = [
        ("space.name=nas-bench-101", "those of nas-bench-201, darts, nas-bench-macro and nats-bench-size can"),
        ("strategy.images=21", "must be 20 at the most, which is half of the dataset"),
        ("dataset.size=2", "nas-bench-201"),
        ("strategy.temperature=0", "`strategy.temperature`"),
        ("strategy.code=darts", "gdas is done by \"nats\" and \"nb201\", not by \"darts\""),
    ];
    for (set, because) in refused {
        let said = scratch.fail(&["run", "search.toml", "--set", set]);
        assert!(said.contains(because), "{set}: {said}");
    }
    // 40 images, of which the file marks 3.
    scratch.write("splits.json", r#"{"few": {"images": 40, "bits": "CQEAAAA="}, "none": {"images": 41, "bits": "AAAAAAAA"}}"#);
    let halves = |halves: &str| format!("{}halves = {halves}\n", experiment("gdas", ""));
    for (given, because) in [
        (r#"{ file = "nowhere.json" }"#, "`strategy.halves.file`: nowhere.json does not exist"),
        (r#"{ file = "splits.json", key = "none" }"#, "is of 41 images, and the dataset has 40"),
        (r#"{ key = "few" }"#, "there is no `halves.file` in which it could be looked up"),
        (r#"{ share = 1.0 }"#, "`strategy.halves.share`"),
    ] {
        scratch.write("halves.toml", halves(given));
        let said = scratch.fail(&["run", "halves.toml"]);
        assert!(said.contains(because), "{given}: {said}");
    }
    scratch.write("halves.toml", halves(r#"{ file = "splits.json" }"#));
    let said = scratch.fail(&["run", "halves.toml", "--set", "strategy.images=4"]);
    assert!(said.contains("must be 3 at the most, which is the smaller of its `halves`"), "{said}");
    // DARTS's cells leave edges empty, which nothing is judged for that draws an operator for each.
    scratch.write("judged.toml", experiment("rsps", ""));
    let said = scratch.fail(&["run", "judged.toml", "--set", "space.name=darts"]);
    assert!(said.contains("use darts or gdas"), "{said}");
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
}
