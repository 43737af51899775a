//! Whether a finished book is whole: every link leads somewhere in it, and nothing is loaded from a network.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What is wrong, page by page.
pub(super) fn check(html: &Path) -> io::Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    read(html, html, &mut pages)?;
    let mut findings = Vec::new();
    for (page, text) in &pages {
        // The page for a web server that has no other, with links that only the server can follow; and reports, which are pages of their own.
        if page.ends_with("404.html") {
            continue;
        }
        for (attribute, target) in targets(text) {
            let is_outside = target.contains("://") || target.starts_with("//");
            if is_outside && attribute == "src" {
                findings.push(format!("{} loads {target}", page.display()));
            }
            if is_outside || target.starts_with("data:") || target.starts_with("mailto:") || target.starts_with("javascript:") {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { normal(&page.with_file_name(file)) };
            let is_there = match pages.get(&path) {
                Some(text) => place.is_empty() || text.contains(&format!("id=\"{place}\"")),
                None => html.join(&path).is_file(),
            };
            if !is_there {
                findings.push(format!("{} leads to {target}, which is not there", page.display()));
            }
        }
    }
    if pages.is_empty() {
        findings.push("it has no page".to_owned());
    }
    Ok(findings)
}

/// The pages of a folder and of those below, by their paths from `html`.
fn read(html: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(html, &path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            let name = path.strip_prefix(html).unwrap_or(&path).to_owned();
            pages.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// What a page links to and loads.
fn targets(page: &str) -> impl Iterator<Item = (&'static str, &str)> {
    ["href", "src"].into_iter().flat_map(move |attribute| {
        let begin = format!(" {attribute}=\"");
        let places: Vec<usize> = page.match_indices(&begin).map(|(at, found)| at + found.len()).collect();
        places.into_iter().filter_map(move |at| Some((attribute, page[at..].split_once('"')?.0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_nowhere_and_loads_from_a_network_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        write("index.html", "<a href=\"docs/a.html#b\"> <a href=\"https://e.org\"> <img src=\"p.png\"> <a href=\"#c\"> <h1 id=\"c\">");
        write("docs/a.html", "<a href=\"../index.html\"> <h2 id=\"b\">");
        write("p.png", "");
        assert_eq!(check(folder.path()).unwrap(), [""; 0]);
        write("docs/b.html", "<a href=\"a.html#x\"> <a href=\"c.html\"> <script src=\"https://e.org/x.js\"></script>");
        assert_eq!(
            check(folder.path()).unwrap(),
            [
                "docs/b.html leads to a.html#x, which is not there",
                "docs/b.html leads to c.html, which is not there",
                "docs/b.html loads https://e.org/x.js"
            ]
        );
    }
}
