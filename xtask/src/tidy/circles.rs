//! Files of one crate that need each other in a circle: neither can be understood, or moved, without the other.
//!
//! A module that puts its own parts together ties no circle with them: a folder's first file may define what its parts share.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::modules::{Use, Way};

/// A circle that stays, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) files: &'static [&'static str],
    pub(super) why: &'static str,
}

/// The circles beyond those that are allowed, and those allowed that are gone.
pub(super) fn check(uses: &[Use], allowed: &[Allowed]) -> Vec<Finding> {
    let circles = circles(uses);
    let is_allowed = |circle: &BTreeSet<&str>| allowed.iter().any(|allowed| circle.iter().all(|file| allowed.files.contains(file)));
    let mut findings: Vec<Finding> = circles.iter().filter(|circle| !is_allowed(circle)).map(|circle| finding(circle, uses)).collect();
    for Allowed { files, why } in allowed {
        if !circles.iter().any(|circle| circle.iter().all(|file| files.contains(file))) {
            let first = files.first().copied().unwrap_or_default();
            findings.push(Finding::new(
                first,
                1,
                format!("is allowed to be in a circle ({why}), but is in none; remove it from xtask/src/tidy/exceptions.rs"),
            ));
        }
    }
    findings
}

fn finding(circle: &BTreeSet<&str>, uses: &[Use]) -> Finding {
    let within: Vec<&Use> = uses.iter().filter(|used| is_in(used, circle)).collect();
    let arrows: Vec<String> = within.iter().map(|used| format!("  {}:{} needs {}", used.from, used.line, used.to)).collect();
    let first = within.first().map_or(("", 1), |used| (used.from.as_str(), used.line));
    let message = format!(
        "{} files need each other in a circle; move what they share into a file that knows none of them:\n{}",
        circle.len(),
        arrows.join("\n")
    );
    Finding::new(first.0, first.1, message)
}

fn is_in(used: &Use, circle: &BTreeSet<&str>) -> bool {
    used.way == Way::Needs && circle.contains(used.from.as_str()) && circle.contains(used.to.as_str())
}

/// The strongly connected components of more than one file.
fn circles(uses: &[Use]) -> Vec<BTreeSet<&str>> {
    let mut search = Search::default();
    for used in uses.iter().filter(|used| used.way == Way::Needs) {
        search.next.entry(&used.from).or_default().push(&used.to);
    }
    let files: Vec<&str> = search.next.keys().copied().collect();
    for file in files {
        if !search.order.contains_key(file) {
            search.visit(file);
        }
    }
    search.found.retain(|circle| circle.len() > 1);
    search.found.sort();
    search.found
}

/// Tarjan's algorithm.
#[derive(Default)]
struct Search<'a> {
    next: BTreeMap<&'a str, Vec<&'a str>>,
    /// When a file was met first.
    order: BTreeMap<&'a str, usize>,
    open: Vec<&'a str>,
    found: Vec<BTreeSet<&'a str>>,
}

impl<'a> Search<'a> {
    /// Gives the earliest file that can be reached from this one among those that are open.
    fn visit(&mut self, file: &'a str) -> usize {
        let turn = self.order.len();
        self.order.insert(file, turn);
        self.open.push(file);
        let mut earliest = turn;
        for to in self.next.get(file).cloned().unwrap_or_default() {
            match self.order.get(to) {
                None => earliest = earliest.min(self.visit(to)),
                Some(met) if self.open.contains(&to) => earliest = earliest.min(*met),
                Some(_) => {}
            }
        }
        if earliest == turn {
            let from = self.open.iter().position(|open| *open == file).unwrap_or(0);
            self.found.push(self.open.drain(from..).collect());
        }
        earliest
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::uses;
    use super::*;
    use crate::source::Tree;

    const KNOT: [(&str, &str); 4] = [
        ("a/src/lib.rs", "mod b;\nmod c;\nmod d;"),
        ("a/src/b.rs", "use crate::c::C;\npub struct B;"),
        ("a/src/c.rs", "use super::d::D;\npub struct C;"),
        ("a/src/d.rs", "pub struct D;\nfn f(_: crate::b::B) {}"),
    ];
    const ALLOWED: Allowed = Allowed { files: &["a/src/b.rs", "a/src/c.rs", "a/src/d.rs"], why: "they are one" };

    #[test]
    fn a_circle_is_found_with_the_lines_that_tie_it() {
        let findings = check(&uses(&Tree::of(&KNOT)), &[]);
        assert_eq!(findings.len(), 1);
        let said = findings[0].to_string();
        for line in ["a/src/b.rs:1 needs a/src/c.rs", "a/src/c.rs:1 needs a/src/d.rs", "a/src/d.rs:2 needs a/src/b.rs"] {
            assert!(said.contains(line), "{said}");
        }
    }

    #[test]
    fn a_circle_may_be_allowed_as_long_as_it_is_there() {
        assert!(check(&uses(&Tree::of(&KNOT)), &[ALLOWED]).is_empty());
        let gone = check(&uses(&Tree::of(&KNOT[..3])), &[ALLOWED]);
        assert!(gone[0].to_string().contains("is in none"), "{}", gone[0]);
        let smaller = Allowed { files: &["a/src/b.rs", "a/src/c.rs"], why: "two of three" };
        assert_eq!(check(&uses(&Tree::of(&KNOT)), &[smaller]).len(), 2);
    }

    #[test]
    fn a_module_and_its_parts_are_no_circle() {
        let files = [
            ("a/src/lib.rs", "mod b;\npub use b::B;\npub struct Above;\nfn f() { b::g() }"),
            ("a/src/b.rs", "use super::Above;\npub struct B(Above);\npub fn g() {}"),
        ];
        assert!(check(&uses(&Tree::of(&files)), &[]).is_empty());
    }
}
