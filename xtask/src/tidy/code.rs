//! What code does not do here, though the language allows it.

use super::finding::{Exception, Finding, except};
use crate::source::{File, Token, Tree, is_test, lex, without_tests};

/// Code that is not written, and what is done instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forbidden {
    /// As it would be written; spaces and lines do not matter.
    pub(super) code: &'static str,
    /// What to do instead.
    pub(super) instead: &'static str,
    pub(super) exceptions: &'static [Exception],
}

/// Where code outside tests is written that should not be.
pub(super) fn check(tree: &Tree, forbidden: &[Forbidden]) -> Vec<Finding> {
    let sources: Vec<(&File, Vec<(usize, Token)>)> =
        tree.ending(".rs").filter(|file| !is_test(&file.path)).map(|file| (file, without_tests(lex(&file.text).tokens))).collect();
    let mut findings = Vec::new();
    for Forbidden { code, instead, exceptions } in forbidden {
        let wanted: Vec<Token> = lex(code).tokens.into_iter().map(|(_, token)| token).collect();
        let mut found = Vec::new();
        for (file, tokens) in &sources {
            let places = tokens.windows(wanted.len()).filter(|window| window.iter().map(|(_, token)| token).eq(&wanted));
            found.extend(places.map(|window| Finding::new(&file.path, window[0].0, format!("`{code}`: {instead}"))));
        }
        findings.extend(except(found, exceptions));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: Forbidden = Forbidden {
        code: "split_once(\"<-\")",
        instead: "ask the layout",
        exceptions: &[Exception { file: "spaces.rs", why: "it owns the names" }],
    };

    #[test]
    fn forbidden_code_is_found_however_it_is_laid_out() {
        let tree = Tree::of(&[
            ("a.rs", "fn f() {\n    name.split_once(\n        \"<-\"\n    )\n}"),
            (
                "b.rs",
                "// split_once(\"<-\")\nfn f() { name.split_once(\"<\") }\n#[cfg(test)]\nmod tests { fn f() { g.split_once(\"<-\") } }",
            ),
            ("c/tests/d.rs", "fn f() { name.split_once(\"<-\") }"),
            ("spaces.rs", "fn f() { name.split_once(\"<-\") }"),
        ]);
        let said: Vec<String> = check(&tree, &[SPLIT]).iter().map(Finding::to_string).collect();
        assert_eq!(said, ["a.rs:2: `split_once(\"<-\")`: ask the layout"]);
    }
}
