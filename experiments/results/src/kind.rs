//! The kinds of run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::present::shell;

macro_rules! kind {
    ([] $($(#[$doc:meta])* $kind:ident($summary:ident): $words:literal, command $command:literal;)*) => {
        /// A kind of run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Kind {$(
            $(#[$doc])*
            #[serde(rename = $words)]
            $kind,
        )*}

        impl Kind {
            /// Every kind, in the order in which reports show them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The command that begins and continues such runs: `assay run`.
            #[must_use]
            pub fn command(self) -> &'static str {
                match self {
                    $(Self::$kind => $command,)*
                }
            }
        }

        impl std::fmt::Display for Kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$kind => $words,)*
                })
            }
        }
    };
}

kinds_of_run! { kind }

impl Kind {
    /// The command that continues the run in this folder.
    #[must_use]
    pub fn resume(self, folder: &Path) -> String {
        format!("assay {} --resume {}", self.command(), shell::argument(&folder.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_written_in_the_words_that_people_read() {
        for kind in Kind::ALL {
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, kind.to_string());
            assert_eq!(serde_json::from_value::<Kind>(written).unwrap(), *kind);
        }
    }
}
