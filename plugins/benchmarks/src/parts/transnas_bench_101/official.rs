//! The official file: a dictionary that `torch.save` wrote, whose `data` has, for `macro` and `micro`, what is recorded of each
//! architecture by its text: for each task `metrics`, lists of a number an epoch, and `model_info`. The layout is that of the published
//! code which reads it (`api/api.py`). Times of epochs are texts there, and are not read.

use std::path::Path;

use assay_core::plugin::SearchSpace;
use assay_core::plugin::import::{ImportError, Report};
use assay_pickle::{EntryKey, Value};
use assay_spaces::transnas_bench_101_macro::Macro;
use assay_spaces::transnas_bench_101_micro::Micro;

use super::columns::{Epoch, Number, Place, places};
use crate::parts::official::{Form, entries};
use crate::parts::table::{Cell, Layout, RawTable};

/// Keys of the dictionaries of architectures.
const SPACES: [&str; 2] = ["macro", "micro"];

/// A table of the architectures that are of the layout's space, and the columns of which the file has nothing.
pub(super) fn read(source: &Path, form: Form, layout: &Layout, report: &mut Report<'_>) -> Result<(RawTable, Vec<String>), ImportError> {
    let mut names = Vec::new();
    let mut columns: Vec<Vec<Cell>> = vec![Vec::new(); 1 + places().len()];
    entries(source, form, &SPACES, report, |key, results| {
        let EntryKey::Text(text) = key else { return Err("its key is not a text".into()) };
        if layout.key(text).is_none() {
            // One of the other space.
            let is_known = Micro::new().parse(text).is_ok() || Macro::new().parse(text).is_ok();
            return if is_known {
                Ok(())
            } else {
                Err("its name is not one of the benchmark's, such as 64-41414-1_02_333 or 64-1234-basic".into())
            };
        }
        let row = places().iter().map(|place| cell(results, place)).collect::<Result<Vec<_>, _>>()?;
        names.push(text.to_owned());
        columns.iter_mut().zip([Cell::Text(text.to_owned())].into_iter().chain(row)).for_each(|(column, cell)| column.push(cell));
        Ok(())
    })?;
    if names.is_empty() {
        let [one, other] = SPACES;
        let problem = format!(
            "it holds no architecture of {}, such as {}, in the dictionaries `{one}` and `{other}`",
            layout.name,
            layout.example.trim_end_matches(',')
        );
        return Err(ImportError::Unreadable { file: source.to_owned(), problem });
    }
    let mut held = (vec!["arch"], vec![columns.remove(0)]);
    let mut left_out = Vec::new();
    for (place, cells) in places().iter().zip(columns) {
        if cells.iter().all(|cell| *cell == Cell::Missing) {
            left_out.push(place.column.as_str());
        } else {
            held.0.push(&place.column);
            held.1.push(cells);
        }
    }
    let left_out = if left_out.is_empty() { Vec::new() } else { vec![format!("{} (no architecture has a number)", left_out.join(", "))] };
    Ok((RawTable::of_entries(source, &held.0, names, held.1), left_out))
}

/// A column's number; missing where the file does not have it.
fn cell(results: Value<'_>, place: &Place) -> Result<Cell, String> {
    let Some(of_task) = results.get(place.task) else { return Ok(Cell::Missing) };
    let number = match &place.number {
        Number::Info(name) => of_task.get("model_info").and_then(|info| info.get(name)).and_then(Value::number),
        Number::Metric { names, epoch, scale } => {
            let metrics = of_task.get("metrics");
            let Some(epochs) = names.iter().find_map(|name| metrics?.get(name)) else { return Ok(Cell::Missing) };
            let wrong = || format!("`metrics` of {} has under {} something else than a number an epoch", place.task, names.join(" or "));
            let epochs = epochs.numbers().ok_or_else(wrong)?;
            let finite = epochs.iter().copied().filter(|number| number.is_finite());
            let number = match epoch {
                Epoch::Largest => finite.reduce(f64::max),
                Epoch::Smallest => finite.reduce(f64::min),
                Epoch::Last => epochs.last().copied(),
            };
            number.map(|number| number * scale)
        }
    };
    Ok(number.filter(|number| number.is_finite()).map_or(Cell::Missing, Cell::Number))
}
