//! Rust sources as words, signs, texts and comments: as much of the language as the checks need.

/// A piece of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// A string literal, without its quotes and with its escapes as they are written.
    Text(String),
    /// Any other character.
    Sign(char),
}

/// A source, taken apart. Lines are counted from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) tokens: Vec<(usize, Token)>,
    /// Comments of every kind, line by line, with their slashes.
    pub(crate) comments: Vec<(usize, String)>,
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// Takes a source apart.
pub(crate) fn lex(text: &str) -> Source {
    let mut lexer = Lexer { rest: text, line: 1, source: Source::default() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.source
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    source: Source,
}

impl<'a> Lexer<'a> {
    fn step(&mut self) {
        let Some(first) = self.rest.chars().next() else { return };
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            let comment = self.take(length);
            self.source.comments.push((self.line, comment.to_owned()));
        } else if self.rest.starts_with("/*") {
            self.block_comment();
        } else if let Some((quote, hashes)) = opening(self.rest) {
            self.text(quote, hashes);
        } else if first == '\'' {
            self.character_or_lifetime();
        } else if is_of_word(first) {
            let length = self.rest.find(|letter| !is_of_word(letter)).unwrap_or(self.rest.len());
            let word = self.take(length);
            self.push(Token::Word(word.to_owned()));
        } else {
            if !first.is_whitespace() {
                self.push(Token::Sign(first));
            }
            self.take(first.len_utf8());
        }
    }

    fn push(&mut self, token: Token) {
        self.source.tokens.push((self.line, token));
    }

    /// The next bytes, which are gone from the rest; counts the lines in them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn block_comment(&mut self) {
        let (mut depth, mut end) = (0, 0);
        let bytes = self.rest.as_bytes();
        while end < bytes.len() {
            match &bytes[end..] {
                [b'/', b'*', ..] => (depth, end) = (depth + 1, end + 2),
                [b'*', b'/', ..] => (depth, end) = (depth - 1, end + 2),
                _ => end += 1,
            }
            if depth == 0 {
                break;
            }
        }
        let line = self.line;
        let comment = self.take(end);
        self.source.comments.extend(comment.lines().enumerate().map(|(below, text)| (line + below, text.to_owned())));
    }

    /// A string literal whose opening has this length; `hashes` is how many it has if it is raw.
    fn text(&mut self, opening: usize, hashes: Option<usize>) {
        let line = self.line;
        self.take(opening);
        let end = match hashes {
            Some(hashes) => self.rest.find(&format!("\"{}", "#".repeat(hashes))),
            None => unescaped_quote(self.rest),
        };
        let text = self.take(end.unwrap_or(self.rest.len()));
        self.source.tokens.push((line, Token::Text(text.to_owned())));
        let closing = (1 + hashes.unwrap_or(0)).min(self.rest.len());
        self.take(closing);
    }

    /// `'a'`, `'\n'`, or the lifetime `'a`: neither says anything to the checks.
    fn character_or_lifetime(&mut self) {
        let mut letters = self.rest.char_indices().skip(1);
        let length = match (letters.next(), letters.next()) {
            (Some((_, '\\')), Some((after, _))) => {
                let escaped = after + self.rest[after..].chars().next().map_or(0, char::len_utf8);
                self.rest[escaped..].find('\'').map_or(self.rest.len(), |end| escaped + end + 1)
            }
            (Some(_), Some((closing, '\''))) => closing + 1,
            _ => 1 + self.rest[1..].find(|letter| !is_of_word(letter)).unwrap_or(self.rest.len() - 1),
        };
        self.take(length);
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// If a string literal begins here: the length of what opens it, and how many hashes it has if it is raw.
fn opening(rest: &str) -> Option<(usize, Option<usize>)> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix);
        after.is_some_and(|after| after.starts_with('"') || (prefix.ends_with('r') && after.trim_start_matches('#').starts_with('"')))
    })?;
    let hashes = rest[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    Some((prefix.len() + hashes + 1, prefix.ends_with('r').then_some(hashes)))
}

fn unescaped_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// The code without what is compiled for tests only.
pub(crate) fn without_tests(tokens: Vec<(usize, Token)>) -> Vec<(usize, Token)> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let [first, after @ ..] = rest {
        if first.1.is('#') && after.first().is_some_and(|(_, token)| token.is('[')) {
            let length = 1 + bracketed(after);
            let words: Vec<&str> = rest[..length].iter().filter_map(|(_, token)| token.word()).collect();
            if matches!(words.as_slice(), ["cfg", "test"] | ["cfg", "all", "test", ..] | ["test"]) {
                rest = &rest[length..];
                rest = &rest[item(rest)..];
                continue;
            }
        }
        kept.push(first.clone());
        rest = after;
    }
    kept
}

/// How many tokens the bracket that opens here spans.
fn bracketed(tokens: &[(usize, Token)]) -> usize {
    let mut depth = 0_usize;
    let closes = tokens.iter().position(|(_, token)| {
        match token {
            Token::Sign('[' | '{' | '(') => depth += 1,
            Token::Sign(']' | '}' | ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    closes.map_or(tokens.len(), |last| last + 1)
}

/// How many tokens the item that begins here spans: to its `;`, or to its closing bracket.
fn item(tokens: &[(usize, Token)]) -> usize {
    let mut at = 0;
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Sign(';') => return at + 1,
            Token::Sign('{') => return at + bracketed(&tokens[at..]),
            Token::Sign('(' | '[') => at += bracketed(&tokens[at..]),
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |(line, token): (usize, Token)| match token {
            Token::Word(word) => format!("{line} {word}"),
            Token::Text(text) => format!("{line} «{text}»"),
            Token::Sign(sign) => format!("{line} {sign}"),
        };
        lex(text).tokens.into_iter().map(show).collect()
    }

    #[test]
    fn words_signs_and_texts_have_their_lines() {
        assert_eq!(
            shown("use a::b;\n\"x\\\"y\"\nr#\"a\"b\"# z"),
            ["1 use", "1 a", "1 :", "1 :", "1 b", "1 ;", "2 «x\\\"y»", "3 «a\"b»", "3 z"]
        );
        assert_eq!(shown("b\"1\n2\" br"), ["1 «1\n2»", "2 br"]);
    }

    #[test]
    fn characters_and_lifetimes_are_left_out() {
        assert_eq!(shown("f('\"', '\\'', '\\u{41}', 'ä') &'static str"), ["1 f", "1 (", "1 ,", "1 ,", "1 ,", "1 )", "1 &", "1 str"]);
    }

    #[test]
    fn comments_are_not_code() {
        let source = lex("//! Top.\nlet x = 1; // use a::b\n/* two\n /* deep */ lines */ y");
        assert_eq!(
            source.comments,
            [(1, "//! Top.".into()), (2, "// use a::b".into()), (3, "/* two".into()), (4, " /* deep */ lines */".into()),]
        );
        assert_eq!(source.tokens.last(), Some(&(4, Token::Word("y".into()))));
        assert!(lex("\"// no comment\"").comments.is_empty());
    }

    #[test]
    fn what_is_compiled_for_tests_only_is_left_out() {
        let text = "fn a(_: [u8; 2]) {}\n#[cfg(test)]\n#[path = \"b.rs\"]\nmod b;\n#[cfg(test)]\nimpl C { fn d(_: [u8; 2]) { e() } }\n#[test]\nfn f() {}\n#[cfg(unix)]\nfn g() {}";
        let words: Vec<String> = without_tests(lex(text).tokens).iter().filter_map(|(_, token)| token.word()).map(str::to_owned).collect();
        assert_eq!(words.join(" "), "fn a _ u8 2 cfg unix fn g");
    }
}
