//! Arrows that must not be: crates that do not depend on each other, and parts of one crate that do not use each other.

use super::finding::Finding;
use super::modules::Use;

/// What a crate does not depend on, not even through others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crate {
    /// The folder of its `Cargo.toml`.
    pub(super) folder: &'static str,
    pub(super) name: &'static str,
    /// Names of crates, in groups; `burn*` stands for all that begin so.
    pub(super) never: &'static [&'static [&'static str]],
    pub(super) why: &'static str,
}

/// Parts of one crate that do not use each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    /// Files whose path begins so …
    pub(super) from: &'static str,
    /// … except these, and those within the other part.
    pub(super) except: &'static [&'static str],
    /// … do not use files whose path begins so.
    pub(super) to: &'static [&'static str],
    pub(super) why: &'static str,
}

/// Where a crate depends on what it must not: `dependencies` are the names of all crates that it is built from.
pub(super) fn of_crate(rule: &Crate, dependencies: &[String]) -> Vec<Finding> {
    let file = format!("{}/Cargo.toml", rule.folder);
    let is_never = |name: &str| {
        rule.never
            .iter()
            .copied()
            .flatten()
            .any(|never| never.strip_suffix('*').map_or(name == *never, |beginning| name.starts_with(beginning)))
    };
    let found = dependencies.iter().filter(|name| is_never(name));
    found
        .map(|name| {
            Finding::new(
                &file,
                1,
                format!("{} is built from {name}, see `cargo tree -p {} -e normal -i {name}`: {}", rule.name, rule.name, rule.why),
            )
        })
        .collect()
}

/// Where a part of a crate uses what it must not.
pub(super) fn of_floor(rule: &Floor, uses: &[Use]) -> Vec<Finding> {
    let begins = |path: &str, beginnings: &[&str]| beginnings.iter().any(|beginning| path.starts_with(beginning));
    let found = uses.iter().filter(|used| {
        used.from.starts_with(rule.from) && !begins(&used.from, rule.except) && !begins(&used.from, rule.to) && begins(&used.to, rule.to)
    });
    let mut findings: Vec<Finding> =
        found.map(|used| Finding::new(&used.from, used.line, format!("uses {}: {}", used.to, rule.why))).collect();
    // A rule about files that are not there would hold for ever.
    if !uses.iter().any(|used| used.from.starts_with(rule.from)) {
        findings.push(Finding::new(rule.from, 1, "no file begins so; put the rule in xtask/src/tidy/rules.rs right"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::modules::uses;
    use super::*;
    use crate::source::Tree;

    #[test]
    fn a_crate_is_not_built_from_what_it_must_not_know() {
        let rule = Crate { folder: "core", name: "assay-core", never: &[&["clap"], &["burn*"]], why: "it is for all" };
        let names = ["burn-core", "clap-sys", "serde", "clap"].map(String::from);
        let said: Vec<String> = of_crate(&rule, &names).iter().map(Finding::to_string).collect();
        assert_eq!(
            said,
            [
                "core/Cargo.toml:1: assay-core is built from burn-core, see `cargo tree -p assay-core -e normal -i burn-core`: it is for all",
                "core/Cargo.toml:1: assay-core is built from clap, see `cargo tree -p assay-core -e normal -i clap`: it is for all",
            ]
        );
    }

    #[test]
    fn a_floor_does_not_use_what_stands_on_it() {
        let rule = Floor { from: "a/src/", except: &["a/src/lib.rs"], to: &["a/src/search/"], why: "it is shared" };
        let uses = uses(&Tree::of(&[
            ("a/src/lib.rs", "mod folder;\nmod search;\npub use search::Search;"),
            ("a/src/folder.rs", "\nuse crate::search::Search;"),
            ("a/src/search/mod.rs", "mod step;\npub struct Search;"),
            ("a/src/search/step.rs", "use super::Search;"),
        ]));
        let said: Vec<String> = of_floor(&rule, &uses).iter().map(Finding::to_string).collect();
        assert_eq!(said, ["a/src/folder.rs:2: uses a/src/search/mod.rs: it is shared"]);
        assert_eq!(of_floor(&Floor { from: "b/src/", ..rule }, &uses).len(), 1);
    }
}
