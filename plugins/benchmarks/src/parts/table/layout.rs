//! What a benchmark's table looks like: its architectures and its columns.

use assay_core::plugin::{ArchitectureError, SearchSpace};

/// The form of a benchmark's table.
pub(crate) struct Layout {
    /// The benchmark's name in experiment files.
    pub(crate) name: &'static str,
    /// What its figures are, for protocols: `NAS-Bench-201 accuracies`.
    pub(crate) title: &'static str,
    /// Architectures, each of which must be there once.
    pub(crate) count: usize,
    /// Whether `index` is a number by which others know the architecture too.
    pub(crate) is_numbered: bool,
    /// The space whose architectures they are.
    pub(crate) space: fn() -> &'static dyn SearchSpace,
    /// What an architecture looks like, for messages.
    pub(crate) example: &'static str,
    /// Every column that the benchmark knows, in the order in which an imported table has them.
    pub(crate) columns: fn() -> &'static [Column],
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Layout {
    /// Whether the benchmark has a column of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        (self.columns)().iter().any(|column| column.name == name)
    }

    /// The number that the space gives the architecture of this text, below `count`. `None` if the text is not an
    /// architecture.
    pub(crate) fn key(&self, text: &str) -> Option<usize> {
        self.find(text).ok()
    }

    /// As [`key`](Self::key), with what is wrong with the text.
    pub(crate) fn find(&self, text: &str) -> Result<usize, ArchitectureError> {
        let space = (self.space)();
        let architecture = space.parse(text)?;
        let number = space.number(&architecture).and_then(|number| usize::try_from(number).ok());
        let number = number.filter(|key| *key < self.count);
        number.ok_or_else(|| {
            ArchitectureError(format!("`{text}` is not one architecture; {} is expected", self.example.trim_end_matches(',')))
        })
    }

    /// The architecture of this text as its space writes it, or what is wrong with the text.
    pub(crate) fn written(&self, text: &str) -> Result<String, ArchitectureError> {
        let space = (self.space)();
        space.parse(text).and_then(|architecture| space.write(&architecture))
    }

    /// Who measured what is in a column, if not those who made the benchmark.
    pub(crate) fn source_of(&self, name: &str) -> Option<&'static str> {
        let column = (self.columns)().iter().find(|column| column.name == name)?;
        if let Content::Cost { source, .. } = &column.content { *source } else { None }
    }
}

/// A column that a benchmark knows.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) content: Content,
}

impl Column {
    pub(crate) fn new(name: impl Into<String>, content: Content) -> Self {
        Self { name: name.into(), content }
    }
}

/// What a column holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// The architecture's number.
    Index,
    /// The architecture's text.
    Architecture,
    /// The smallest index of an architecture that computes the same.
    Isomorph,
    /// An accuracy in per cent.
    Accuracy {
        /// How the networks were trained: which release of the data, which schedule. Accuracies of different trainings
        /// are different quantities, and never share a table.
        training: &'static str,
        /// A name for people.
        title: String,
    },
    /// One to three accuracies in per cent, one a training seed, separated by spaces.
    Runs {
        /// How the networks were trained.
        training: &'static str,
    },
    /// A number of which less is better, 0 or more; missing where it could not be measured.
    Cost {
        /// A name for people.
        title: String,
        /// `ms`, `GPU s`, …
        unit: &'static str,
        /// Who measured it, if not those who made the benchmark.
        source: Option<&'static str>,
    },
}

/// The name of the column of single training runs that belongs to a column of accuracies.
pub(crate) fn runs_of(accuracy: &str) -> String {
    format!("{accuracy}_seeds")
}
