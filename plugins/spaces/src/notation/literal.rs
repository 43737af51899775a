//! Lists, tuples, dictionaries and calls as Python, JSON and numpy write them. Nothing is evaluated.

use assay_core::plugin::ArchitectureError;

use super::Written;

/// How deep brackets may be nested.
const DEPTH: usize = 16;
/// Calls that change nothing of what an architecture is.
const WRAPPERS: [&str; 9] = ["array", "asarray", "list", "tuple", "dict", "OrderedDict", "str_", "int64", "int32"];
/// The longest range that is written out.
const RANGE: usize = 64;

/// A value, and the byte of the text where it begins.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Integer(i64),
    /// What stands in quotes, or a name or number that is not an integer.
    Word(String),
    /// A list, a tuple or a set.
    List(Vec<Value>),
    Dictionary(Vec<(Value, Value)>),
    /// `name(value, key=value)`.
    Call(String, Vec<(Option<String>, Value)>),
}

impl Value {
    /// Without `list(…)`, `array(…)` and the like around it.
    pub(crate) fn bare(&self) -> &Self {
        let mut value = self;
        while let Kind::Call(name, arguments) = &value.kind {
            let name = name.rsplit('.').next().unwrap_or(name);
            match arguments.first() {
                Some((None, inner)) if WRAPPERS.contains(&name) => value = inner,
                _ => break,
            }
        }
        value
    }

    pub(crate) fn list(&self) -> Option<&[Self]> {
        match &self.bare().kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn word(&self) -> Option<&str> {
        match &self.bare().kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        match self.bare().kind {
            Kind::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// A list of integers, or a range.
    pub(crate) fn integers(&self) -> Option<Vec<i64>> {
        let Kind::Call(name, arguments) = &self.bare().kind else { return self.list()?.iter().map(Self::integer).collect() };
        let given: Option<Vec<i64>> = arguments.iter().map(|(key, value)| value.integer().filter(|_| key.is_none())).collect();
        let (from, to, step) = match given?[..] {
            _ if name != "range" => return None,
            [to] => (0, to, 1),
            [from, to] => (from, to, 1),
            [from, to, step] => (from, to, step),
            _ => return None,
        };
        let step = usize::try_from(step).ok().filter(|step| *step > 0)?;
        Some((from..to).step_by(step).take(RANGE).collect())
    }

    /// What stands under this key of a dictionary, or is given to a call under this name.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.bare().kind {
            Kind::Dictionary(entries) => entries.iter().find(|(known, _)| known.word() == Some(key)).map(|(_, value)| value),
            Kind::Call(_, arguments) => arguments.iter().find(|(known, _)| known.as_deref() == Some(key)).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads values from a text.
pub(crate) struct Reader<'a> {
    written: &'a Written<'a>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at this byte.
    pub(crate) fn new(written: &'a Written<'a>, at: usize) -> Self {
        Self { written, at }
    }

    /// The next value.
    pub(crate) fn value(&mut self) -> Result<Value, ArchitectureError> {
        self.nested(0)
    }

    /// Steps over this sign, if it comes next.
    pub(crate) fn take(&mut self, sign: char) -> bool {
        let rest = self.rest();
        let Some(behind) = rest.strip_prefix(sign) else { return false };
        self.at = self.written.text.len() - behind.len();
        true
    }

    /// Checks that the text has ended.
    pub(crate) fn end(&mut self) -> Result<(), ArchitectureError> {
        match self.rest() {
            "" => Ok(()),
            _ => Err(self.wrong("the architecture has ended, but the text goes on")),
        }
    }

    /// What follows, behind white space.
    fn rest(&mut self) -> &'a str {
        let rest = self.written.text[self.at..].trim_start();
        self.at = self.written.text.len() - rest.len();
        rest
    }

    fn wrong(&self, problem: &str) -> ArchitectureError {
        self.written.wrong(self.at, problem)
    }

    fn nested(&mut self, depth: usize) -> Result<Value, ArchitectureError> {
        let first = self.rest().chars().next();
        let at = self.at;
        if depth > DEPTH {
            return Err(self.wrong(&format!("brackets are nested more than {DEPTH} deep")));
        }
        let kind = match first {
            None => return Err(self.wrong("the text ends where a value is expected")),
            Some('[') => Kind::List(self.items(']', depth)?),
            Some('(') => Kind::List(self.items(')', depth)?),
            Some('{') => self.braces(depth)?,
            Some(quote @ ('\'' | '"')) => Kind::Word(self.quoted(quote)?),
            Some(_) => self.bare(depth)?,
        };
        Ok(Value { at, kind })
    }

    /// The values up to a closing bracket; numpy prints none of the commas between them.
    fn items(&mut self, close: char, depth: usize) -> Result<Vec<Value>, ArchitectureError> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.nested(depth + 1)?);
            self.comma(close, close == ']')?;
        }
        Ok(items)
    }

    /// Steps over a comma, which may be missing before the end.
    fn comma(&mut self, close: char, is_optional: bool) -> Result<(), ArchitectureError> {
        if self.take(',') || is_optional || self.rest().starts_with(close) {
            return Ok(());
        }
        Err(self.wrong(&format!("`,` or `{close}` is expected")))
    }

    /// A dictionary or a set.
    fn braces(&mut self, depth: usize) -> Result<Kind, ArchitectureError> {
        self.at += 1;
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        while !self.take('}') {
            let key = self.nested(depth + 1)?;
            if self.take(':') {
                entries.push((key, self.nested(depth + 1)?));
            } else {
                items.push(key);
            }
            if !entries.is_empty() && !items.is_empty() {
                return Err(self.wrong("some entries of this dictionary have a key, and others do not"));
            }
            self.comma('}', false)?;
        }
        Ok(if items.is_empty() { Kind::Dictionary(entries) } else { Kind::List(items) })
    }

    fn quoted(&mut self, quote: char) -> Result<String, ArchitectureError> {
        let mut characters = self.rest().char_indices().skip(1);
        let mut word = String::new();
        while let Some((position, character)) = characters.next() {
            match character {
                _ if character == quote => {
                    self.at += position + 1;
                    return Ok(word);
                }
                '\\' => word.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => word.push(character),
            }
        }
        Err(self.wrong(&format!("the {quote} that begins here is not closed")))
    }

    /// A name, a number or a call.
    fn bare(&mut self, depth: usize) -> Result<Kind, ArchitectureError> {
        let word = self.name();
        if word.is_empty() {
            return Err(self.wrong("a value is expected"));
        }
        if !self.take('(') {
            return Ok(word.parse().map_or_else(|_| Kind::Word(word.to_owned()), Kind::Integer));
        }
        let mut arguments = Vec::new();
        while !self.take(')') {
            let before = self.at;
            let key = self.name();
            let key = if !key.is_empty() && self.take('=') { Some(key.to_owned()) } else { None };
            if key.is_none() {
                self.at = before;
            }
            arguments.push((key, self.nested(depth + 1)?));
            self.comma(')', false)?;
        }
        Ok(Kind::Call(word.to_owned(), arguments))
    }

    /// Letters, digits, and what stands in the names of operators and in numbers; empty where there are none.
    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_.-+".contains(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, ArchitectureError> {
        let written = Written::new(text, "FORM")?;
        let mut reader = Reader::new(&written, 0);
        let value = reader.value()?;
        reader.end().map(|()| value)
    }

    #[test]
    fn lists_are_read_as_python_and_numpy_write_them() {
        let matrix = |text: &str| read(text).unwrap().list().unwrap().iter().map(Value::integers).collect::<Option<Vec<_>>>();
        let expected = Some(vec![vec![0, 1], vec![0, 0]]);
        for text in ["[[0, 1], [0, 0],]", "((0, 1), (0, 0))", "[[0 1]\n [0 0]]", "np.array([[0, 1], [0, 0]], dtype=int8)"] {
            assert_eq!(matrix(text), expected, "{text}");
        }
        for text in ["range(2, 6)", "list(range(2, 6))", "[2, 3, 4, 5]", "(2, 3, 4, 5)", "{2, 3, 4, 5}", "range(2, 6, 1)"] {
            assert_eq!(read(text).unwrap().integers(), Some(vec![2, 3, 4, 5]), "{text}");
        }
        assert_eq!(read("range(0, 9223372036854775807)").unwrap().integers().unwrap().len(), RANGE);
        assert_eq!(read("range(0, 9, 0)").unwrap().integers(), None);
    }

    #[test]
    fn keys_are_found_in_dictionaries_and_calls() {
        for text in [r#"{"a": 'x\'y', 'b': 1.5}"#, "f(a=\"x'y\", b=None)", "OrderedDict({'a': \"x'y\"})"] {
            assert_eq!(read(text).unwrap().get("a").and_then(Value::word), Some("x'y"), "{text}");
        }
    }

    #[test]
    fn brackets_are_nested_only_so_deep() {
        let nested = |depth: usize| read(&("[".repeat(depth) + &"]".repeat(depth)));
        assert!(nested(DEPTH).is_ok());
        for open in ["[", "(", "{", "f(", "{1:"] {
            let error = read(&open.repeat(10_000)).unwrap_err().to_string();
            assert!(error.contains("nested more than 16 deep") && error.len() < 400, "{error}");
        }
    }
}
