//! The pages of the book: those of `docs`, and those of other folders that its contents name, where they lie in the repository.
//!
//! So links from page to page lead where they do in the repository. What is not in the book, as sources, is named and not linked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;

/// The table of contents.
const CONTENTS: &str = "docs/SUMMARY.md";
/// The chapter below which the published results stand, one a page.
const RESULTS: (&str, &str) = ("docs/results.md", "results/reference");
/// Folders whose files are taken as they are: experiment files, and pictures of results.
const AS_THEY_ARE: [(&str, &str); 2] = [("configs", "toml"), ("results/reference", "png")];

/// Writes the pages of the repository `root` as mdBook reads them.
pub(super) fn write(root: &Path, into: &Path) -> miette::Result<()> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).into_diagnostic().wrap_err_with(|| format!("{path} cannot be read"));
    let contents = contents(&read(CONTENTS)?, &results(root)?);
    let chapters: BTreeSet<String> = links(&contents).map(|link| link.target.to_owned()).collect();
    let mut files: BTreeSet<String> = chapters.clone();
    for (folder, ending) in AS_THEY_ARE {
        files.extend(within(root, folder, ending)?);
    }
    let mut texts = BTreeMap::new();
    for chapter in &chapters {
        texts.insert(chapter.clone(), linked(chapter, &read(chapter)?, &files));
    }
    if let Some(forgotten) = within(root, "docs", "md")?.into_iter().find(|page| page != CONTENTS && !chapters.contains(page)) {
        bail!(help = format!("name it in {CONTENTS}"), "{forgotten} is not in the book");
    }
    texts.insert("SUMMARY.md".to_owned(), contents);
    for (path, text) in &texts {
        project::write_whole(&into.join(path), text)?;
    }
    for file in files.difference(&chapters) {
        let to = into.join(file);
        let folder = to.parent().unwrap_or(into);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::copy(root.join(file), &to).map(drop))
            .into_diagnostic()
            .wrap_err_with(|| format!("{file} cannot be copied"))?;
    }
    Ok(())
}

/// The titles and paths of published results.
fn results(root: &Path) -> miette::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in within(root, RESULTS.1, "md")? {
        let text = std::fs::read_to_string(root.join(&path)).into_diagnostic().wrap_err_with(|| format!("{path} cannot be read"))?;
        let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&path).trim();
        found.push((title.replace(['[', ']'], ""), path));
    }
    Ok(found)
}

/// The files of a folder and of those below with this ending, from the root, in the order of their names.
fn within(root: &Path, folder: &str, ending: &str) -> miette::Result<Vec<String>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(root.join(folder)).into_diagnostic().wrap_err_with(|| format!("{folder} cannot be read"))?;
    for entry in entries {
        let entry = entry.into_diagnostic().wrap_err_with(|| format!("{folder} cannot be read"))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(within(root, &path, ending)?);
        } else if path.ends_with(&format!(".{ending}")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The table of contents, whose links begin at `docs`, with links from the root and with the results below their chapter.
fn contents(text: &str, results: &[(String, String)]) -> String {
    let mut written = String::new();
    for line in text.lines() {
        let mut at = 0;
        for link in links(line) {
            written += &line[at..link.begin];
            written += &resolved(CONTENTS, link.target);
            at = link.begin + link.target.len();
        }
        written += &line[at..];
        written.push('\n');
        if links(line).any(|link| resolved(CONTENTS, link.target) == RESULTS.0) {
            let indent = " ".repeat(line.len() - line.trim_start().len() + 2);
            results.iter().for_each(|(title, path)| written += &format!("{indent}- [{title}]({path})\n"));
        }
    }
    written
}

/// A link of a text, as `[label](target)`.
struct Link<'a> {
    label: &'a str,
    /// Without what follows a `#`.
    target: &'a str,
    /// Where the target begins.
    begin: usize,
    /// All of it.
    whole: std::ops::Range<usize>,
}

/// The links of a text to files, in their order.
fn links(text: &str) -> impl Iterator<Item = Link<'_>> {
    text.match_indices("](").filter_map(move |(middle, _)| {
        let begin = text[..middle].rfind('[')?;
        let end = middle + text[middle..].find(')')?;
        let target = text[middle + 2..end].split('#').next().unwrap_or_default();
        let is_file = !target.is_empty() && !target.contains("://") && !target.contains(char::is_whitespace);
        is_file.then(|| Link { label: &text[begin + 1..middle], target, begin: middle + 2, whole: begin..end + 1 })
    })
}

/// What a link of a page leads to, from the root.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The page with the links that lead to files of the book; of others the label is left, with the path where it does not say it.
fn linked(page: &str, text: &str, files: &BTreeSet<String>) -> String {
    let mut written = String::new();
    let mut at = 0;
    for link in links(text) {
        let path = resolved(page, link.target);
        // Pictures of the gallery are made later.
        if files.contains(&path) || link.whole.start < at {
            continue;
        }
        written += &text[at..link.whole.start];
        let label = link.label.trim_matches('`');
        written += link.label;
        if !path.ends_with(label) {
            written += &format!(" (`{path}`)");
        }
        at = link.whole.end;
    }
    written + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_lead_from_the_root_and_list_the_results() {
        let text = "# Summary\n\n- [Start](start.md)\n- [Results](results.md)\n- [Work](../CONTRIBUTING.md)\n";
        let results = [("Table 1".to_owned(), "results/reference/table1.md".to_owned())];
        assert_eq!(
            contents(text, &results),
            "# Summary\n\n- [Start](docs/start.md)\n- [Results](docs/results.md)\n  - [Table 1](results/reference/table1.md)\n\
             - [Work](CONTRIBUTING.md)\n"
        );
    }

    #[test]
    fn what_is_not_in_the_book_is_named() {
        let files = BTreeSet::from(["docs/b.md".to_owned(), "CONTRIBUTING.md".to_owned()]);
        let text =
            "[b](b.md#c), [work](../CONTRIBUTING.md), [`t`](../core/a.rs) and [`a.rs`](../core/a.rs), [web](https://e.org) [here](#d)";
        assert_eq!(
            linked("docs/a.md", text, &files),
            "[b](b.md#c), [work](../CONTRIBUTING.md), `t` (`core/a.rs`) and `a.rs`, [web](https://e.org) [here](#d)"
        );
    }
}
