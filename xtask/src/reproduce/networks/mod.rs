//! `cargo xtask reproduce networks`: networks of other tools, read from ONNX files, compared and scored by every proxy.

mod measure;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde_json::Value;

use self::measure::{Scored, score};
use crate::{child, project};

/// Networks of other tools: what Assay reads of their ONNX files, beside what the tool says, and what each proxy gives
///
/// `experiments/examples/networks/export.py` makes the folder, from torchvision and timm.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  python3 experiments/examples/networks/export.py models
  cargo xtask reproduce networks models
  cargo xtask reproduce networks models --only resnet18 --only gpt --out two.md")]
pub(crate) struct Networks {
    /// The folder of ONNX files, each with what its tool says of it
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// A network to take, by its file's name (may be given again) [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Images that proxies measure by, or sequences of tokens for networks that read such
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=4096))]
    batch: u32,
    /// Where the document is written [default: results/reference/networks.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a network is called, and what is known of it.
struct Row {
    name: String,
    /// The line that the comparison printed of it.
    read: Vec<String>,
    scored: Scored,
}

impl Networks {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        let compare = project::build_example("assay-onnx", "models")?;
        child::outlive_interrupts()?;
        let proxies = measure::proxies(&assay)?;
        let mut rows = Vec::new();
        for name in self.names()? {
            if child::interrupted() {
                bail!("interrupted");
            }
            eprintln!("{name}");
            let read = measure::compared(&compare, &self.folder, &name)?;
            let scored = score(&assay, &self.folder.join(format!("{name}.onnx")), &self.input(&name)?, &proxies, self.batch)?;
            rows.push(Row { name, read, scored });
        }
        let names: Vec<&str> = proxies.iter().map(|proxy| proxy.name.as_str()).collect();
        let text = render(&self.command_line(), &rows, &names, self.batch);
        project::write_result(self.out, "networks.md", &text)
    }

    /// The command that makes the same document, wherever the folder is.
    fn command_line(&self) -> String {
        let only: String = self.only.iter().map(|name| format!(" --only {name}")).collect();
        let batch = if self.batch == 4 { String::new() } else { format!(" --batch {}", self.batch) };
        format!("cargo xtask reproduce networks models{only}{batch}")
    }

    fn names(&self) -> miette::Result<Vec<String>> {
        let told = || format!("{} cannot be read", self.folder.display());
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder).into_diagnostic().wrap_err_with(told)? {
            let path = entry.into_diagnostic().wrap_err_with(told)?.path();
            if path.extension().is_some_and(|end| end == "onnx") {
                names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
            }
        }
        names.sort();
        if let Some(missing) = self.only.iter().find(|only| !names.contains(only)) {
            bail!("{} has no {missing}.onnx", self.folder.display());
        }
        names.retain(|name| self.only.is_empty() || self.only.contains(name));
        if names.is_empty() {
            bail!("{} has no ONNX files; make them by experiments/examples/networks/export.py", self.folder.display());
        }
        Ok(names)
    }

    /// The axes of an image, as `--input` takes them.
    fn input(&self, name: &str) -> miette::Result<String> {
        let path = self.folder.join(format!("{name}.json"));
        let told = || format!("{} cannot be read", path.display());
        let text = std::fs::read_to_string(&path).into_diagnostic().wrap_err_with(told)?;
        let told: Value = serde_json::from_str(&text).into_diagnostic().wrap_err_with(told)?;
        let axes = told["input"].as_array().ok_or_else(|| miette!("{} tells no `input`", path.display()))?;
        Ok(axes.iter().map(Value::to_string).collect::<Vec<_>>().join("x"))
    }
}

// Writing to a string does not fail.
fn render(command: &str, rows: &[Row], proxies: &[&str], batch: u32) -> String {
    let mut text = format!(
        "# Networks of other tools\n\nMade by\n\n```\npython3 experiments/examples/networks/export.py models\n{command}\n```\n\nEach network is one of torchvision, timm or the script itself, with drawn weights, exported by PyTorch. \
         `told` is the number of parameters that PyTorch tells; `difference` is the largest difference of a logit in evaluation mode \
         (float64 here, float32 there), as a part of the largest logit. Seconds and memory are those of all proxies together.\n\n\
         | network | parameters | told | multiply-adds | read (s) | logits (s) | difference | notes | proxies with a value | \
         undefined | seconds | MiB |\n|:---|---:|---:|---:|---:|---:|---:|:---|---:|---:|---:|---:|\n",
    );
    for Row { name, read, scored } in rows {
        let values = scored.values.values().filter(|value| value.is_ok()).count();
        let memory = scored.mebibytes.map_or_else(|| "–".to_owned(), |most| most.to_string());
        let undefined = scored.values.len() - values;
        let _ = writeln!(text, "| {name} | {} | {values} | {undefined} | {:.0} | {memory} |", read.join(" | "), scored.seconds);
    }
    let _ = write!(
        text,
        "\n## Scores\n\nOne draw of {batch} synthetic images, or of {batch} sequences of tokens for a network that reads such, and the files' own \
         weights. – is undefined, for the reason below.\n\n| proxy |"
    );
    for row in rows {
        let _ = write!(text, " {} |", row.name);
    }
    text += "\n|:---|";
    text += &"---:|".repeat(rows.len());
    text += "\n";
    let mut reasons: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for proxy in proxies {
        let _ = write!(text, "| `{proxy}` |");
        for row in rows {
            let _ = match row.scored.values.get(*proxy) {
                Some(Ok(value)) => write!(text, " {value:.3e} |"),
                Some(Err(reason)) => {
                    reasons.entry(proxy).or_default().entry(reason).or_default().push(&row.name);
                    write!(text, " – |")
                }
                None => write!(text, " |"),
            };
        }
        text += "\n";
    }
    text += "\n## Why a score does not exist\n\n";
    for (proxy, reasons) in reasons {
        for (reason, networks) in reasons {
            let _ = writeln!(text, "- `{proxy}`: {reason} ({})", networks.join(", "));
        }
    }
    let failed: Vec<&Row> = rows.iter().filter(|row| row.scored.failure.is_some()).collect();
    if !failed.is_empty() {
        text += "\n## What failed\n\n";
        for Row { name, scored, .. } in failed {
            let _ = writeln!(text, "- {name}: {}", scored.failure.as_deref().unwrap_or_default());
        }
    }
    text
}
