//! The values of a column that was checked.

use assay_core::plugin::{Figure, Recorded};
use assay_core::score::Reading;
use polars::prelude::Column as Series;

use super::layout::{Column, Content};

/// One column's values, in the order of the rows.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Whole(Vec<u32>),
    Numbers(Vec<f64>),
    /// Numbers, some of which are missing.
    Partial(Vec<Option<f64>>),
    Texts(Vec<String>),
}

/// What is said of a value that a table does not have.
pub(crate) const ABSENT: &str = "the table records no value for this architecture";

impl Values {
    /// The values as a column of a data frame.
    pub(crate) fn series(self, name: &str) -> Series {
        match self {
            Self::Whole(values) => Series::new(name.into(), values),
            Self::Numbers(values) => Series::new(name.into(), values),
            Self::Partial(values) => Series::new(name.into(), values),
            Self::Texts(values) => Series::new(name.into(), values),
        }
    }

    /// The values of these rows, in this order.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Self {
        fn picked<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| values[*row].clone()).collect()
        }
        match self {
            Self::Whole(values) => Self::Whole(picked(values, rows)),
            Self::Numbers(values) => Self::Numbers(picked(values, rows)),
            Self::Partial(values) => Self::Partial(picked(values, rows)),
            Self::Texts(values) => Self::Texts(picked(values, rows)),
        }
    }

    /// A row as a number; none where it has none.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Whole(values) => Some(f64::from(values[row])),
            Self::Numbers(values) => Some(values[row]),
            Self::Partial(values) => values[row],
            Self::Texts(_) => None,
        }
    }

    /// A row as the accuracies of single trainings.
    pub(crate) fn runs(&self, row: usize) -> Vec<f64> {
        match self {
            Self::Texts(values) => runs(&values[row]),
            Self::Whole(_) | Self::Numbers(_) | Self::Partial(_) => Vec::new(),
        }
    }

    /// What a row records, in a column of this content. None of the architecture itself and its number.
    pub(crate) fn figure(&self, column: &Column, row: usize) -> Option<Figure> {
        let figure = |title: &str, source: Option<&str>, unit: &str, recorded: Recorded| {
            let (title, source, unit) = (title.to_owned(), source.map(str::to_owned), unit.to_owned());
            Some(Figure { column: column.name.clone(), title, source, unit, recorded })
        };
        let one = || Recorded::One(self.number(row).map_or_else(|| Reading::undefined(ABSENT), Reading::finite));
        match &column.content {
            Content::Index | Content::Architecture => None,
            Content::Isomorph => figure("index of the first that computes the same", None, "", one()),
            Content::Accuracy { training, title } => figure(title, Some(training), "%", one()),
            Content::Runs { training } => figure("single trainings", Some(single(training)), "%", Recorded::Runs(self.runs(row))),
            Content::Cost { title, unit, source } => figure(title, *source, unit, one()),
        }
    }
}

/// How each of several networks was trained of whose accuracies the mean is taken.
pub(crate) fn single(training: &str) -> &str {
    let means = [", mean over trials", ", mean of three runs"];
    means.iter().find_map(|mean| training.strip_suffix(mean)).unwrap_or(training)
}

/// The accuracies of single trainings, as a cell has them.
fn runs(text: &str) -> Vec<f64> {
    text.split_whitespace().filter_map(|run| run.parse().ok()).collect()
}
