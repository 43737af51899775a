//! Architectures as arguments of commands: texts, lists in files, and lists on standard input.

use std::io::Read;
use std::path::Path;

use assay_core::data::read_limit;
use assay_core::experiment::{ArchitectureList, ListError};

use crate::failure::Failure;

/// What stands before the name of a file that lists architectures.
const FILE: char = '@';

/// Stands for standard input.
const INPUT: &str = "-";

/// The architectures that arguments name, in their order.
#[derive(Debug, Default)]
pub(crate) struct Architectures {
    /// As they are written.
    pub(crate) texts: Vec<String>,
    /// Where each stands, if in a list.
    places: Vec<Option<String>>,
}

impl Architectures {
    /// These, none of which stands in a list.
    pub(crate) fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: Vec<String> = texts.into_iter().collect();
        Self { places: vec![None; texts.len()], texts }
    }

    /// Those of these arguments: `@FILE` and `-` stand for what they list, one a line.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, Failure> {
        let mut all = Self::default();
        if arguments.iter().filter(|argument| *argument == INPUT).count() > 1 {
            return Err(Failure::new("standard input can be read once, and `-` is there twice"));
        }
        for argument in arguments {
            let list = if argument == INPUT {
                input()
            } else if let Some(file) = argument.strip_prefix(FILE) {
                ArchitectureList::read(Path::new(file))
            } else {
                all.texts.push(argument.clone());
                all.places.push(None);
                continue;
            };
            let list = list.map_err(|error| {
                let help = "write an architecture a line; what stands behind a # is a comment, and of a file .csv the column arch counts";
                Failure::new(error.to_string()).with_help(help)
            })?;
            all.places.extend((0..list.texts().len()).map(|position| Some(list.place(position))));
            all.texts.extend(list.texts().map(str::to_owned));
        }
        Ok(all)
    }

    /// What messages call one of them: by where it stands, if it is not the only one.
    pub(crate) fn called(&self, position: usize) -> String {
        match self.places.get(position) {
            Some(Some(place)) => place.clone(),
            _ if self.texts.len() > 1 => format!("architecture {}", position + 1),
            _ => "this".into(),
        }
    }

    /// What a message about one of them begins with that says itself what is wrong with this one.
    pub(crate) fn place(&self, position: usize) -> String {
        let is_only = self.texts.len() == 1 && matches!(self.places.first(), Some(None));
        if is_only { String::new() } else { format!("{}: ", self.called(position)) }
    }
}

/// The list on standard input, which may be as long as any file.
fn input() -> Result<ArchitectureList, ListError> {
    let failed = |problem: String| ListError::Unreadable { file: INPUT.into(), problem };
    let limit = read_limit().map_err(|error| failed(error.to_string()))?;
    let mut content = Vec::new();
    let read = std::io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut content);
    read.map_err(|error| failed(error.to_string()))?;
    if content.len() as u64 > limit {
        return Err(failed(format!("it has more than {} MiB", limit >> 20)));
    }
    ArchitectureList::parse("standard input", &content)
}
