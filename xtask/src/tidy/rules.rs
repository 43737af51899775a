//! What holds in this repository, and the few exceptions, each with its reason.

use super::arrows::{Crate, Floor};
use super::circles::Allowed;
use super::code::Forbidden;
use super::finding::Exception;
use super::words::Avoided;

/// What crates do not depend on, not even through others.
pub(super) const CRATES: &[Crate] = &[
    Crate {
        folder: "core/structure",
        name: "assay-structure",
        never: &["assay-*", "burn*", "polars*", "rayon"],
        why: "structure is shared with plugins that are built in seconds",
    },
    Crate {
        folder: "core",
        name: "assay-core",
        never: &[
            "burn*",
            "polars*",
            "clap",
            "indicatif",
            "miette",
            "assay",
            "assay-spaces",
            "assay-proxies",
            "assay-strategies",
            "assay-benchmarks",
            "assay-datasets",
        ],
        why: "contracts know nobody who fulfils them, and a linked plugin builds in little time",
    },
    Crate {
        folder: "plugins/host",
        name: "assay-plugin-host",
        never: &["assay", "assay-spaces", "assay-proxies", "assay-strategies", "assay-benchmarks", "assay-datasets", "burn*"],
        why: "what loads the plugins of others knows none of ours",
    },
    Crate {
        folder: "experiments/report",
        name: "assay-report",
        never: &[
            "assay",
            "assay-run",
            "assay-spaces",
            "assay-proxies",
            "assay-strategies",
            "assay-benchmarks",
            "assay-datasets",
            "assay-plugin-host",
            "clap",
            "miette",
        ],
        why: "a report reads run folders and asks nobody",
    },
];

/// What parts of a crate do not use.
pub(super) const FLOORS: &[Floor] = &[
    Floor {
        from: "experiments/report/src/picture/",
        except: &[],
        to: &["experiments/report/src/draw/", "experiments/report/src/report/"],
        why: "drawings and reports share the pencil, which knows neither",
    },
    Floor {
        from: "experiments/report/src/draw/",
        except: &[],
        to: &["experiments/report/src/report/"],
        why: "a single picture needs no report",
    },
];

/// Circles that stay.
pub(super) const CIRCLES: &[Allowed] = &[];

/// Code that is not written.
pub(super) const CODE: &[Forbidden] = &[
    Forbidden { code: "split_once(\"<-\")", instead: "the names of edges are for people; ask the layout for its wiring", exceptions: &[] },
    Forbidden { code: "Box::leak", instead: "give the value an owner, or share it as an `Arc`", exceptions: &[] },
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
    Avoided { words: "that is none", instead: "say what it is instead" },
    Avoided { words: "```ignore", instead: "let the example compile, or say what it lacks in words" },
    Avoided { words: "/work/", instead: "no path of one machine" },
    Avoided { words: "/root/", instead: "no path of one machine" },
    Avoided { words: "/home/", instead: "no path of one machine" },
    Avoided { words: "crates.io", instead: "name the package; where it is from is the user's configuration" },
    Avoided { words: "pypi.org", instead: "name the package; where it is from is the user's configuration" },
    Avoided { words: "pythonhosted", instead: "name the package; where it is from is the user's configuration" },
];

/// Where the words themselves stand.
pub(super) const OF_WORDS: &[Exception] = &[Exception { file: "xtask/src/tidy/rules.rs", why: "it lists the words" }];
