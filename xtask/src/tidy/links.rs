//! What documents point to is there: the files that they link to, and those that they name.

use super::finding::Finding;
use crate::source::{File, Tree};

/// Links to files that are not there, and paths of sources that are named and are not there.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.ending(".md").filter(|file| !file.path.contains("/templates/"));
    let mut findings = Vec::new();
    for file in documents {
        for (before, line) in file.text.lines().enumerate() {
            let missing = links(line).filter(|link| !tree.has(&target(file, link))).map(|link| format!("links to {link}"));
            let renamed = tests(line)
                .filter(|(name, link)| tree.file(&target(file, link)).is_some_and(|file| !file.text.contains(&format!("fn {name}("))));
            let renamed = renamed.map(|(name, link)| format!("says that {link} has a function `{name}`"));
            let named = named(line).filter(|path| !tree.has(path)).map(|path| format!("names `{path}`"));
            findings.extend(
                missing.chain(renamed).chain(named).map(|what| Finding::new(&file.path, before + 1, format!("{what}, which is not there"))),
            );
        }
    }
    findings
}

/// The links of a line into the repository, without what follows a `#`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.filter(|target| !target.contains("://")).map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty())
}

/// The functions, such as tests, that a line names and links to: ``[`name`](file.rs)``.
fn tests(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let labels =
        line.split("[`").skip(1).filter_map(|rest| rest.split_once("`](")).filter_map(|(name, rest)| Some((name, rest.split_once(')')?.0)));
    labels.filter(|(name, link)| {
        link.ends_with(".rs") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// The paths of sources, from the root of the repository, that a line names as code. Those with a placeholder, as in
/// `plugins/proxies/src/NAME.rs`, stand for any.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    let begins = |text: &str| ["core/", "plugins/", "experiments/", "xtask/"].iter().any(|folder| text.starts_with(folder));
    let is_path = move |text: &&str| begins(text) && text.ends_with(".rs") && !text.contains(['*', ' ', '…']);
    code.filter(is_path).filter(|path| !path.bytes().any(|byte| byte.is_ascii_uppercase()))
}

/// What a link of a document leads to, from the root.
fn target(document: &File, link: &str) -> String {
    let mut parts: Vec<&str> = document.path.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_or_named_is_there() {
        let text = "[a](../core/a.rs#L1) [web](https://e.org) [here](#x) [folder](../core/) [b](b.md)\n\
                    `core/a.rs`, `core/b.rs`, `core/NAME.rs`, `src/a.rs`, `ls core/c.rs`\n\
                    [`a_test`](../core/a.rs) [`another`](../core/a.rs) [`a.rs`](../core/a.rs)";
        let tree = Tree::of(&[("docs/page.md", text), ("core/a.rs", "fn a_test() {}")]);
        let said: Vec<String> = check(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(
            said,
            [
                "docs/page.md:1: links to b.md, which is not there",
                "docs/page.md:2: names `core/b.rs`, which is not there",
                "docs/page.md:3: says that ../core/a.rs has a function `another`, which is not there"
            ]
        );
    }
}
