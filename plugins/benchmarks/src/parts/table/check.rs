//! Checks a benchmark's table, every row and cell, and puts it in the order of its indices.

use std::path::Path;

use assay_core::plugin::import::ImportError;
use polars::prelude::{DataFrame, PolarsError};

use super::layout::{Column, Content, Layout};
use super::values::Values;
use super::{Cell, RawTable};

/// A complete and correct table, ordered by index.
#[derive(Debug)]
pub(crate) struct Checked {
    /// For each index, the key of its architecture ([`Layout::key`]).
    pub(crate) keys: Vec<usize>,
    columns: Vec<(&'static str, Values)>,
    /// Columns that are not known.
    pub(crate) ignored: Vec<String>,
}

impl Checked {
    /// Reads and checks a CSV or parquet file.
    pub(crate) fn read(file: &Path, layout: &Layout) -> Result<Self, ImportError> {
        Self::of(&RawTable::of(file, layout)?, layout)
    }

    /// Checks a table that has an `index` and an `arch`.
    pub(crate) fn of(table: &RawTable, layout: &Layout) -> Result<Self, ImportError> {
        let holds = |column: &Column| table.column(&column.name).is_some();
        let is_figure = |column: &&Column| matches!(column.content, Content::Accuracy { .. } | Content::Runs { .. } | Content::Cost { .. });
        if !(layout.columns)().iter().filter(is_figure).any(holds) {
            let some: Vec<&str> = (layout.columns)().iter().filter(is_figure).take(3).map(|column| column.name.as_str()).collect();
            let problem = format!("no column holds figures of {}, such as {}", layout.name, some.join(", "));
            return Err(ImportError::Columns { file: table.file.clone(), problem });
        }
        check(table, layout)
    }

    /// Takes over the columns of an earlier table that this one does not have. Gives their names.
    pub(crate) fn keep(&mut self, earlier: Self, layout: &Layout) -> Result<Vec<String>, String> {
        if earlier.keys != self.keys {
            return Err("it numbers the architectures differently".into());
        }
        let mut kept = Vec::new();
        for (name, values) in earlier.columns {
            if !self.columns.iter().any(|(other, _)| *other == name) {
                kept.push(name.to_owned());
                self.columns.push((name, values));
            }
        }
        let position = |name: &str| (layout.columns)().iter().position(|column| column.name == name);
        self.columns.sort_by_key(|(name, _)| position(name));
        Ok(kept)
    }

    /// The names of the columns it holds.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    /// The values of a column, by index.
    pub(crate) fn values(&self, column: &str) -> Option<&Values> {
        self.columns.iter().find(|(name, _)| *name == column).map(|(_, values)| values)
    }

    /// The table as a data frame.
    pub(crate) fn frame(self) -> Result<DataFrame, PolarsError> {
        DataFrame::new_infer_height(self.columns.into_iter().map(|(name, values)| values.series(name)).collect())
    }
}

/// A column of figures, in the order of the rows; none if the table does not have it, or it holds no figures.
pub(crate) fn figures(table: &RawTable, column: &Column) -> Result<Option<Values>, ImportError> {
    let name = column.name.as_str();
    if table.column(name).is_none() {
        return Ok(None);
    }
    Ok(Some(match column.content {
        Content::Index | Content::Architecture | Content::Isomorph => return Ok(None),
        Content::Accuracy { .. } => {
            let numbers = table.values(name, "an accuracy in per cent (0 to 100)", percent)?;
            if numbers.iter().all(|number| *number <= 1.0) {
                return Err(ImportError::Fractions { file: table.file.clone(), column: name.into() });
            }
            Values::Numbers(numbers)
        }
        Content::Runs { .. } => Values::Texts(table.values(name, "one to three accuracies in per cent, separated by spaces,", seeds)?),
        Content::Cost { .. } => Values::Partial(table.values(name, "a number, 0 or more, or nothing", cost)?),
    }))
}

fn check(table: &RawTable, layout: &Layout) -> Result<Checked, ImportError> {
    let mut checker = Checker { table, layout, order: Vec::new() };
    let mut keys = Vec::new();
    let index = |cell: &Cell| index(cell, layout.count);
    checker.order = checker.permutation("index", index)?;
    // Now every index is there once: from here on rows are visited in the order of their indices.
    let mut columns = Vec::new();
    for column in (layout.columns)() {
        let name = column.name.as_str();
        let Some(cells) = table.column(name) else { continue };
        let values = match column.content {
            Content::Index => Values::Whole((0..layout.count as u32).collect()),
            Content::Architecture => {
                let rows = checker.permutation(name, |cell| layout.key(cell.text()?))?;
                let mut by_row = vec![0; table.rows];
                rows.iter().enumerate().for_each(|(key, row)| by_row[*row] = key);
                keys = checker.order.iter().map(|row| by_row[*row]).collect();
                Values::Texts(checker.order.iter().filter_map(|row| cells[*row].text().map(str::to_owned)).collect())
            }
            Content::Isomorph => Values::Whole(checker.isomorphs(name)?),
            Content::Accuracy { .. } | Content::Runs { .. } | Content::Cost { .. } => match figures(table, column)? {
                Some(values) => values.of_rows(&checker.order),
                None => continue,
            },
        };
        columns.push((name, values));
    }
    let ignored = table.columns.iter().filter(|name| !layout.knows(name)).chain(&table.unknown).cloned().collect();
    Ok(Checked { keys, columns, ignored })
}

struct Checker<'a> {
    table: &'a RawTable,
    layout: &'a Layout,
    /// The row of each index.
    order: Vec<usize>,
}

impl Checker<'_> {
    /// The row of each key, where every key of the benchmark must be there exactly once.
    fn permutation(&self, column: &str, key: impl Fn(&Cell) -> Option<usize>) -> Result<Vec<usize>, ImportError> {
        let count = self.layout.count;
        let cells = self.table.column(column).unwrap_or_default();
        let expected = match column {
            "index" => format!("an index from 0 to {}", count - 1),
            _ => self.layout.example.to_owned(),
        };
        let mut rows = vec![usize::MAX; count];
        for (row, cell) in cells.iter().enumerate() {
            let key = key(cell).filter(|key| *key < count).ok_or_else(|| self.table.wrong(row, column, &expected))?;
            let first = std::mem::replace(&mut rows[key], row);
            if first != usize::MAX {
                let what = match cell {
                    Cell::Text(text) if column != "index" => format!("architecture {text}"),
                    _ => format!("index {key}"),
                };
                return Err(self.table.duplicate(what, first, row));
            }
        }
        match rows.iter().position(|row| *row == usize::MAX) {
            Some(first) => Err(ImportError::MissingRows { file: self.table.file.clone(), found: cells.len(), expected: count, first }),
            None => Ok(rows),
        }
    }

    /// A column by index, each cell read by `value`.
    fn column<T>(&self, column: &str, expected: &str, value: impl Fn(&Cell) -> Option<T>) -> Result<Vec<T>, ImportError> {
        let mut values = self.table.values(column, expected, |cell| value(cell).map(Some))?;
        Ok(self.order.iter().filter_map(|row| values[*row].take()).collect())
    }

    fn isomorphs(&self, column: &str) -> Result<Vec<u32>, ImportError> {
        let expected = "the smallest index of an architecture that computes the same";
        let isomorphs = self.column(column, expected, |cell| u32::try_from(index(cell, self.layout.count)?).ok())?;
        let smallest = |index: usize| {
            let isomorph = isomorphs[index] as usize;
            isomorph <= index && isomorphs[isomorph] as usize == isomorph
        };
        match (0..isomorphs.len()).find(|index| !smallest(*index)) {
            Some(index) => {
                let row = self.order[index];
                Err(self.table.wrong(row, column, expected))
            }
            None => Ok(isomorphs),
        }
    }
}

fn index(cell: &Cell, count: usize) -> Option<usize> {
    cell.whole().and_then(|number| usize::try_from(number).ok()).filter(|number| *number < count)
}

pub(super) fn percent(cell: &Cell) -> Option<f64> {
    cell.number_in(0.0, 100.0)
}

/// `None` if the cell holds something else than a cost, `Some(None)` if it is empty.
pub(super) fn cost(cell: &Cell) -> Option<Option<f64>> {
    match cell {
        Cell::Missing => Some(None),
        _ => cell.number_in(0.0, f64::MAX).map(Some),
    }
}

fn seeds(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Missing => return None,
    };
    let valid = |seed: &str| percent(&Cell::Text(seed.into())).is_some();
    let seeds: Vec<&str> = text.split_whitespace().collect();
    ((1..=3).contains(&seeds.len()) && seeds.iter().all(|seed| valid(seed))).then(|| seeds.join(" "))
}
