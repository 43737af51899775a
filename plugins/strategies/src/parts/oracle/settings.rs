//! The setting `oracle`, which every strategy that asks an oracle has, and whether a budget fits it.

use std::path::PathBuf;

use assay_core::plugin::{Aggregate, Component, Registry, Rule, Settings, SettingsError, TrainingUse};

use super::{Budget, Judge, RecordedTraining};

/// Who judges, and what may be spent.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchBy {
    /// Who judges.
    pub judge: Judge,
    /// What may be spent.
    pub budget: Budget,
    /// The table of scores that is read in place of measuring.
    pub scores: Option<PathBuf>,
}

assay_core::settings! {
    /// The table `oracle`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct OracleSettings {
        /// a proxy; its own settings stand in `[proxies.NAME]`
        pub proxy: Option<String>;
        /// proxies that `rule` joins
        pub proxies: Option<Vec<String>>;
        /// how `proxies` are joined
        pub rule: Option<Rule>, otherwise "\"rank-sum\" where `proxies` are given";
        /// the weight of each of `proxies`
        pub weights: Option<Vec<f64>>, otherwise "1 each";
        /// a registered aggregate of proxies
        pub aggregate: Option<String>;
        /// a table of scores that is read in place of measuring, such as a study of the whole space leaves (`assay collect`); proxies that it lacks are counted if they read no network, and refused otherwise
        pub scores: Option<PathBuf>, otherwise "scores are measured";
        /// measurements or trainings of each architecture, whose mean counts
        pub repeats: Option<usize>, otherwise "1 where proxies are measured or architectures are trained", in 1..=10_000;
        /// a column of accuracies of `[benchmark]`
        pub table: Option<String>;
        /// columns of accuracies after shorter and longer trainings, the shortest first
        pub tables: Option<Vec<String>>;
        /// the epochs of each of them, ascending
        pub epochs: Option<Vec<f64>>;
        /// the column of what training costs, in GPU seconds
        pub cost: Option<String>;
        /// the epochs that `cost` was recorded for; other trainings cost in proportion
        pub cost_epochs: Option<f64>, otherwise "the first of `epochs`", in 1e-3..=1e6;
        /// epochs after which an architecture is judged that is trained, by `[training]` on `[dataset]`, and tested on `[test]`; ascending
        pub train: Option<Vec<f64>>;
    }
}

impl SearchBy {
    /// Who judges, and what may be spent.
    ///
    /// # Errors
    /// If the two contradict each other.
    pub fn new(judge: Judge, budget: Budget) -> Result<Self, SettingsError> {
        let knows_costs = matches!(&judge, Judge::Table { cost: Some(_), .. });
        if budget.gpu_seconds.is_some() && !knows_costs {
            let help = Some("name the column in the oracle: { table = \"…\", cost = \"…\" }".into());
            let problem = "the oracle has no column of costs, so no simulated GPU second is ever spent";
            return Err(SettingsError { help, ..SettingsError::new("budget.gpu_seconds", problem) });
        }
        if budget.seconds.is_some() && matches!(&judge, Judge::Table { .. }) {
            let help = Some("write { gpu_seconds = … } with a column of costs in the oracle, or { evaluations = … }".into());
            return Err(SettingsError { help, ..SettingsError::new("budget.seconds", "looking up what is recorded takes no time") });
        }
        if budget.epochs.is_some() && !matches!(&judge, Judge::Training { .. }) {
            let help = Some("let the oracle train: { train = [3] }; or write another limit, such as { evaluations = … }".into());
            return Err(SettingsError {
                help,
                ..SettingsError::new("budget.epochs", "the oracle trains nothing, so no epoch is ever spent")
            });
        }
        Ok(Self { judge, budget, scores: None })
    }

    /// The same, whose proxies are read from a table, if there is one.
    ///
    /// # Errors
    /// If the budget is one of measuring.
    pub fn reading(self, scores: Option<PathBuf>) -> Result<Self, SettingsError> {
        if scores.is_some() && self.budget.seconds.is_some() {
            let help = Some("write { evaluations = … }".into());
            return Err(SettingsError { help, ..SettingsError::new("budget.seconds", "reading scores from a table takes no time") });
        }
        Ok(Self { scores, ..self })
    }

    /// For strategies that end only when the budget is spent.
    ///
    /// # Errors
    /// If the budget names no limit.
    pub fn limited(self) -> Result<Self, SettingsError> {
        if self.budget == Budget::default() {
            return Err(SettingsError::new("budget", "names no limit, so the search would never end; write { evaluations = … }"));
        }
        Ok(self)
    }

    /// For strategies that evaluate an architecture after one training only.
    ///
    /// # Errors
    /// If the judge has several.
    pub fn of_one_training(self) -> Result<Self, SettingsError> {
        if self.judge.trainings() > 1 {
            let is_made = matches!(&self.judge, Judge::Training { .. });
            let (key, one) = if is_made { ("oracle.train", "{ train = [3] }") } else { ("oracle.tables", "{ table = \"…\" }") };
            let help = Some(format!("write {one}, or use successive-halving, hyperband or bohb"));
            let problem = "the strategy evaluates an architecture after one training only";
            return Err(SettingsError { help, ..SettingsError::new(key, problem) });
        }
        Ok(self)
    }

    /// For strategies that choose between trainings.
    ///
    /// # Errors
    /// If the judge has only one.
    pub fn of_several_trainings(self) -> Result<Self, SettingsError> {
        if self.judge.trainings() < 2 {
            let problem = "the strategy gives more training to fewer architectures, so it needs `tables` after at least two trainings, or \
                           two numbers of epochs in `train`";
            let help = Some("write { tables = [\"…\", \"…\"], epochs = [12, 200] }, or { train = [1, 3, 9] }".into());
            return Err(SettingsError { help, ..SettingsError::new("oracle", problem) });
        }
        Ok(self)
    }
}

/// For protocols: `by synflow within 500 evaluations`.
impl std::fmt::Display for SearchBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {}", self.judge)?;
        if self.budget == Budget::default() { Ok(()) } else { write!(f, " within {}", self.budget) }
    }
}

impl OracleSettings {
    /// A proxy.
    #[must_use]
    pub fn of_proxy(name: &str) -> Self {
        Self { proxy: Some(name.to_owned()), ..Self::default() }
    }

    /// Who judges.
    ///
    /// # Errors
    /// If the settings contradict each other, or name no judge.
    pub fn judge(&self) -> Result<Judge, SettingsError> {
        self.clone().into_judge().map_err(|error| error.within("oracle"))
    }

    fn into_judge(self) -> Result<Judge, SettingsError> {
        let ways = [
            ("proxy", self.proxy.is_some()),
            ("proxies", self.proxies.is_some()),
            ("aggregate", self.aggregate.is_some()),
            ("table", self.table.is_some()),
            ("tables", self.tables.is_some()),
            ("train", self.train.is_some()),
        ];
        let given: Vec<&str> = ways.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let way = match given[..] {
            [way] => way,
            [] => return Err(SettingsError::new("proxy", "the oracle needs one of proxy, proxies, aggregate, table, tables and train")),
            [first, second, ..] => {
                return Err(SettingsError::new(second, format!("the oracle already has `{first}`; remove one of them")));
            }
        };
        let misplaced = [
            ("scores", self.scores.is_some(), ["proxy", "proxies", "aggregate"].contains(&way), "proxies"),
            ("rule", self.rule.is_some(), way == "proxies", "proxies"),
            ("weights", self.weights.is_some(), way == "proxies", "proxies"),
            ("repeats", self.repeats.is_some(), !way.starts_with("table"), "proxies and train; a recorded accuracy is the same every time"),
            ("epochs", self.epochs.is_some(), way.starts_with("table"), "tables"),
            ("cost", self.cost.is_some(), way.starts_with("table"), "tables"),
            ("cost_epochs", self.cost_epochs.is_some(), self.cost.is_some() && self.epochs.is_some(), "`cost` and `epochs`"),
        ];
        if let Some((key, .., of)) = misplaced.into_iter().find(|(_, given, fits, _)| *given && !fits) {
            return Err(SettingsError::new(key, format!("goes only with {of}")));
        }
        if self.scores.is_some() && self.repeats.is_some() {
            let problem = "goes only with what is measured; of `scores`, the mean over all repeats counts that the table has";
            return Err(SettingsError::new("repeats", problem));
        }
        let repeats = self.repeats.unwrap_or(1);
        if let Some(train) = &self.train {
            return TrainingUse::all("train", train, repeats).map(Judge::training);
        }
        match (self.proxy, self.proxies, self.aggregate) {
            (Some(proxy), ..) => Ok(Judge::Proxy { proxy, repeats }),
            (_, Some(proxies), _) => {
                let weights = self.weights.unwrap_or_else(|| vec![1.0; proxies.len()]);
                if weights.len() != proxies.len() {
                    let problem = format!("{} weights for {} proxies", weights.len(), proxies.len());
                    return Err(SettingsError::new("weights", problem));
                }
                let components = proxies.into_iter().zip(weights).map(|(proxy, weight)| Component { proxy, weight }).collect();
                let aggregate = Aggregate::new(components, self.rule.unwrap_or(Rule::RankSum));
                aggregate
                    .map(|aggregate| Judge::Aggregate { aggregate, repeats })
                    .map_err(|error| SettingsError::new("proxies", error.to_string()))
            }
            (.., Some(name)) => {
                let made = Registry::<Aggregate>::collect().and_then(|registry| registry.build(&name, &Settings::none()));
                made.map(|aggregate| Judge::Aggregate { aggregate: *aggregate, repeats })
                    .map_err(|error| SettingsError::new("aggregate", error.to_string()))
            }
            (None, None, None) => {
                let columns = self.tables.unwrap_or_else(|| self.table.into_iter().collect());
                trainings(&columns, self.epochs.as_deref(), self.cost_epochs).map(|trainings| Judge::Table { trainings, cost: self.cost })
            }
        }
    }
}

fn trainings(columns: &[String], epochs: Option<&[f64]>, cost_epochs: Option<f64>) -> Result<Vec<RecordedTraining>, SettingsError> {
    if columns.is_empty() {
        return Err(SettingsError::new("tables", "names no column"));
    }
    let Some(epochs) = epochs else {
        let single = |column: &String| RecordedTraining { column: column.clone(), epochs: None, scale: 1.0 };
        return match columns {
            [column] => Ok(vec![single(column)]),
            _ => Err(SettingsError::new("epochs", "must say how long each of `tables` was trained")),
        };
    };
    let is_ascending = epochs.is_sorted_by(|one, other| one < other) && epochs.iter().all(|epochs| *epochs > 0.0);
    if epochs.len() != columns.len() || !is_ascending {
        return Err(SettingsError::new("epochs", format!("must be {} positive numbers, ascending: one for each column", columns.len())));
    }
    let recorded = cost_epochs.unwrap_or(epochs[0]);
    let training =
        |(column, epochs): (&String, &f64)| RecordedTraining { column: column.clone(), epochs: Some(*epochs), scale: epochs / recorded };
    Ok(columns.iter().zip(epochs).map(training).collect())
}
