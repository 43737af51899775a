//! Every plugin is documented: in its source where it is a proxy, and by name in the reference pages. So is every
//! experiment file.

use super::finding::Finding;
use crate::source::{File, KINDS, Registered, Tree, registered};

/// What the comment at the head of a proxy's file tells, and how each section may begin.
const SECTIONS: [&[&str]; 4] = [&["What it measures", "What they measure"], &["Source"], &["Cost"], &["Undefined"]];

/// Proxies without the sections of their documentation, and plugins without a heading in the reference pages.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for plugin in registered(tree) {
        if plugin.contract == "Proxy" {
            let (file, head) = (plugin.file, plugin.head());
            let is_there = |beginnings: &[&str]| {
                head.iter().any(|line| beginnings.iter().any(|beginning| line.starts_with(&format!("**{beginning}"))))
            };
            let lacks = SECTIONS.iter().filter(|beginnings| !is_there(beginnings));
            findings
                .extend(lacks.map(|section| Finding::new(&file.path, 1, format!("the comment at its head has no `**{}.**`", section[0]))));
        }
        let Registered { file, line, contract, name, needs_feature } = plugin;
        let Some((_, page)) = KINDS.iter().find(|(known, _)| *known == contract) else {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("registers a `{contract}`, of which there is no reference page; add its kind to xtask/src/source/registered.rs"),
            ));
            continue;
        };
        let Some(name) = name else {
            // What a usual build does not have may be named by it in other ways.
            if !needs_feature {
                let problem =
                    format!("registers a `{contract}` whose name cannot be read here; write it out, or as a constant of this file");
                findings.push(Finding::new(&file.path, line, problem));
            }
            continue;
        };
        let page = format!("docs/reference/{page}.md");
        let heading = format!("## `{name}`");
        // What a usual build does not have is not listed by it; the page names it in its first lines.
        let is_it = |line: &str| line == heading || needs_feature && line.contains(&heading[3..]);
        if !tree.file(&page).is_some_and(|page| page.text.lines().any(is_it)) {
            findings.push(Finding::new(&file.path, line, format!("`{name}` is not in {page}; run `cargo xtask docs`")));
        }
    }
    findings
}

/// Experiment files that neither begin with a comment nor are named in a document.
pub(super) fn configs(tree: &Tree) -> Vec<Finding> {
    let is_named = |file: &File| tree.ending(".md").any(|document| document.text.contains(&file.path));
    let configs = tree.files.iter().filter(|file| file.path.starts_with("configs/"));
    let silent = configs.filter(|file| !file.text.starts_with("# ") && !is_named(file));
    silent.map(|file| Finding::new(&file.path, 1, "nothing says what it is for; begin it with a comment")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! `mine`: a score.\n//!\n//! **What it measures.** A.\n//! **Source.** B.\n//! **Cost.** C.\n//! **Undefined** nowhere.\n\nassay_core::register! {\n    Proxy,\n    name: \"mine\",\n    summary: \"mine\",\n}\n";

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_proxy_tells_what_it_measures_its_source_its_cost_and_where_it_is_undefined() {
        let page = ("docs/reference/proxies.md", "# Proxies\n\n## `mine`\n");
        assert_eq!(said(&[("p/src/mine.rs", SOURCE), page]), [""; 0]);
        let source = SOURCE.replace("//! **Cost.** C.\n", "");
        assert_eq!(said(&[("p/src/mine.rs", source.as_str()), page]), ["p/src/mine.rs:1: the comment at its head has no `**Cost.**`"]);
    }

    #[test]
    fn a_plugin_has_a_heading_in_its_reference_page() {
        let missing = ["p/src/mine.rs:8: `mine` is not in docs/reference/proxies.md; run `cargo xtask docs`"];
        assert_eq!(said(&[("p/src/mine.rs", SOURCE)]), missing);
        assert_eq!(said(&[("p/src/mine.rs", SOURCE), ("docs/reference/proxies.md", "## `mine-too`")]), missing);
        let strange = SOURCE.replace("Proxy", "Stranger");
        assert!(said(&[("p/src/mine.rs", strange.as_str())])[0].contains("registers a `Stranger`"));
        let nameless = SOURCE.replace("name: \"mine\"", "name: elsewhere::NAME");
        assert!(said(&[("p/src/mine.rs", nameless.as_str())])[0].contains("whose name cannot be read here"));
    }

    #[test]
    fn an_experiment_file_says_what_it_is_for_or_is_named_in_a_document() {
        let tree = Tree::of(&[
            ("configs/a.toml", "# A.\n"),
            ("configs/b.toml", "b = 1\n"),
            ("configs/c.toml", "c = 1\n"),
            ("d.md", "see configs/b.toml"),
        ]);
        let said: Vec<String> = configs(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(said, ["configs/c.toml:1: nothing says what it is for; begin it with a comment"]);
    }
}
