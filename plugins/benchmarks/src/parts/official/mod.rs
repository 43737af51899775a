//! The files in which benchmarks are published.
//!
//! Those of NAS-Bench-201 and NATS-Bench all hold the same thing: for each architecture and schedule of training the state of the
//! official package's `ArchResults`, with a `ResultsCount` for each dataset and seed: accuracy, loss and seconds of every epoch. They differ
//! in how it is packed:
//!
//! | form | files |
//! |---|---|
//! | a folder, a bz2 pickle an architecture and one for all texts | `NATS-tss-v1_0-3ffb9-simple`, `NATS-sss-v1_0-50262-simple` |
//! | one bz2 pickle | `NATS-tss-v1_0-3ffb9.pickle.pbz2`, `NATS-sss-v1_0-50262.pickle.pbz2` |
//! | one file of `torch.save`, with or without a zip archive around it | `NAS-Bench-201-v1_1-096897.pth`, `NAS-Bench-201-v1_0-e61699.pth` |
//!
//! What is kept is what the package answers: `get_more_info(…, is_random=False)` after the last epoch, the accuracies of
//! single trials, and the cost that `simulate_train_eval` counts.
//!
//! NAS-Bench-101 is published as [records of TensorFlow](tfrecord).

mod folder;
mod single;
pub(crate) mod tfrecord;
mod trials;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

pub(crate) use single::entries;

use crate::parts::table::{Cell, Column, Content, Layout, RawTable, keep, runs_of};
use assay_core::data::open_file;
use assay_core::plugin::import::{ImportError, Imported, Report};
use trials::{COSTS, QUANTITIES};

/// How an official file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Folder,
    /// One bz2 pickle.
    Packed,
    Torch(Torch),
}

/// How `torch.save` wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torch {
    /// Before PyTorch 1.6: pickles one after the other.
    Legacy,
    /// Since then: a zip archive with the pickle in it.
    Zip,
}

/// Trainings that were published together.
pub(crate) struct Release {
    /// For messages.
    pub(crate) title: &'static str,
    pub(crate) schedules: &'static [Schedule],
}

/// One schedule of training.
pub(crate) struct Schedule {
    /// Its key in the files.
    pub(crate) key: &'static str,
    /// What the names of its columns begin with.
    pub(crate) prefix: &'static str,
    /// For protocols: `NATS-Bench topology v1.0, 200 epochs, mean over trials`.
    pub(crate) training: &'static str,
}

impl Release {
    /// The columns, in the order of [`trials::cells`].
    pub(crate) fn columns(&self) -> impl Iterator<Item = Column> {
        self.schedules.iter().flat_map(|Schedule { prefix, training, .. }| {
            let accuracies = QUANTITIES.iter().flat_map(move |quantity| {
                let name = format!("{prefix}{}", quantity.name);
                let runs = Column::new(runs_of(&name), Content::Runs { training });
                [Column::new(name, Content::Accuracy { training, title: quantity.title.into() }), runs]
            });
            let (schedule, _) = training.rsplit_once(", ").unwrap_or((training, ""));
            let costs = COSTS.iter().flat_map(move |(name, _, dataset)| {
                let whole = format!("training and one validation, {dataset}, {schedule}");
                let epoch = format!("an epoch of training, {dataset}, {schedule}");
                [
                    Column::new(format!("{prefix}cost_s_{name}"), Content::Cost { title: whole, unit: "GPU s", source: None }),
                    Column::new(format!("{prefix}epoch_s_{name}"), Content::Cost { title: epoch, unit: "GPU s", source: None }),
                ]
            });
            accuracies.chain(costs)
        })
    }
}

/// The columns of accuracies that a benchmark reports where it is not told which: the tests after the first schedule of a
/// release whose columns have no prefix.
pub(crate) fn test_accuracies() -> Vec<String> {
    QUANTITIES.iter().map(|quantity| quantity.name).filter(|name| name.starts_with("test_")).map(str::to_owned).collect()
}

const LEGACY_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// How the file or folder is packed. `None` if it is not one of the official ones.
pub(crate) fn form(source: &Path) -> Result<Option<Form>, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: source.to_owned(), problem };
    if source.is_dir() {
        if folder::meta(source).is_file() {
            return Ok(Some(Form::Folder));
        }
        let problem = "the folder holds no meta.pickle.pbz2; give the unpacked folder of NATS-Bench itself";
        return Err(unreadable(problem.into()));
    }
    let start = start(source)?;
    Ok(if start.starts_with(LEGACY_MAGIC) {
        Some(Form::Torch(Torch::Legacy))
    } else if start.starts_with(b"BZh") {
        Some(Form::Packed)
    } else if start.starts_with(b"PK\x03\x04") && single::torch_pickle(source).is_ok() {
        Some(Form::Torch(Torch::Zip))
    } else {
        None
    })
}

/// Whether the file begins as a pickle that is not packed.
pub(crate) fn is_pickle(source: &Path) -> Result<bool, ImportError> {
    Ok(matches!(start(source)?[..], [0x80, 2..=5, ..]))
}

/// The first bytes of a file.
fn start(source: &Path) -> Result<Vec<u8>, ImportError> {
    let mut start = Vec::new();
    let read = open_file(source).and_then(|file| file.take(64).read_to_end(&mut start));
    read.map_err(|error| ImportError::Unreadable { file: source.to_owned(), problem: error.to_string() })?;
    Ok(start)
}

/// Whether the name of the file has this part.
pub(crate) fn name_contains(source: &Path, part: &str) -> bool {
    source.file_name().is_some_and(|name| name.to_string_lossy().contains(part))
}

/// What is read of the files: texts by index, and for each index the figures in the order of [`Release::columns`].
struct Contents {
    architectures: Vec<String>,
    /// Each with the text that stands beside the figures.
    figures: Vec<Option<(String, Vec<Cell>)>>,
}

/// Reads, checks and keeps an official file or folder.
pub(crate) fn import(
    source: &Path,
    form: Form,
    release: &Release,
    layout: &Layout,
    into: &Path,
    report: &mut Report<'_>,
) -> Result<Imported, ImportError> {
    let contents = match form {
        Form::Folder => folder::read(source, release, layout, report)?,
        Form::Packed | Form::Torch(_) => single::read(source, form, release, layout, report)?,
    };
    let (table, left_out) = tabulate(source, contents, release, layout)?;
    Ok(Imported { left_out, ..keep(&table, layout, into, report)? })
}

/// The texts, if they are of this benchmark.
fn architectures(file: &Path, texts: Vec<String>, layout: &Layout) -> Result<Vec<String>, ImportError> {
    let problem = match texts.iter().find(|text| layout.key(text).is_none()) {
        None => return Ok(texts),
        Some(text) => format!("`{text}` is not an architecture of {}, which has {}", layout.name, layout.example.trim_end_matches(',')),
    };
    Err(ImportError::Unreadable { file: file.to_owned(), problem })
}

/// A table of the columns that every architecture has, and the names of the others.
fn tabulate(source: &Path, contents: Contents, release: &Release, layout: &Layout) -> Result<(RawTable, Vec<String>), ImportError> {
    let Contents { architectures, figures } = contents;
    let found = figures.iter().flatten().count();
    if let Some(first) = (0..layout.count).find(|index| figures.get(*index).is_none_or(Option::is_none)) {
        return Err(ImportError::MissingRows { file: source.to_owned(), found, expected: layout.count, first });
    }
    let rows = figures.len();
    let mut columns: Vec<String> = vec!["index".into(), "arch".into()];
    let mut cells = vec![(0..rows).map(|index| Cell::Number(index as f64)).collect(), Vec::with_capacity(rows)];
    columns.extend(release.columns().map(|column| column.name));
    cells.resize_with(columns.len(), || Vec::with_capacity(rows));
    for (index, (text, row)) in figures.into_iter().flatten().enumerate() {
        if architectures.get(index) != Some(&text) {
            let listed = architectures.get(index).map_or("nothing", String::as_str);
            let problem = format!("architecture {index} is `{listed}` in the list of all and `{text}` with its figures");
            return Err(ImportError::Unreadable { file: source.to_owned(), problem });
        }
        cells[1].push(Cell::Text(text));
        cells[2..].iter_mut().zip(row).for_each(|(column, cell)| column.push(cell));
    }
    // Names by how many architectures have no value and the first of them.
    let mut left_out: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    let mut complete = (Vec::new(), Vec::new());
    for (name, cells) in columns.into_iter().zip(cells) {
        let missing = cells.iter().filter(|cell| **cell == Cell::Missing).count();
        if missing == 0 {
            complete.0.push(name);
            complete.1.push(cells);
        } else if !name.ends_with("_seeds") {
            let first = cells.iter().position(|cell| *cell == Cell::Missing).unwrap_or_default();
            left_out.entry((missing, first)).or_default().push(name);
        }
    }
    if complete.0.len() == 2 {
        let keys: Vec<&str> = release.schedules.iter().map(|schedule| schedule.key).collect();
        let problem = format!("it holds no complete results of {} (schedules {})", release.title, keys.join(", "));
        return Err(ImportError::Unreadable { file: source.to_owned(), problem });
    }
    let reason = |((missing, first), names): ((usize, usize), Vec<String>)| match missing == rows {
        true => format!("{} (no architecture has a value)", names.join(", ")),
        false => format!("{} ({missing} of {rows} architectures have no value, the first is index {first})", names.join(", ")),
    };
    let left_out = left_out.into_iter().map(reason).collect();
    let columns: Vec<&str> = complete.0.iter().map(String::as_str).collect();
    let names = (0..rows).map(|index| index.to_string()).collect();
    Ok((RawTable::of_entries(source, &columns, names, complete.1), left_out))
}
