//! What the documents tell users to type: every block of every page is run, read or compiled.

mod session;

use std::path::{Path, PathBuf};

use assay_documents::{Block, blocks};

use crate::scratch::Scratch;

/// The repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The pages: those of the book, and those that it takes from elsewhere. Generated pages show no commands of their own.
fn pages() -> Vec<(String, Vec<Block>)> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                below(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "md") {
                found.push(entry);
            }
        }
    }
    let root = repository();
    let mut files = ["README.md", "CONTRIBUTING.md", "python/README.md", "plugins/examples/README.md"].map(|file| root.join(file)).to_vec();
    below(&root.join("docs"), &mut files);
    files.sort();
    let name = |file: &Path| file.strip_prefix(&root).unwrap().display().to_string();
    let pages: Vec<_> = files.iter().map(|file| (name(file), blocks(&std::fs::read_to_string(file).unwrap()))).collect();
    assert!(pages.len() > 10, "{files:?}");
    pages
}

#[test]
fn every_command_of_every_page_runs_or_says_what_it_needs() {
    let mut run = 0;
    for (page, blocks) in pages() {
        run += session::run(&page, &blocks);
    }
    assert!(run >= 30, "{run} commands were run");
}

#[test]
fn every_block_is_of_a_language_that_a_test_knows() {
    for (page, blocks) in pages() {
        for block in blocks {
            let known = ["sh", "toml", "json", "rust", "c", "python", "text"].contains(&block.language.as_str());
            assert!(known, "{page}:{}: the block is of `{}`", block.line, block.language);
        }
    }
}

#[test]
fn every_json_can_be_read_and_every_piece_of_an_experiment_has_known_keys() {
    let scratch = Scratch::new();
    let sections: serde_json::Value = serde_json::from_str(&scratch.succeed(&["list", "sections", "--json"])).unwrap();
    let sections: Vec<&str> = sections.as_array().unwrap().iter().map(|section| section["name"].as_str().unwrap()).collect();
    for (page, blocks) in pages() {
        for block in blocks {
            let place = format!("{page}:{}", block.line);
            match block.language.as_str() {
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"))),
                "toml" => {
                    let read: toml_edit::DocumentMut = block.text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
                    // A page runs its files; a piece of one is known by its sections.
                    for (key, item) in read.iter().filter(|(_, item)| block.file().is_none() && item.is_table()) {
                        assert!(sections.contains(&key), "{place}: `{key}` is not a section of an experiment, which are {sections:?}");
                        assert!(!item.as_table().unwrap().is_empty(), "{place}: `{key}` is empty");
                    }
                }
                _ => {}
            }
        }
    }
}

/// A text without what differs between ways to lay it out.
fn without_space(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// Sources that tests compile: the examples of plugins, and what `cargo xtask new-plugin` makes.
fn compiled(ending: &str) -> Vec<String> {
    let root = repository();
    let template = std::fs::read_to_string(root.join("xtask/src/new_plugin/templates/dynamic/lib.rs")).unwrap();
    let mut texts = vec![template.replace("{{TYPE}}", "MyProxy").replace("{{NAME}}", "my-proxy")];
    let mut folders = vec![root.join("plugins/examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == ending) {
                texts.push(std::fs::read_to_string(entry).unwrap());
            }
        }
    }
    texts
}

#[test]
fn rust_and_c_are_pieces_of_sources_that_are_compiled() {
    let mut found = 0;
    for (page, blocks) in pages() {
        for block in blocks.iter().filter(|block| matches!(block.language.as_str(), "rust" | "c")) {
            let ending = if block.language == "c" { "c" } else { "rs" };
            // `…` stands for what is left out.
            let pieces: Vec<String> = block.text.split('…').map(without_space).collect();
            let is_of = |source: &String| {
                let source = without_space(source);
                let mut rest = source.as_str();
                pieces.iter().all(|piece| {
                    let place = rest.find(piece.as_str());
                    rest = place.map_or("", |place| &rest[place + piece.len()..]);
                    place.is_some()
                })
            };
            assert!(compiled(ending).iter().any(is_of), "{page}:{}: this is not in any source that is compiled", block.line);
            found += 1;
        }
    }
    assert!(found > 0);
}

#[test]
fn a_test_of_documents_notices_what_is_wrong() {
    let page = |text: &str| blocks(&format!("```sh\n{text}\n```\n"));
    let fails = |text: &str| {
        let blocks = page(text);
        std::panic::catch_unwind(|| session::run("page.md", &blocks)).is_err()
    };
    assert!(!fails("assay list proxies"));
    assert!(fails("assay list proxy"));
    assert!(fails("assay run nowhere.toml"));
    assert!(fails("assay run configs/quickstart.toml --nothing   # takes a second"));
    assert!(fails("assay run configs/nowhere.toml   # takes a second"));
    assert!(fails("assay list proxies   # needs cifar10"), "it needs nothing");
    assert!(fails("if   # needs a network"), "a shell cannot read it");
    assert!(!fails("cargo xtask tidy"), "tasks are those of xtask's own test");
}
