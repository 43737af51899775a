//! Scores that are read from a table in place of being measured: `[study] scores`, and `scores` of a search's oracle.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use assay_core::data::Content;
use assay_core::experiment::PlannedProxy;
use assay_core::number::grouped;
use assay_core::plugin::{ProxyError, Request, SearchError, SearchSpace, called};
use assay_core::score::{Direction, Reading, Score};
use assay_core::subspace::Subspace;
use assay_parquet::{Cell, Parquet, Texts};
use assay_results::tables::{MOST_BYTES, collected, scores};
use assay_results::{ReadError, StudySummary, read_checked};
use foldhash::fast::RandomState;

use super::workbench::Workbench;
use crate::RunError;

/// The columns that a table of scores must have.
const NEEDED: [&str; 3] = [scores::ARCH, scores::PROXY, scores::VALUE];
/// Those that are read where they are there.
const OPTIONAL: [&str; 3] = [scores::REPEAT, scores::UNDEFINED_BECAUSE, collected::PROTOCOL];

/// A table of scores.
pub(crate) struct Stored {
    /// The key of the experiment that names it.
    key: &'static str,
    file: PathBuf,
    fingerprint: String,
    /// In the order of the table.
    architectures: Vec<Subspace>,
    positions: HashMap<Subspace, usize, RandomState>,
    /// In the order of the table.
    proxies: Vec<OfProxy>,
}

/// What the table holds of one proxy.
struct OfProxy {
    label: String,
    /// How it was measured, if the table says it.
    protocol: Option<String>,
    /// By position of the architecture, with the number of the repeat, in its order.
    readings: Vec<Vec<(u64, Reading)>>,
}

impl Stored {
    /// Reads a table, or that of the study in a folder, which this key of the experiment names.
    ///
    /// # Errors
    /// If it cannot be read, or a row holds no score of an architecture of the space.
    pub(crate) fn read(key: &'static str, named: &Path, space: &dyn SearchSpace) -> Result<Self, RunError> {
        let unreadable = |file: &Path, problem: &str| unreadable(key, file, problem);
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
            key,
            fingerprint: content.finish(),
            architectures: Vec::new(),
            positions: HashMap::default(),
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
        let is_read = |name: &str| NEEDED.contains(&name) || table.names().iter().any(|own| own == name);
        let cells = |name: &str| if is_read(name) { table.column(name) } else { Ok(vec![Cell::Missing; rows]) };
        let texts = |name: &str| if is_read(name) { table.texts(name) } else { Ok(Texts::missing(rows)) };
        let (architectures, labels, values) = (texts(scores::ARCH)?, texts(scores::PROXY)?, cells(scores::VALUE)?);
        let (repeats, reasons, protocols) = (cells(scores::REPEAT)?, texts(scores::UNDEFINED_BECAUSE)?, texts(collected::PROTOCOL)?);
        let scored = architectures.iter().zip(labels.iter()).zip(repeats.iter().zip(&values)).zip(reasons.iter().zip(protocols.iter()));
        let mut known: HashMap<&str, usize, RandomState> = HashMap::default();
        let mut of_label: HashMap<&str, usize, RandomState> = HashMap::default();
        for (row, (((arch, label), (repeat, value)), (because, protocol))) in scored.enumerate() {
            let wrong = |problem: &str| format!("row {}: {problem}", grouped(row as u128 + 1));
            let arch = arch.ok_or_else(|| wrong("`arch` is not a text"))?;
            let architecture = match known.get(arch) {
                Some(position) => *position,
                None => {
                    let read = space.parse(arch).map_err(|error| wrong(&format!("`{arch}` is not of this space: {error}")))?;
                    let position = *self.positions.entry(space.representative(&read)).or_insert_with(|| {
                        self.architectures.push(read);
                        self.architectures.len() - 1
                    });
                    known.insert(arch, position);
                    position
                }
            };
            let label = label.ok_or_else(|| wrong("`proxy` is not a text"))?;
            let repeat = match repeat {
                Cell::Missing => 0,
                cell => cell.whole().ok_or_else(|| wrong("`repeat` is not a count"))?,
            };
            let reading = match (value, because) {
                (Cell::Number(value), _) if value.is_finite() => Reading::Value(*value),
                (Cell::Missing, Some(because)) => Reading::undefined(because),
                (Cell::Missing, None) => Reading::undefined("the table of scores has no value and does not say why"),
                _ => return Err(wrong("`value` is not a finite number")),
            };
            let at = *of_label.entry(label).or_insert_with(|| {
                self.proxies.push(OfProxy { label: label.to_owned(), protocol: None, readings: Vec::new() });
                self.proxies.len() - 1
            });
            self.proxies[at].add(architecture, repeat, reading, protocol);
        }
        for proxy in &mut self.proxies {
            if let Some(twice) = proxy.sort() {
                let architecture = called(space, &self.architectures[twice]);
                return Err(format!("it has a second score of `{}` for `{architecture}` in one repeat", proxy.label));
            }
        }
        Ok(())
    }

    /// Its architectures, in its order.
    pub(crate) fn architectures(&self) -> &[Subspace] {
        &self.architectures
    }

    /// What it holds, in one number.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether it has scores of the proxy of this label.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.of(label).is_some()
    }

    fn of(&self, label: &str) -> Option<&OfProxy> {
        self.proxies.iter().find(|proxy| proxy.label == label)
    }

    /// The position of an architecture in the table, if it is there, in whatever notation.
    pub(crate) fn position(&self, architecture: &Subspace, space: &dyn SearchSpace) -> Option<usize> {
        self.positions.get(&space.representative(architecture)).copied()
    }

    /// What was read of the architecture at a [position](Self::position) in one repeat.
    pub(crate) fn reading(&self, label: &str, position: usize, repeat: u32) -> Option<&Reading> {
        let of_architecture = self.of(label)?.readings.get(position)?;
        of_architecture.iter().find(|(own, _)| *own == u64::from(repeat)).map(|(_, reading)| reading)
    }

    /// The mean over all repeats that the table has of an architecture; none where it has none of it.
    pub(crate) fn mean(&self, label: &str, direction: Direction, architecture: &Subspace, space: &dyn SearchSpace) -> Option<Reading> {
        let of_architecture = self.of(label)?.readings.get(self.position(architecture, space)?)?;
        let readings: Vec<Reading> = of_architecture.iter().map(|(_, reading)| reading.clone()).collect();
        (!readings.is_empty()).then(|| Score::of(direction, &readings).reading)
    }

    /// The key of the experiment that names it, for provenances.
    pub(crate) fn key(&self) -> &'static str {
        self.key
    }

    /// What it is called in messages and protocols.
    pub(crate) fn name(&self) -> String {
        self.file.file_name().map_or_else(|| self.file.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// That a proxy's scores are wanted which are not there, and cannot be counted here.
    pub(crate) fn lacks_proxy(&self, label: &str) -> RunError {
        let known: Vec<&str> = self.proxies.iter().map(|proxy| proxy.label.as_str()).collect();
        let problem = format!("`{}`: `{}` has no scores of `{label}`", self.key, self.file.display());
        RunError::refused(problem, format!("it has scores of {}", known.join(", ")))
    }

    /// That scores of architectures are wanted which are not there: of so many, of which this is the first.
    pub(crate) fn lacks_scores(&self, count: usize, label: &str, architecture: &str, repeat: u32) -> RunError {
        let problem = format!(
            "`{}`: `{}` lacks {} of the study's scores, first that of `{label}` of `{architecture}` in repeat {}",
            self.key,
            self.file.display(),
            grouped(count as u128),
            repeat + 1
        );
        let help = "leave out study.sample and study.architectures, so that the study is over the table's architectures, and ask for no more \
                    repeats than it has";
        RunError::refused(problem, help)
    }

    /// For protocols: where these proxies' scores are from, and how they were measured.
    pub(crate) fn describe(&self, labels: &[&str]) -> String {
        let mut protocols: Vec<&str> = Vec::new();
        for proxy in self.proxies.iter().filter(|proxy| labels.contains(&proxy.label.as_str())) {
            let protocol = proxy.protocol.as_deref().unwrap_or("the table does not say how they were measured");
            if !protocols.contains(&protocol) {
                protocols.push(protocol);
            }
        }
        let name = self.name();
        let told: Vec<String> = protocols.iter().map(|protocol| format!("[{protocol}]")).collect();
        format!("scores read from {name}, measured under {}", told.join(" and "))
    }
}

impl Workbench {
    /// The conditions of scores that are read from this table: how those were measured that it has, and how the others are counted here.
    pub(crate) fn protocol_of(&self, stored: &Stored) -> String {
        let (read, counted): (Vec<_>, Vec<_>) = self.proxies.iter().partition(|planned| stored.has(&planned.label));
        let read: Vec<&str> = read.iter().map(|planned| planned.label.as_str()).collect();
        let counted: String = counted.iter().map(|planned| format!("; counted here: {}", planned.proxy.protocol())).collect();
        format!("{}{counted}", stored.describe(&read))
    }

    /// Makes sure that a table has the scores of all proxies that are not counted without a measurement.
    ///
    /// # Errors
    /// If it lacks those of one.
    pub(crate) fn check_stored(&self, stored: &Stored) -> Result<(), RunError> {
        let is_missing = |planned: &&PlannedProxy| planned.proxy.is_drawn() && !stored.has(&planned.label);
        self.proxies.iter().find(is_missing).map_or(Ok(()), |planned| Err(stored.lacks_proxy(&planned.label)))
    }

    /// What a table of scores says; nothing where it has no score of the proxy at all. That it lacks the architecture is a failure.
    pub(super) fn stored(&self, stored: &Stored, request: &Request) -> Option<Result<Reading, SearchError>> {
        let Request { label, subspace, .. } = request;
        let planned = self.proxies.iter().find(|planned| planned.label == *label && stored.has(label))?;
        let reading = stored.mean(label, planned.proxy.direction(), subspace, self.space.as_ref());
        let lacks = || ProxyError::Other(format!("the table of scores `{}` has none of this architecture", stored.name()));
        Some(reading.map_or_else(|| self.failed(request, &lacks()), Ok))
    }
}

impl OfProxy {
    fn add(&mut self, architecture: usize, repeat: u64, reading: Reading, protocol: Option<&str>) {
        if self.protocol.is_none() {
            self.protocol = protocol.map(str::to_owned);
        }
        if self.readings.len() <= architecture {
            self.readings.resize(architecture + 1, Vec::new());
        }
        self.readings[architecture].push((repeat, reading));
    }

    /// Puts repeats in their order, and gives the first architecture that has two scores of one.
    fn sort(&mut self) -> Option<usize> {
        self.readings.iter_mut().for_each(|of_architecture| of_architecture.sort_by_key(|(repeat, _)| *repeat));
        self.readings.iter().position(|of_architecture| of_architecture.windows(2).any(|pair| pair[0].0 == pair[1].0))
    }
}

fn unreadable(key: &str, file: &Path, problem: &str) -> RunError {
    RunError::refused(
        format!("`{key}`: `{}` cannot be read: {problem}", file.display()),
        "name a table that assay collect wrote, the scores.parquet of a study, or the study's folder",
    )
}
