//! The shape of source files: how long they are, and how they begin.

use super::finding::Finding;
use crate::source::{File, Tree};

/// How many lines a source file may have.
const LINES: usize = 400;

/// Source files that are too long.
pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    let long = tree.ending(".rs").map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > LINES);
    let finding = |(file, lines): (&File, usize)| {
        Finding::new(
            &file.path,
            LINES + 1,
            format!("has {lines} lines, more than {LINES}; give the part that is an idea of its own its own file"),
        )
    };
    long.map(finding).collect()
}

/// Source files that do not begin with what they hold. Tests beside the code that they test may do without: their names say it.
pub(super) fn beginning(tree: &Tree) -> Vec<Finding> {
    let needs = |file: &&File| !(file.path.ends_with("/tests.rs") || file.path.ends_with("_tests.rs"));
    let silent = tree.ending(".rs").filter(needs).filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| Finding::new(&file.path, 1, "does not say what it holds; begin it with a `//!` comment")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_400_lines_and_no_more() {
        let (longest, long) = ("//\n".repeat(400), "//\n".repeat(401));
        let tree = Tree::of(&[("a.rs", longest.as_str()), ("b.rs", long.as_str()), ("c.md", long.as_str())]);
        let said: Vec<String> = length(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(said, ["b.rs:401: has 401 lines, more than 400; give the part that is an idea of its own its own file"]);
    }

    #[test]
    fn a_file_begins_with_what_it_holds() {
        let tree = Tree::of(&[
            ("a.rs", "//! Says it.\n"),
            ("b.rs", "use c::D;\n"),
            ("e.rs", ""),
            ("f/tests.rs", "use super::*;"),
            ("g_tests.rs", ""),
        ]);
        let said: Vec<String> = beginning(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("b.rs:1: ") && said[1].starts_with("e.rs:1: "), "{said:?}");
    }
}
