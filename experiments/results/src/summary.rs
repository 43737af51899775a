//! The result of a run of any kind: `summary.json`.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::begun::kind_of;
use crate::checksums::check;
use crate::error::{ReadError, parse, read_bytes};
use crate::kind::Kind;
use crate::{SearchSummary, ShardSummary, StudySummary, TrainingSummary, files};

/// What all summaries have in common.
#[derive(Deserialize)]
struct Header {
    #[serde(default = "search")]
    kind: Kind,
    schema: u32,
}

/// Searches of the first 0.1.0 do not say what they are.
fn search() -> Kind {
    Kind::Search
}

macro_rules! summary {
    ([$dollar:tt] $($(#[$doc:meta])* $kind:ident($summary:ident): $words:literal, command $command:literal;)*) => {
        /// The result of a run.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Summary {$(
            $(#[$doc])*
            $kind(Box<$summary>),
        )*}

        impl Summary {
            /// The result that these bytes of a file are.
            ///
            /// # Errors
            /// If they are none, or one of another form than this version reads.
            pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, ReadError> {
                let Header { kind, schema: found } = parse(file, bytes)?;
                let read = match kind {
                    $(Kind::$kind => $summary::SCHEMA,)*
                };
                if found != read {
                    return Err(ReadError::Schema { file: file.to_owned(), kind, found, read });
                }
                Ok(match kind {
                    $(Kind::$kind => Self::$kind(Box::new(parse(file, bytes)?)),)*
                })
            }

            /// What kind of run it is of.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// The experiment's name.
            #[must_use]
            pub fn experiment(&self) -> &str {
                match self {
                    $(Self::$kind(summary) => &summary.experiment,)*
                }
            }

            /// The experiment's seed.
            #[must_use]
            pub fn seed(&self) -> u64 {
                match self {
                    $(Self::$kind(summary) => summary.seed,)*
                }
            }

            /// The version of the program that made it.
            #[must_use]
            pub fn assay(&self) -> &str {
                match self {
                    $(Self::$kind(summary) => &summary.assay,)*
                }
            }
        }

        $(
            impl From<$summary> for Summary {
                fn from(summary: $summary) -> Self {
                    Self::$kind(Box::new(summary))
                }
            }

            impl $summary {
                /// The result in this run folder, which must be of this kind.
                ///
                /// # Errors
                /// As [`Summary::read`]; or if it is of another kind.
                pub fn read(folder: &Path) -> Result<Self, ReadError> {
                    match Summary::read(folder)? {
                        Summary::$kind(summary) => Ok(*summary),
                        other => Err(ReadError::OtherKind { folder: folder.to_owned(), found: other.kind(), wanted: Kind::$kind }),
                    }
                }

                /// As the bytes of `summary.json`.
                ///
                /// # Errors
                /// If it cannot be written as JSON.
                pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
                    let mut json = serde_json::to_vec_pretty(self)?;
                    json.push(b'\n');
                    Ok(json)
                }
            }
        )*

        /// Does the same with a summary of whichever kind: `match_kind!(summary, one => one.told())`, where the summary of each
        /// kind implements a trait of the caller.
        #[macro_export]
        macro_rules! match_kind {
            ($dollar summary:expr, $dollar one:ident => $dollar done:expr) => {
                match $dollar summary {
                    $($crate::Summary::$kind($dollar one) => $dollar done,)*
                }
            };
        }
    };
}

kinds_of_run! { summary $ }

impl Summary {
    /// The result in this run folder.
    ///
    /// # Errors
    /// If the folder holds no run, or one that is not finished, or the result cannot be read; then with the name of the
    /// field that is wrong.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let file = folder.join(files::SUMMARY);
        let bytes = match read_bytes(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                return Err(match kind_of(folder)? {
                    // It is there, and cannot be read.
                    Some(_) if error.kind() != ErrorKind::NotFound => ReadError::File { file, error },
                    Some(kind) => ReadError::Unfinished { folder: folder.to_owned(), kind },
                    None => ReadError::NoRun { folder: folder.to_owned(), error },
                });
            }
        };
        check(&file, &bytes)?;
        Self::parse(&file, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn search() -> Value {
        json!({
            "schema": 1, "kind": "search", "assay": "0.1.0", "experiment": "small", "seed": 0,
            "architecture": { "text": "|a~0|", "canonical": "|a~0|", "mask": "01" },
            "scores": {}, "accuracies": { "unknown": { "because": "the experiment has no [benchmark] section" } },
            "protocol": "space x", "counts": { "measurements": {}, "undefined": {}, "steps": 0 },
            "times": { "phases": {}, "rest_wall_seconds": 0.5, "total_wall_seconds": 0.5, "cpu_seconds": null },
            "machine": { "cpu": "CPU", "cores": 2, "threads": 1, "os": "OS", "rustc": "rustc", "target": "target" },
        })
    }

    fn read(summary: &Value) -> Result<Summary, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(files::SUMMARY), summary.to_string()).unwrap();
        Summary::read(folder.path())
    }

    fn message(summary: &Value) -> String {
        let message = read(summary).unwrap_err().to_string();
        message[message.find(files::SUMMARY).unwrap()..].to_owned()
    }

    #[test]
    fn a_search_is_read_and_one_of_the_first_version_that_does_not_say_what_it_is() {
        let mut summary = search();
        let read_now = read(&summary).unwrap();
        assert_eq!(read_now.kind(), Kind::Search);
        summary.as_object_mut().unwrap().remove("kind");
        assert_eq!(read(&summary).unwrap(), read_now);
    }

    #[test]
    fn a_summary_that_cannot_be_read_says_which_field_of_which_file_is_wrong() {
        let mut summary = search();
        summary["architecture"]["mask"] = json!(5);
        assert_eq!(
            message(&summary).split(" at line").next(),
            Some("summary.json` cannot be read: architecture.mask: invalid type: integer `5`, expected a string")
        );
        let mut summary = search();
        summary.as_object_mut().unwrap().remove("seed");
        assert!(message(&summary).contains("missing field `seed`"), "{}", message(&summary));
        let mut summary = search();
        summary["kind"] = json!("meal");
        assert!(message(&summary).contains("cannot be read: kind: unknown variant `meal`, expected"), "{}", message(&summary));
        summary["kind"] = json!("training");
        assert!(message(&summary).contains("cannot be read: architecture: invalid type: map"), "{}", message(&summary));
        summary["schema"] = json!(7);
        assert_eq!(message(&summary), "summary.json` has form 7 of a training, and this version of assay reads form 1");
    }

    #[test]
    fn what_is_not_there_or_not_finished_or_of_another_kind_is_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let run = || Summary::read(folder.path()).unwrap_err();
        assert!(matches!(run(), ReadError::NoRun { .. }));
        std::fs::write(folder.path().join(files::EXPERIMENT), "[study]\n").unwrap();
        assert_eq!(run().help(), Some(format!("continue it with: assay correlate --resume {}", folder.path().display())));
        std::fs::write(folder.path().join(files::SUMMARY), search().to_string()).unwrap();
        let error = TrainingSummary::read(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("` holds a search, and not a training"), "{error}");
    }
}
