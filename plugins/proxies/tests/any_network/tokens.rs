//! Sequences of tokens, for networks that look them up.

use assay_core::data::{DataError, Dataset, Normalisation, Tokens};
use assay_core::graph::Shape;

/// Sequences of five of ten tokens, with the next token as label, or that of each token.
pub(super) struct Sequences {
    pub(super) each: bool,
    pub(super) normalisation: Normalisation,
}

impl Sequences {
    pub(super) fn new(each: bool) -> Self {
        Self { each, normalisation: Normalisation { mean: Vec::new(), deviation: Vec::new() } }
    }
}

fn token(index: usize, place: usize) -> u32 {
    ((index * 7 + place * place * 3 + index * place) % 10) as u32
}

impl Dataset for Sequences {
    fn shape(&self) -> Shape {
        Shape::vector(5)
    }

    fn classes(&self) -> usize {
        10
    }

    fn len(&self) -> usize {
        40
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        Some(self)
    }

    fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    fn describe(&self) -> String {
        "test sequences".into()
    }

    fn read(&self, _: usize, _: &mut [u8]) -> Result<u32, DataError> {
        Err(DataError::new("no images"))
    }
}

impl Tokens for Sequences {
    fn vocabulary(&self) -> usize {
        10
    }

    fn labels(&self) -> usize {
        if self.each { 5 } else { 1 }
    }

    fn read(&self, index: usize, tokens: &mut [u32], labels: &mut Vec<u32>) -> Result<(), DataError> {
        tokens.iter_mut().enumerate().for_each(|(place, to)| *to = token(index, place));
        let first = if self.each { 1 } else { 5 };
        labels.extend((first..=5).map(|place| token(index, place)));
        Ok(())
    }
}
