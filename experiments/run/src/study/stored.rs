//! Scores that are read from a table in place of being measured: `[study] scores`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use assay_core::data::Content;
use assay_core::number::grouped;
use assay_core::plugin::SearchSpace;
use assay_core::score::Reading;
use assay_core::subspace::Subspace;
use assay_parquet::{Cell, Parquet};
use assay_results::tables::{MOST_BYTES, collected, scores};
use assay_results::{ReadError, StudySummary, read_checked};

use crate::RunError;

/// The columns that a table of scores must have.
const NEEDED: [&str; 3] = [scores::ARCH, scores::PROXY, scores::VALUE];
/// Those that are read where they are there.
const OPTIONAL: [&str; 3] = [scores::REPEAT, scores::UNDEFINED_BECAUSE, collected::PROTOCOL];

/// A table of scores.
pub(super) struct Stored {
    file: PathBuf,
    fingerprint: String,
    /// In the order of the table.
    architectures: Vec<Subspace>,
    positions: HashMap<Subspace, usize>,
    /// In the order of the table.
    proxies: Vec<OfProxy>,
}

/// What the table holds of one proxy.
struct OfProxy {
    label: String,
    /// How it was measured, if the table says it.
    protocol: Option<String>,
    /// By position of the architecture, one a repeat.
    readings: HashMap<usize, BTreeMap<u64, Reading>>,
}

/// One row of a table.
struct Row<'a> {
    architecture: usize,
    proxy: &'a str,
    repeat: u64,
    reading: Reading,
    protocol: Option<&'a str>,
}

impl Stored {
    /// Reads a table, or that of the study in a folder.
    ///
    /// # Errors
    /// If it cannot be read, or a row holds no score of an architecture of the space.
    pub(super) fn read(named: &Path, space: &dyn SearchSpace) -> Result<Self, RunError> {
        let file = if named.is_dir() { named.join(scores::FILE) } else { named.to_owned() };
        let bytes = match read_checked(&file) {
            Err(ReadError::File { error, .. }) => return Err(unreadable(&file, &error.to_string())),
            read => read?,
        };
        let mut content = Content::default();
        content.add(&bytes);
        let is_known = |name: &str| NEEDED.contains(&name) || OPTIONAL.contains(&name);
        let table = Parquet::open(bytes, MOST_BYTES, &is_known).map_err(|problem| unreadable(&file, &problem))?;
        let mut stored = Self {
            fingerprint: content.finish(),
            architectures: Vec::new(),
            positions: HashMap::new(),
            proxies: Vec::new(),
            file: file.clone(),
        };
        stored.take(&table, space).map_err(|problem| unreadable(&file, &problem))?;
        if stored.proxies.iter().any(|proxy| proxy.protocol.is_none()) {
            // The table of a run has no such column: the run's summary says how it was measured.
            let folder = file.parent().unwrap_or(Path::new("."));
            let protocol = match StudySummary::read(folder) {
                Ok(summary) => Some(summary.protocol),
                Err(ReadError::NoRun { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            stored.proxies.iter_mut().for_each(|proxy| proxy.protocol = proxy.protocol.take().or_else(|| protocol.clone()));
        }
        Ok(stored)
    }

    /// Takes up all rows.
    fn take(&mut self, table: &Parquet, space: &dyn SearchSpace) -> Result<(), String> {
        let rows = table.rows();
        let column = |name: &str| -> Result<Vec<Cell>, String> {
            let is_there = table.names().iter().any(|own| own == name);
            if is_there || NEEDED.contains(&name) { table.column(name) } else { Ok(vec![Cell::Missing; rows]) }
        };
        let (texts, labels, values) = (column(scores::ARCH)?, column(scores::PROXY)?, column(scores::VALUE)?);
        let (repeats, reasons, protocols) = (column(scores::REPEAT)?, column(scores::UNDEFINED_BECAUSE)?, column(collected::PROTOCOL)?);
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut of_label: HashMap<&str, usize> = HashMap::new();
        for row in 0..rows {
            let wrong = |problem: &str| format!("row {}: {problem}", grouped(row as u128 + 1));
            let arch = texts[row].text().ok_or_else(|| wrong("`arch` is not a text"))?;
            let architecture = match known.get(arch) {
                Some(position) => *position,
                None => {
                    let read = space.parse(arch).map_err(|error| wrong(&format!("`{arch}` is not of this space: {error}")))?;
                    let position = *self.positions.entry(read).or_insert_with_key(|read| {
                        self.architectures.push(read.clone());
                        self.architectures.len() - 1
                    });
                    known.insert(arch, position);
                    position
                }
            };
            let proxy = labels[row].text().ok_or_else(|| wrong("`proxy` is not a text"))?;
            let repeat = match &repeats[row] {
                Cell::Missing => 0,
                cell => cell.whole().ok_or_else(|| wrong("`repeat` is not a count"))?,
            };
            let reading = match (&values[row], &reasons[row]) {
                (Cell::Number(value), _) if value.is_finite() => Reading::Value(*value),
                (Cell::Missing, Cell::Text(because)) => Reading::undefined(because),
                (Cell::Missing, _) => Reading::undefined("the table of scores has no value and does not say why"),
                _ => return Err(wrong("`value` is not a finite number")),
            };
            let at = *of_label.entry(proxy).or_insert(self.proxies.len());
            if at == self.proxies.len() {
                self.proxies.push(OfProxy { label: proxy.to_owned(), protocol: None, readings: HashMap::new() });
            }
            let row = Row { architecture, proxy, repeat, reading, protocol: protocols[row].text() };
            self.proxies[at].add(row).map_err(|problem| wrong(&problem))?;
        }
        Ok(())
    }

    /// Its architectures, in its order.
    pub(super) fn architectures(&self) -> &[Subspace] {
        &self.architectures
    }

    /// What it holds, in one number.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether it has scores of the proxy of this label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.of(label).is_some()
    }

    fn of(&self, label: &str) -> Option<&OfProxy> {
        self.proxies.iter().find(|proxy| proxy.label == label)
    }

    /// What was read of an architecture in one repeat.
    pub(super) fn reading(&self, label: &str, architecture: &Subspace, repeat: u32) -> Option<&Reading> {
        self.of(label)?.readings.get(self.positions.get(architecture)?)?.get(&u64::from(repeat))
    }

    /// That a proxy's scores are wanted which are not there, and cannot be counted here.
    pub(super) fn lacks_proxy(&self, label: &str) -> RunError {
        let known: Vec<&str> = self.proxies.iter().map(|proxy| proxy.label.as_str()).collect();
        let problem = format!("`study.scores`: `{}` has no scores of `{label}`", self.file.display());
        RunError::refused(problem, format!("it has scores of {}", known.join(", ")))
    }

    /// That scores of architectures are wanted which are not there: of so many, of which this is the first.
    pub(super) fn lacks_scores(&self, count: usize, label: &str, architecture: &str, repeat: u32) -> RunError {
        let problem = format!(
            "`study.scores`: `{}` lacks {} of the study's scores, first that of `{label}` of `{architecture}` in repeat {}",
            self.file.display(),
            grouped(count as u128),
            repeat + 1
        );
        let help = "leave out study.sample and study.architectures, so that the study is over the table's architectures, and ask for no more \
                    repeats than it has";
        RunError::refused(problem, help)
    }

    /// For protocols: where these proxies' scores are from, and how they were measured.
    pub(super) fn describe(&self, labels: &[&str]) -> String {
        let mut protocols: Vec<&str> = Vec::new();
        for proxy in self.proxies.iter().filter(|proxy| labels.contains(&proxy.label.as_str())) {
            let protocol = proxy.protocol.as_deref().unwrap_or("the table does not say how they were measured");
            if !protocols.contains(&protocol) {
                protocols.push(protocol);
            }
        }
        let name = self.file.file_name().map_or_else(|| self.file.display().to_string(), |name| name.to_string_lossy().into_owned());
        let told: Vec<String> = protocols.iter().map(|protocol| format!("[{protocol}]")).collect();
        format!("scores read from {name}, measured under {}", told.join(" and "))
    }
}

impl OfProxy {
    fn add(&mut self, row: Row<'_>) -> Result<(), String> {
        if self.protocol.is_none() {
            self.protocol = row.protocol.map(str::to_owned);
        }
        let again = self.readings.entry(row.architecture).or_default().insert(row.repeat, row.reading);
        if again.is_some() { Err(format!("a second score of `{}` for one architecture and repeat", row.proxy)) } else { Ok(()) }
    }
}

fn unreadable(file: &Path, problem: &str) -> RunError {
    RunError::refused(
        format!("`study.scores`: `{}` cannot be read: {problem}", file.display()),
        "name a table that assay collect wrote, the scores.parquet of a study, or the study's folder",
    )
}
