//! What `assay list … --json` prints.

use std::path::Path;
use std::process::Command;

use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;

/// A plugin, or a section of an experiment file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) summary: String,
    /// The crate that a plugin is from.
    #[serde(rename = "crate")]
    pub(super) package: Option<String>,
    pub(super) settings: Vec<Setting>,
}

/// One of its settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) takes: String,
    pub(super) default: String,
    /// The default, where it is a value.
    #[serde(default)]
    pub(super) value: Option<serde_json::Value>,
    pub(super) help: String,
    /// Those of a table within it.
    #[serde(default)]
    pub(super) settings: Vec<Setting>,
}

impl Listed {
    /// Asks the program.
    pub(super) fn of(assay: &Path, what: &str) -> miette::Result<Vec<Self>> {
        // Without the plugins that this user has installed.
        let data = tempfile::tempdir().into_diagnostic().wrap_err("no temporary folder can be made")?;
        let mut command = Command::new(assay);
        command.args(["list", what, "--json"]).env("ASSAY_DATA", data.path()).env_remove("ASSAY_PLUGINS");
        let output = command.output().into_diagnostic().wrap_err_with(|| format!("{} cannot be started", assay.display()))?;
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).into_diagnostic().wrap_err_with(|| format!("{command:?} printed something else"))
    }
}
