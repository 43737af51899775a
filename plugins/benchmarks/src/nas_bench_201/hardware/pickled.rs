//! `HW-NAS-Bench-v1_0.pickle`: the measures of all three datasets in one file.
//!
//! It is a dictionary: `nasbench201` has a dictionary for each dataset, and that has, by index, a list of numbers for each measure
//! and the cells in `config`. What it says of the FBNet space, which Assay does not have, is passed over.

use std::path::Path;

use assay_core::data::read_file;
use assay_core::plugin::import::ImportError;
use assay_pickle::{Document, PickleError, Value};

use super::{DATASETS, MEASURES, column, given};
use crate::nas_bench_201::CELLS;
use crate::parts::table::{Cell, RawTable};

/// The part of the file, and the name of its other one.
const SPACE: &str = "nasbench201";

/// Reads the file as a table of the benchmark.
pub(in crate::nas_bench_201) fn read(file: &Path) -> Result<RawTable, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
    let bytes = read_file(file).map_err(|error| unreadable(error.to_string()))?;
    let document = Document::read(&bytes, &[]).map_err(|error| unreadable(error.to_string()))?;
    let foreign = |error: PickleError| unreadable(format!("it is a Python pickle, but not HW-NAS-Bench-v1_0.pickle: {error}"));
    let space = document.entry(SPACE).map_err(foreign)?;
    let mut names = vec!["index".to_owned(), "arch".to_owned()];
    let mut cells: Vec<Vec<Cell>> = vec![(0..CELLS).map(|index| Cell::Number(index as f64)).collect(), Vec::new()];
    for (key, dataset, title) in DATASETS.into_iter().rev() {
        // Of ImageNet the file writes capitals, of CIFAR it does not.
        let found = [title, key].into_iter().find_map(|name| space.get(name).map(|measured| (name, measured)));
        let (own, measured) = found.ok_or_else(|| unreadable(format!("`{SPACE}` has no `{key}`")))?;
        let within = |name: &str, problem: String| unreadable(format!("`{SPACE}`, `{own}`, `{name}`: {problem}"));
        let texts = architectures(measured).map_err(|problem| within("config", problem))?;
        if cells[1].is_empty() {
            cells[1] = texts;
        } else if let Some(index) = (0..CELLS).find(|index| cells[1][*index] != texts[*index]) {
            return Err(within("config", format!("index {index} is another cell than in the other datasets")));
        }
        for (name, ..) in MEASURES {
            let Some(values) = measured.get(name) else { continue };
            let numbers = values.numbers().ok_or_else(|| within(name, "it is not a list of numbers".into()))?;
            if numbers.len() != CELLS {
                return Err(within(name, format!("it has {} values, but {CELLS} are expected", numbers.len())));
            }
            names.push(column(name, dataset));
            cells.push(numbers.into_iter().map(|number| given(Cell::Number(number))).collect());
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(RawTable::of_entries(file, &names, (0..CELLS).map(|index| index.to_string()).collect(), cells))
}

/// The cells of a dataset, by index.
fn architectures(measured: Value<'_>) -> Result<Vec<Cell>, String> {
    let configurations = measured.entry("config").map_err(|error| error.to_string())?;
    // A list, or a dictionary by index.
    let by_index: Option<Vec<(i64, Value<'_>)>> = match configurations.items() {
        Some(items) => Some((0..).zip(items).collect()),
        None => configurations.entries().and_then(|entries| entries.map(|(key, value)| Some((key.integer()?, value))).collect()),
    };
    let by_index = by_index.ok_or("it is not a list of configurations")?;
    let mut texts = vec![Cell::Missing; CELLS];
    for (index, configuration) in by_index {
        let place = usize::try_from(index).ok().and_then(|index| texts.get_mut(index));
        let place = place.ok_or_else(|| format!("there is no index {index}; the last one is {}", CELLS - 1))?;
        let text = configuration.get("arch_str").and_then(Value::text);
        *place = Cell::Text(text.ok_or_else(|| format!("index {index} has no `arch_str`"))?.to_owned());
    }
    match texts.iter().position(|text| *text == Cell::Missing) {
        Some(index) => Err(format!("index {index} is missing; is the file cut short?")),
        None => Ok(texts),
    }
}
