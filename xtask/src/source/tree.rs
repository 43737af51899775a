//! The files that are checked: those of the repository, or a made-up tree of a test.

use std::io;
use std::path::Path;

/// The files of a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Text files, in the order of their paths.
    pub(crate) files: Vec<File>,
    /// The paths of all other files.
    others: Vec<String>,
}

/// A text file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// From the root of the tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is read: sources, documents, and files of settings.
const ENDINGS: [&str; 7] = ["rs", "md", "toml", "py", "c", "h", "snap"];
/// Whether builds or runs leave this folder behind.
fn is_left(path: &str, name: &str) -> bool {
    name == "target" || path == "results"
}

impl Tree {
    /// The files below this folder, without what builds and runs leave there.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        tree.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, path: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !name.starts_with('.') && !is_left(&below, &name) {
                    self.add(&entry.path(), &below)?;
                }
            } else if kind.is_file() && ENDINGS.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
                self.files.push(File { path: below, text: std::fs::read_to_string(entry.path())? });
            } else {
                self.others.push(below);
            }
        }
        Ok(())
    }

    /// The files with this ending.
    pub(crate) fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a File> + 'a {
        self.files.iter().filter(move |file| file.path.ends_with(ending))
    }

    /// Whether there is a file or folder of this path, read or not.
    pub(crate) fn has(&self, path: &str) -> bool {
        let is_it = |other: &str| other.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.files.iter().any(|file| is_it(&file.path)) || self.others.iter().any(|other| is_it(other))
    }

    /// The file of this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Whether a source holds tests only.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

#[cfg(test)]
impl Tree {
    /// A made-up tree.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() });
        Self { files: files.collect(), others: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_without_what_builds_and_runs_leave_there() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a/results/b.rs", "a/target/c.rs", "results/d.md", ".git/e.toml", "f.png", "g.md"] {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "text").unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/results/b.rs", "g.md"]);
        assert!(tree.has("f.png") && tree.has("a/results") && !tree.has("results") && !tree.has("a/resul"));
    }
}
