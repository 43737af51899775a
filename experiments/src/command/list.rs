//! `assay list`: what this build knows.

use std::path::PathBuf;

use assay_core::plugin::Origin;
use clap::Args;

use super::Ending;
use super::tabular::{render, table};
use crate::listing::{Listed, What, as_json};
use crate::output::{self, out};

/// List spaces, proxies, aggregates of proxies, strategies, benchmarks, datasets or engines, and their settings
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  assay list proxies --verbose
  assay list proxies --verbose --config study.toml     with the plugins that it loads
  assay list sections --json                           the form of experiment files, for programs")]
pub(super) struct List {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// With the settings of each: type, default, meaning
    #[arg(long, short)]
    verbose: bool,
    /// As JSON: a list of names, summaries and settings
    #[arg(long, conflicts_with = "verbose")]
    json: bool,
    /// With the plugins of this experiment file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl List {
    pub(super) fn run(self) -> Result<(), Ending> {
        let plugins = match &self.config {
            Some(file) => crate::plugins::of_file(file)?,
            None => crate::plugins::installed()?,
        };
        let listed = self.what.listed(&plugins);
        if self.json {
            output::json(&format!("{:#}", as_json(&listed)))?;
        } else if self.verbose {
            out!("{}", listed.iter().map(described).collect::<Vec<_>>().join("\n\n"))?;
        } else {
            let mut rows = table(&[]);
            for Listed { name, summary, .. } in &listed {
                rows.add_row([name, summary]);
            }
            out!("{}", render(&rows))?;
        }
        Ok(())
    }
}

/// For people, with a table of the settings.
fn described(listed: &Listed) -> String {
    let mut lines = vec![listed.name.to_owned(), format!("  {}", listed.summary)];
    if let Some(origin @ Origin::File(_)) = listed.origin {
        lines.push(format!("  from {origin}"));
    }
    if listed.settings.is_empty() {
        lines.push("  no settings".into());
        return lines.join("\n");
    }
    let mut rows = table(&["setting", "takes", "default", "meaning"]);
    for setting in listed.settings {
        rows.add_row([setting.name, &setting.kind.to_string(), &setting.default_text(), setting.help]);
    }
    lines.extend(render(&rows).lines().map(|line| format!("  {line}")));
    lines.join("\n")
}
