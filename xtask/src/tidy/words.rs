//! Words that comments, messages and documents do without: those that need reading twice, and those that name a machine.

use super::finding::Finding;
use crate::source::{File, Token, Tree, is_test, lex, without_tests};

/// Words that are not written, and what is written instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avoided {
    pub(super) words: &'static str,
    pub(super) instead: &'static str,
}

/// Where comments, messages and documents use words that they should do without.
pub(super) fn check(tree: &Tree, avoided: &[Avoided]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (line, text) in prose(file) {
            let used = avoided.iter().filter(|avoided| contains(&text, avoided.words));
            findings.extend(used.map(|Avoided { words, instead }| Finding::new(&file.path, line, format!("`{words}`: {instead}"))));
        }
    }
    findings
}

/// Words after "is no" that make a usual turn of speech of it.
const IDIOMS: [&str; 9] = ["longer", "more", "less", "better", "worse", "larger", "smaller", "different", "reason"];

/// Where a comment says of something that it "is no cell" instead of "is not a cell". "There is no cell" is plain.
pub(super) fn negations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(".rs").chain(tree.ending(".md")) {
        for (line, text) in prose(file) {
            let words: Vec<&str> = text.split_whitespace().collect();
            for (at, pair) in words.windows(2).enumerate() {
                let before = at.checked_sub(1).map_or("", |before| words[before]);
                let after = words.get(at + 2).copied().unwrap_or("longer");
                let is_plain = before.to_ascii_lowercase().ends_with("there")
                    || IDIOMS.contains(&after.trim_matches(|letter: char| !letter.is_alphanumeric()));
                if matches!(pair, ["is" | "are" | "was", "no"]) && !is_plain {
                    findings.push(Finding::new(
                        &file.path,
                        line,
                        format!("`{} no {after}`: write that it is not one, or that there is none", pair[0]),
                    ));
                }
            }
        }
    }
    findings
}

/// Comments and texts of sources (texts of tests left out), and all of other files, line by line.
fn prose(file: &File) -> Vec<(usize, String)> {
    if file.path.ends_with(".rs") {
        let source = lex(&file.text);
        let text = |(line, token): &(usize, Token)| token.text().map(|text| (*line, text.to_owned()));
        let texts: Vec<(usize, String)> =
            if is_test(&file.path) { Vec::new() } else { without_tests(source.tokens).iter().filter_map(text).collect() };
        return source.comments.into_iter().chain(texts).collect();
    }
    file.text.lines().enumerate().map(|(before, line)| (before + 1, line.to_owned())).collect()
}

/// Whether the words stand there as words of their own.
fn contains(text: &str, words: &str) -> bool {
    let is_within = |letter: Option<char>, edge: Option<char>| {
        edge.is_some_and(char::is_alphanumeric) && letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '-')
    };
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + words.len()..].chars().next());
        !is_within(before, words.chars().next()) && !is_within(after, words.chars().next_back())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Avoided = Avoided { words: "told right", instead: "write `classified correctly`" };

    #[test]
    fn words_are_found_in_comments_and_documents() {
        let tree = Tree::of(&[
            ("a.rs", "//! Images told right.\nconst A: &str = \"told right\";\n#[test]\nfn b() { c(\"told right\") }"),
            ("b.md", "x\nimages told right, of all\n"),
            ("c.md", "untold right, told righteously"),
        ]);
        let said: Vec<String> = check(&tree, &[RIGHT]).iter().map(Finding::to_string).collect();
        assert_eq!(
            said,
            [
                "a.rs:1: `told right`: write `classified correctly`",
                "a.rs:2: `told right`: write `classified correctly`",
                "b.md:2: `told right`: write `classified correctly`"
            ]
        );
    }

    #[test]
    fn what_is_no_thing_is_not_one() {
        let tree = Tree::of(&[
            ("a.rs", "// What is no cell.\n// There is no cell.\n// It is no longer one.\n// is no\nlet is = no;"),
            ("b.md", "these are no cells, and there are no others"),
        ]);
        let said: Vec<String> = negations(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(
            said,
            [
                "a.rs:1: `is no cell.`: write that it is not one, or that there is none",
                "b.md:1: `are no cells,`: write that it is not one, or that there is none"
            ]
        );
    }
}
