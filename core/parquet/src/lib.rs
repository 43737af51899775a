//! The wanted columns of a parquet file, whoever wrote it.
//!
//! Columns that are not wanted are never decoded, so their types do no harm. Of the others only what is stored counts, not what
//! a data frame made of it: a category is a text, a number of 16 bits a number. What a file claims to hold is compared with
//! limits and with itself before memory is taken for it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cell;
mod texts;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::{ColumnChunkMetadata, FileMetadata};
use polars_parquet::parquet::page::ParquetPageHeader;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{
    IntegerType, ParquetType, PhysicalType, PrimitiveConvertedType as Converted, PrimitiveLogicalType as Logical, PrimitiveType,
};
use polars_parquet::read::{BasicDecompressor, PageReader, column_iter_to_arrays, read_metadata};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;

pub use cell::Cell;
pub use texts::Texts;

/// These parts of the limit of what is read: of 1 GiB, 16 MiB of footer, 128 MiB a page and 16 million cells.
const FOOTER_PART: u64 = 64;
const PAGE_PART: u64 = 8;
const CELLS_PART: u64 = 64;

/// A parquet file whose footer was read.
pub struct Parquet {
    file: Buffer<u8>,
    /// Of the wanted columns.
    metadata: FileMetadata,
    names: Vec<String>,
    rows: usize,
    limit: u64,
}

impl Parquet {
    /// Reads the footer of these bytes, of which the columns will be read whose names are `wanted`. The limit is the most bytes
    /// that are read of one file; parts of it bound what the file can make us take.
    ///
    /// # Errors
    /// What is wrong with the file, in words that follow its name.
    pub fn open(bytes: Vec<u8>, limit: u64, wanted: &dyn Fn(&str) -> bool) -> Result<Self, String> {
        contained(|| {
            let footer = bytes.last_chunk::<8>().map_or(0, |tail| u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]])));
            if footer > bytes.len() as u64 {
                return Err(format!("its footer should have {footer} bytes, which are more than the whole file has"));
            }
            if footer > limit / FOOTER_PART {
                return Err(format!("its footer has {footer} bytes; no table with so many columns is known"));
            }
            let metadata = read_metadata(&mut Cursor::new(&bytes)).map_err(|error| error.to_string())?;
            let fields = metadata.schema().fields();
            let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
            let kept: Vec<_> = fields.iter().map(|field| field.get_field_info().name.clone()).filter(|name| wanted(name)).collect();
            let metadata = metadata.pruned(&kept, &[]).map_err(|error| error.to_string())?;
            let rows = metadata.row_groups.iter().try_fold(0_usize, |rows, group| rows.checked_add(group.num_rows()));
            let rows = rows.ok_or(TOO_MANY_ROWS)?;
            Ok(Self { file: Buffer::from_vec(bytes), metadata, names, rows, limit })
        })
    }

    /// The names of all columns, in the order of the file.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows it says that it has; what is read has as many.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All wanted columns that there are, each with its cells.
    ///
    /// # Errors
    /// As [`column`](Self::column); all of them together may have as many cells as one of them.
    pub fn columns(&self) -> Result<Vec<(String, Vec<Cell>)>, String> {
        let fields = self.metadata.schema().fields();
        self.check_cells(fields.len())?;
        fields.iter().map(|field| Ok((field.name().to_owned(), contained(|| self.decoded(field))?))).collect()
    }

    /// The cells of a wanted column.
    ///
    /// # Errors
    /// If there is no such column, or it cannot be decoded, or has more cells than a part of the limit, in words that follow the
    /// file's name.
    pub fn column(&self, name: &str) -> Result<Vec<Cell>, String> {
        let field = self.field(name)?;
        contained(|| self.decoded(field))
    }

    /// The texts of a wanted column, which are copied nowhere: a table of scores has the same few a million times.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub fn texts(&self, name: &str) -> Result<Texts, String> {
        let field = self.field(name)?;
        contained(|| {
            let mut texts = Texts::default();
            self.of_chunks(field, |chunk, rows| {
                match chunk {
                    Chunk::Arrays(arrays) => arrays.iter().for_each(|array| texts.add(&**array)),
                    Chunk::Other(_) => texts.add_none(rows),
                }
                Ok(())
            })?;
            Ok(texts)
        })
    }

    /// A wanted column of a table that does not have too many rows.
    fn field(&self, name: &str) -> Result<&ParquetType, String> {
        let field = self.metadata.schema().fields().iter().find(|field| field.name() == name);
        let field = field.ok_or_else(|| format!("it has no column `{name}`"))?;
        self.check_cells(1).map(|()| field)
    }

    fn check_cells(&self, columns: usize) -> Result<(), String> {
        let cells = (self.rows as u64).saturating_mul(columns as u64);
        if cells <= self.limit / CELLS_PART { Ok(()) } else { Err(TOO_MANY_ROWS.into()) }
    }

    fn decoded(&self, field: &ParquetType) -> Result<Vec<Cell>, String> {
        let mut cells = Vec::new();
        self.of_chunks(field, |chunk, rows| {
            match chunk {
                Chunk::Other(what) => cells.extend(named(what, rows)),
                Chunk::Arrays(arrays) => {
                    for array in &arrays {
                        cells.extend(array_cells(&**array).ok_or("it is of a type that is not known")?);
                    }
                }
            }
            Ok(())
        })?;
        Ok(cells)
    }

    /// Decodes a column and hands on chunk by chunk what it holds, with its number of rows: what a damaged file only claims to hold is
    /// found out on the way.
    fn of_chunks(&self, field: &ParquetType, mut take: impl FnMut(Chunk, usize) -> Result<(), String>) -> Result<(), String> {
        let name = field.name();
        for group in &self.metadata.row_groups {
            let mut chunks = group.columns_under_root_iter(name).into_iter().flatten();
            match (field, chunks.next()) {
                (ParquetType::PrimitiveType(stored), Some(chunk)) if stored.field_info.repetition != Repetition::Repeated => {
                    let read = chunk_arrays(stored, chunk, &self.file, group.num_rows(), self.limit / PAGE_PART);
                    let taken = read.and_then(|chunk| take(chunk, group.num_rows()));
                    taken.map_err(|problem| format!("column `{name}`: {problem}"))?;
                }
                (_, Some(_)) => take(Chunk::Other("list"), group.num_rows())?,
                (_, None) => return Err(format!("a part of it lacks the column `{name}`")),
            }
        }
        Ok(())
    }
}

const TOO_MANY_ROWS: &str = "it has more rows than any known table";

/// The decoder indexes by what the file says, and panics where that is wrong. What it was given is read again or given up, and
/// never half changed.
fn contained<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its content does not fit together".into()))
}

/// Cells that say what they are instead of a value.
fn named(what: &str, rows: usize) -> impl Iterator<Item = Cell> {
    std::iter::repeat_n(Cell::Text(format!("<{what}>")), rows)
}

/// How what is stored is to be read. `Err` with its name if it is neither a number nor a text.
fn decoded_as(stored: &PrimitiveType) -> Result<ArrowDataType, &'static str> {
    let (logical, converted) = (stored.logical_type, stored.converted_type);
    match (logical, converted) {
        (Some(Logical::Decimal(precision, scale)), _) | (None, Some(Converted::Decimal(precision, scale))) => {
            return Ok(ArrowDataType::Decimal(precision, scale));
        }
        (Some(Logical::Date), _) | (None, Some(Converted::Date)) => return Err("date"),
        (Some(Logical::Time { .. } | Logical::Timestamp { .. }), _)
        | (
            None,
            Some(
                Converted::TimeMillis
                | Converted::TimeMicros
                | Converted::TimestampMillis
                | Converted::TimestampMicros
                | Converted::Interval,
            ),
        ) => return Err("time"),
        (Some(Logical::Bson | Logical::Uuid | Logical::Float16 | Logical::Unknown), _) | (None, Some(Converted::Bson)) => {
            return Err("bytes");
        }
        _ => {}
    }
    let is_32 = matches!(logical, Some(Logical::Integer(IntegerType::UInt32))) || converted == Some(Converted::Uint32);
    let is_64 = matches!(logical, Some(Logical::Integer(IntegerType::UInt64))) || converted == Some(Converted::Uint64);
    match stored.physical_type {
        PhysicalType::Int32 if is_32 => Ok(ArrowDataType::UInt32),
        PhysicalType::Int32 => Ok(ArrowDataType::Int32),
        PhysicalType::Int64 if is_64 => Ok(ArrowDataType::UInt64),
        PhysicalType::Int64 => Ok(ArrowDataType::Int64),
        PhysicalType::Float => Ok(ArrowDataType::Float32),
        PhysicalType::Double => Ok(ArrowDataType::Float64),
        PhysicalType::ByteArray => Ok(ArrowDataType::Utf8View),
        PhysicalType::Boolean => Err("bool"),
        PhysicalType::Int96 => Err("time"),
        PhysicalType::FixedLenByteArray(_) => Err("bytes"),
    }
}

/// What a part of a column holds.
enum Chunk {
    /// Its values, as many as it has rows.
    Arrays(Vec<Box<dyn Array>>),
    /// Something of this name, which is neither a number nor a text.
    Other(&'static str),
}

fn chunk_arrays(
    stored: &PrimitiveType,
    chunk: &ColumnChunkMetadata,
    file: &Buffer<u8>,
    rows: usize,
    largest_page: u64,
) -> Result<Chunk, String> {
    let kind = match decoded_as(stored) {
        Ok(kind) => kind,
        Err(what) => return Ok(Chunk::Other(what)),
    };
    let range = chunk.byte_range();
    let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok()).filter(|(_, end)| *end <= file.len());
    let (start, end) = range.ok_or("it should lie beyond the end of the file")?;
    let bytes = file.clone().sliced(start..end);
    check_pages(&bytes, rows, largest_page)?;
    let largest = usize::try_from(largest_page).unwrap_or(usize::MAX);
    let pages = BasicDecompressor::new(PageReader::new(Cursor::new(bytes), chunk, Vec::new(), largest), Vec::new());
    let field = Field::new(stored.field_info.name.clone(), kind, true);
    let (arrays, _) = column_iter_to_arrays(vec![pages], vec![stored], field, None).map_err(|error| error.to_string())?;
    let found: usize = arrays.iter().map(|array| array.len()).sum();
    if found == rows { Ok(Chunk::Arrays(arrays)) } else { Err(format!("it has {found} of {rows} rows")) }
}

/// Compares what the pages of a chunk claim to hold with the rows and with the largest page that is read.
fn check_pages(chunk: &[u8], rows: usize, largest: u64) -> Result<(), String> {
    let (mut at, mut values) = (0_usize, 0_u64);
    while values < rows as u64 && at < chunk.len() {
        let mut header = Cursor::new(&chunk[at..]);
        let page = ParquetPageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut header, chunk.len()));
        let page = page.map_err(|error| error.to_string())?;
        let counted = page.data_page_header.as_ref().map(|page| page.num_values);
        let counted = counted.or(page.data_page_header_v2.as_ref().map(|page| page.num_values));
        let in_dictionary = page.dictionary_page_header.as_ref().map_or(0, |page| page.num_values);
        let sizes = [page.uncompressed_page_size, page.compressed_page_size, counted.unwrap_or(0), in_dictionary].map(u64::try_from);
        let [Ok(unpacked), Ok(packed), Ok(count), Ok(in_dictionary)] = sizes else { return Err("a size is below 0".into()) };
        if unpacked > largest || in_dictionary > largest {
            return Err(format!("a page of it should hold {} bytes, more than any known table's", unpacked.max(in_dictionary)));
        }
        values += count;
        at += header.position() as usize + usize::try_from(packed).unwrap_or(usize::MAX / 2);
    }
    if values == rows as u64 { Ok(()) } else { Err(format!("its pages hold {values} values for {rows} rows")) }
}

/// The cells of an array. `None` if it is of another type than [`decoded_as`] gives.
fn array_cells(array: &dyn Array) -> Option<Vec<Cell>> {
    fn numbers<T: polars_arrow::types::NativeType>(array: &dyn Array, number: impl Fn(T) -> f64) -> Option<Vec<Cell>> {
        let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
        Some(array.iter().map(|value| value.map_or(Cell::Missing, |value| Cell::Number(number(*value)))).collect())
    }
    match array.dtype() {
        ArrowDataType::Int32 => numbers::<i32>(array, f64::from),
        ArrowDataType::UInt32 => numbers::<u32>(array, f64::from),
        ArrowDataType::Int64 => numbers::<i64>(array, |value| value as f64),
        ArrowDataType::UInt64 => numbers::<u64>(array, |value| value as f64),
        ArrowDataType::Float32 => numbers::<f32>(array, f64::from),
        ArrowDataType::Float64 => numbers::<f64>(array, |value| value),
        // Divided, not multiplied by a power that has no exact float: 9342 of scale 2 is 93.42 to the last bit.
        ArrowDataType::Decimal(_, scale) => {
            let unit = 10_f64.powi(i32::try_from(*scale).ok()?);
            numbers::<i128>(array, |value| value as f64 / unit)
        }
        ArrowDataType::Utf8View => {
            let array = array.as_any().downcast_ref::<Utf8ViewArray>()?;
            Some(array.iter().map(|text| text.map_or(Cell::Missing, |text| Cell::Text(text.to_owned()))).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use polars::prelude::{Column, DataFrame, ParquetWriter};

    use super::*;

    const LIMIT: u64 = 1 << 30;

    fn written(columns: Vec<Column>) -> Vec<u8> {
        let mut frame = DataFrame::new(columns[0].len(), columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        bytes
    }

    #[test]
    fn a_column_is_read_as_it_was_written_with_what_is_missing() {
        let texts = [Some("a"), None, Some("")];
        let bytes = written(vec![
            Column::new("text".into(), texts),
            Column::new("number".into(), [Some(0.1 + 0.2), None, Some(f64::INFINITY)]),
            Column::new("count".into(), [u64::MAX, 0, 7]),
        ]);
        let table = Parquet::open(bytes, LIMIT, &|name| name != "count").unwrap();
        assert_eq!((table.rows(), table.names()), (3, &["text", "number", "count"].map(str::to_owned)[..]));
        let number = |number: f64| Cell::Number(number);
        let expected = [
            ("text".to_owned(), vec![Cell::Text("a".into()), Cell::Missing, Cell::Text(String::new())]),
            ("number".to_owned(), vec![number(0.1 + 0.2), Cell::Missing, number(f64::INFINITY)]),
        ];
        assert_eq!(table.columns().unwrap(), expected);
        assert_eq!(table.column("number").unwrap(), expected[1].1);
        let of = |name: &str| table.texts(name).unwrap().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(of("text"), texts.map(|text| text.map(str::to_owned)));
        assert_eq!(of("number"), [const { None }; 3], "numbers are no texts");
        assert_eq!(table.column("count").unwrap_err(), "it has no column `count`", "it was not wanted");
    }

    #[test]
    fn a_limit_bounds_the_cells_of_all_columns_together() {
        let table = |limit: u64| {
            Parquet::open(written(vec![Column::new("a".into(), [1.0; 100]), Column::new("b".into(), [1.0; 100])]), limit, &|_| true)
        };
        // The footer has some hundred bytes.
        let limit = 150 * CELLS_PART;
        match table(limit) {
            Ok(table) => {
                assert_eq!(table.column("a").unwrap().len(), 100);
                assert_eq!(table.columns().unwrap_err(), TOO_MANY_ROWS);
            }
            Err(error) => assert!(error.contains("its footer has "), "{error}"),
        }
        assert_eq!(table(1 << 20).unwrap().columns().unwrap().len(), 2);
    }

    #[test]
    fn decimals_and_integers_of_16_bits_are_numbers_where_their_column_is_wanted() {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let folder = std::env::var_os("ASSAY_SHARED").map_or_else(default, PathBuf::from).join("field/tables");
        for name in ["extra_decimal.parquet", "extra_int16.parquet"] {
            let Ok(bytes) = std::fs::read(folder.join(name)) else {
                eprintln!("skipped: {name} is not there");
                return;
            };
            let table = Parquet::open(bytes, LIMIT, &|name| name == "extra").unwrap();
            let cells = table.column("extra").unwrap();
            assert_eq!((table.rows(), cells.len(), table.columns().unwrap().len()), (15_625, 15_625, 1));
            assert!(cells.iter().all(|cell| cell.number_in(0.0, 100.0).is_some()), "{name}: {:?}", &cells[..3]);
        }
    }
}
