//! The texts of a column, where the file's pages have them.

use polars_arrow::array::{Array, Utf8ViewArray};

/// The texts of a column, in its order.
#[derive(Default)]
pub struct Texts(Vec<Part>);

enum Part {
    Texts(Utf8ViewArray),
    /// So many cells that hold something else.
    None(usize),
}

impl Texts {
    /// So many cells without a text.
    #[must_use]
    pub fn missing(cells: usize) -> Self {
        Self(vec![Part::None(cells)])
    }

    pub(crate) fn add(&mut self, array: &dyn Array) {
        match array.as_any().downcast_ref::<Utf8ViewArray>() {
            Some(texts) => self.0.push(Part::Texts(texts.clone())),
            None => self.add_none(array.len()),
        }
    }

    pub(crate) fn add_none(&mut self, cells: usize) {
        self.0.push(Part::None(cells));
    }

    /// One a row; none where a cell is missing or holds something else.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().flat_map(|part| {
            let (texts, cells) = match part {
                Part::Texts(texts) => (Some(texts), texts.len()),
                Part::None(cells) => (None, *cells),
            };
            (0..cells).map(move |row| texts.and_then(|texts| texts.get(row)))
        })
    }
}
