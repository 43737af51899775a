//! A text that should be an architecture, and messages that show where it is not.

use assay_core::plugin::ArchitectureError;

/// How many characters around a place a message shows.
const SHOWN: usize = 80;
/// Bytes of the longest text that is read; what people write of an architecture is far shorter.
const LONGEST: usize = 1 << 16;

/// A text, and the form that its space expects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    pub(crate) text: &'a str,
    form: &'static str,
}

impl<'a> Written<'a> {
    /// The text that a space should read, which writes architectures in this form.
    pub(crate) fn new(text: &'a str, form: &'static str) -> Result<Self, ArchitectureError> {
        let written = Self { text, form };
        if text.len() > LONGEST {
            return Err(written.wrong(0, &format!("a text of {} bytes is not an architecture; at most {LONGEST} are read", text.len())));
        }
        Ok(written)
    }

    /// An error at this byte, or at what follows it behind white space.
    pub(crate) fn wrong(&self, at: usize, problem: &str) -> ArchitectureError {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let rest = self.text[at..].trim_start();
        if !rest.is_empty() {
            at = self.text.len() - rest.len();
        }
        let (before, behind) = self.text.split_at(at);
        // Half of what is shown stands before the place, and more where less follows.
        let following = behind.chars().take(SHOWN).count();
        let leading: Vec<char> = before.chars().rev().take((SHOWN / 2).max(SHOWN - following)).collect();
        let following: String = behind.chars().take(SHOWN - leading.len()).collect();
        let is_cut = [before.chars().nth(leading.len()).is_some(), following.len() < behind.len()];
        let [left, right] = is_cut.map(|is_cut| if is_cut { "…" } else { "" });
        let shown: String = leading.into_iter().rev().chain(following.chars()).map(visible).collect();
        let character = before.chars().count() + 1;
        ArchitectureError(format!("`{left}{shown}{right}`, character {character}: {problem}; the form is {}", self.form))
    }

    /// An error where `part` begins, a slice of the text.
    pub(crate) fn wrong_in(&self, part: &str, problem: &str) -> ArchitectureError {
        // `part` was cut out of the text, so the difference of addresses is its position.
        self.wrong((part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize), problem)
    }

    /// Where the first list, tuple, dictionary or call begins, if nothing stands before it but a name or a label: `x = `,
    /// `2019-06-27 13:25:46,379 genotype = `, `arch: `.
    pub(crate) fn literal(&self) -> Option<usize> {
        let open = self.text.find(['[', '(', '{'])?;
        let head = &self.text[..open];
        let name = head.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.').len();
        let label = head[..name].trim_end();
        (label.is_empty() || label.ends_with([':', '='])).then_some(name)
    }
}

/// The beginning of a name that a message repeats; the text around the place shows more of it.
pub(crate) fn short(name: &str) -> String {
    let end = name.char_indices().nth(SHOWN / 2).map_or(name.len(), |(end, _)| end);
    let more = if end < name.len() { "…" } else { "" };
    name[..end].chars().map(visible).chain(more.chars()).collect()
}

/// A line break, or what a terminal would obey, as a space.
fn visible(c: char) -> char {
    let turns_text = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns_text { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, at: usize) -> String {
        Written::new(text, "FORM").unwrap().wrong(at, "wrong").to_string()
    }

    #[test]
    fn a_message_shows_80_characters_around_the_place() {
        let text = ["a".repeat(100), "X".into(), "é".repeat(100)].concat();
        let shown = format!("`…{}X{}…`, character 101: wrong; the form is FORM", "a".repeat(40), "é".repeat(39));
        assert_eq!(message(&text, 100), shown);
        assert_eq!(message(&text, 102), message(&text, 101), "a place inside of a character is that character");
        assert_eq!(message(&text, text.len()), format!("`…{}`, character 202: wrong; the form is FORM", "é".repeat(80)));
        assert_eq!(message("short\n\u{1b}", 2), "`short  `, character 3: wrong; the form is FORM");
        assert_eq!(message("", 7), "``, character 1: wrong; the form is FORM");
    }

    #[test]
    fn a_literal_begins_behind_a_label() {
        let begins = |text: &'static str| Written::new(text, "").unwrap().literal().map(|at| &text[at..]);
        assert_eq!(begins("13:25:46,379 genotype = Genotype(1)"), Some("Genotype(1)"));
        assert_eq!(begins(" api.ModelSpec([])"), Some("api.ModelSpec([])"));
        assert_eq!(begins("arch: {}"), Some("{}"));
        assert_eq!(begins("no label here []"), None);
        assert_eq!(begins("nothing"), None);
    }
}
