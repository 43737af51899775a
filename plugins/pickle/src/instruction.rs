//! The instructions of a pickle.

use std::borrow::Cow;

use crate::PickleError;
use crate::source::Source;

/// One instruction, with what it carries.
#[derive(Debug)]
pub(crate) enum Instruction<'a> {
    /// The protocol's number, or the length of a frame: nothing to do.
    Framing,
    Stop,
    Mark,
    Pop,
    PopToMark,
    /// Remember the top under this number.
    Put(u64),
    /// Remember the top under the next number.
    Memoize,
    Get(u64),
    None,
    Integer(i64),
    /// A whole number of more than 64 bits.
    LongInteger,
    Float(f64),
    /// Bytes or a text.
    Bytes(Cow<'a, [u8]>),
    EmptyList,
    EmptyDictionary,
    ListFromMark,
    TupleFromMark,
    DictionaryFromMark,
    /// A tuple of this many values from the top.
    Tuple(usize),
    Append,
    AppendToMark,
    Insert,
    InsertToMark,
    /// Module and name.
    Global(Cow<'a, [u8]>, Cow<'a, [u8]>),
    GlobalFromStack,
    Call,
    NewObject,
    SetState,
    /// A value that lies outside the pickle: a tensor's storage.
    Persistent,
}

/// Reads the next instruction; also gives where it began.
pub(crate) fn next<'a>(source: &mut impl Source<'a>) -> Result<(u64, Instruction<'a>), PickleError> {
    let start = source.at();
    let [code] = source.fixed()?;
    let instruction = match code {
        0x80 => {
            let [_protocol] = source.fixed()?;
            Instruction::Framing
        }
        0x95 => {
            let _length: [u8; 8] = source.fixed()?;
            Instruction::Framing
        }
        b'.' => Instruction::Stop,
        b'(' => Instruction::Mark,
        b'0' => Instruction::Pop,
        b'1' => Instruction::PopToMark,

        b'q' => Instruction::Put(unsigned::<1>(source)?),
        b'r' => Instruction::Put(unsigned::<4>(source)?),
        0x94 => Instruction::Memoize,
        b'h' => Instruction::Get(unsigned::<1>(source)?),
        b'j' => Instruction::Get(unsigned::<4>(source)?),

        b'N' => Instruction::None,
        b'G' => Instruction::Float(f64::from_be_bytes(source.fixed()?)),
        0x88 => Instruction::Integer(1),
        0x89 => Instruction::Integer(0),
        b'K' => Instruction::Integer(unsigned::<1>(source)? as i64),
        b'M' => Instruction::Integer(unsigned::<2>(source)? as i64),
        b'J' => Instruction::Integer(i64::from(i32::from_le_bytes(source.fixed()?))),
        0x8a => long(source)?,

        b'U' | b'C' | 0x8c => bytes::<1>(source)?,
        b'T' | b'B' | b'X' => bytes::<4>(source)?,
        0x8d | 0x8e | 0x96 => bytes::<8>(source)?,

        // A set is a list whose order does not matter.
        b']' | 0x8f => Instruction::EmptyList,
        b'}' => Instruction::EmptyDictionary,
        b')' => Instruction::Tuple(0),
        b'l' | 0x91 => Instruction::ListFromMark,
        b't' => Instruction::TupleFromMark,
        b'd' => Instruction::DictionaryFromMark,
        0x85..=0x87 => Instruction::Tuple(usize::from(code - 0x84)),
        b'a' => Instruction::Append,
        b'e' | 0x90 => Instruction::AppendToMark,
        b's' => Instruction::Insert,
        b'u' => Instruction::InsertToMark,

        b'c' => Instruction::Global(source.line()?, source.line()?),
        0x93 => Instruction::GlobalFromStack,
        b'R' => Instruction::Call,
        0x81 => Instruction::NewObject,
        b'b' => Instruction::SetState,
        b'Q' => Instruction::Persistent,
        _ => return Err(PickleError::Instruction { at: start, code }),
    };
    Ok((start, instruction))
}

/// A little-endian number of `N` bytes.
fn unsigned<'a, const N: usize>(source: &mut impl Source<'a>) -> Result<u64, PickleError> {
    let bytes: [u8; N] = source.fixed()?;
    Ok(bytes.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn bytes<'a, const N: usize>(source: &mut impl Source<'a>) -> Result<Instruction<'a>, PickleError> {
    let length = unsigned::<N>(source)?;
    source.take(length).map(Instruction::Bytes)
}

/// A signed number of as many bytes as it says.
fn long<'a>(source: &mut impl Source<'a>) -> Result<Instruction<'a>, PickleError> {
    let [length] = source.fixed()?;
    let mut bytes = [0; 8];
    for index in 0..usize::from(length) {
        let [byte] = source.fixed()?;
        if let Some(place) = bytes.get_mut(index) {
            *place = byte;
        }
    }
    if length > 8 {
        return Ok(Instruction::LongInteger);
    }
    let unused = 64 - 8 * u32::from(length);
    let value = i64::from_le_bytes(bytes);
    Ok(Instruction::Integer(if length == 0 { 0 } else { (value << unused) >> unused }))
}
