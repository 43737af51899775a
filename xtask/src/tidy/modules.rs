//! The modules of each crate, and which file uses which: paths are followed through re-exports to the file that defines
//! what they name.

use std::collections::BTreeMap;

use super::outline::{Import, Outline, outline};
use crate::source::{Tree, lex, without_tests};

/// One file of a crate uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) from: String,
    pub(super) to: String,
    /// Where, in `from`.
    pub(super) line: usize,
    /// What it does with the other file.
    pub(super) way: Way,
}

/// How a file uses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// It needs what the other defines.
    Needs,
    /// The other is a part of it, a module somewhere below: it puts its parts together.
    Part,
    /// It re-exports what the other defines, and uses nothing of it.
    PassesOn,
}

/// How many re-exports a path may lead through.
const DEPTH: usize = 20;

#[derive(Debug)]
struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    outline: Outline,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Module(usize),
    /// An item that this module defines.
    Item(usize),
}

/// The modules of one crate; the first is its root.
struct Modules<'a> {
    tree: &'a Tree,
    modules: Vec<Module>,
}

/// Which file uses which, in every crate of the tree, without what only tests use.
pub(super) fn uses(tree: &Tree) -> Vec<Use> {
    let is_root = |path: &str| {
        path.ends_with("src/lib.rs") || path.ends_with("src/main.rs") || (path.contains("/examples/") && path.ends_with("/main.rs"))
    };
    let mut uses: Vec<Use> = Vec::new();
    for root in tree.ending(".rs").filter(|file| is_root(&file.path)) {
        let mut modules = Modules { tree, modules: Vec::new() };
        modules.add(&root.path, outline_of(&root.text), None, &folder(&root.path));
        uses.extend(modules.uses());
    }
    uses.sort();
    uses.dedup_by(|later, earlier| (&later.from, &later.to, later.way) == (&earlier.from, &earlier.to, earlier.way));
    uses
}

fn outline_of(text: &str) -> Outline {
    outline(&without_tests(lex(text).tokens))
}

fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

impl Modules<'_> {
    /// Adds a module and all below it. `below` is the folder of the files of its children.
    fn add(&mut self, file: &str, mut outline: Outline, parent: Option<usize>, below: &str) -> usize {
        let position = self.modules.len();
        let declared = std::mem::take(&mut outline.modules);
        self.modules.push(Module { file: file.to_owned(), parent, children: BTreeMap::new(), outline });
        for module in declared {
            let child = if let Some(body) = module.body {
                self.add(file, body, Some(position), &format!("{below}/{}", module.name))
            } else {
                let named = module.file.map(|name| (format!("{}/{name}", folder(file)), folder(file)));
                let beside = (format!("{below}/{}.rs", module.name), format!("{below}/{}", module.name));
                let inside = (format!("{below}/{}/mod.rs", module.name), format!("{below}/{}", module.name));
                let candidates = named.into_iter().chain([beside, inside]);
                let Some((path, below)) = candidates.into_iter().find(|(path, _)| self.tree.file(path).is_some()) else { continue };
                let text = self.tree.file(&path).map_or("", |file| &file.text);
                self.add(&path, outline_of(text), Some(position), &below)
            };
            self.modules[position].children.insert(module.name, child);
        }
        position
    }

    fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (position, module) in self.modules.iter().enumerate() {
            let mut add = |line: usize, target: Option<usize>, passes_on: bool| {
                let Some(target) = target.filter(|target| self.modules[*target].file != module.file) else { return };
                let way = match passes_on {
                    true => Way::PassesOn,
                    false if self.is_below(target, position) => Way::Part,
                    false => Way::Needs,
                };
                uses.push(Use { from: module.file.clone(), to: self.modules[target].file.clone(), line, way });
            };
            for import in &module.outline.imports {
                let Import { line, path, name, public } = import;
                let target = self.named(position, path, DEPTH);
                let passes_on = *public && name.as_ref().is_none_or(|name| !module.outline.words.contains(name));
                match (target, name) {
                    (Some(Named::Item(target)), _) | (Some(Named::Module(target)), None) => add(*line, Some(target), passes_on),
                    // A module that is only named: what is used of it shows in paths.
                    _ => {}
                }
            }
            for (line, path) in &module.outline.paths {
                if let Some(Named::Item(target)) = self.named(position, path, DEPTH) {
                    add(*line, Some(target), false);
                }
            }
        }
        uses
    }

    fn is_below(&self, module: usize, above: usize) -> bool {
        std::iter::successors(self.modules[module].parent, |module| self.modules[*module].parent).any(|parent| parent == above)
    }

    /// What a path in this module names, if it is in this crate.
    fn named(&self, from: usize, path: &[String], depth: usize) -> Option<Named> {
        let depth = depth.checked_sub(1)?;
        let mut here = from;
        let mut inside = false;
        for word in path {
            match word.as_str() {
                "crate" if !inside => here = 0,
                "self" if !inside => {}
                "super" => here = self.modules[here].parent?,
                name => match self.find(here, name, depth) {
                    Some(Named::Module(module)) => here = module,
                    Some(item) => return Some(item),
                    // A macro may define it.
                    None if inside => return Some(Named::Item(here)),
                    None => return None,
                },
            }
            inside = true;
        }
        Some(Named::Module(here))
    }

    /// What a name means in this module.
    fn find(&self, module: usize, name: &str, depth: usize) -> Option<Named> {
        let depth = depth.checked_sub(1)?;
        let Module { children, outline, .. } = &self.modules[module];
        if let Some(child) = children.get(name) {
            return Some(Named::Module(*child));
        }
        if outline.items.contains(name) {
            return Some(Named::Item(module));
        }
        let mut by_name = outline.imports.iter().filter(|import| import.name.as_deref() == Some(name));
        if let Some(found) = by_name.find_map(|import| self.named(module, &import.path, depth)) {
            return Some(found);
        }
        let globs = outline.imports.iter().filter(|import| import.name.is_none());
        globs.filter_map(|import| self.named(module, &import.path, depth)).find_map(|glob| match glob {
            Named::Module(glob) if glob != module => self.find(glob, name, depth),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(files: &[(&str, &str)]) -> Vec<String> {
        let show = |used: Use| {
            let arrow = match used.way {
                Way::Needs => "needs",
                Way::Part => "has",
                Way::PassesOn => "passes on",
            };
            format!("{} {arrow} {}", used.from.trim_start_matches("a/src/"), used.to.trim_start_matches("a/src/"))
        };
        uses(&Tree::of(files)).into_iter().map(show).collect()
    }

    #[test]
    fn a_path_leads_through_re_exports_to_where_the_item_is_defined() {
        let files = [
            ("a/src/lib.rs", "mod inner;\nmod user;\npub use inner::Thing as Renamed;"),
            ("a/src/inner/mod.rs", "mod deep;\npub use deep::*;"),
            ("a/src/inner/deep.rs", "pub struct Thing;"),
            ("a/src/user.rs", "use crate::Renamed;\nfn f() { crate::inner::Thing; }"),
        ];
        assert_eq!(
            shown(&files),
            ["inner/mod.rs passes on inner/deep.rs", "lib.rs passes on inner/deep.rs", "user.rs needs inner/deep.rs"]
        );
    }

    #[test]
    fn what_is_passed_on_and_used_as_well_is_used() {
        let files = [("a/src/lib.rs", "mod b;\npub use b::B;\nfn f(_: B) {}"), ("a/src/b.rs", "pub struct B;")];
        assert_eq!(shown(&files), ["lib.rs has b.rs"]);
    }

    #[test]
    fn other_crates_tests_and_the_file_itself_do_not_count() {
        let files = [
            ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod tests;\npub fn f() {}"),
            ("a/src/b.rs", "use serde::Serialize;\nmod inline { use super::g; }\nfn g() {}\n#[cfg(test)]\nmod tests { use crate::f; }"),
            ("a/src/tests.rs", "use crate::b;"),
        ];
        assert_eq!(shown(&files), [""; 0]);
    }

    #[test]
    fn a_module_that_is_named_is_used_where_its_items_are() {
        let files = [
            ("a/src/lib.rs", "mod b;\nmod c;"),
            ("a/src/b.rs", "use super::c;\nfn f() { c::g(); }"),
            ("a/src/c/mod.rs", "mod d;\npub use d::g;"),
            ("a/src/c/d.rs", "pub fn g() {}"),
        ];
        assert_eq!(shown(&files), ["b.rs needs c/d.rs", "c/mod.rs passes on c/d.rs"]);
    }
}
