//! What documents tell users to type: the fenced blocks of a Markdown page, and the commands of a shell in them.
//!
//! Tests run the commands of every document, so a command says in a comment at its end what keeps it from being run anywhere:
//! `# needs cifar10` names data or a machine, `# takes 40 minutes` a time.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod shell;

pub use shell::{Command, Note, commands, words};

/// A fenced block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is written in: the first word behind the fence.
    pub language: String,
    /// The line of the page, from 1, on which its text begins.
    pub line: usize,
    /// What stands between the fences.
    pub text: String,
}

impl Block {
    /// The file that the block shows, where its first line is a comment of nothing but a file's name: `# study.toml`.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let name = ["# ", "// "].iter().find_map(|mark| first.strip_prefix(mark))?.trim();
        let is_name = name.contains('.') && !name.ends_with('.') && !name.contains(' ');
        is_name.then_some(name)
    }
}

/// The blocks of a page. A fence that is not closed ends with the page.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (before, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let language = language.split([',', ' ']).next().unwrap_or_default().to_owned();
                open = Some(Block { language, line: before + 2, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks.extend(open);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_what_stands_between_fences() {
        let blocks = blocks("a\n```sh\nls\n```\n```toml,x\n# study.toml\nb = 1\n```\n```\nc\n");
        let told: Vec<_> = blocks.iter().map(|block| (block.language.as_str(), block.line, block.text.as_str(), block.file())).collect();
        assert_eq!(told, [("sh", 3, "ls\n", None), ("toml", 6, "# study.toml\nb = 1\n", Some("study.toml")), ("", 10, "c\n", None)]);
    }

    #[test]
    fn a_sentence_is_not_the_name_of_a_file() {
        let block = |text: &str| Block { language: "toml".into(), line: 1, text: text.into() };
        assert_eq!(block("# A comment of assay.toml.\n").file(), None);
        assert_eq!(block("# here.\n").file(), None);
        assert_eq!(block("// src/lib.rs\n").file(), Some("src/lib.rs"));
    }
}
