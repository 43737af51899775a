//! What one Rust file declares and names: modules, items, imports, and the paths in its code.

use std::collections::BTreeSet;

use crate::source::Token;

/// A module as its source tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    /// Items that it defines, by name.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Paths in code, such as `graph::Node`, with their lines.
    pub(super) paths: Vec<(usize, Vec<String>)>,
    /// All words of its code but those of imports.
    pub(super) words: BTreeSet<String>,
    pub(super) modules: Vec<Declared>,
}

/// `use path as name;`, one for each name of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
    /// `None` for `*`.
    pub(super) name: Option<String>,
    /// Whether it has a `pub`, however far that reaches.
    pub(super) public: bool,
}

/// `mod name;` or `mod name { … }`.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    /// The file that `#[path]` names.
    pub(super) file: Option<String>,
    /// Its source, where it stands in this file.
    pub(super) body: Option<Outline>,
}

/// The outline of a file.
pub(super) fn outline(tokens: &[(usize, Token)]) -> Outline {
    Reader { tokens, at: 0 }.module()
}

/// Keywords before the name of an item.
const DEFINING: [&str; 9] = ["struct", "enum", "trait", "fn", "const", "static", "type", "union", "macro_rules"];
/// Keywords that stand between one of those and the name.
const BETWEEN: [&str; 5] = ["fn", "unsafe", "async", "extern", "mut"];

/// What stands before an item.
#[derive(Clone, Debug, Default)]
struct Before {
    public: bool,
    /// The file that `#[path]` names.
    path: Option<String>,
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
}

impl Reader<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(_, token)| token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        self.token(ahead).and_then(Token::word)
    }

    fn is(&self, ahead: usize, sign: char) -> bool {
        self.token(ahead).is_some_and(|token| token.is(sign))
    }

    /// A module's content, up to the bracket that closes it.
    fn module(&mut self) -> Outline {
        let mut outline = Outline::default();
        let mut before = Before::default();
        // How many brackets are open in the item that is read.
        let mut depth = 0_usize;
        while let Some(token) = self.token(0).cloned() {
            match &token {
                Token::Sign('}') if depth == 0 => break,
                Token::Sign('#') => {
                    self.attribute(&mut before);
                    continue;
                }
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => {
                    depth -= 1;
                    before = Before::default();
                }
                Token::Sign(';') if depth == 0 => before = Before::default(),
                Token::Word(word) if word == "pub" && depth == 0 => {
                    before.public = true;
                    if self.is(1, '(') {
                        while !self.is(0, ')') && self.token(0).is_some() {
                            self.at += 1;
                        }
                    }
                }
                Token::Word(word) if word == "use" && !self.is(1, '<') => {
                    self.at += 1;
                    self.imports(&mut Vec::new(), before.public, &mut outline.imports);
                    before = Before::default();
                    continue;
                }
                Token::Word(word) if word == "mod" && depth == 0 => {
                    self.declared(std::mem::take(&mut before), &mut outline);
                    continue;
                }
                Token::Word(word) => {
                    if depth == 0 && DEFINING.contains(&word.as_str()) {
                        outline.items.extend(self.defined());
                    }
                    self.path(&mut outline);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        outline
    }

    /// `#[…]` or `#![…]`.
    fn attribute(&mut self, before: &mut Before) {
        self.at += 1;
        if self.is(0, '!') {
            self.at += 1;
        }
        if !self.is(0, '[') {
            return;
        }
        let (mut depth, begin) = (0_usize, self.at);
        while let Some(token) = self.token(0) {
            if token.is('[') {
                depth += 1;
            } else if token.is(']') {
                depth -= 1;
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        let inside = self.tokens[begin..self.at].iter().map(|(_, token)| token);
        let words: Vec<&str> = inside.clone().filter_map(Token::word).collect();
        if words == ["path"] {
            before.path = inside.clone().find_map(Token::text).map(str::to_owned);
        }
    }

    fn declared(&mut self, before: Before, outline: &mut Outline) {
        let Some(name) = self.word(1).map(str::to_owned) else {
            self.at += 1;
            return;
        };
        let body = self.is(2, '{').then(|| {
            self.at += 3;
            self.module()
        });
        // Past the closing bracket, or past `mod name;`.
        self.at += if body.is_some() { 1 } else { 3 };
        outline.modules.push(Declared { name, file: before.path, body });
    }

    /// The name that the keyword here defines.
    fn defined(&self) -> Option<String> {
        let mut ahead = 1;
        while self.word(ahead).is_some_and(|word| BETWEEN.contains(&word)) || self.is(ahead, '!') {
            ahead += 1;
        }
        self.word(ahead).map(str::to_owned)
    }

    /// A word, or the path that begins with it.
    fn path(&mut self, outline: &mut Outline) {
        let line = self.tokens[self.at].0;
        let within = self.at > 0
            && (self.tokens[self.at - 1].1.is('.')
                || self.tokens[self.at - 1].1.is(':') && self.at > 1 && self.tokens[self.at - 2].1.is(':'));
        let mut path = Vec::new();
        while let Some(word) = self.word(0).map(str::to_owned) {
            outline.words.insert(word.clone());
            path.push(word);
            self.at += 1;
            if !(self.is(0, ':') && self.is(1, ':') && self.word(2).is_some()) {
                break;
            }
            self.at += 2;
        }
        if path.len() > 1 && !within {
            outline.paths.push((line, path));
        }
    }

    /// A tree of imports with what stands before it, up to its `;`, or to the end of its part of a group.
    fn imports(&mut self, prefix: &mut Vec<String>, public: bool, imports: &mut Vec<Import>) {
        let length = prefix.len();
        let line = self.tokens.get(self.at).map_or(0, |(line, _)| *line);
        loop {
            match self.token(0).cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    if word != "self" || prefix.is_empty() {
                        prefix.push(word);
                    }
                    if self.is(0, ':') && self.is(1, ':') {
                        self.at += 2;
                        continue;
                    }
                    let name = if self.word(0) == Some("as") {
                        self.at += 2;
                        self.tokens[self.at - 1].1.word().map(str::to_owned)
                    } else {
                        prefix.last().cloned()
                    };
                    imports.push(Import { line, path: prefix.clone(), name, public });
                }
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    imports.push(Import { line, path: prefix.clone(), name: None, public });
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while self.token(0).is_some() && !self.is(0, '}') {
                        self.imports(prefix, public, imports);
                        if self.is(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                }
                Some(Token::Sign(':')) => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            break;
        }
        prefix.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::lex;

    fn of(text: &str) -> Outline {
        outline(&lex(text).tokens)
    }

    fn imports(text: &str) -> Vec<String> {
        let show = |import: Import| {
            let public = if import.public { "pub " } else { "" };
            format!("{public}{} = {}", import.name.unwrap_or("*".into()), import.path.join("::"))
        };
        of(text).imports.into_iter().map(show).collect()
    }

    #[test]
    fn groups_of_imports_are_taken_apart() {
        assert_eq!(
            imports("use crate::a::{self, b as c, d::{E, F}};\npub(super) use self::g::*;\nfn f() { use h::I; }"),
            ["a = crate::a", "c = crate::a::b", "E = crate::a::d::E", "F = crate::a::d::F", "pub * = self::g", "I = h::I",]
        );
        assert_eq!(of("\nuse a::{\n  b,\n  c,\n};").imports.iter().map(|import| import.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn items_are_those_of_the_module_itself() {
        let outline = of(
            "pub struct A { x: u8 }\nimpl A { const B: u8 = 0; fn c() {} }\npub(crate) const fn d() {}\nstatic mut E: u8 = 0;\nmacro_rules! f { () => {} }",
        );
        assert_eq!(outline.items.into_iter().collect::<Vec<_>>(), ["A", "E", "d", "f"]);
    }

    #[test]
    fn paths_in_code_begin_at_their_first_word() {
        let outline = of("fn f() -> super::g::H { crate::i(j::K::new(), x.l::<m::N>()) }");
        let paths: Vec<String> = outline.paths.iter().map(|(_, path)| path.join("::")).collect();
        assert_eq!(paths, ["super::g::H", "crate::i", "j::K::new", "m::N"]);
    }

    #[test]
    fn modules_are_files_or_stand_within_the_file() {
        let outline = of("mod a;\n#[path = \"b_file.rs\"]\nmod b;\nmod c { use d::E; mod f; }\nfn g() {}");
        let names: Vec<&str> = outline.modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(outline.modules[1].file.as_deref(), Some("b_file.rs"));
        let body = outline.modules[2].body.as_ref().unwrap();
        assert_eq!((body.imports.len(), body.modules.len()), (1, 1));
        assert!(outline.items.contains("g"));
    }
}
