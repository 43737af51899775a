//! Searches of layers by HURRICANE: two stages, within a limit.

use serde_json::Value;

use crate::scratch::{Scratch, summary};

/// HURRICANE on images made on the spot.
fn hurricane(space: &str, settings: &str) -> String {
    format!(
        "version = 1\n\n[space]\nname = \"{space}\"\n\n[dataset]\nname = \"synthetic\"\nimages = 40\nsize = 8\n\n[strategy]\nname = \"hurricane\"\n\
         channels = 4\nepochs = 2\nbatch = 8\nlearning_rate = 0.05\npopulation = 8\ngenerations = 4\nparents = 4\ncrossovers = 3\nmutations = 3\n\
         validation_images = 12\nrecalibration_images = 16\n{settings}\n"
    )
}

/// The steps of a run.
fn steps(scratch: &Scratch, run: &str) -> Vec<Value> {
    let text = std::fs::read(scratch.path().join(run).join("trajectory.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["steps"].as_array().unwrap().clone()
}

fn reading(step: &Value, name: &str) -> Option<f64> {
    let readings = step["readings"].as_array().unwrap();
    readings.iter().find(|reading| reading[0] == name).map(|reading| reading[1]["value"].as_f64().unwrap())
}

#[test]
fn layers_evolve_in_two_stages_within_the_limit() {
    let limit = 80_000.0;
    let scratch = Scratch::new();
    scratch.write("limited.toml", hurricane("nas-bench-macro", &format!("limit = {limit}")));
    scratch.write("unlimited.toml", hurricane("nas-bench-macro", ""));
    for file in ["limited", "unlimited"] {
        scratch.succeed(&["run", &format!("{file}.toml"), "--quiet", "--run-dir", file]);
    }
    let costs = |run: &str| -> Vec<f64> { steps(&scratch, run).iter().filter_map(|step| reading(step, "multiply-adds")).collect() };
    let (limited, unlimited) = (costs("limited"), costs("unlimited"));
    assert!(limited.iter().all(|cost| *cost <= limit), "{limited:?}");
    assert!(unlimited.iter().any(|cost| *cost > limit), "the limit excludes nothing: {unlimited:?}");
    let all = steps(&scratch, "limited");
    let titles: Vec<&str> = all.iter().map(|step| step["title"].as_str().unwrap()).collect();
    assert_eq!(titles[..6], ["stage 1, epoch 1", "stage 1, epoch 2", "stage 1", "stage 2, epoch 1", "stage 2, epoch 2", "stage 2"]);
    let candidates = &all[6..];
    // What the first stage chose is judged again at the beginning of the second, in which there may be fewer within the limit.
    let chosen = &all[2]["after"];
    let again: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at]["before"] == *chosen).collect();
    let [_, second] = again[..] else { panic!("{again:?}") };
    assert!(second == 32 && candidates.len() > second + 1 && candidates.len() <= 64, "{second} of {}", candidates.len());
    // What each of eight layers keeps.
    let layers = |step: &Value| -> Vec<String> {
        let mask = step["before"].to_string();
        let layers: Vec<String> = mask.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        assert_eq!(layers.len(), 8, "{mask}");
        layers
    };
    let is_same =
        |steps: &[Value], first: usize| steps.windows(2).all(|two| layers(&two[0])[first..first + 4] == layers(&two[1])[first..first + 4]);
    let (first, second) = candidates.split_at(second);
    assert!(is_same(first, 0) && !is_same(first, 4), "the first stage searches the last four layers");
    assert!(is_same(second, 4) && !is_same(second, 0), "the second stage searches the first four layers");
    let accuracy = |step: &Value| reading(step, "one-shot accuracy").unwrap();
    assert_eq!(accuracy(&all[2]), first.iter().map(accuracy).fold(0.0, f64::max));
    assert_eq!(accuracy(&all[5]), second.iter().map(accuracy).fold(0.0, f64::max));
    let best = second.iter().find(|step| accuracy(step) == accuracy(&all[5])).unwrap();
    assert_eq!(summary(&scratch.path().join("limited"))["architecture"]["mask"], best["before"]);
    let found = summary(&scratch.path().join("limited"));
    let protocol = found["protocol"].as_str().unwrap();
    assert!(
        protocol.contains("the later half of the layers first, at most 80000 multiply-adds; evolution of 4 generations of 8"),
        "{protocol}"
    );
    assert!(protocol.contains("trained in 2 stages of 2 epochs of batches of 8"), "{protocol}");
    scratch.succeed(&["show", "limited"]);
    scratch.succeed(&["report", "limited"]);
    let figures = std::fs::read_dir(scratch.path().join("limited/report/figures")).unwrap();
    let names: Vec<String> = figures.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("candidates-") && name.contains("multiply")), "{names:?}");
}

#[test]
fn layers_are_searched_without_labels() {
    let scratch = Scratch::new();
    for objective in ["rotation", "jigsaw"] {
        scratch
            .write("search.toml", hurricane("nas-bench-macro", &format!("objective = \"{objective}\"")).replace("size = 8", "size = 16"));
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", objective]);
        let accuracies: Vec<f64> = steps(&scratch, objective).iter().filter_map(|step| reading(step, "one-shot accuracy")).collect();
        assert!(accuracies.len() > 40 && accuracies.iter().all(|percent| (0.0..=100.0).contains(percent)), "{objective}: {accuracies:?}");
    }
}

#[test]
fn what_layers_cannot_do_is_refused_before_anything_runs() {
    let scratch = Scratch::new();
    for (space, settings, because) in [
        ("nas-bench-macro", "limit = 1000", "no architecture is within it: the cheapest, 00000000, costs"),
        ("nats-bench-size", "limit = 1000", "no architecture is within it: the cheapest, 8:8:8:8:8, costs"),
        ("nas-bench-macro", "later = 8", "must be 7 at the most, so that a layer is left for the second stage, is 8"),
        ("nas-bench-201", "", "use nas-bench-macro or nats-bench-size"),
        ("darts", "", "use nas-bench-macro or nats-bench-size"),
        ("nas-bench-101", "", "those of nas-bench-201, darts, nas-bench-macro and nats-bench-size can"),
        ("nats-bench-size", "code = \"nats\"", "hurricane is done by \"spos\", not by \"nats\""),
        ("nas-bench-macro", "images = 21", "must be 20 at the most, which is half of the dataset"),
    ] {
        scratch.write("search.toml", hurricane(space, settings));
        let said = scratch.fail(&["run", "search.toml"]);
        assert!(said.contains(because), "{space} {settings}: {said}");
    }
    scratch.write("search.toml", hurricane("nas-bench-macro", "").replace("crossovers = 3", "crossovers = 6"));
    let said = scratch.fail(&["run", "search.toml"]);
    assert!(said.contains("a generation of 8 has no place for 3 mutations and 6 crossovers"), "{said}");
    // What adds operators up cannot run on widths, and does on layers of operators.
    for strategy in ["gdas", "manas", "enas"] {
        let text = |space: &str| hurricane(space, "").split("\npopulation").next().unwrap().replace("hurricane", strategy);
        scratch.write("search.toml", text("nats-bench-size"));
        let said = scratch.fail(&["run", "search.toml"]);
        assert!(said.contains("what layers of this space choose cannot be added up; use hurricane"), "{strategy}: {said}");
    }
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
    scratch.write("gdas.toml", hurricane("nas-bench-macro", "").split("\npopulation").next().unwrap().replace("hurricane", "gdas"));
    scratch.succeed(&["run", "gdas.toml", "--quiet"]);
}

/// Experiments of the project that search so, on images made on the spot.
#[test]
fn the_experiments_that_share_weights_run_on_other_images() {
    let scratch = Scratch::new();
    let small =
        ["dataset.name=synthetic", "dataset.images=64", "dataset.size=8", "strategy.images=16", "strategy.epochs=2", "strategy.batch=8"];
    let evolution = [
        "strategy.generations=1",
        "strategy.population=2",
        "strategy.mutations=1",
        "strategy.crossovers=1",
        "strategy.recalibration_images=8",
    ];
    for (name, more) in [
        ("search-unnas-darts", &[][..]),
        ("search-hurricane-nas-bench-macro", &evolution),
        ("search-hurricane-nats-bench-size", &evolution),
    ] {
        let file = format!("{}/../configs/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let sets = small.iter().chain(more).flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["run", &file, "--quiet", "--run-dir", name].into_iter().chain(sets).collect();
        scratch.succeed(&arguments);
    }
}
