//! Under which terms the program's parts may be passed on: what `deny.toml` allows, and the texts that have to go with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use miette::{IntoDiagnostic, WrapErr};
use serde::Deserialize;

use super::expression::{is_met, spdx};
use super::parts::{Part, Parts};

/// The licences that `deny.toml` allows.
#[derive(Debug, Deserialize)]
pub(super) struct Allowed {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Those that it allows one crate beside them.
#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

impl Allowed {
    pub(super) fn read(file: &Path) -> miette::Result<Self> {
        #[derive(Deserialize)]
        struct Deny {
            licenses: Allowed,
        }
        let text = std::fs::read_to_string(file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))?;
        let deny: Deny = toml_edit::de::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))?;
        Ok(deny.licenses)
    }

    /// The parts of others whose terms cannot be met with these, each with what it states.
    pub(super) fn refused(&self, parts: &Parts) -> Vec<String> {
        let is_allowed = |part: &Part| {
            let more = self.exceptions.iter().filter(|exception| exception.name == part.name).flat_map(|exception| &exception.allow);
            let all: Vec<&String> = self.allow.iter().chain(more).collect();
            part.licence.as_deref().is_some_and(|licence| is_met(licence, |name| all.iter().any(|allowed| *allowed == name)))
        };
        let refused = parts.of_others().filter(|part| !is_allowed(part));
        refused
            .map(|part| format!("{} {}: {}", part.name, part.version, part.licence.as_deref().unwrap_or("no licence is stated")))
            .collect()
    }
}

/// How the names of files begin in which a package carries its terms.
const FILES: [&str; 6] = ["licence", "license", "copying", "copyright", "notice", "unlicense"];

/// The document that goes with the program: every part with its licence, and each text once.
pub(super) fn told(parts: &Parts) -> miette::Result<String> {
    let mut text = String::from(
        "# What Assay is made of\n\nThe program contains these packages. Where one may be had under several licences, each of them is named.\n\n\
         | package | version | licence | source |\n|---|---|---|---|\n",
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for part in parts.of_others() {
        let licence = part.licence.as_deref().map(spdx).unwrap_or_default();
        let source = part.repository.as_deref().unwrap_or_default();
        let _ = writeln!(text, "| {} | {} | {licence} | {source} |", part.name, part.version);
        let found = texts_of(part)?;
        if found.is_empty() {
            without.push(format!("{} {}", part.name, part.version));
        }
        found.into_iter().for_each(|found| texts.entry(found).or_default().push(format!("{} {}", part.name, part.version)));
    }
    if !without.is_empty() {
        let _ = write!(
            text,
            "\nPackages that carry no text of their licence, and are under the one that the table names: {}.\n",
            without.join(", ")
        );
    }
    // By the first package that has a text, so that the document does not change when texts do.
    let mut texts: Vec<(Vec<String>, String)> = texts.into_iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, licence) in texts {
        let _ = write!(text, "\n## {}\n\n~~~text\n{}\n~~~\n", names.join(", "), licence.trim_end());
    }
    Ok(text)
}

/// The texts in a package's folder.
fn texts_of(part: &Part) -> miette::Result<Vec<String>> {
    let failed = || format!("{} cannot be read", part.folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&part.folder).into_diagnostic().wrap_err_with(failed)? {
        let entry = entry.into_diagnostic().wrap_err_with(failed)?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.path().is_file() && FILES.iter().any(|beginning| name.starts_with(beginning)) && !name.ends_with(".rs") {
            files.push(entry.path());
        }
    }
    files.sort();
    let read =
        |file: &std::path::PathBuf| std::fs::read(file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()));
    // Line ends of other systems, and bytes of older encodings, are not a reason to leave a text out.
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    files.iter().map(|file| read(file).map(text)).collect()
}
