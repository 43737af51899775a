//! What holds in this repository, and the few exceptions, each with its reason.

use super::arrows::{Crate, Floor};
use super::circles::Allowed;
use super::code::Forbidden;
use super::finding::Exception;
use super::words::Avoided;

/// Searching, scoring and data: what registers itself.
const PLUGINS: [&str; 5] = ["assay-spaces", "assay-proxies", "assay-strategies", "assay-benchmarks", "assay-datasets"];

/// What a library leaves to the program: arguments, progress, signals, errors for people.
const PROGRAM: [&str; 5] = ["assay", "clap", "indicatif", "ctrlc", "miette"];

/// What begins runs, and what tells of them.
const ABOVE: [&str; 2] = ["assay-run", "assay-report"];

/// What crates do not depend on, not even through others.
pub(super) const CRATES: &[Crate] = &[
    Crate {
        folder: "core/structure",
        name: "assay-structure",
        never: &[&["assay-*", "burn*", "polars*", "rayon"]],
        why: "structure is shared with plugins that are built in seconds",
    },
    Crate {
        folder: "core",
        name: "assay-core",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["burn*", "polars*", "assay-cpu", "assay-burn", "assay-results"]],
        why: "contracts do not know who fulfils them, and a linked plugin is built in little time",
    },
    Crate {
        folder: "core/heap",
        name: "assay-heap",
        never: &[&["assay-*", "burn*", "polars*", "rayon"]],
        why: "all that the program does stands on its memory",
    },
    Crate {
        folder: "core/onnx",
        name: "assay-onnx",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["burn*", "polars*", "assay-cpu", "assay-burn", "assay-export"]],
        why: "a file is a graph with weights, whoever measures it",
    },
    Crate {
        folder: "core/parquet",
        name: "assay-parquet",
        never: &[&["assay-*", "burn*"]],
        why: "whoever reads a table from outside reads it within the same limits",
    },
    Crate {
        folder: "core/engines/cpu",
        name: "assay-cpu",
        never: &[&PLUGINS, &PROGRAM, &["burn*", "polars*"]],
        why: "an engine knows networks, not where they are from",
    },
    Crate {
        folder: "core/engines/burn",
        name: "assay-burn",
        never: &[&PLUGINS, &PROGRAM, &["assay-cpu", "polars*"]],
        why: "an engine knows networks, not where they are from",
    },
    Crate {
        folder: "plugins/proxies",
        name: "assay-proxies",
        never: &[&PROGRAM, &ABOVE, &["assay-spaces", "assay-cpu", "assay-burn", "burn*"]],
        why: "a proxy measures any network on any engine",
    },
    Crate {
        folder: "plugins/strategies",
        name: "assay-strategies",
        never: &[&PROGRAM, &ABOVE, &["assay-spaces", "assay-proxies", "assay-benchmarks", "burn*"]],
        why: "a strategy searches any space by any proxy",
    },
    Crate {
        folder: "plugins/sdk",
        name: "assay-plugin-sdk",
        never: &[&PLUGINS, &PROGRAM, &["assay-core", "burn*", "polars*"]],
        why: "a plugin in a shared library is built in seconds",
    },
    Crate {
        folder: "plugins/host",
        name: "assay-plugin-host",
        never: &[&PLUGINS, &PROGRAM, &["burn*", "polars*"]],
        why: "what loads the plugins of others knows none of ours",
    },
    Crate {
        folder: "plugins/spaces",
        name: "assay-spaces",
        never: &[&PROGRAM, &ABOVE, &["assay-proxies", "assay-strategies", "assay-benchmarks", "assay-datasets", "burn*"]],
        why: "a space does not know who searches it",
    },
    Crate {
        folder: "plugins/benchmarks",
        name: "assay-benchmarks",
        never: &[&PROGRAM, &ABOVE, &["assay-proxies", "assay-strategies", "assay-datasets", "burn*"]],
        why: "a benchmark knows the space that it records, and nobody who asks it",
    },
    Crate {
        folder: "plugins/datasets",
        name: "assay-datasets",
        never: &[&PROGRAM, &ABOVE, &["assay-spaces", "assay-proxies", "assay-strategies", "assay-benchmarks", "burn*", "polars*"]],
        why: "a dataset does not know what its images are for",
    },
    Crate {
        folder: "experiments/statistics",
        name: "assay-statistics",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["burn*", "polars*"]],
        why: "statistics are functions of numbers",
    },
    Crate {
        folder: "experiments/training",
        name: "assay-training",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["polars*"]],
        why: "a training knows a network, not where it is from",
    },
    Crate {
        folder: "experiments/export",
        name: "assay-export",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["polars*"]],
        why: "an export knows a network, not where it is from",
    },
    Crate {
        folder: "experiments/results",
        name: "assay-results",
        never: &[&PLUGINS, &PROGRAM, &["assay-core", "burn*", "polars*", "rayon", "resvg"]],
        why: "whoever reads a run folder needs its types and nothing else",
    },
    Crate {
        folder: "experiments/run",
        name: "assay-run",
        never: &[&PLUGINS, &PROGRAM, &["assay-report", "resvg"]],
        why: "runs are begun by programs that have a terminal, and by others",
    },
    Crate {
        folder: "experiments/cluster",
        name: "assay-cluster",
        never: &[&PLUGINS, &PROGRAM, &ABOVE, &["assay-core", "burn*", "polars*", "rayon"]],
        why: "a plan is data, and a task a command line: what it runs the program knows",
    },
    Crate {
        folder: "experiments/report",
        name: "assay-report",
        never: &[&PLUGINS, &PROGRAM, &["assay-run", "assay-plugin-host", "assay-cpu", "assay-burn", "burn*"]],
        why: "a report reads run folders and nothing else",
    },
];

/// What parts of a crate do not use.
pub(super) const FLOORS: &[Floor] = &[
    Floor {
        from: "experiments/run/src/",
        except: &["experiments/run/src/lib.rs"],
        to: &["experiments/run/src/search/", "experiments/run/src/study/", "experiments/run/src/training/"],
        why: "what all runs share knows no kind of run",
    },
    Floor {
        from: "experiments/run/src/search/",
        except: &[],
        to: &["experiments/run/src/study/", "experiments/run/src/training/"],
        why: "kinds of run do not know each other",
    },
    Floor {
        from: "experiments/run/src/study/",
        except: &[],
        to: &["experiments/run/src/search/", "experiments/run/src/training/"],
        why: "kinds of run do not know each other",
    },
    Floor {
        from: "experiments/run/src/training/",
        except: &[],
        to: &["experiments/run/src/search/", "experiments/run/src/study/"],
        why: "kinds of run do not know each other",
    },
    Floor {
        from: "experiments/report/src/picture/",
        except: &[],
        to: &["experiments/report/src/draw/", "experiments/report/src/report/"],
        why: "what pictures are drawn with stands below those who draw",
    },
    Floor { from: "experiments/report/src/draw/", except: &[], to: &["experiments/report/src/report/"], why: "a drawing needs no report" },
    Floor {
        from: "core/src/plugin/",
        except: &[],
        to: &["core/src/experiment/"],
        why: "contracts do not know the files that name who fulfils them",
    },
];

/// Circles that stay.
pub(super) const CIRCLES: &[Allowed] = &[];

/// Code that is not written.
pub(super) const CODE: &[Forbidden] = &[
    Forbidden { code: "split_once(\"<-\")", instead: "the names of edges are for people; ask the layout for its wiring", exceptions: &[] },
    Forbidden {
        code: "Box::leak",
        instead: "give the value an owner, or share it as an `Arc`",
        exceptions: &[Exception { file: "python/src/brought.rs", why: "plugins that a program brings are registered until it ends" }],
    },
    Forbidden { code: ".to_string().contains(", instead: "recognise an error by its variant, not by its words", exceptions: &[] },
    Forbidden { code: ".to_string().starts_with(", instead: "recognise an error by its variant, not by its words", exceptions: &[] },
    Forbidden { code: ".contains(\"not imported\")", instead: "ask for the state, not for the words that tell it", exceptions: &[] },
];

/// Words that are not written.
pub(super) const WORDS: &[Avoided] = &[
    Avoided { words: "told right", instead: "write `classified correctly`" },
    Avoided { words: "tells right", instead: "write `classifies correctly`" },
    Avoided { words: "Them.", instead: "say what they are" },
    Avoided { words: "They themselves", instead: "say what they are" },
    Avoided { words: "that is none.", instead: "say what it is instead" },
    Avoided { words: "```ignore", instead: "let the example compile, or say what it lacks in words" },
    Avoided { words: "/work/", instead: "no path of one machine" },
    Avoided { words: "/root/", instead: "no path of one machine" },
    Avoided { words: "/home/", instead: "no path of one machine" },
    Avoided { words: "crates.io", instead: "name the package; where it is from is the user's configuration" },
    Avoided { words: "pypi.org", instead: "name the package; where it is from is the user's configuration" },
    Avoided { words: "pythonhosted", instead: "name the package; where it is from is the user's configuration" },
];

/// Pieces of the module that `assay export --to burn` writes: they are text to be copied, and the module begins as it should.
pub(super) const WITHOUT_BEGINNING: &[Exception] = &[
    Exception { file: "experiments/export/src/burn/constructors.rs", why: "a piece of an exported module" },
    Exception { file: "experiments/export/src/burn/normalise.rs", why: "a piece of an exported module" },
    Exception { file: "experiments/export/src/burn/prelude.rs", why: "a piece of an exported module" },
    Exception { file: "experiments/export/src/burn/shift.rs", why: "a piece of an exported module" },
];

/// Where the words themselves stand.
pub(super) const OF_WORDS: &[Exception] = &[Exception { file: "xtask/src/tidy/rules.rs", why: "it lists the words" }];
