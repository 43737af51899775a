//! Commands that are printed to be copied into a shell.

use std::borrow::Cow;

/// A text as one argument of a shell's command.
#[must_use]
pub fn argument(text: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character.is_alphanumeric() || "_@%+=:,./-".contains(character);
    // What begins with a dash would be taken for an option.
    let text = if text.starts_with('-') { Cow::Owned(format!("./{text}")) } else { Cow::Borrowed(text) };
    if !text.is_empty() && text.chars().all(is_plain) { text } else { Cow::Owned(format!("'{}'", text.replace('\'', r"'\''"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted_and_the_rest_is_not() {
        let written = ["results/run-seed0-20261121T231735Z", "my run", "it's", "$HOME;ls", "", "-x", "- y", "Läufe/σ=1"].map(argument);
        assert_eq!(
            written,
            ["results/run-seed0-20261121T231735Z", "'my run'", r"'it'\''s'", "'$HOME;ls'", "''", "./-x", "'./- y'", "Läufe/σ=1"]
        );
        for text in ["my run", "it's", "$HOME;ls", "a\"b\\c", "", "two\nlines", "*"] {
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", argument(text))]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
