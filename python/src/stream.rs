//! Arrow's C stream interface, over a capsule of Python's.
#![allow(unsafe_code, reason = "a schema comes as a pointer")]

use polars_arrow::array::{Array, StructArray, Utf8Array, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::ffi::{ArrowSchema, export_iterator, import_field_from_c};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// A stream of one batch of these columns. The columns' memory is lent, and lives until its last reader has let it go.
pub(crate) fn capsule<'py>(
    py: Python<'py>,
    fields: Vec<Field>,
    columns: Vec<Box<dyn Array>>,
    rows: usize,
) -> PyResult<Bound<'py, PyCapsule>> {
    let kind = ArrowDataType::Struct(fields);
    let batch = StructArray::try_new(kind.clone(), rows, columns, None).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let batch: Box<dyn Array> = Box::new(batch);
    let stream = export_iterator(Box::new(std::iter::once(Ok(batch))), Field::new("".into(), kind, false));
    // What is left of the stream ends with the capsule: one that was taken has nothing to release any more.
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

/// The columns of a schema that a reader asks for.
pub(crate) fn requested(schema: &Bound<'_, PyCapsule>) -> PyResult<Vec<Field>> {
    let pointer = schema.pointer_checked(Some(c"arrow_schema"))?.cast::<ArrowSchema>();
    // SAFETY: a capsule of this name holds a valid schema for as long as it lives, by Arrow's protocol; it is read and not taken.
    let field = unsafe { import_field_from_c(pointer.as_ref()) }.map_err(|error| PyValueError::new_err(error.to_string()))?;
    match field.dtype {
        ArrowDataType::Struct(fields) => Ok(fields),
        _ => Err(PyValueError::new_err("a table has columns: the schema that is asked for is not a struct")),
    }
}

/// The same texts as large strings, for readers that do not know views.
pub(crate) fn large(texts: &Utf8ViewArray) -> Box<dyn Array> {
    Box::new(texts.iter().collect::<Utf8Array<i64>>())
}
