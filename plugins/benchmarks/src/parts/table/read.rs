//! CSV and parquet, as columns of cells.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_core::data::{read_file, read_limit, read_unpacked};
use assay_core::plugin::import::ImportError;
use assay_parquet::{Cell, Parquet};
use flate2::read::MultiGzDecoder;

use super::layout::Layout;
use super::seal::{self, Seal};

const PARQUET_MAGIC: &[u8] = b"PAR1";
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// A text may have as many cells as this part of the limit of what is read: 16 million where nothing else is set.
const CELLS_PART: u64 = 64;

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

/// A table as it was read, nothing checked but its form.
pub(crate) struct RawTable {
    pub(crate) file: PathBuf,
    /// The columns that were asked for.
    pub(crate) columns: Vec<String>,
    /// One list a column, all of `rows` cells.
    pub(crate) cells: Vec<Vec<Cell>>,
    /// The other columns, of which only the names were read.
    pub(crate) unknown: Vec<String>,
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
    /// Of its columns, those that are `known` are read.
    pub(crate) fn read(file: &Path, required: &[&str], known: &dyn Fn(&str) -> bool) -> Result<Self, ImportError> {
        Self::open(file, Header::Required(required), known)
    }

    /// Reads a file with the columns of a benchmark.
    pub(crate) fn of(file: &Path, layout: &Layout) -> Result<Self, ImportError> {
        Self::read(file, &["index", "arch"], &|name| layout.knows(name))
    }

    /// Reads a CSV file without a line of names, whose columns are these, or a parquet file that has them.
    pub(crate) fn read_without_header(file: &Path, columns: &[&str]) -> Result<Self, ImportError> {
        Self::open(file, Header::Known(columns), &|name| columns.contains(&name))
    }

    /// A table made of entries that have names; `cells` holds one list a column, each of as many as there are entries.
    pub(crate) fn of_entries(file: &Path, columns: &[&str], entries: Vec<String>, cells: Vec<Vec<Cell>>) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Self { file: file.to_owned(), columns, cells, unknown: Vec::new(), rows: entries.len(), places: Places::Entries(entries) }
    }

    fn open(file: &Path, header: Header<'_>, known: &dyn Fn(&str) -> bool) -> Result<Self, ImportError> {
        let bytes = content(file)?;
        if is_parquet(&bytes) {
            let (Header::Required(required) | Header::Known(required)) = header;
            return Self::parquet(file, bytes, required, known);
        }
        Self::csv(file, text(file, &bytes)?, header, known)
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

    fn csv(file: &Path, text: &str, header: Header<'_>, known: &dyn Fn(&str) -> bool) -> Result<Self, ImportError> {
        // A byte order mark is an editor's, not part of the first column's name.
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(matches!(header, Header::Required(_)))
            // Without a header, rows are counted against the columns below.
            .flexible(matches!(header, Header::Known(_)))
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let failure = |error: csv::Error| Self::malformed(file, text, &error);
        let names: Vec<String> = match header {
            Header::Required(required) => {
                let names: Vec<String> = reader.headers().map_err(failure)?.iter().map(|name| name.trim().to_owned()).collect();
                if let Some(separator) = other_separator(&names, required) {
                    let problem = format!(
                        "its columns are separated by {separator}, but a comma is expected; write it again with commas, and numbers with points"
                    );
                    return Err(ImportError::Columns { file: file.to_owned(), problem });
                }
                Self::check_names(file, &names, required)?;
                names
            }
            Header::Known(columns) => columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        let is_wanted: Vec<bool> = names.iter().map(|name| known(name)).collect();
        let wanted = is_wanted.iter().filter(|is_wanted| **is_wanted).count();
        let limit = read_limit().map_err(|error| ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() })?;
        let most = limit / CELLS_PART;
        let mut cells = vec![Vec::new(); wanted];
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record.map_err(failure)?;
            if record.len() != names.len() {
                let expected: String = names.join(", ").chars().take(200).collect();
                let problem = format!("the number of cells is {}, but {} are expected: {expected}", record.len(), names.len());
                let place = format!("line {}", record.position().map_or(0, csv::Position::line));
                return Err(ImportError::Row { file: file.to_owned(), place, problem });
            }
            if matches!(header, Header::Known(_)) && lines.is_empty() && record.iter().map(str::trim).eq(names.iter()) {
                continue;
            }
            lines.push(record.position().map_or(0, csv::Position::line));
            if (lines.len() * wanted) as u64 > most {
                return Err(ImportError::Unreadable { file: file.to_owned(), problem: "it has more rows than any known table".into() });
            }
            let values = record.iter().zip(&is_wanted).filter(|(_, is_wanted)| **is_wanted);
            for (column, (value, _)) in cells.iter_mut().zip(values) {
                let value = value.trim();
                column.push(if value.is_empty() { Cell::Missing } else { Cell::Text(value.to_owned()) });
            }
        }
        let (columns, unknown) = names.into_iter().partition(|name| known(name));
        Ok(Self { file: file.to_owned(), columns, cells, unknown, rows: lines.len(), places: Places::Lines(lines) })
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

    fn parquet(file: &Path, bytes: Vec<u8>, required: &[&str], known: &dyn Fn(&str) -> bool) -> Result<Self, ImportError> {
        let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
        if seal::check(&bytes) == Seal::Broken {
            return Err(unreadable("it was damaged or changed after it was imported: its checksum does not fit; import it again".into()));
        }
        if !bytes.ends_with(PARQUET_MAGIC) {
            return Err(unreadable("the parquet file is cut short: its footer is missing".into()));
        }
        let damaged = |problem: String| unreadable(format!("the parquet file cannot be decoded: {problem}"));
        let limit = read_limit().map_err(|error| unreadable(error.to_string()))?;
        let table = Parquet::open(bytes, limit, known).map_err(damaged)?;
        let (columns, cells) = table.columns().map_err(damaged)?.into_iter().unzip();
        Self::check_names(file, table.names(), required)?;
        let unknown = table.names().iter().filter(|name| !known(name)).cloned().collect();
        Ok(Self { file: file.to_owned(), columns, cells, unknown, rows: table.rows(), places: Places::Numbers })
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

/// What separates the columns instead of a comma, if something does: the only name is then several.
fn other_separator(names: &[String], required: &[&str]) -> Option<&'static str> {
    let [line] = names else { return None };
    let separates = |separator: char| line.split(separator).any(|name| required.contains(&name.trim().trim_matches('"')));
    [(';', "`;`"), ('\t', "tabs"), ('|', "`|`"), (' ', "spaces")].into_iter().find(|(letter, _)| separates(*letter)).map(|(_, name)| name)
}

/// The bytes of a file, unpacked where gzip packed them.
pub(crate) fn content(file: &Path) -> Result<Vec<u8>, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
    let bytes = read_file(file).map_err(|error| unreadable(error.to_string()))?;
    if !bytes.starts_with(GZIP_MAGIC) {
        return Ok(bytes);
    }
    let unpacked = read_unpacked(MultiGzDecoder::new(bytes.as_slice()), bytes.len() as u64);
    unpacked.map_err(|error| unreadable(format!("the gzip file cannot be unpacked: {error}")))
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
