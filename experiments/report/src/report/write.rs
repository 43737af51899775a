//! The files of a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assay_results::present::grid::{self, Grid};
use assay_whole_file::Batch;
use rayon::prelude::*;

use super::content::{Body, Chart, Content, Section};
use super::error::ReportError;
use super::page;
use crate::picture::painter::Painter;

const PAGE: &str = "index.html";
const TABLES: &str = "tables";
const FIGURES: &str = "figures";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The folder of tables, and how many there are, each in three files.
    pub tables: (PathBuf, usize),
    /// The folder of charts, and how many there are, each in two files.
    pub figures: (PathBuf, usize),
}

/// Writes a report into this folder: the page, tables as CSV, Markdown and LaTeX, charts as SVG and PNG. Files of the same
/// names are replaced, others stay.
///
/// # Errors
/// If a file cannot be written.
pub fn write(content: &Content, folder: &Path) -> Result<Written, ReportError> {
    let [tables, figures] = [TABLES, FIGURES].map(|name| folder.join(name));
    for folder in [&tables, &figures] {
        fs::create_dir_all(folder).map_err(|error| ReportError::Write { path: folder.clone(), error })?;
    }
    let batch = Batch::default();
    let mut names = BTreeSet::new();
    let mut charts: Vec<(String, &Chart, &Section)> = Vec::new();
    let mut count = 0;
    for section in content.sections() {
        match &section.body {
            Body::Table(table) => {
                write_table(&batch, &tables.join(unused(&mut names, &section.name)), &table.grid, &section.notes)?;
                count += 1;
            }
            Body::Charts(of_section) => {
                for chart in of_section.groups.iter().flat_map(|(_, charts)| charts) {
                    let name = if chart.name.is_empty() { section.name.clone() } else { format!("{}-{}", section.name, chart.name) };
                    charts.push((unused(&mut names, &name), chart, section));
                }
            }
            Body::Nothing => {}
        }
    }
    let painter = Painter::new();
    let paint = |(name, chart, section): &(String, &Chart, &Section)| {
        let picture = painter.paint(&chart.drawing.standalone(&section.notes))?;
        write_file(&batch, figures.join(format!("{name}.svg")), picture.svg.as_bytes())?;
        write_file(&batch, figures.join(format!("{name}.png")), &picture.png)
    };
    charts.par_iter().try_for_each(paint)?;
    let page = folder.join(PAGE);
    let html = page::html(content);
    // Last: a report that has its page has everything.
    let written = batch.sync().and_then(|()| assay_whole_file::write(&page, html.as_bytes()));
    written.map_err(|error| ReportError::Write { path: page.clone(), error })?;
    Ok(Written { page, tables: (tables, count), figures: (figures, charts.len()) })
}

/// The name, or with a number after it where two things would share a file.
fn unused(names: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = [name.to_owned()].into_iter().chain(numbered).find(|name| !names.contains(name)).unwrap_or_default();
    names.insert(free.clone());
    free
}

fn write_file(batch: &Batch, path: PathBuf, bytes: &[u8]) -> Result<(), ReportError> {
    batch.write(&path, bytes).map_err(|error| ReportError::Write { path, error })
}

fn write_table(batch: &Batch, stem: &Path, grid: &Grid, notes: &[String]) -> Result<(), ReportError> {
    let with = |extension: &str| PathBuf::from(format!("{}.{extension}", stem.display()));
    let csv = with("csv");
    let text = comma_separated(grid, notes).map_err(|error| ReportError::Write { path: csv.clone(), error })?;
    write_file(batch, csv, &text)?;
    let grids = std::slice::from_ref(grid);
    write_file(batch, with("md"), grid::markdown(grids, notes).as_bytes())?;
    write_file(batch, with("tex"), grid::latex(grids, notes).as_bytes())
}

/// The grid with a last column that holds what stands below it, the same in every row: a table without its protocol is
/// worth nothing.
fn comma_separated(grid: &Grid, notes: &[String]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let notes = notes.join("; ");
    let line = |cells: &[String], last: &str| cells.iter().map(String::as_str).chain([last]).map(str::to_owned).collect::<Vec<_>>();
    writer.write_record(line(&grid.head, "protocol"))?;
    for row in &grid.rows {
        writer.write_record(line(row, &notes))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_as_csv_says_under_which_protocol_each_row_holds() {
        let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let grid = Grid { title: "τ".into(), head: texts(["proxy", "C10"]), rows: vec![texts(["a, b", "0.1"])] };
        let csv = String::from_utf8(comma_separated(&grid, &["protocol: seed 0".into()]).unwrap()).unwrap();
        insta::assert_snapshot!(csv, @r#"
        proxy,C10,protocol
        "a, b",0.1,protocol: seed 0
        "#);
    }

    #[test]
    fn two_things_of_one_name_get_two_files() {
        let mut names = BTreeSet::new();
        assert_eq!(["a", "a", "b", "a"].map(|name| unused(&mut names, name)), ["a", "a-2", "b", "a-3"]);
    }
}
