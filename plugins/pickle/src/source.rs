//! Where a pickle's bytes come from: memory, whose texts are borrowed, or a reader, whose texts are copied.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use crate::PickleError;

/// Bytes in order.
pub(crate) trait Source<'a> {
    /// How many bytes were taken.
    fn at(&self) -> u64;

    /// The next `count` bytes.
    fn take(&mut self, count: u64) -> Result<Cow<'a, [u8]>, PickleError>;

    /// The next bytes, as many as fit.
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], PickleError>;

    /// The bytes before the next end of a line, which is taken too.
    fn line(&mut self) -> Result<Cow<'a, [u8]>, PickleError>;
}

/// Bytes in memory.
pub(crate) struct Slice<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    fn next(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let rest = &self.input[self.at..];
        let taken = rest.get(..count).ok_or(PickleError::Truncated { at: self.input.len() as u64 })?;
        self.at += count;
        Ok(taken)
    }
}

impl<'a> Source<'a> for Slice<'a> {
    fn at(&self) -> u64 {
        self.at as u64
    }

    fn take(&mut self, count: u64) -> Result<Cow<'a, [u8]>, PickleError> {
        self.next(usize::try_from(count).unwrap_or(usize::MAX)).map(Cow::Borrowed)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.next(N)?);
        Ok(bytes)
    }

    fn line(&mut self) -> Result<Cow<'a, [u8]>, PickleError> {
        let rest = &self.input[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(PickleError::Truncated { at: self.input.len() as u64 })?;
        self.at += end + 1;
        Ok(Cow::Borrowed(&rest[..end]))
    }
}

/// More than any text's length in a pickle that is read from a stream.
const LONGEST_TEXT: u64 = 1 << 28;

/// More than any name's length.
const LONGEST_LINE: u64 = 1000;

/// Bytes that are read as they are needed.
pub(crate) struct Stream<R> {
    reader: R,
    at: u64,
    /// Whether texts are wanted; else they are passed over and come out empty.
    contents: bool,
}

impl<R: BufRead> Stream<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, at: 0, contents: true }
    }

    /// A stream that passes over texts.
    pub(crate) fn without_contents(reader: R) -> Self {
        Self { reader, at: 0, contents: false }
    }

    fn failed(&self, error: &std::io::Error) -> PickleError {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => PickleError::Truncated { at: self.at },
            _ => PickleError::Unreadable { at: self.at, problem: error.to_string() },
        }
    }
}

impl<R: BufRead> Source<'static> for Stream<R> {
    fn at(&self) -> u64 {
        self.at
    }

    fn take(&mut self, count: u64) -> Result<Cow<'static, [u8]>, PickleError> {
        let mut taken = Vec::new();
        let mut limited = self.reader.by_ref().take(count);
        // A length is only a claim: nothing is allocated for bytes that do not come.
        let outcome = match self.contents {
            true if count > LONGEST_TEXT => return Err(PickleError::TooLarge { at: self.at }),
            true => {
                taken.reserve_exact(count.min(1 << 16) as usize);
                limited.read_to_end(&mut taken).map(|count| count as u64)
            }
            false => std::io::copy(&mut limited, &mut std::io::sink()),
        };
        let read = outcome.map_err(|error| self.failed(&error))?;
        self.at += read;
        if read < count { Err(PickleError::Truncated { at: self.at }) } else { Ok(Cow::Owned(taken)) }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|error| self.failed(&error))?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<Cow<'static, [u8]>, PickleError> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|error| self.failed(&error))?;
        self.at += read as u64;
        match line.pop() {
            Some(b'\n') => Ok(Cow::Owned(line)),
            _ => Err(PickleError::Truncated { at: self.at }),
        }
    }
}
