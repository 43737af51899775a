//! Completions of shells and man pages name every command and option.

use std::process::Command;

use crate::scratch::Scratch;

/// The commands that users are shown, with those within them: `benchmark import`.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let path = [path, &[one.get_name().to_owned()]].concat();
            below(one, &path, found);
            found.push(path);
        }
    }
    let mut found = Vec::new();
    below(&assay::command::arguments(), &[], &mut found);
    found
}

#[test]
fn every_shell_is_given_every_command() {
    let scratch = Scratch::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = scratch.succeed(&["completions", shell]);
        for command in commands() {
            let name = command.last().unwrap();
            assert!(script.contains(name.as_str()), "{shell}: {name}");
        }
        assert!(script.contains("--run-dir") || script.contains("run-dir"), "{shell}");
    }
}

#[test]
fn bash_completes_with_its_script() {
    let scratch = Scratch::new();
    scratch.write("assay.bash", scratch.succeed(&["completions", "bash"]));
    let complete = |words: &str| {
        // As bash calls it: with the words, the place of the last one, and that word and the one before it as arguments.
        let script = format!(
            "source assay.bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _assay assay \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        match Command::new("bash").args(["-c", &script]).current_dir(scratch.path()).output() {
            Ok(said) => String::from_utf8(said.stdout).unwrap(),
            Err(error) => panic!("bash cannot be started: {error}"),
        }
    };
    assert_eq!(complete("assay corr"), "correlate\n");
    assert_eq!(complete("assay correlate --sha"), "--shard\n");
    assert_eq!(complete("assay completions z"), "zsh\n");
    assert_eq!(complete("assay plu"), "\n", "what is hidden is not completed");
}

#[test]
fn every_command_has_a_man_page_with_its_options_and_example() {
    let scratch = Scratch::new();
    let said = scratch.succeed(&["manual", "man1"]);
    let pages: Vec<_> = std::fs::read_dir(scratch.path().join("man1")).unwrap().collect();
    assert_eq!(said, format!("{} pages are in man1\n", commands().len() + 1));
    assert_eq!(pages.len(), commands().len() + 1, "the program has one too");
    for command in commands() {
        let file = scratch.path().join("man1").join(format!("assay-{}.1", command.join("-")));
        let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(page.starts_with(".ie") || page.contains(".TH"), "{}", file.display());
        let has_example = page.contains("Example");
        assert!(has_example || command.len() > 1, "{}", file.display());
    }
    let page = std::fs::read_to_string(scratch.path().join("man1/assay-correlate.1")).unwrap();
    assert!(page.contains("\\-\\-shard") && page.contains("Make only this part of the measurements"), "{page}");
}
