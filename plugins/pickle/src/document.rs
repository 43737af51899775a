//! A pickle that has been read, and its values.

use std::borrow::Cow;

use crate::PickleError;
use crate::machine::{Unwatched, run};
use crate::node::{Id, Node};
use crate::source::Slice;

/// A pickle that has been read.
#[derive(Debug)]
pub struct Document<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    root: Id,
}

impl<'a> Document<'a> {
    /// Reads a pickle in memory, whose texts stay where they are. Objects of `classes` (`module.name`) are read as
    /// dictionaries of their attributes.
    ///
    /// # Errors
    /// If it is not a pickle, is damaged, or names anything that is not known to hold plain data.
    pub fn read(bytes: &'a [u8], classes: &[&str]) -> Result<Self, PickleError> {
        run(&mut Slice::new(bytes), classes, &mut Unwatched).map(Self::of)
    }

    pub(crate) fn of((nodes, root): (Vec<Node<'a>>, Id)) -> Self {
        Self { nodes, root }
    }

    /// The whole value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value { nodes: &self.nodes, id: self.root }
    }

    /// The value of a text key of the outermost dictionary.
    ///
    /// # Errors
    /// If there is no such dictionary or key.
    pub fn entry(&self, key: &str) -> Result<Value<'_>, PickleError> {
        self.root().entry(key)
    }

    /// A list of whole numbers, or an array of them, under a key of the outermost dictionary.
    ///
    /// # Errors
    /// If there is none.
    pub fn integers(&self, key: &str) -> Result<Vec<i64>, PickleError> {
        let value = self.entry(key)?;
        let items = match value.node() {
            Node::Array(array) => array.integers(&self.nodes),
            _ => value.items().and_then(|items| items.map(Value::integer).collect()),
        };
        items.ok_or_else(|| PickleError::Kind { key: key.to_owned(), wanted: "a list of whole numbers".into() })
    }

    /// A matrix of unsigned bytes with `columns` columns, row after row, under a key of the outermost dictionary.
    ///
    /// # Errors
    /// If there is none, or of another shape or type.
    pub fn byte_rows(&self, key: &str, columns: usize) -> Result<Vec<u8>, PickleError> {
        let wrong = |wanted: String| PickleError::Kind { key: key.to_owned(), wanted };
        let Node::Array(array) = self.entry(key)?.node() else { return Err(wrong("a NumPy array".into())) };
        let rows = array.byte_rows(&self.nodes, columns);
        rows.ok_or_else(|| wrong(format!("a uint8 array of {columns} columns (it is {array})")))
    }
}

/// One value of a pickle.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    pub(crate) nodes: &'d [Node<'d>],
    pub(crate) id: Id,
}

impl<'d> Value<'d> {
    fn node(self) -> &'d Node<'d> {
        &self.nodes[self.id]
    }

    fn at(self, id: Id) -> Self {
        Self { id, ..self }
    }

    /// A whole number or a Boolean.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        match self.node() {
            Node::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A number of either kind.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self.node() {
            Node::Int(value) => Some(*value as f64),
            Node::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// A text.
    #[must_use]
    pub fn text(self) -> Option<&'d str> {
        match self.node() {
            Node::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Whether it is Python's `None`.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The items of a list, tuple or set.
    #[must_use]
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Value<'d>>> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) => Some(items.iter().map(move |id| self.at(*id))),
            _ => None,
        }
    }

    /// The numbers of a list, a tuple, or an array of one dimension.
    #[must_use]
    pub fn numbers(self) -> Option<Vec<f64>> {
        match self.node() {
            Node::Array(array) => array.numbers(self.nodes),
            _ => self.items()?.map(Self::number).collect(),
        }
    }

    /// The keys and values of a dictionary, or the attributes of an object; of equal keys, the last counts.
    #[must_use]
    pub fn entries(self) -> Option<impl DoubleEndedIterator<Item = (Value<'d>, Value<'d>)>> {
        match self.node() {
            Node::Dict(entries) => Some(entries.iter().map(move |(key, value)| (self.at(*key), self.at(*value)))),
            _ => None,
        }
    }

    /// The value of a dictionary's text key, or an object's attribute.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        // The last one counts, as in Python.
        self.entries()?.rev().find_map(|(name, value)| match name.node() {
            Node::Bytes(name) => (**name == *key.as_bytes()).then_some(value),
            _ => None,
        })
    }

    /// As [`get`](Self::get).
    ///
    /// # Errors
    /// If there is no such key; the message names those there are.
    pub fn entry(self, key: &str) -> Result<Self, PickleError> {
        self.get(key).ok_or_else(|| {
            let name = |(name, _): (Value<'d>, _)| match name.node() {
                Node::Bytes(name) => Some(String::from_utf8_lossy(name)),
                _ => None,
            };
            let mut known: Vec<Cow<'_, str>> = self.entries().into_iter().flatten().filter_map(name).collect();
            known.sort();
            known.dedup();
            known.truncate(8);
            let known = if known.is_empty() { String::new() } else { format!("; its keys are {}", known.join(", ")) };
            PickleError::Key { key: key.to_owned(), known }
        })
    }
}
