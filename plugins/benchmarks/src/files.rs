//! `files`: accuracies and costs of networks of files, which the list of the space `files` holds beside their names.
//!
//! The list is a CSV table with the column `file` and, beside it, columns of accuracies in per cent (`targets`) and of costs, of
//! which less is better (`costs`). An architecture is found by its file as the list writes it, or else by the file's name alone,
//! where the list has that once: a space made of a `folder` knows no more.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use assay_core::data::title_of;
use assay_core::plugin::import::ImportError;
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError, Cost};
use assay_core::register;
use assay_core::score::Reading;

use crate::parts::lookup::OnDemand;
use crate::parts::table::{Cell, RawTable};

register! {
    dyn Benchmark,
    name: "files",
    summary: "accuracies of networks of ONNX files, which stand in a list beside their names",
    settings: Listed,
    build: |listed| Ok(Box::new(Files { listed, table: OnDemand::not_yet() })),
}

/// The column that names the files.
const FILE: &str = "file";

assay_core::settings! {
    /// Which list, and which of its columns.
    #[derive(Clone, Debug)]
    pub(crate) struct Listed {
        /// the CSV table that the space `files` has for its `list`
        list: PathBuf, must be given;
        /// columns of accuracies, in per cent
        targets: Option<Vec<String>>, otherwise "all that hold numbers from 0 to 100 in each row";
        /// columns of which less is better, as latencies
        costs: Option<Vec<String>>;
    }
}

/// The benchmark. Its list is read when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
struct Files {
    listed: Listed,
    table: OnDemand<Table>,
}

/// A list that was read.
#[derive(Debug)]
struct Table {
    /// The files as they are written, in the order of the list.
    files: Vec<String>,
    /// The row of each file, by how it is written and, where that is clear, by its name alone.
    rows: HashMap<String, usize>,
    targets: Vec<Column>,
    costs: Vec<Column>,
}

/// A column and its numbers, by row.
#[derive(Debug)]
struct Column {
    name: String,
    values: Vec<f64>,
}

impl Table {
    fn read(listed: &Listed) -> Result<Self, ImportError> {
        let raw = RawTable::read(&listed.list, &[FILE], &|_| true)?;
        let files = raw.values(FILE, "a file", |cell| cell.text().map(str::to_owned))?;
        let rows = rows(&raw, &files)?;
        let percent = |cell: &Cell| cell.number_in(0.0, 100.0);
        let costs = listed.costs.clone().unwrap_or_default();
        raw.require(&costs.iter().map(String::as_str).collect::<Vec<_>>())?;
        let targets = match &listed.targets {
            Some(targets) => {
                raw.require(&targets.iter().map(String::as_str).collect::<Vec<_>>())?;
                targets.clone()
            }
            None => {
                let others = raw.columns.iter().filter(|name| *name != FILE && !costs.contains(name));
                let holds = |name: &&String| raw.column(name).is_some_and(|cells| cells.iter().all(|cell| percent(cell).is_some()));
                others.filter(holds).cloned().collect()
            }
        };
        if targets.is_empty() && costs.is_empty() {
            let problem = format!("no column beside `{FILE}` holds an accuracy, a number from 0 to 100, in each row");
            return Err(ImportError::Columns { file: raw.file, problem });
        }
        let column = |name: &String, expected: &str, value: &dyn Fn(&Cell) -> Option<f64>| {
            raw.values(name, expected, value).map(|values| Column { name: name.clone(), values })
        };
        let accuracy = |name: &String| column(name, "an accuracy in per cent (0 to 100)", &percent);
        let targets = targets.iter().map(accuracy).collect::<Result<Vec<_>, _>>()?;
        if let Some(fractions) = targets.iter().find(|column| column.values.iter().all(|value| *value <= 1.0)) {
            return Err(ImportError::Fractions { file: raw.file.clone(), column: fractions.name.clone() });
        }
        let number = |name: &String| column(name, "a number", &|cell| cell.number_in(f64::MIN, f64::MAX));
        let costs = costs.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { files, rows, targets, costs })
    }
}

/// The row of each file, also by its name alone where two are not called the same.
fn rows(raw: &RawTable, files: &[String]) -> Result<HashMap<String, usize>, ImportError> {
    let mut rows = HashMap::new();
    for (row, file) in files.iter().enumerate() {
        if let Some(first) = rows.insert(file.clone(), row) {
            return Err(raw.duplicate(format!("file {file}"), first, row));
        }
    }
    let mut titles: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (row, file) in files.iter().enumerate() {
        titles.entry(title_of(Path::new(file))).and_modify(|known| *known = None).or_insert(Some(row));
    }
    for (title, row) in titles {
        if let Some(row) = row {
            rows.entry(title).or_insert(row);
        }
    }
    Ok(rows)
}

impl Files {
    fn table(&self) -> Result<&Table, BenchmarkError> {
        self.table.get(|| Table::read(&self.listed).map_err(|error| BenchmarkError::Unreadable(error.to_string())))
    }

    fn row(&self, file: &str) -> Result<(&Table, usize), BenchmarkError> {
        let table = self.table()?;
        let row = table.rows.get(file).or_else(|| table.rows.get(&title_of(Path::new(file))));
        row.map(|row| (table, *row)).ok_or_else(|| BenchmarkError::UnknownArchitecture(file.to_owned()))
    }
}

impl Benchmark for Files {
    fn describe(&self) -> String {
        format!("accuracies of {}", title_of(&self.listed.list))
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.table().map(|_| ())
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        Ok(Some(self.table()?.files.clone()))
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let accuracy = |column: &Column| Accuracy { target: column.name.clone(), title: column.name.clone(), percent: column.values[row] };
        Ok(table.targets.iter().map(accuracy).collect())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let cost = |column: &Column| Cost {
            target: column.name.clone(),
            title: column.name.clone(),
            unit: String::new(),
            reading: Reading::finite(column.values[row]),
        };
        Ok(table.costs.iter().map(cost).collect())
    }

    fn holds(&self) -> String {
        match self.table() {
            Ok(table) => format!("{} files, each by its name as {} writes it", table.files.len(), title_of(&self.listed.list)),
            Err(_) => self.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benchmark(text: &str, costs: &[&str]) -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("zoo.csv");
        std::fs::write(&list, text).unwrap();
        let costs = (!costs.is_empty()).then(|| costs.iter().map(|cost| (*cost).to_owned()).collect());
        (folder, Files { listed: Listed { list, targets: None, costs }, table: OnDemand::not_yet() })
    }

    #[test]
    fn columns_of_per_cent_are_targets_and_files_are_found_by_path_or_by_name() {
        let (_folder, zoo) = benchmark("file,top1,note,ms\nnets/a.onnx,71.5,old,300\nnets/b.onnx,93,new,120\n", &["ms"]);
        assert_eq!(zoo.architectures().unwrap().unwrap(), ["nets/a.onnx", "nets/b.onnx"]);
        for name in ["nets/b.onnx", "b.onnx", "elsewhere/b.onnx"] {
            let accuracies = zoo.accuracies(name).unwrap();
            assert_eq!(accuracies.len(), 1);
            assert_eq!((accuracies[0].target.as_str(), accuracies[0].percent), ("top1", 93.0));
        }
        assert_eq!(zoo.costs("a.onnx").unwrap()[0].reading, Reading::finite(300.0));
        assert!(matches!(zoo.accuracies("c.onnx"), Err(BenchmarkError::UnknownArchitecture(_))));
    }

    #[test]
    fn what_is_not_a_list_of_accuracies_is_refused_with_its_place() {
        let said = |text: &str, costs: &[&str]| benchmark(text, costs).1.check().unwrap_err().to_string();
        assert!(said("file,top1\na.onnx,0.715\nb.onnx,0.93\n", &[]).contains("top1"), "fractions");
        assert!(said("file,note\na.onnx,old\n", &[]).contains("no column beside `file`"));
        assert!(said("file,top1\na.onnx,1\na.onnx,2\n", &[]).contains("file a.onnx"));
        assert!(said("name,top1\na.onnx,71\n", &[]).contains("file"));
        assert!(said("file,top1,ms\na.onnx,71,x\n", &["ms"]).contains("line 2"));
    }
}
