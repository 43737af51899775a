//! CSV and parquet, as columns of cells.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use assay_core::plugin::import::ImportError;
use flate2::read::MultiGzDecoder;
use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsError, SerReader};

const PARQUET_MAGIC: &[u8] = b"PAR1";
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// What else a file may be, by its first bytes.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PK\x03\x04", "a zip archive (PyTorch's .pth files are such)"),
    (b"BZh", "a bzip2 file; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it first"),
    (b"\x80", "a Python pickle"),
    (b"%PDF", "a PDF document"),
];

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Text(String),
    Number(f64),
}

impl Cell {
    /// What it holds, if that is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Number(_) => None,
        }
    }

    /// What it holds, if that is a finite number, written as a text or as a number.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
            Self::Missing => None,
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// What it holds, if that is a number in this range, ends included.
    pub(crate) fn number_in(&self, low: f64, high: f64) -> Option<f64> {
        self.number().filter(|number| (low..=high).contains(number))
    }

    /// What it holds, if that is a whole number that is not negative.
    pub(crate) fn whole(&self) -> Option<u64> {
        // Up to here every whole number has a float of its own.
        self.number_in(0.0, 9_007_199_254_740_991.0).filter(|number| number.fract() == 0.0).map(|number| number as u64)
    }
}

/// A table as it was read, nothing checked but its form.
pub(crate) struct RawTable {
    pub(crate) file: PathBuf,
    pub(crate) columns: Vec<String>,
    /// One list a column, all of `rows` cells.
    pub(crate) cells: Vec<Vec<Cell>>,
    pub(crate) rows: usize,
    places: Places,
}

/// How messages name the rows of a table.
enum Places {
    /// By the line of a text file that each begins in.
    Lines(Vec<u64>),
    /// By their number, from 0.
    Numbers,
    /// By the name that each has in its file.
    Entries(Vec<String>),
}

/// Where the names of a text table's columns stand.
#[derive(Clone, Copy)]
enum Header<'a> {
    /// The first line names them, and these must be among them.
    Required(&'a [&'a str]),
    /// The file does not name them; they are these. A first line that has just these names is not a row.
    Known(&'a [&'a str]),
}

impl RawTable {
    /// Reads a CSV (also packed by gzip) or parquet file, whichever its content is, that has at least the columns `required`.
    pub(crate) fn read(file: &Path, required: &[&str]) -> Result<Self, ImportError> {
        Self::open(file, Header::Required(required))
    }

    /// Reads a CSV file without a line of names, whose columns are these, or a parquet file that has them.
    pub(crate) fn read_without_header(file: &Path, columns: &[&str]) -> Result<Self, ImportError> {
        Self::open(file, Header::Known(columns))
    }

    /// A table made of entries that have names; `cells` holds one list a column, each of as many as there are entries.
    pub(crate) fn of_entries(file: &Path, columns: &[&str], entries: Vec<String>, cells: Vec<Vec<Cell>>) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Self { file: file.to_owned(), columns, cells, rows: entries.len(), places: Places::Entries(entries) }
    }

    fn open(file: &Path, header: Header<'_>) -> Result<Self, ImportError> {
        let bytes = content(file)?;
        if is_parquet(&bytes) {
            let (Header::Required(required) | Header::Known(required)) = header;
            return Self::parquet(file, bytes, required);
        }
        Self::csv(file, text(file, &bytes)?, header)
    }

    /// Makes sure that the table has these columns.
    pub(crate) fn require(&self, names: &[&str]) -> Result<(), ImportError> {
        Self::check_names(&self.file, &self.columns, names)
    }

    /// Where a row is, as an editor or a data frame counts.
    pub(crate) fn place(&self, row: usize) -> String {
        match &self.places {
            Places::Lines(lines) => format!("line {}", lines[row]),
            Places::Numbers => format!("row {row}"),
            Places::Entries(names) => format!("entry `{}`", names[row]),
        }
    }

    /// The error for a cell that does not hold what its column should.
    pub(crate) fn wrong(&self, row: usize, column: &str, expected: &str) -> ImportError {
        let found = match self.column(column).and_then(|cells| cells.get(row)) {
            None | Some(Cell::Missing) => "the cell is empty".into(),
            Some(Cell::Text(text)) => format!("`{text}`"),
            Some(Cell::Number(number)) => format!("`{number}`"),
        };
        let (file, place) = (self.file.clone(), self.place(row));
        ImportError::Cell { file, place, column: column.into(), found, expected: expected.into() }
    }

    /// The values of a column, each cell read by `value`; the first that it cannot read is the one reported.
    pub(crate) fn values<T>(&self, column: &str, expected: &str, value: impl Fn(&Cell) -> Option<T>) -> Result<Vec<T>, ImportError> {
        let cells = self.column(column).unwrap_or_default().iter().enumerate();
        cells.map(|(row, cell)| value(cell).ok_or_else(|| self.wrong(row, column, expected))).collect()
    }

    /// The error for two rows that are about one architecture.
    pub(crate) fn duplicate(&self, what: String, first: usize, second: usize) -> ImportError {
        ImportError::Duplicate { file: self.file.clone(), what, first: self.place(first), second: self.place(second) }
    }

    /// The cells of a column, if there is such a column.
    pub(crate) fn column(&self, name: &str) -> Option<&[Cell]> {
        self.columns.iter().position(|column| column == name).map(|position| self.cells[position].as_slice())
    }

    fn csv(file: &Path, text: &str, header: Header<'_>) -> Result<Self, ImportError> {
        // A byte order mark is an editor's, not part of the first column's name.
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(matches!(header, Header::Required(_)))
            // Without a header, rows are counted against the columns below.
            .flexible(matches!(header, Header::Known(_)))
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let failure = |error: csv::Error| Self::malformed(file, text, &error);
        let columns: Vec<String> = match header {
            Header::Required(required) => {
                let columns: Vec<String> = reader.headers().map_err(failure)?.iter().map(|name| name.trim().to_owned()).collect();
                Self::check_names(file, &columns, required)?;
                columns
            }
            Header::Known(columns) => columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut cells = vec![Vec::new(); columns.len()];
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record.map_err(failure)?;
            if record.len() != columns.len() {
                let problem =
                    format!("the number of cells is {}, but {} are expected: {}", record.len(), columns.len(), columns.join(", "));
                let place = format!("line {}", record.position().map_or(0, csv::Position::line));
                return Err(ImportError::Row { file: file.to_owned(), place, problem });
            }
            if matches!(header, Header::Known(_)) && lines.is_empty() && record.iter().map(str::trim).eq(columns.iter()) {
                continue;
            }
            lines.push(record.position().map_or(0, csv::Position::line));
            for (column, value) in cells.iter_mut().zip(&record) {
                let value = value.trim();
                column.push(if value.is_empty() { Cell::Missing } else { Cell::Text(value.to_owned()) });
            }
        }
        Ok(Self { file: file.to_owned(), columns, cells, rows: lines.len(), places: Places::Lines(lines) })
    }

    fn malformed(file: &Path, text: &str, error: &csv::Error) -> ImportError {
        let csv::ErrorKind::UnequalLengths { pos, expected_len, len } = error.kind() else {
            return ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() };
        };
        let line = pos.as_ref().map_or(0, csv::Position::line);
        let last = text.lines().count() as u64 == line;
        let hint = if last && len < expected_len { "; the file is cut short here" } else { "" };
        let problem = format!("the number of cells is {len}, but the header names {expected_len} columns{hint}");
        ImportError::Row { file: file.to_owned(), place: format!("line {line}"), problem }
    }

    fn parquet(file: &Path, bytes: Vec<u8>, required: &[&str]) -> Result<Self, ImportError> {
        let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
        if !bytes.ends_with(PARQUET_MAGIC) {
            return Err(unreadable("the parquet file is cut short: its footer is missing".into()));
        }
        let damaged = |error: PolarsError| unreadable(format!("the parquet file cannot be decoded: {error}"));
        let frame = ParquetReader::new(Cursor::new(bytes)).finish().map_err(damaged)?;
        Self::frame(file, &frame, required)
    }

    fn frame(file: &Path, frame: &DataFrame, required: &[&str]) -> Result<Self, ImportError> {
        let columns: Vec<String> = frame.columns().iter().map(|column| column.name().to_string()).collect();
        Self::check_names(file, &columns, required)?;
        let of_column = |column: &polars::prelude::Column| -> Result<Vec<Cell>, PolarsError> {
            Ok(match column.dtype() {
                DataType::String => {
                    column.str()?.iter().map(|value| value.map_or(Cell::Missing, |text| Cell::Text(text.to_owned()))).collect()
                }
                dtype if dtype.is_primitive_numeric() => {
                    column.cast(&DataType::Float64)?.f64()?.iter().map(|value| value.map_or(Cell::Missing, Cell::Number)).collect()
                }
                dtype => vec![Cell::Text(format!("<{dtype}>")); column.len()],
            })
        };
        let cells = frame.columns().iter().map(of_column).collect::<Result<_, _>>();
        let cells = cells.map_err(|error| ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() })?;
        Ok(Self { file: file.to_owned(), columns, cells, rows: frame.height(), places: Places::Numbers })
    }

    fn check_names(file: &Path, columns: &[String], required: &[&str]) -> Result<(), ImportError> {
        let wrong = |problem: String| Err(ImportError::Columns { file: file.to_owned(), problem });
        let mut seen = BTreeSet::new();
        if let Some(name) = columns.iter().find(|name| !seen.insert(name.as_str())) {
            return wrong(format!("column `{name}` is there twice"));
        }
        let missing: Vec<&str> = required.iter().copied().filter(|name| !seen.contains(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // A foreign text's first line may be anything.
        let found: String = columns.join(", ").chars().take(200).collect();
        let [missing, required] = [missing.join(", "), required.join(", ")];
        wrong(format!("the table lacks {missing}; it needs the columns {required}; its first line names: {found}"))
    }
}

/// The bytes of a file, unpacked where gzip packed them.
pub(crate) fn content(file: &Path) -> Result<Vec<u8>, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
    let bytes = fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    if !bytes.starts_with(GZIP_MAGIC) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    match MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked) {
        Ok(_) => Ok(unpacked),
        Err(error) => Err(unreadable(format!("the gzip file cannot be unpacked: {error}"))),
    }
}

/// Whether these are the bytes of a parquet file.
pub(crate) fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(PARQUET_MAGIC)
}

/// The bytes of a text file as text.
pub(crate) fn text<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, ImportError> {
    let foreign = |problem: String| ImportError::Foreign { file: file.to_owned(), problem };
    if bytes.is_empty() {
        return Err(foreign("it is empty".into()));
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(foreign(format!("it is {name}")));
    }
    std::str::from_utf8(bytes).map_err(|error| foreign(format!("byte {} is not UTF-8 text", error.valid_up_to())))
}
