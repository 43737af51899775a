//! Tables: columns in Arrow's memory, lent to whoever speaks its C interface.

use std::path::PathBuf;

use assay::failure::Failure;
use assay_parquet::{Cell, Parquet};
use assay_results::read_checked;
use assay_results::tables::{self, Values};
use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};

use crate::forked::refuse_copies;
use crate::{exception, stream};

/// The most bytes that are read of one table, as reports read them.
const LIMIT: u64 = 1 << 30;

/// A table that does not change. Columns are texts, whole numbers from 0, or numbers; what is missing is null.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Table {
    fields: Vec<Field>,
    columns: Vec<Box<dyn Array>>,
    rows: usize,
}

/// The values of a column.
enum Column {
    Texts(Vec<Option<String>>),
    Counts(Vec<Option<u64>>),
    Numbers(Vec<Option<f64>>),
}

impl Column {
    fn array(self) -> Box<dyn Array> {
        match self {
            Self::Texts(texts) => Box::new(Utf8ViewArray::from_slice(texts)),
            Self::Counts(counts) => Box::new(PrimitiveArray::<u64>::from(counts)),
            Self::Numbers(numbers) => Box::new(PrimitiveArray::<f64>::from(numbers)),
        }
    }

    /// What these cells are, if they are of this sort; what is not declared is a number if all of it is.
    fn of(cells: Vec<Cell>, declared: Option<Values>) -> Result<Self, String> {
        let is_number = |cell: &Cell| matches!(cell, Cell::Number(_) | Cell::Missing);
        let values = declared.unwrap_or(if cells.iter().all(is_number) { Values::Number } else { Values::Text });
        let number = |cell: Cell| match cell {
            Cell::Number(number) => Ok(Some(number)),
            Cell::Missing => Ok(None),
            Cell::Text(text) => Err(format!("`{text}` stands where a number is expected")),
        };
        // Counts are stored as whole numbers, which are exact here up to 2⁵³.
        let count = |cell: Cell| match number(cell)? {
            Some(count) if count.fract() != 0.0 || count < 0.0 => Err(format!("`{count}` stands where a count is expected")),
            count => Ok(count.map(|count| count as u64)),
        };
        let text = |cell: Cell| match cell {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Missing => Ok(None),
            Cell::Number(number) => Err(format!("`{number}` stands where a text is expected")),
        };
        Ok(match values {
            Values::Text => Self::Texts(cells.into_iter().map(text).collect::<Result<_, _>>()?),
            Values::Count => Self::Counts(cells.into_iter().map(count).collect::<Result<_, _>>()?),
            Values::Number => Self::Numbers(cells.into_iter().map(number).collect::<Result<_, _>>()?),
        })
    }
}

impl Table {
    fn of(columns: Vec<(String, Column)>, rows: usize) -> Self {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, column) in columns {
            let array = column.array();
            fields.push(Field::new(name.into(), array.dtype().clone(), true));
            arrays.push(array);
        }
        Self { fields, columns: arrays, rows }
    }
}

#[pymethods]
impl Table {
    /// A table of columns: each a name, `text`, `count` or `number`, and values of that sort or `None`.
    #[new]
    fn new(columns: Vec<(String, String, Bound<'_, PyList>)>) -> PyResult<Self> {
        let rows = columns.first().map_or(0, |(_, _, values)| values.len());
        let column = |(name, sort, values): (String, String, Bound<'_, PyList>)| {
            if values.len() != rows {
                return Err(PyValueError::new_err(format!("column `{name}` has {} of {rows} rows", values.len())));
            }
            let column = match sort.as_str() {
                "text" => Column::Texts(values.extract()?),
                "count" => Column::Counts(values.extract()?),
                "number" => Column::Numbers(values.extract()?),
                other => return Err(PyValueError::new_err(format!("a column is text, count or number, not {other}"))),
            };
            Ok((name, column))
        };
        Ok(Self::of(columns.into_iter().map(column).collect::<PyResult<_>>()?, rows))
    }

    /// How many rows it has.
    fn __len__(&self) -> usize {
        self.rows
    }

    /// The names of the columns, in their order.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.name.as_str()).collect()
    }

    /// The values of a column, as a list.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let position = self.fields.iter().position(|field| field.name == name);
        let position = position
            .ok_or_else(|| PyKeyError::new_err(format!("there is no column `{name}`; columns are {}", self.columns().join(", "))))?;
        let array = self.columns[position].as_any();
        if let Some(texts) = array.downcast_ref::<Utf8ViewArray>() {
            PyList::new(py, texts.iter())
        } else if let Some(counts) = array.downcast_ref::<PrimitiveArray<u64>>() {
            PyList::new(py, counts.iter().map(|count| count.copied()))
        } else if let Some(numbers) = array.downcast_ref::<PrimitiveArray<f64>>() {
            PyList::new(py, numbers.iter().map(|number| number.copied()))
        } else {
            Err(PyValueError::new_err(format!("column `{name}` is of a type that is not known")))
        }
    }

    /// The table as an Arrow stream, without a copy: the protocol of `PyCapsule`. Texts are views of strings, or large strings where
    /// the schema that is asked for wants those.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let wanted = requested_schema.map(stream::requested).transpose()?.unwrap_or_default();
        let (mut fields, mut columns) = (self.fields.clone(), self.columns.clone());
        for (field, column) in fields.iter_mut().zip(&mut columns) {
            let is_asked =
                |asked: &&Field| asked.name == field.name && matches!(asked.dtype, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8);
            if let Some(texts) = column.as_any().downcast_ref::<Utf8ViewArray>().filter(|_| wanted.iter().any(|asked| is_asked(&asked))) {
                *column = stream::large(texts);
                field.dtype = ArrowDataType::LargeUtf8;
            }
        }
        stream::capsule(py, fields, columns, self.rows)
    }
}

/// A table of a run folder, by the name of its file.
#[pyfunction]
pub(crate) fn read_table(py: Python<'_>, folder: PathBuf, file: &str) -> PyResult<Table> {
    refuse_copies(py)?;
    let path = folder.join(file);
    let read = || {
        let bytes = read_checked(&path)?;
        let wrong = |problem: String| Failure::new(format!("`{}` cannot be read: {problem}", path.display()));
        let parquet = Parquet::open(bytes, LIMIT, &|_| true).map_err(wrong)?;
        let declared = tables::ALL.iter().find(|table| table.file == file).map_or(&[][..], |table| table.columns);
        let column = |(name, cells): (String, Vec<Cell>)| {
            let values = declared.iter().find(|column| column.name == name).map(|column| column.values);
            let column = Column::of(cells, values).map_err(|problem| wrong(format!("column `{name}`: {problem}")))?;
            Ok((name, column))
        };
        let rows = parquet.rows();
        let columns = parquet.columns().map_err(wrong)?.into_iter().map(column).collect::<Result<Vec<_>, Failure>>()?;
        Ok(Table::of(columns, rows))
    };
    py.detach(read).map_err(|failure: Failure| exception::of(py, &failure))
}
