//! The plugins that sources register, and what the comments at the head of their files say.

use super::lex::{Token, lex, without_tests};
use super::tree::{File, Tree};

/// The kinds of plugins: the contract that each is registered under, and what `assay list` and its reference page are called.
pub(crate) const KINDS: [(&str, &str); 7] = [
    ("SearchSpace", "spaces"),
    ("Proxy", "proxies"),
    ("Aggregate", "aggregates"),
    ("SearchStrategy", "strategies"),
    ("Benchmark", "benchmarks"),
    ("Dataset", "datasets"),
    ("EngineFactory", "engines"),
];

/// A plugin as its source registers it.
#[derive(Clone, Debug)]
pub(crate) struct Registered<'a> {
    pub(crate) file: &'a File,
    pub(crate) line: usize,
    /// The contract, such as `Proxy`.
    pub(crate) contract: String,
    /// `None` where it is not written out.
    pub(crate) name: Option<String>,
    /// Whether it is part of builds with some feature only.
    pub(crate) needs_feature: bool,
}

/// The plugins of the workspace.
pub(crate) fn registered(tree: &Tree) -> Vec<Registered<'_>> {
    tree.files.iter().filter(|file| is_plugin_source(&file.path)).flat_map(in_file).collect()
}

fn is_plugin_source(path: &str) -> bool {
    path.ends_with(".rs") && path.contains("/src/") && !path.starts_with("plugins/examples/") && !path.contains("/templates/")
}

fn in_file(file: &File) -> Vec<Registered<'_>> {
    let tokens = without_tests(lex(&file.text).tokens);
    let is_word = |at: usize, word: &str| tokens.get(at).and_then(|(_, token)| token.word()) == Some(word);
    let is_sign = |at: usize, sign: char| tokens.get(at).is_some_and(|(_, token)| token.is(sign));
    let calls = (0..tokens.len()).filter(|at| is_word(*at, "register") && is_sign(at + 1, '!') && is_sign(at + 2, '{'));
    let read = |at: usize| {
        let contract = at + 3 + usize::from(is_word(at + 3, "dyn"));
        let name = (contract..tokens.len()).find(|at| is_word(*at, "name") && is_sign(at + 1, ':'));
        let name = name.map(|at| at + 2).and_then(|mut at| match &tokens.get(at)?.1 {
            Token::Text(name) => Some(name.as_str()),
            Token::Word(_) => {
                // Of a path, such as `Table::NAME`, the last part.
                while is_sign(at + 1, ':') && is_sign(at + 2, ':') {
                    at += 3;
                }
                constant_of(&tokens, tokens.get(at)?.1.word()?)
            }
            Token::Sign(_) => None,
        });
        let contract = tokens.get(contract).and_then(|(_, token)| token.word()).unwrap_or_default().to_owned();
        let before = tokens[..at].iter().rev().map(|(_, token)| token).take_while(|token| !token.is(';') && !token.is('}'));
        let needs_feature = before.filter_map(Token::word).any(|word| word == "feature");
        Registered { file, line: tokens[at].0, contract, name: name.map(str::to_owned), needs_feature }
    };
    // The macro's own definition names no contract.
    calls.map(read).filter(|plugin| !plugin.contract.is_empty()).collect()
}

/// The text of a constant: `const NAME: &str = "…";`.
fn constant_of<'a>(tokens: &'a [(usize, Token)], name: &str) -> Option<&'a str> {
    let defined = tokens.windows(2).position(|pair| pair[0].1.word() == Some("const") && pair[1].1.word() == Some(name))?;
    tokens[defined..].iter().take_while(|(_, token)| !token.is(';')).find_map(|(_, token)| token.text())
}

impl Registered<'_> {
    /// The lines of the comment at the head of its file, without their slashes.
    pub(crate) fn head(&self) -> Vec<&str> {
        let lines = self.file.text.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_known_by_its_registration() {
        let source = "//! `a`: one.\n//!\n//! More.\n\nassay_core::register! {\n    Proxy,\n    name: \"a\",\n}\nconst NAME: &str = \"b\";\nregister! { Aggregate, name: NAME, }\nregister! { Aggregate, name: Table::NAME, }\n#[cfg(feature = \"f\")]\nregister! { Aggregate, name: OTHER, }\n#[cfg(test)]\nmod tests { register! { Aggregate, name: \"t\", } }";
        let tree = Tree::of(&[("p/src/a.rs", source), ("plugins/examples/e/src/lib.rs", source), ("p/tests/b.rs", source)]);
        let plugins = registered(&tree);
        let show = |plugin: &Registered<'_>| {
            let Registered { line, contract, name, needs_feature, .. } = plugin;
            format!("{line} {contract} {} {needs_feature}", name.as_deref().unwrap_or("?"))
        };
        let shown: Vec<String> = plugins.iter().map(show).collect();
        assert_eq!(shown, ["5 Proxy a false", "10 Aggregate b false", "11 Aggregate b false", "13 Aggregate ? true"]);
        assert_eq!(plugins[0].head(), ["`a`: one.", "", "More."]);
    }
}
