//! Reading the numbers of NumPy arrays out of their bytes.

use crate::node::{Array, ElementType, Node};

impl ElementType {
    /// Reads NumPy's code, with or without a byte order in front.
    pub(crate) fn parse(code: &[u8]) -> Option<Self> {
        let code = std::str::from_utf8(code).ok()?;
        let bare = code.trim_start_matches(['<', '>', '|', '=']);
        let letter = bare.chars().next().filter(char::is_ascii_alphabetic)?;
        let size = bare[1..].parse().ok().filter(|size| (1..=64).contains(size))?;
        Some(Self { letter, size, big_endian: code.starts_with('>') })
    }

    /// One number, if this type is a whole or a floating-point number's.
    pub(crate) fn number(&self, bytes: &[u8]) -> Option<Node<'static>> {
        if self.letter != 'f' {
            return self.integer(bytes).map(Node::Int);
        }
        let mut little = bytes.to_vec();
        if self.big_endian {
            little.reverse();
        }
        match self.size {
            8 => little.try_into().ok().map(|bytes| Node::Float(f64::from_le_bytes(bytes))),
            4 => little.try_into().ok().map(|bytes| Node::Float(f64::from(f32::from_le_bytes(bytes)))),
            _ => None,
        }
    }

    /// One integer, if this type is an integer's.
    pub(crate) fn integer(&self, bytes: &[u8]) -> Option<i64> {
        if bytes.len() != self.size || self.size > 8 || !matches!(self.letter, 'u' | 'i') {
            return None;
        }
        let mut little = bytes.to_vec();
        if self.big_endian {
            little.reverse();
        }
        let negative = self.letter == 'i' && little.last().is_some_and(|byte| byte & 0x80 != 0);
        little.resize(8, if negative { 0xff } else { 0 });
        let value = i64::from_le_bytes(little.try_into().ok()?);
        (self.letter == 'i' || value >= 0).then_some(value)
    }
}

impl Array {
    fn elements<'n>(&self, nodes: &'n [Node<'_>]) -> Option<&'n [u8]> {
        let Node::Bytes(bytes) = &nodes[self.bytes] else { return None };
        let length = self.shape.iter().try_fold(self.element.size, |product, extent| product.checked_mul(*extent))?;
        (bytes.len() == length).then_some(&**bytes)
    }

    /// The elements of a vector of integers.
    pub(crate) fn integers(&self, nodes: &[Node<'_>]) -> Option<Vec<i64>> {
        (self.shape.len() == 1).then_some(())?;
        self.elements(nodes)?.chunks_exact(self.element.size).map(|bytes| self.element.integer(bytes)).collect()
    }

    /// The elements of a vector of numbers.
    pub(crate) fn numbers(&self, nodes: &[Node<'_>]) -> Option<Vec<f64>> {
        (self.shape.len() == 1).then_some(())?;
        let number = |bytes| match self.element.number(bytes)? {
            Node::Int(value) => Some(value as f64),
            Node::Float(value) => Some(value),
            _ => None,
        };
        self.elements(nodes)?.chunks_exact(self.element.size).map(number).collect()
    }

    /// The rows of a matrix of unsigned bytes with this many columns.
    pub(crate) fn byte_rows(&self, nodes: &[Node<'_>], columns: usize) -> Option<Vec<u8>> {
        let [rows, width] = self.shape[..] else { return None };
        if (self.element.letter, self.element.size) != ('u', 1) || width != columns {
            return None;
        }
        let elements = self.elements(nodes)?;
        if !self.fortran {
            return Some(elements.to_vec());
        }
        Some((0..rows).flat_map(|row| (0..columns).map(move |column| elements[column * rows + row])).collect())
    }
}

impl std::fmt::Display for Array {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shape: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        write!(f, "{}{} of shape ({})", self.element.letter, self.element.size, shape.join(", "))
    }
}
