//! `cargo xtask tidy`: checks of the repository itself, which `cargo test` runs too.

mod arrows;
mod circles;
mod code;
mod finding;
mod links;
mod modules;
mod outline;
mod plugins;
mod rules;
mod shape;
mod words;

use std::path::Path;
use std::process::Command;

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;
use crate::source::Tree;
use finding::{Finding, except};

/// Check the repository itself: how files are made, what depends on what, and that everything is documented
#[derive(Debug, Args)]
pub(crate) struct Tidy {}

impl Tidy {
    pub(crate) fn run(self) -> miette::Result<()> {
        let findings = findings(&project::root().join("."))?;
        findings.iter().for_each(|finding| eprintln!("{finding}"));
        match findings.len() {
            0 => Ok(()),
            count => bail!("{count} to put right"),
        }
    }
}

/// What is to be put right in the repository of this folder.
fn findings(root: &Path) -> miette::Result<Vec<Finding>> {
    let tree = Tree::read(root).into_diagnostic().wrap_err("the repository cannot be read")?;
    let uses = modules::uses(&tree);
    let mut findings = [shape::length(&tree), plugins::check(&tree), plugins::configs(&tree)].concat();
    findings.extend(except(shape::beginning(&tree), rules::WITHOUT_BEGINNING));
    findings.extend(circles::check(&uses, rules::CIRCLES));
    findings.extend(rules::FLOORS.iter().flat_map(|floor| arrows::of_floor(floor, &uses)));
    findings.extend(code::check(&tree, rules::CODE));
    findings.extend(except(words::check(&tree, rules::WORDS), rules::OF_WORDS));
    findings.extend(words::negations(&tree));
    findings.extend(links::check(&tree));
    for rule in rules::CRATES {
        findings.extend(arrows::of_crate(rule, &dependencies(root, rule.name)?));
    }
    findings.sort();
    Ok(findings)
}

/// The names of all crates that a crate is built from.
fn dependencies(root: &Path, name: &str) -> miette::Result<Vec<String>> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package", name]).current_dir(root);
    let output = command.output().into_diagnostic().wrap_err("cargo cannot be started")?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<String> = names.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names)
}
