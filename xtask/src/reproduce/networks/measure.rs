//! What programs say of one network.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde_json::Value;

/// A proxy that needs no settings.
pub(super) struct Proxy {
    pub(super) name: String,
    /// Whether it measures by a batch that can be chosen.
    has_batch: bool,
}

/// What all proxies gave of a network.
pub(super) struct Scored {
    /// The value, or why there is none, by proxy.
    pub(super) values: BTreeMap<String, Result<f64, String>>,
    /// Of all proxies together.
    pub(super) seconds: f64,
    /// The most memory at once, where the system tells.
    pub(super) mebibytes: Option<u64>,
    /// What the program said, if it did not end well.
    pub(super) failure: Option<String>,
}

/// The proxies of the program that measure networks and need no settings.
pub(super) fn proxies(assay: &Path) -> miette::Result<Vec<Proxy>> {
    let output = Command::new(assay).args(["list", "proxies", "--json"]).output().into_diagnostic().wrap_err("assay cannot be started")?;
    let listed: Vec<Value> =
        serde_json::from_slice(&output.stdout).into_diagnostic().wrap_err("`assay list proxies --json` gave no list")?;
    let proxy = |listed: &Value| {
        let settings = listed["settings"].as_array()?;
        if settings.iter().any(|setting| setting["default"] == "must be given") {
            return None;
        }
        let has_batch = settings.iter().any(|setting| setting["name"] == "batch");
        Some(Proxy { name: listed["name"].as_str()?.to_owned(), has_batch })
    };
    Ok(listed.iter().filter_map(proxy).collect())
}

/// The columns of the line that the comparison prints of a network.
pub(super) fn compared(compare: &Path, folder: &Path, name: &str) -> miette::Result<Vec<String>> {
    let output = Command::new(compare).arg(folder).arg(name).output().into_diagnostic().wrap_err("the comparison cannot be started")?;
    if !output.status.success() {
        bail!("the comparison of {name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let begin = format!("| {name} |");
    let line = text.lines().find_map(|line| line.strip_prefix(&begin)).ok_or_else(|| miette!("nothing was printed of {name}"))?;
    Ok(line.trim_end_matches('|').split('|').map(|column| column.trim().to_owned()).collect())
}

/// All proxies of one network, each once.
pub(super) fn score(assay: &Path, file: &Path, input: &str, proxies: &[Proxy], batch: u32) -> miette::Result<Scored> {
    let mut command = Command::new(assay);
    command.arg("score").arg(file).args(["--input", input, "--repeats", "1", "--json"]);
    for Proxy { name, has_batch } in proxies {
        command.args(["--proxy", name]);
        if *has_batch {
            command.args(["--set", &format!("proxies.{name}.batch={batch}")]);
        }
    }
    let begin = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().into_diagnostic().wrap_err("assay cannot be started")?;
    let (output, mebibytes) = watched(child).into_diagnostic().wrap_err("waiting for assay failed")?;
    let seconds = begin.elapsed().as_secs_f64();
    if !output.status.success() {
        let failure = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        return Ok(Scored { values: BTreeMap::new(), seconds, mebibytes, failure: Some(failure) });
    }
    let told: Value = serde_json::from_slice(&output.stdout).into_diagnostic().wrap_err("`assay score --json` gave no scores")?;
    let line = |line: &Value| {
        let reading = line["readings"].as_array()?.first()?;
        let value = match reading["value"].as_f64() {
            Some(value) => Ok(value),
            None => Err(reading["undefined"]["because"].as_str()?.to_owned()),
        };
        Some((line["proxy"].as_str()?.to_owned(), value))
    };
    let lines = told["scores"].as_array().ok_or_else(|| miette!("`assay score --json` gave no scores"))?;
    Ok(Scored { values: lines.iter().filter_map(line).collect(), seconds, mebibytes, failure: None })
}

/// Waits for the end and looks meanwhile at the most memory that the program had.
fn watched(child: Child) -> std::io::Result<(std::process::Output, Option<u64>)> {
    let process = Some(child.id());
    let waiting = thread::spawn(move || child.wait_with_output());
    let mut most = None;
    while !waiting.is_finished() {
        most = most.max(assay_heap::most_resident(process).map(|bytes| bytes.div_ceil(1 << 20)));
        thread::sleep(Duration::from_millis(20));
    }
    match waiting.join() {
        Ok(output) => Ok((output?, most)),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
