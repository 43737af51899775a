//! The commands of a block of a shell.

use crate::Block;

/// A command, with the lines that it goes on in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line of the page, from 1, on which it begins.
    pub line: usize,
    /// What is typed, without the comment at its end.
    pub text: String,
    /// What keeps it from being run anywhere.
    pub note: Option<Note>,
}

/// What the comment at a command's end says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// `# needs …`: what has to be there, such as data, a network or a GPU.
    Needs(String),
    /// `# takes …`: how long it takes, which is too long for a test.
    Takes(String),
}

impl Note {
    /// What such a comment says; `None` of any other.
    fn of(comment: &str) -> Option<Self> {
        let comment = comment.trim();
        let behind = |word: &str| comment.strip_prefix(word).map(|rest| rest.trim().to_owned());
        behind("needs ").map(Self::Needs).or_else(|| behind("takes ").map(Self::Takes))
    }
}

/// The commands of a block. Lines that end with `\` go on in the next one, and a text that begins with `<<'END'` goes on to `END`.
#[must_use]
pub fn commands(block: &Block) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut lines = block.text.lines().enumerate();
    while let Some((before, line)) = lines.next() {
        let mut text = line.to_owned();
        while text.ends_with('\\') {
            let Some((_, more)) = lines.next() else { break };
            text.push('\n');
            text.push_str(more);
        }
        let (command, comment) = without_comment(&text);
        let note = comment.and_then(Note::of);
        let mut command = command.trim_end().to_owned();
        if let Some(end) = here_document(&command) {
            for (_, more) in lines.by_ref() {
                command.push('\n');
                command.push_str(more);
                if more == end {
                    break;
                }
            }
        }
        if !command.trim().is_empty() {
            commands.push(Command { line: block.line + before, text: command, note });
        }
    }
    commands
}

/// What ends the text that a command is given, where it is given one.
fn here_document(command: &str) -> Option<String> {
    let (_, end) = command.split_once("<<'")?;
    Some(end.split_once('\'')?.0.to_owned())
}

/// A line without the comment at its end, and the comment.
fn without_comment(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() => return (&line[..at], Some(&line[at + 1..])),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    (line, None)
}

/// The words of a simple command, as a shell splits them: without quotes, and up to what joins it with others or with a file.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '|' | '>' | '<' | ';' | '&') => break,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), letter) if open == letter => quote = None,
            (None, '\\') => match letters.next() {
                Some('\n') | None => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
            },
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(usize, String, Option<Note>)> {
        let block = Block { language: "sh".into(), line: 10, text: text.into() };
        commands(&block).into_iter().map(|command| (command.line, command.text, command.note)).collect()
    }

    #[test]
    fn a_comment_says_what_a_command_needs_or_takes() {
        let needs = |text: &str| Some(Note::Needs(text.into()));
        let text = "# first\nassay run a.toml     # needs cifar10\nls '# needs b'   # all\n\nmake  # takes 4 minutes\n";
        assert_eq!(
            told(text),
            [
                (11, "assay run a.toml".into(), needs("cifar10")),
                (12, "ls '# needs b'".into(), None),
                (14, "make".into(), Some(Note::Takes("4 minutes".into()))),
            ]
        );
    }

    #[test]
    fn a_command_goes_on_in_further_lines() {
        let text = "assay score \\\n  a  # needs b\ncat > c <<'END'\n# d\nEND\nls\n";
        assert_eq!(
            told(text),
            [
                (10, "assay score \\\n  a".into(), Some(Note::Needs("b".into()))),
                (12, "cat > c <<'END'\n# d\nEND".into(), None),
                (15, "ls".into(), None),
            ]
        );
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(words("assay score '|a~0|' \"b c\" \\\n d\\ e -- > f | g"), ["assay", "score", "|a~0|", "b c", "d e", "--"]);
        assert_eq!(words("a ''"), ["a", ""]);
    }
}
