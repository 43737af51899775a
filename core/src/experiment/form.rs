//! The form of experiment files: their sections, and the keys of each. What is said of them here is checked, listed and
//! written into the reference pages.

use std::path::PathBuf;

use super::{OnError, PluginFiles, Study, Training};
use crate::plugin::{Declared, Setting};

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

crate::settings! {
    /// The keys outside of any section.
    #[derive(Clone, Debug)]
    pub(super) struct Keys {
        /// the version of the file's form
        pub(super) version: i64, must be given, in 1..=i64::MAX;
        /// what runs are called
        pub(super) name: Option<String>, otherwise "the file's name";
        /// seeds every random stream
        pub(super) seed: u64 = 0, in 0..=i64::MAX;
        /// worker threads
        pub(super) threads: Option<usize>, otherwise "all cores", in 1..=4096;
        /// where run folders are made
        pub(super) output: PathBuf = "results".into();
        /// what a failed measurement does
        pub(super) on_error: OnError = OnError::Stop;
    }
}

/// The keys outside of any section.
pub const KEYS: &[Setting] = Keys::SETTINGS;

/// The sections that name one plugin, whose settings stand beside its name.
pub const PLUGIN_SECTIONS: &[SectionForm] = &[
    SectionForm { name: "engine", summary: "what measures; `cpu` where the section is left out", settings: Named::SETTINGS },
    SectionForm { name: "space", summary: "the search space", settings: Named::SETTINGS },
    SectionForm { name: "dataset", summary: "the images", settings: Named::SETTINGS },
    SectionForm { name: "strategy", summary: "how to search", settings: Named::SETTINGS },
    SectionForm {
        name: "benchmark",
        summary: "recorded accuracies and costs, for the result of a search or a study's scores",
        settings: Named::SETTINGS,
    },
    SectionForm { name: "test", summary: "the images that a trained network is tested on: a dataset", settings: Named::SETTINGS },
];

/// The other sections.
pub const OTHER_SECTIONS: &[SectionForm] = &[
    SectionForm { name: "plugins", summary: "plugins that are loaded at run time", settings: PluginFiles::SETTINGS },
    SectionForm { name: "proxies", summary: "settings of proxies: one section `[proxies.NAME]` each", settings: &[] },
    SectionForm { name: "study", summary: "instead of a strategy: what is correlated", settings: Study::SETTINGS },
    SectionForm {
        name: "training",
        summary: "how architectures are trained: one by assay train, or those that a search judges so",
        settings: Training::SETTINGS,
    },
];

crate::settings! {
    /// The key that names a plugin.
    struct Named {
        /// the registered name; the plugin's settings stand beside it
        name: String, must be given;
    }
}

/// The names of all sections.
pub(super) fn section_names() -> impl Iterator<Item = &'static str> {
    PLUGIN_SECTIONS.iter().chain(OTHER_SECTIONS).map(|section| section.name)
}
