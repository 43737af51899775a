//! What a variable of the environment says: a truth value, a number, a text, a list or a table, with or without quotes.
//!
//! The form is that of figment, `[none, "avg_pool_3x3"]` and `{name = darts}`, whose own reader takes time of the square of the
//! length and miscounts letters beyond ASCII before an escape.

use figment::value::{Dict, Value};

/// The value of a text: the text itself where it is nothing else. Brackets are not nested deeper than a stack holds.
pub(super) fn read(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    reader.value().filter(|_| reader.rest.is_empty()).unwrap_or_else(|| text.into())
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace());
    }

    /// Goes on behind this, if it is next.
    fn eat(&mut self, what: &str) -> bool {
        let behind = self.rest.strip_prefix(what);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// What comes up to the first letter of this kind.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &str {
        let (taken, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_spaces();
        let value = match self.rest.chars().next() {
            Some('{') => self.table()?.into(),
            Some('[') => self.list()?.into(),
            Some('"') => self.quoted()?.into(),
            Some('\'') => self.letter()?.into(),
            _ if self.eat("true") => true.into(),
            _ if self.eat("false") => false.into(),
            _ => bare(self.until(|letter| matches!(letter, ',' | '{' | '}' | '[' | ']')).trim()),
        };
        self.skip_spaces();
        Some(value)
    }

    /// Items between these brackets; a comma may stand behind the last.
    fn items(&mut self, brackets: [&str; 2], mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(brackets[0]).then_some(())?;
        while !self.eat(brackets[1]) {
            item(self)?;
            if !self.eat(",") {
                return self.eat(brackets[1]).then_some(());
            }
        }
        Some(())
    }

    fn list(&mut self) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        self.items(["[", "]"], |own| {
            values.push(own.value()?);
            Some(())
        })?;
        Some(values)
    }

    fn table(&mut self) -> Option<Dict> {
        let mut entries = Dict::new();
        self.items(["{", "}"], |own| {
            own.skip_spaces();
            let key = if own.rest.starts_with('"') { own.quoted()? } else { own.word()? };
            own.skip_spaces();
            own.eat("=").then_some(())?;
            let value = own.value()?;
            entries.insert(key, value);
            Some(())
        })?;
        Some(entries)
    }

    /// A key without quotes.
    fn word(&mut self) -> Option<String> {
        let word = self.until(|letter| !(letter.is_ascii_alphanumeric() || "_-".contains(letter)));
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn letter(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let (_, letter, end) = (letters.next()?, letters.next()?, letters.next()?);
        self.rest = letters.as_str();
        (end == '\'').then_some(letter)
    }

    /// A text in quotes, with TOML's escapes.
    fn quoted(&mut self) -> Option<String> {
        let mut letters = self.rest.chars();
        letters.next();
        let mut text = String::new();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => text.push(match letters.next()? {
                    letter @ ('"' | '\\') => letter,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => numbered(letters.by_ref().take(4), 4)?,
                    'U' => numbered(letters.by_ref().take(8), 8)?,
                    _ => return None,
                }),
                letter if letter == '\t' || (letter >= ' ' && letter != '\u{7f}') => text.push(letter),
                _ => return None,
            }
        }
        self.rest = letters.as_str();
        Some(text)
    }
}

/// The letter of a number of so many hexadecimal digits.
fn numbered(digits: impl Iterator<Item = char>, count: usize) -> Option<char> {
    let digits: Vec<u32> = digits.map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let number = digits.iter().fold(0_u32, |number, digit| number << 4 | digit);
    char::from_u32(number).filter(|_| digits.len() == count)
}

/// What stands without quotes: a number if it is one, else a text.
fn bare(text: &str) -> Value {
    if let Some(number) = text.contains('.').then(|| text.parse::<f64>().ok()).flatten() {
        return number.into();
    }
    match (text.parse::<usize>(), text.parse::<isize>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(number)) => number.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::stream::Stream;

    #[test]
    fn ascii_is_read_as_figment_reads_it() {
        let pieces = [
            "true",
            "false",
            "1",
            "-2",
            "0.5",
            "1e3",
            "-.5",
            "a",
            "darts",
            "none",
            "\"",
            "\"a b\"",
            "\\\"",
            "\\n",
            "\\u00e9",
            "\\u12",
            "\\",
            "'",
            "'c'",
            "[",
            "]",
            "{",
            "}",
            ",",
            "=",
            " ",
            "\t",
            "\n",
            "k = ",
            "\"k\"=",
            "_",
            "-",
            ".",
            "\u{1}",
            "[1, [2], \"x\"]",
            "{a=b, c={d=[e]}}",
            "[ ]",
            "{ }",
            "[a,]",
        ];
        let mut rng = Stream::new(0, "values").rng();
        let mut others = 0;
        for _ in 0..50_000 {
            let text: String = (0..rng.random_range(1..9)).map(|_| pieces[rng.random_range(0..pieces.len())]).collect();
            let expected: Value = text.parse().unwrap();
            assert_eq!(read(&text), expected, "{text:?}");
            others += usize::from(expected != Value::from(text.as_str()));
        }
        assert!(others > 4000, "{others} are more than texts");
    }

    #[test]
    fn letters_beyond_ascii_stand_before_escapes_and_a_long_value_takes_no_time() {
        assert_eq!(read("\"\u{e9}\u{e9}\\n\u{20ac}\\u00e9\""), "\u{e9}\u{e9}\n\u{20ac}\u{e9}".into());
        assert_eq!(read("{name = \u{e9}, \"\u{e9}\\\\\" = '\u{20ac}'}"), {
            Dict::from([("name".to_owned(), "\u{e9}".into()), ("\u{e9}\\".to_owned(), '\u{20ac}'.into())]).into()
        });
        let escapes = "\\n".repeat(1 << 20);
        assert_eq!(read(&format!("\"{escapes}\"")), "\n".repeat(1 << 20).into());
        assert_eq!(read(&format!("\"{escapes}")), format!("\"{escapes}").into());
        let list = format!("[{}]", "1,".repeat(1 << 18));
        assert_eq!(read(&list), vec![1_usize; 1 << 18].into());
    }
}
