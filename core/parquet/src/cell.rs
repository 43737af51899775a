//! One cell of a table, and what it can be read as.

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Missing,
    /// A text.
    Text(String),
    /// A number, of whatever type in the file.
    Number(f64),
}

impl Cell {
    /// What it holds, if that is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Number(_) => None,
        }
    }

    /// What it holds, if that is a finite number, written as a text or as a number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
            Self::Missing => None,
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// What it holds, if that is a number in this range, ends included.
    #[must_use]
    pub fn number_in(&self, low: f64, high: f64) -> Option<f64> {
        self.number().filter(|number| (low..=high).contains(number))
    }

    /// What it holds, if that is a whole number that is not negative.
    #[must_use]
    pub fn whole(&self) -> Option<u64> {
        // Up to here every whole number has a float of its own.
        self.number_in(0.0, 9_007_199_254_740_991.0).filter(|number| number.fract() == 0.0).map(|number| number as u64)
    }
}
