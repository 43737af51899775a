//! What a pickle's values are: nodes of one vector that refer to each other by index.

use std::borrow::Cow;

use crate::global::Global;

/// Index of a node.
pub(crate) type Id = usize;

/// A value.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// A whole number or a Boolean.
    Int(i64),
    Float(f64),
    None,
    /// Bytes, or a text as UTF-8: Python 2 does not tell them apart.
    Bytes(Cow<'a, [u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// A dictionary, or an object of a class of the caller's with its attributes.
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Element(ElementType),
    /// What `_reconstruct` makes: an array without state.
    Blank,
    Array(Array),
    /// A value that is never needed: a tensor, an array of an unknown type, a number of more than 64 bits.
    Other,
    /// A value of an entry that was handed out and let go.
    Released,
}

impl Node<'_> {
    /// Whether it holds other values, or may come to.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Tuple(_) | Self::Dict(_) | Self::Array(_) | Self::Blank)
    }

    /// Bytes of a text that the node owns, and does not borrow from the pickle.
    pub(crate) fn owned(&self) -> u64 {
        match self {
            Self::Bytes(Cow::Owned(bytes)) => bytes.len() as u64,
            _ => 0,
        }
    }
}

/// An array's element type: `u1`, `i8`, `f4`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ElementType {
    /// NumPy's letter: `u` unsigned, `i` signed, `f` floating point, `b` Boolean, …
    pub(crate) letter: char,
    /// Bytes an element.
    pub(crate) size: usize,
    /// Most significant byte first.
    pub(crate) big_endian: bool,
}

/// An array whose elements are the bytes of another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Array {
    /// What the elements are.
    pub(crate) element: ElementType,
    /// Up to four extents.
    pub(crate) shape: Vec<usize>,
    /// Columns one after the other instead of rows.
    pub(crate) fortran: bool,
    /// The node that holds the elements.
    pub(crate) bytes: Id,
}
