//! Damaged experiments and run folders: each is read or refused, within limits of time and memory.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_core::experiment::{ENVIRONMENT_PREFIX, Layers, Plugins, Purpose};
use assay_core::graph::Shape;
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, Settings};
use assay_core::stream::Stream;
use assay_fuzz::Fuzz;
use assay_report::{Appearance, Run, content};
use assay_results::{Begun, Space, Summary, Trajectory, files, kind_of};
use assay_run::bench::journal::{self, Journal};
use assay_weights::Weights;

use crate::scratch::{Scratch, TINY};
use crate::studies::SMALL;

const TOML: [&str; 26] = [
    "[",
    "[[",
    "]",
    "{",
    "}",
    "=",
    ".",
    "\"",
    "\"\"\"",
    "'''",
    "\\u0000",
    "\\",
    "#",
    "\n",
    "\r\n",
    "a.",
    "a = [",
    "{a = ",
    "inf",
    "nan",
    "1979-05-27",
    "0x",
    "name = ",
    "[proxies.ntk-condition]\n",
    "[study]\nproxies = [\"params\"]\n",
    "unknown_key = 1\n",
];

/// Reads what these layers say as every kind of experiment.
fn resolve(layers: &Layers, plugins: &Plugins) {
    let _ = (layers.plugin_files(), layers.skips_errors());
    for purpose in [Purpose::Search, Purpose::Study, Purpose::Training] {
        match layers.clone().resolve(purpose, plugins) {
            Ok(experiment) => drop((experiment.to_toml(), experiment.identity())),
            Err(error) => drop(error.to_string()),
        }
    }
}

fn tiny() -> Layers {
    Layers::new().text(Path::new("tiny.toml"), TINY.into()).unwrap()
}

const TRAINING: &str = "version = 1\n[space]\nname = \"nas-bench-201\"\n[dataset]\nname = \"synthetic\"\nimages = 20\nsize = 8\n\
    [test]\nname = \"synthetic\"\nimages = 10\nsize = 8\n[training]\n\
    architecture = \"|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|\"\n\
    channels = 2\ncells = 1\nepochs = 2\nbatch = 4\nauxiliary = 0\ndrop_path = 0\ncutout = 2\n";

#[test]
fn damaged_experiments() {
    let plugins = assay::plugins::linked().unwrap();
    let fuzz = Fuzz::of("fuzz::damaged_experiments").seed(TINY).seed(SMALL).seed(TRAINING).words(&TOML);
    fuzz.costly(2).run(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match Layers::new().text(Path::new("experiment.toml"), text) {
            Ok(layers) => resolve(&layers, &plugins),
            Err(error) => drop(error.to_string()),
        }
    });
}

#[test]
fn damaged_assignments() {
    let plugins = assay::plugins::linked().unwrap();
    let seeds = [
        "strategy.pairing=common",
        "strategy.exclude=[\"none\", \"avg_pool_3x3\"]",
        "space={name = \"darts\"}",
        "proxies.\"ntk-condition\".batch=4",
        "seed=1",
    ];
    Fuzz::of("fuzz::damaged_assignments").seeds(seeds).words(&TOML).costly(2).run(|bytes| {
        match tiny().set(&String::from_utf8_lossy(bytes)) {
            Ok(layers) => resolve(&layers, &plugins),
            Err(error) => drop(error.to_string()),
        }
    });
}

#[test]
fn damaged_variables() {
    let plugins = assay::plugins::linked().unwrap();
    let seed = "SEED=1\nSTRATEGY__PAIRING=common\nSTRATEGY__EXCLUDE=[none, \"avg_pool_3x3\"]\nSPACE={name = darts}\nPROXIES__NTK_CONDITION__BATCH=4\nOUTPUT='r'";
    let words = ["[", "{", "]", "}", "\"", "'", "\\", "__", "A__", "=", "{a=", "[[", "\n", "true", "1e999", "-", "\\u"];
    Fuzz::of("fuzz::damaged_variables").seed(seed).words(&words).costly(2).run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let variable = |line: &str| -> (OsString, OsString) {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            (format!("{ENVIRONMENT_PREFIX}{name}").into(), value.into())
        };
        resolve(&tiny().variables(text.lines().map(variable)), &plugins);
    });
}

/// The folders of a search, a study and a training.
fn runs() -> (Scratch, Vec<PathBuf>) {
    let scratch = Scratch::new();
    scratch.write("study.toml", SMALL);
    scratch.write("training.toml", TRAINING);
    scratch.import_nas_bench_201();
    let runs = [("run", "tiny.toml"), ("correlate", "study.toml"), ("train", "training.toml")].map(|(verb, file)| {
        scratch.succeed(&[verb, file, "--quiet", "--run-dir", verb]);
        let run = scratch.path().join(verb);
        // As runs of earlier versions have none: with them, all that is damaged is refused before it is looked at.
        fs::remove_file(run.join(files::CHECKSUMS)).unwrap();
        run
    });
    (scratch, runs.into())
}

/// Has files of finished runs damaged: those whose names end so. What is read is the name of the run and of the file, and in the
/// next line what stands in it.
fn damage(test: &'static str, ends: &[&str], costly: u64, words: &[&str], read: impl Fn(&Path)) {
    let (_scratch, runs) = runs();
    let mut whole = Vec::new();
    for run in &runs {
        for entry in fs::read_dir(run).unwrap() {
            let path = entry.unwrap().path();
            if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
                let bytes = fs::read(&path).unwrap();
                whole.push((path, bytes));
            }
        }
    }
    whole.sort();
    assert!(!whole.is_empty());
    let seed =
        |fuzz: Fuzz, (number, (_, bytes)): (usize, &(PathBuf, Vec<u8>))| fuzz.seed([format!("{number}\n").as_bytes(), bytes].concat());
    whole.iter().enumerate().fold(Fuzz::of(test), seed).words(words).costly(costly).run(|bytes| {
        let (number, content) =
            bytes.iter().position(|byte| *byte == b'\n').map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 1..]));
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        let (path, before) = number.and_then(|number: usize| whole.get(number)).unwrap_or(&whole[0]);
        fs::write(path, content).unwrap();
        read(path.parent().unwrap());
        fs::write(path, before).unwrap();
    });
}

/// Reads a run as a report does, and what a report shows of it.
fn report(run: &Path) {
    if let Ok(run) = Run::read(run) {
        drop(content(&[run], &Appearance::default()));
    }
}

#[test]
fn damaged_summaries() {
    let words = [
        "{",
        "[",
        "null",
        "1e308",
        "-1",
        "18446744073709551615",
        "\"\"",
        "\"kind\":",
        "\"search\"",
        "[[",
        "{\"because\": \"\"}",
        "\\ud800",
    ];
    damage("fuzz::damaged_summaries", &[".json"], 8, &words, |run| {
        let _ = (
            Summary::read(run).is_ok(),
            Begun::read(run).is_ok(),
            kind_of(run).is_ok(),
            Space::read(run).is_ok(),
            Trajectory::read(run).is_ok(),
        );
        report(run);
    });
}

#[test]
fn damaged_tables_of_runs() {
    let words = ["PAR1", "\u{0}\u{0}\u{0}\u{7f}", "\u{15}\u{0}", "\u{7f}\u{7f}\u{7f}\u{7f}", "arch", "value"];
    damage("fuzz::damaged_tables_of_runs", &[".parquet"], 8, &words, report);
}

#[test]
fn damaged_journals() {
    let words = ["\n", "{", "}", "\"reading\":", "null", "{\"value\":1e999}", "\"seconds\":", "01.10", "\\ud800", "\u{0}"];
    damage("fuzz::damaged_journals", &[files::JOURNAL], 4, &words, |run| {
        drop(journal::read(run));
        drop(Journal::open(run, Arc::default()));
    });
}

#[test]
fn damaged_weights() {
    let spaces = assay::plugins::linked().unwrap().spaces;
    let space = spaces.build("nas-bench-201", &Settings::none()).unwrap();
    let cell = space.parse("|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|").unwrap();
    let net = MacroNet { input: Shape::new(3, 8, 8), channels: 2, cells: 1, classes: 3, part: Part::Classifier };
    let graph = Arc::new(space.lower(&cell, &net).unwrap());
    let network = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(0, "parameters"));
    let seed = Weights::untrained(network).to_bytes().unwrap();
    let words = [
        "{",
        "}",
        "[",
        "\"F64\"",
        "\"F32\"",
        "\"shape\":",
        "\"data_offsets\":",
        "18446744073709551615",
        "\"__metadata__\":",
        "\u{7f}\u{7f}\u{7f}\u{7f}",
    ];
    Fuzz::of("fuzz::damaged_weights").seed(seed).words(&words).run(|bytes| drop(Weights::read(Arc::clone(&graph), bytes)));
}
