//! The scores of finished studies of one space, joined in one small table.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use assay_parquet::Parquet;
use assay_results::tables::{MOST_BYTES, collected, scores};
use assay_results::{Space, StudySummary, read_checked};
use polars::prelude::{Column, DataFrame, ParquetWriter};

use crate::RunError;

/// A table of scores, by proxy, architecture and repeat.
pub struct Collected {
    /// As a parquet file.
    pub bytes: Vec<u8>,
    /// The proxies, in the order of the runs.
    pub proxies: Vec<String>,
    /// How many architectures it is about.
    pub architectures: usize,
    /// How many scores it holds, undefined ones among them.
    pub scores: usize,
    /// How many of them are undefined.
    pub undefined: usize,
    /// Whether all values fit into 32 bits, and have as many.
    pub is_of_32_bits: bool,
}

/// One score. Its place in the table is its key.
#[derive(Clone, PartialEq)]
struct Score {
    value: Option<f64>,
    because: Option<String>,
}

/// What was measured of one proxy.
struct OfProxy {
    label: String,
    /// Its settings.
    settings: String,
    seed: u64,
    /// The protocol of the study that it is from.
    protocol: String,
    scores: BTreeMap<(usize, u64), Score>,
}

/// What has been taken up of the runs.
#[derive(Default)]
struct Joined {
    space: Option<(Space, PathBuf)>,
    texts: Vec<(String, Option<u64>)>,
    positions: HashMap<String, usize>,
    proxies: Vec<OfProxy>,
}

/// Joins the scores of the studies in these folders.
///
/// # Errors
/// If one is not a finished study, they are of different spaces, or they have different scores of one proxy and architecture.
pub fn collect(runs: &[PathBuf]) -> Result<Collected, RunError> {
    if runs.is_empty() {
        return Err(RunError::refused("there are no studies to collect scores of", "name the folders of finished studies"));
    }
    let mut joined = Joined::default();
    for run in runs {
        joined.take(run)?;
    }
    joined.written()
}

impl Joined {
    fn take(&mut self, run: &Path) -> Result<(), RunError> {
        let summary = StudySummary::read(run)?;
        self.check_space(run)?;
        let file = run.join(scores::FILE);
        let bytes = read_checked(&file)?;
        let damaged = |problem: String| {
            RunError::refused(format!("`{}` cannot be read: {problem}", file.display()), "make the study again, in another folder")
        };
        let is_known = |name: &str| scores::TABLE.columns.iter().any(|column| column.name == name);
        let table = Parquet::open(bytes, MOST_BYTES, &is_known).map_err(damaged)?;
        let column = |name: &str| table.column(name).map_err(damaged);
        let (texts, indices, labels, repeats, values, reasons) = (
            column(scores::ARCH)?,
            column(scores::INDEX)?,
            column(scores::PROXY)?,
            column(scores::REPEAT)?,
            column(scores::VALUE)?,
            column(scores::UNDEFINED_BECAUSE)?,
        );
        let mut of_label: HashMap<String, usize> = HashMap::new();
        for row in 0..table.rows() {
            let (Some(arch), Some(label), Some(repeat)) = (texts[row].text(), labels[row].text(), repeats[row].whole()) else {
                return Err(damaged(format!("row {} has no architecture, proxy or repeat", row + 1)));
            };
            let architecture = *self.positions.entry(arch.to_owned()).or_insert_with(|| {
                self.texts.push((arch.to_owned(), indices[row].whole()));
                self.texts.len() - 1
            });
            let at = match of_label.get(label) {
                Some(at) => *at,
                None => {
                    let at = self.proxy(label, &summary, run)?;
                    of_label.insert(label.to_owned(), at);
                    at
                }
            };
            let score = Score { value: values[row].number(), because: reasons[row].text().map(str::to_owned) };
            let earlier = self.proxies[at].scores.insert((architecture, repeat), score.clone());
            if earlier.is_some_and(|earlier| earlier != score) {
                let problem = format!("`{}` has another score of `{label}` of `{arch}` than a run before it", run.display());
                return Err(RunError::refused(problem, "collect runs of one version of the program, on one kind of machine"));
            }
        }
        Ok(())
    }

    fn check_space(&mut self, run: &Path) -> Result<(), RunError> {
        let Some(space) = Space::read(run)? else {
            let problem = format!("`{}` does not say of which space it is: an early version made it", run.display());
            return Err(RunError::refused(problem, "make the study again, in another folder"));
        };
        match &self.space {
            None => self.space = Some((space, run.to_owned())),
            Some((first, _)) if *first == space => {}
            Some((first, folder)) => {
                let problem = format!("`{}` is of the space {}, `{}` of {}", folder.display(), first.name, run.display(), space.name);
                return Err(RunError::refused(problem, "collect the studies of one space, with one set of its settings"));
            }
        }
        Ok(())
    }

    /// The place of a proxy, of which no run before measured anything under other settings.
    fn proxy(&mut self, label: &str, summary: &StudySummary, run: &Path) -> Result<usize, RunError> {
        let settings = summary.proxies.iter().find(|proxy| proxy.label == label).map_or("", |proxy| &proxy.protocol);
        let Some(at) = self.proxies.iter().position(|proxy| proxy.label == label) else {
            let (label, settings, protocol) = (label.to_owned(), settings.to_owned(), summary.protocol.clone());
            self.proxies.push(OfProxy { label, settings, seed: summary.seed, protocol, scores: BTreeMap::new() });
            return Ok(self.proxies.len() - 1);
        };
        let OfProxy { settings: first, seed, .. } = &self.proxies[at];
        if first != settings || *seed != summary.seed {
            let problem = format!(
                "`{}` measured `{label}` otherwise than a run before it\n  before: {first}; seed {seed}\n  there:  {settings}; seed {}",
                run.display(),
                summary.seed
            );
            return Err(RunError::refused(problem, "collect studies with the same settings of the proxy and the same seed"));
        }
        Ok(at)
    }

    fn written(self) -> Result<Collected, RunError> {
        let Self { texts, proxies, .. } = self;
        // As studies have them: by their number in the benchmark, else in the order of the runs.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|position| texts[*position].1);
        let mut rows: Vec<(&OfProxy, usize, u64, &Score)> = Vec::new();
        for proxy in &proxies {
            for architecture in &order {
                let repeats = proxy.scores.range((*architecture, 0)..=(*architecture, u64::MAX));
                rows.extend(repeats.map(|((architecture, repeat), score)| (proxy, *architecture, *repeat, score)));
            }
        }
        let values: Vec<Option<f64>> = rows.iter().map(|(.., score)| score.value).collect();
        let is_of_32_bits = values.iter().flatten().all(|value| (*value as f32).is_finite());
        let value = if is_of_32_bits {
            Column::new(scores::VALUE.into(), values.iter().map(|value| value.map(|value| value as f32)).collect::<Vec<_>>())
        } else {
            Column::new(scores::VALUE.into(), values)
        };
        let columns = vec![
            Column::new(scores::ARCH.into(), rows.iter().map(|row| texts[row.1].0.as_str()).collect::<Vec<_>>()),
            Column::new(scores::INDEX.into(), rows.iter().map(|row| texts[row.1].1.map(|index| index as u32)).collect::<Vec<_>>()),
            Column::new(scores::PROXY.into(), rows.iter().map(|row| row.0.label.as_str()).collect::<Vec<_>>()),
            Column::new(scores::REPEAT.into(), rows.iter().map(|row| row.2 as u32).collect::<Vec<_>>()),
            value,
            Column::new(scores::UNDEFINED_BECAUSE.into(), rows.iter().map(|row| row.3.because.as_deref()).collect::<Vec<_>>()),
            Column::new(collected::PROTOCOL.into(), rows.iter().map(|row| row.0.protocol.as_str()).collect::<Vec<_>>()),
        ];
        let (count, undefined) = (rows.len(), rows.iter().filter(|row| row.3.value.is_none()).count());
        let failed = |error: polars::prelude::PolarsError| RunError::Result(format!("the table of scores: {error}"));
        let mut table = DataFrame::new(count, columns).map_err(failed)?;
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut table).map_err(failed)?;
        let proxies = proxies.iter().map(|proxy| proxy.label.clone()).collect();
        Ok(Collected { bytes, proxies, architectures: texts.len(), scores: count, undefined, is_of_32_bits })
    }
}
