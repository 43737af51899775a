//! The tasks and packages that documents name are there: `cargo` commands of every page. All other commands are run by the tests of
//! the program (`experiments/tests/command_line/documents`).

use assay_documents::{blocks, commands, words};
use clap::Parser;

use super::Arguments;
use crate::project;
use crate::source::Tree;

#[test]
fn every_cargo_command_of_every_page_can_be_called() {
    let tree = Tree::read(&project::root().join(".")).unwrap();
    let packages: Vec<String> = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml"))
        .filter_map(|file| file.text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"').map(str::to_owned)))
        .collect();
    let mut tasks = 0;
    for page in tree.ending(".md").filter(|page| !page.path.contains("/templates/")) {
        for command in blocks(&page.text).iter().filter(|block| block.language == "sh").flat_map(commands) {
            let words = words(&command.text);
            let words: Vec<&str> = words.iter().map(String::as_str).skip_while(|word| word.contains('=')).collect();
            let place = format!("{}:{}: `{}`", page.path, command.line, command.text);
            match words.as_slice() {
                ["cargo", "xtask", ..] => {
                    let arguments = ["cargo xtask"].into_iter().chain(words[2..].iter().copied());
                    if let Err(error) = Arguments::try_parse_from(arguments) {
                        panic!("{place}: {error}");
                    }
                    tasks += 1;
                }
                ["cargo", "build" | "test" | "run" | "rustc" | "clippy" | "check" | "fmt" | "install" | "tree", rest @ ..] => {
                    for pair in rest.windows(2).filter(|pair| matches!(pair[0], "-p" | "--package")) {
                        // CRATE stands for any.
                        let is_known = packages.iter().any(|name| name == pair[1]) || pair[1] == "CRATE";
                        assert!(is_known, "{place}: {} is not a package of this repository", pair[1]);
                    }
                }
                ["cargo", other, ..] => panic!("{place}: no test knows `cargo {other}`"),
                _ => {}
            }
        }
    }
    assert!(tasks >= 5, "{tasks}");
}
