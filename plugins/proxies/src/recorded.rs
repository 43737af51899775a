//! `recorded`: what a benchmark recorded of an architecture, as if it were a proxy.
//!
//! **What it measures.** Nothing: it looks up a column of a benchmark's table, such as the accuracy after 12 epochs, a latency, or
//! the time that training took. Beside proxies it shows what a short training would have told, which proxies are to save.
//! **Source.** Early stopping as a predictor: White, Zela, Ru, Liu, Hutter: How Powerful are Performance Predictors in Neural
//! Architecture Search?, NeurIPS 2021; reduced-training estimators: Ning et al.: Evaluating Efficient Performance Estimators of
//! Neural Architectures, NeurIPS 2021.
//! **Cost.** None now; that of the recorded trainings is not counted.
//! **Undefined** where the table does not hold the architecture, or has no value for it.

use std::path::PathBuf;

use assay_core::plugin::{
    Benchmark, BenchmarkError, ColumnContent, ColumnUse, Proxy, RecordedColumn, Registry, RegistryError, Settings, SettingsError,
};

assay_core::settings! {
    /// Which column of which table.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Recorded {
        /// the benchmark in whose table it is looked up
        pub benchmark: String, must be given;
        /// the column: ep12_valid_cifar10, hw_edgegpu_latency_cifar10, … (assay benchmark query shows them)
        pub target: String, must be given;
        /// a table, CSV or parquet, to use instead of the imported one
        pub path: Option<PathBuf>, otherwise "what `assay benchmark import` or `assay benchmark fetch` kept";
    }
}

assay_core::register! {
    Proxy,
    name: "recorded",
    summary: "a column of a benchmark's table, such as the accuracy after 12 epochs (early stopping: White et al., NeurIPS 2021)",
    settings: Recorded,
    build: |recorded| Ok(Box::new(Proxy::Recorded(recorded.column()?))),
}

/// The setting of a benchmark that names its columns of each content.
const SETTINGS: [(&str, ColumnContent); 2] = [("targets", ColumnContent::Accuracy), ("costs", ColumnContent::Cost)];

impl Recorded {
    /// The column, in a benchmark that reports it and whose table is here.
    fn column(&self) -> Result<RecordedColumn, SettingsError> {
        let (benchmark, content) = self.open()?;
        benchmark.check().map_err(|error| SettingsError {
            is_missing_data: matches!(error, BenchmarkError::NotImported(_)),
            ..SettingsError::new("benchmark", error.to_string())
        })?;
        Ok(RecordedColumn::new(ColumnUse { column: self.target.clone(), content }, benchmark))
    }

    /// The benchmark, made to report the column. One without settings of what to report reports all accuracies that it has.
    fn open(&self) -> Result<(Box<dyn Benchmark>, ColumnContent), SettingsError> {
        let wrong = |error: RegistryError| SettingsError::new("benchmark", error.to_string());
        let benchmarks = Registry::<dyn Benchmark>::collect().map_err(wrong)?;
        let known = benchmarks.find(&self.benchmark).map_err(wrong)?.settings;
        let path = self.path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let settings = path.map_or_else(Settings::none, |path| Settings::none().with("path", path));
        let understands = |key: &str| known.iter().any(|setting| setting.name == key);
        if !understands(SETTINGS[0].0) {
            return Ok((benchmarks.build(&self.benchmark, &settings).map_err(wrong)?, SETTINGS[0].1));
        }
        let mut columns = Vec::new();
        for (key, content) in SETTINGS.into_iter().filter(|(key, _)| understands(key)) {
            match benchmarks.build(&self.benchmark, &settings.clone().with(key, vec![self.target.clone()])) {
                Ok(benchmark) => return Ok((benchmark, content)),
                // The help names all columns of this content.
                Err(RegistryError::Settings { error, .. }) if error.key == key => columns.extend(error.help),
                Err(error) => return Err(wrong(error)),
            }
        }
        let problem = format!("`{}` is not a column of {}", self.target, self.benchmark);
        Err(SettingsError { help: Some(columns.join("; costs ")), ..SettingsError::new("target", problem) })
    }
}
