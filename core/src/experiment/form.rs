//! The form of experiment files: their sections, and the keys of each. What is said of them here is checked, listed and
//! written into the reference pages.

use super::{plugin_files, study, training};
use crate::plugin::{DefaultValue, Setting, ValueKind};

/// A section of an experiment file.
#[derive(Clone, Copy, Debug)]
pub struct SectionForm {
    /// Its name, as it stands in the brackets.
    pub name: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// Its keys.
    pub settings: &'static [Setting],
}

/// The keys outside of any section.
pub const KEYS: &[Setting] = &[
    Setting {
        name: "version",
        kind: ValueKind::Integer { min: 1, max: i64::MAX },
        default: DefaultValue::Required,
        help: "the version of the file's form",
    },
    Setting { name: "name", kind: ValueKind::Text, default: Setting::said("the file's name"), help: "what runs are called" },
    Setting {
        name: "seed",
        kind: ValueKind::Integer { min: 0, max: i64::MAX },
        default: Setting::said("0"),
        help: "seeds every random stream",
    },
    Setting {
        name: "threads",
        kind: ValueKind::Integer { min: 1, max: 4096 },
        default: Setting::said("all cores"),
        help: "worker threads",
    },
    Setting { name: "output", kind: ValueKind::Path, default: Setting::said("\"results\""), help: "where run folders are made" },
    Setting {
        name: "on_error",
        kind: ValueKind::Choice(&["stop", "skip"]),
        default: Setting::said("\"stop\""),
        help: "what a failed measurement does",
    },
];

/// The sections that name one plugin, whose settings stand beside its name.
pub const PLUGIN_SECTIONS: &[SectionForm] = &[
    SectionForm { name: "engine", summary: "what measures; `cpu` where the section is left out", settings: NAMED },
    SectionForm { name: "space", summary: "the search space", settings: NAMED },
    SectionForm { name: "dataset", summary: "the images", settings: NAMED },
    SectionForm { name: "strategy", summary: "how to search", settings: NAMED },
    SectionForm {
        name: "benchmark",
        summary: "recorded accuracies and costs, for the result of a search or a study's scores",
        settings: NAMED,
    },
    SectionForm { name: "test", summary: "the images that a trained network is tested on: a dataset", settings: NAMED },
];

/// The other sections.
pub const OTHER_SECTIONS: &[SectionForm] = &[
    SectionForm { name: "plugins", summary: "plugins that are loaded at run time", settings: plugin_files::SETTINGS },
    SectionForm { name: "proxies", summary: "settings of proxies: one section `[proxies.NAME]` each", settings: &[] },
    SectionForm { name: "study", summary: "instead of a strategy: what is correlated", settings: study::SETTINGS },
    SectionForm { name: "training", summary: "instead of a strategy: what is trained, and how", settings: training::SETTINGS },
];

/// The key that names a plugin.
const NAMED: &[Setting] = &[Setting {
    name: "name",
    kind: ValueKind::Text,
    default: DefaultValue::Required,
    help: "the registered name; the plugin's settings stand beside it",
}];

/// The names of all sections.
pub(super) fn section_names() -> impl Iterator<Item = &'static str> {
    PLUGIN_SECTIONS.iter().chain(OTHER_SECTIONS).map(|section| section.name)
}
