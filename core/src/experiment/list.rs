//! Lists of architectures in files: one a line, or a column of a CSV table.

use std::path::Path;

use crate::data::read_file;

/// Columns that hold architectures, as the tables of others call them.
const COLUMNS: [&str; 6] = ["arch", "architecture", "architectures", "genotype", "cell", "file"];

/// Architectures as a file lists them, not yet read by any space.
///
/// Of a text, each line is an architecture; empty lines are passed over, and so is what stands behind a `#` at the beginning of a
/// line or after a space. Of a table whose name ends in `.csv`, it is the column `arch`, `architecture`, `genotype`, `cell` or `file` if
/// the first line names one, else the first column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchitectureList {
    /// What messages call the file.
    source: String,
    /// The architectures, each with its line, from 1.
    rows: Vec<(String, usize)>,
}

/// Why a list cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// There is no such file, or it cannot be read.
    #[error("the list of architectures `{file}` cannot be read: {problem}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// A line is not one of a list.
    #[error("`{file}`, line {line}: {problem}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// No line holds an architecture.
    #[error("`{0}` lists no architecture")]
    Empty(String),
}

impl ArchitectureList {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not text, or lists nothing.
    pub fn read(file: &Path) -> Result<Self, ListError> {
        let name = file.display().to_string();
        match read_file(file) {
            Ok(content) => Self::parse(&name, &content),
            Err(error) => Err(ListError::Unreadable { file: name, problem: error.to_string() }),
        }
    }

    /// Reads the content of a file that messages call `source`.
    ///
    /// # Errors
    /// If it is not text, or lists nothing.
    pub fn parse(source: &str, content: &[u8]) -> Result<Self, ListError> {
        let wrong = |line: usize, problem: &str| ListError::Line { file: source.to_owned(), line, problem: problem.to_owned() };
        let text = std::str::from_utf8(content).map_err(|error| {
            let line = 1 + content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            wrong(line, "this is not UTF-8 text; write an architecture a line")
        })?;
        // A byte order mark is an editor's.
        let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
        let is_table = Path::new(source).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let mut rows = Vec::new();
        let mut column = None;
        for (line, text) in lines {
            let text = if is_table { text.trim() } else { without_comment(text) };
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if !is_table {
                rows.push((text.to_owned(), line));
                continue;
            }
            let cells = cells(text).ok_or_else(|| wrong(line, "a quotation mark is not closed on this line"))?;
            let Some(column) = column else {
                let named = cells.iter().position(|cell| COLUMNS.contains(&cell.trim().to_lowercase().as_str()));
                column = Some(named.unwrap_or(0));
                if named.is_none() {
                    rows.extend(cells.into_iter().next().map(|cell| (cell.trim().to_owned(), line)));
                }
                continue;
            };
            let cell = cells.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
            let cell = cell.ok_or_else(|| wrong(line, "the column of the architectures has no value here"))?;
            rows.push((cell.to_owned(), line));
        }
        if rows.is_empty() { Err(ListError::Empty(source.to_owned())) } else { Ok(Self { source: source.to_owned(), rows }) }
    }

    /// The architectures, as they are written there.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(|(text, _)| text.as_str())
    }

    /// Where one of them stands: `` `cells.txt`, line 3 ``.
    #[must_use]
    pub fn place(&self, position: usize) -> String {
        let line = self.rows.get(position).map_or(0, |(_, line)| *line);
        format!("`{}`, line {line}", self.source)
    }
}

/// A line up to its comment.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    line[..comment.unwrap_or(line.len())].trim()
}

/// The cells of a line of CSV; none where a quotation mark is not closed on the line.
fn cells(line: &str) -> Option<Vec<String>> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            // Two quotation marks in a quoted cell are one.
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    cells.push(cell);
    (!is_quoted).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(source: &str, text: &str) -> Vec<(String, usize)> {
        ArchitectureList::parse(source, text.as_bytes()).unwrap().rows
    }

    fn expected(rows: &[(&str, usize)]) -> Vec<(String, usize)> {
        rows.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect()
    }

    #[test]
    fn of_a_text_each_line_is_an_architecture_but_for_comments_and_empty_lines() {
        let text = "\u{feff}# the best\n\n  |a~0|+|b~0| \r\n|c#d~0|  # not the best\n\t# none\n64:8";
        assert_eq!(rows("cells.txt", text), expected(&[("|a~0|+|b~0|", 3), ("|c#d~0|", 4), ("64:8", 6)]));
        let list = ArchitectureList::parse("cells.txt", text.as_bytes()).unwrap();
        assert_eq!((list.texts().len(), list.place(1).as_str()), (3, "`cells.txt`, line 4"));
    }

    #[test]
    fn of_a_table_it_is_the_named_column_or_the_first() {
        let named = "index,Arch,accuracy\n# by hand\n0,\"a,\"\"b\"\"\",93.1\n\n1,c,92\n";
        assert_eq!(rows("best.csv", named), expected(&[("a,\"b\"", 3), ("c", 5)]));
        assert_eq!(rows("BEST.CSV", "a,1\nb,2\n"), expected(&[("a", 1), ("b", 2)]));
        assert_eq!(rows("best.txt", "a,1\n"), expected(&[("a,1", 1)]), "a comma is part of a text");
    }

    #[test]
    fn what_is_not_a_list_is_told_with_its_line() {
        let error = |source: &str, content: &[u8]| ArchitectureList::parse(source, content).unwrap_err().to_string();
        assert_eq!(error("a.txt", b"# nothing\n\n"), "`a.txt` lists no architecture");
        assert_eq!(error("a.txt", b"a\nb\n\xff\n"), "`a.txt`, line 3: this is not UTF-8 text; write an architecture a line");
        assert_eq!(error("a.csv", b"arch\n\"a\nb\n"), "`a.csv`, line 2: a quotation mark is not closed on this line");
        assert_eq!(error("a.csv", b"n,arch\n1,a\n2\n"), "`a.csv`, line 3: the column of the architectures has no value here");
        let missing = ArchitectureList::read(Path::new("no/such/list")).unwrap_err();
        assert!(matches!(missing, ListError::Unreadable { .. }), "{missing}");
    }
}
