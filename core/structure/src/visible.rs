//! Texts of others as they may be shown: names, paths, tables and what plugins say.

use std::borrow::Cow;

/// The text with what would steer a terminal or turn the order of characters around written as `\u{…}`.
///
/// Ends of lines and tabs stay. What else is a control character is allowed in neither XML nor LaTeX.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut characters = text.chars().peekable();
    let shown = std::iter::from_fn(|| {
        let character = characters.next()?;
        // Files of another system end their lines so.
        let ends_line = character == '\r' && characters.peek() == Some(&'\n');
        Some(if is_hidden(character) && !ends_line { character.escape_unicode().to_string() } else { character.into() })
    });
    shown.collect::<String>().into()
}

/// The same for JSON, which stays JSON of the same values.
#[must_use]
pub fn visible_in_json(json: &str) -> Cow<'_, str> {
    // Outside of texts JSON has no such characters but ends of lines and tabs. All of them are of one UTF-16 unit.
    if !json.contains(is_hidden) {
        return json.into();
    }
    let shown =
        json.chars().map(|character| if is_hidden(character) { format!("\\u{:04x}", u32::from(character)) } else { character.into() });
    shown.collect::<String>().into()
}

/// Whether a character has no look of its own and changes that of others.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        // Marks, embeddings, overrides and isolates of direction; separators of lines that are none for a program.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // XML forbids them.
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_text_around_is_written_out_and_the_rest_stays() {
        assert_eq!(visible("κ of\ta cell,\n3×3"), "κ of\ta cell,\n3×3");
        assert_eq!(visible("a\r\nb"), "a\r\nb");
        assert_eq!(visible("\u{1b}[31mred\r\u{9b}2J\u{7f}"), r"\u{1b}[31mred\u{d}\u{9b}2J\u{7f}");
        assert_eq!(visible("a\u{202e}b\u{2066}c\0"), r"a\u{202e}b\u{2066}c\u{0}");
        assert_eq!(visible_in_json("[\n\t\"a\u{202e}b\u{7f}\"]"), "[\n\t\"a\\u202eb\\u007f\"]");
    }
}
