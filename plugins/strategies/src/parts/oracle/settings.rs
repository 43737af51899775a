//! The settings `oracle` and `budget`, which every strategy that asks an oracle has.

use serde::Deserialize;

use super::{Judge, Training};
use assay_core::plugin::{Aggregate, ColumnUse, Component, ProxyUse, Registry, Rule, Setting, Settings, SettingsError, ValueKind};

/// Who judges, and what may be spent.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchBy {
    /// Who judges.
    pub judge: Judge,
    /// What may be spent.
    pub budget: Budget,
}

/// What a search may spend. It ends where the first limit is reached; without any, where the strategy has nothing left to
/// evaluate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Evaluations; one of an architecture that was evaluated before counts again.
    pub evaluations: Option<usize>,
    /// Seconds that measuring takes, added over threads: what one core would take.
    pub seconds: Option<f64>,
    /// Simulated GPU seconds: what the trainings that are looked up took when they were recorded.
    pub gpu_seconds: Option<f64>,
}

const ORACLE: &[Setting] = &[
    Setting { name: "proxy", kind: ValueKind::Text, default: Setting::said(""), help: "a proxy; its own settings stand in [proxies.NAME]" },
    Setting { name: "proxies", kind: ValueKind::Texts, default: Setting::said(""), help: "proxies that `rule` joins" },
    Setting {
        name: "rule",
        kind: ValueKind::Choice(Rule::NAMES),
        default: Setting::said("\"rank-sum\""),
        help: "how `proxies` are joined",
    },
    Setting { name: "weights", kind: ValueKind::Numbers, default: Setting::said("1 each"), help: "the weight of each of `proxies`" },
    Setting { name: "aggregate", kind: ValueKind::Text, default: Setting::said(""), help: "a registered aggregate of proxies" },
    Setting {
        name: "repeats",
        kind: ValueKind::Integer { min: 1, max: 10_000 },
        default: Setting::said("1"),
        help: "measurements of each architecture, whose mean counts",
    },
    Setting { name: "table", kind: ValueKind::Text, default: Setting::said(""), help: "a column of accuracies of [benchmark]" },
    Setting {
        name: "tables",
        kind: ValueKind::Texts,
        default: Setting::said(""),
        help: "such columns, after shorter and longer trainings",
    },
    Setting { name: "epochs", kind: ValueKind::Numbers, default: Setting::said(""), help: "the epochs of each of them, ascending" },
    Setting { name: "cost", kind: ValueKind::Text, default: Setting::said(""), help: "the column of what training costs, in GPU seconds" },
    Setting {
        name: "cost_epochs",
        kind: ValueKind::Number { min: 1e-3, max: 1e6 },
        default: Setting::said("the first of `epochs`"),
        help: "the epochs that `cost` was recorded for; other trainings cost in proportion",
    },
];

const BUDGET: &[Setting] = &[
    Setting {
        name: "evaluations",
        kind: ValueKind::Integer { min: 1, max: 1_000_000_000 },
        default: Setting::said(""),
        help: "evaluations, repeated ones counted again",
    },
    Setting {
        name: "seconds",
        kind: ValueKind::Number { min: 1e-3, max: 1e9 },
        default: Setting::said(""),
        help: "seconds of measuring, added over threads",
    },
    Setting {
        name: "gpu_seconds",
        kind: ValueKind::Number { min: 1e-3, max: 1e12 },
        default: Setting::said(""),
        help: "simulated GPU seconds, by the oracle's `cost`",
    },
];

/// The oracle as it is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GivenOracle {
    proxy: Option<String>,
    proxies: Option<Vec<String>>,
    rule: Option<Rule>,
    weights: Option<Vec<f64>>,
    aggregate: Option<String>,
    repeats: Option<usize>,
    table: Option<String>,
    tables: Option<Vec<String>>,
    epochs: Option<Vec<f64>>,
    cost: Option<String>,
    cost_epochs: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    oracle: Option<GivenOracle>,
    budget: Option<Budget>,
}

impl SearchBy {
    /// The setting `oracle`.
    pub const ORACLE: Setting = Setting {
        name: "oracle",
        kind: ValueKind::Table(ORACLE),
        default: Setting::said("{ proxy = \"ntk-condition\" }"),
        help: "who judges: { proxy = … }, { proxies = …, rule = … }, { aggregate = … } or { table = …, cost = … }",
    };
    /// The setting `budget`.
    pub const BUDGET: Setting = Setting {
        name: "budget",
        kind: ValueKind::Table(BUDGET),
        default: Setting::said("{ evaluations = 100 }"),
        help: "what may be spent; the first limit that is reached ends the search",
    };

    /// Reads `oracle` and `budget` from a strategy's settings, and leaves the others alone.
    ///
    /// # Errors
    /// If they contradict themselves or each other.
    pub fn from(settings: &Settings) -> Result<Self, SettingsError> {
        Self::or_else(settings, || Judge::proxy("ntk-condition"), Budget { evaluations: Some(100), ..Budget::default() })
    }

    /// Like [`from`](Self::from), with other defaults.
    ///
    /// # Errors
    /// As [`from`](Self::from).
    pub fn or_else(settings: &Settings, judge: impl FnOnce() -> Judge, budget: Budget) -> Result<Self, SettingsError> {
        let Given { oracle, budget: given } = settings.parse()?;
        let judge = oracle.map_or_else(|| Ok(judge()), |oracle| oracle.judge().map_err(|error| error.within("oracle")))?;
        let budget = given.unwrap_or(budget);
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
        Ok(Self { judge, budget })
    }

    /// For strategies that would never end by themselves.
    ///
    /// # Errors
    /// If the budget names no limit.
    pub fn limited(self) -> Result<Self, SettingsError> {
        if self.budget == Budget::default() {
            return Err(SettingsError::new("budget", "names no limit, so the search would never end; write { evaluations = … }"));
        }
        Ok(self)
    }

    /// The proxies to measure.
    #[must_use]
    pub fn proxies(&self) -> Vec<ProxyUse> {
        self.judge.proxies()
    }

    /// The columns to look up.
    #[must_use]
    pub fn columns(&self) -> Vec<ColumnUse> {
        self.judge.columns()
    }

    /// For strategies that evaluate an architecture after one training only.
    ///
    /// # Errors
    /// If the judge has several.
    pub fn of_one_training(self) -> Result<Self, SettingsError> {
        if self.judge.trainings() > 1 {
            let help = Some("write { table = \"…\" }, or use successive-halving, hyperband or bohb".into());
            let problem = "the strategy evaluates an architecture after one training only";
            return Err(SettingsError { help, ..SettingsError::new("oracle.tables", problem) });
        }
        Ok(self)
    }

    /// For strategies that choose between trainings.
    ///
    /// # Errors
    /// If the judge has only one.
    pub fn of_several_trainings(self) -> Result<Self, SettingsError> {
        if self.judge.trainings() < 2 {
            let problem = "the strategy gives more training to fewer architectures, so it needs `tables` after at least two trainings";
            let help = Some("write { tables = [\"…\", \"…\"], epochs = [12, 200] }".into());
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

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let limits = [
            self.evaluations.map(|limit| format!("{limit} evaluations")),
            self.seconds.map(|limit| format!("{limit} s of measuring")),
            self.gpu_seconds.map(|limit| format!("{limit} simulated GPU s")),
        ];
        f.write_str(&limits.into_iter().flatten().collect::<Vec<_>>().join(" and "))
    }
}

impl GivenOracle {
    fn judge(self) -> Result<Judge, SettingsError> {
        let ways = [
            ("proxy", self.proxy.is_some()),
            ("proxies", self.proxies.is_some()),
            ("aggregate", self.aggregate.is_some()),
            ("table", self.table.is_some()),
            ("tables", self.tables.is_some()),
        ];
        let given: Vec<&str> = ways.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let way = match given[..] {
            [way] => way,
            [] => return Err(SettingsError::new("proxy", "the oracle needs one of proxy, proxies, aggregate, table and tables")),
            [first, second, ..] => {
                return Err(SettingsError::new(second, format!("the oracle already has `{first}`; remove one of them")));
            }
        };
        let misplaced = [
            ("rule", self.rule.is_some(), way == "proxies", "proxies"),
            ("weights", self.weights.is_some(), way == "proxies", "proxies"),
            ("repeats", self.repeats.is_some(), !way.starts_with("table"), "proxies; a recorded accuracy is the same every time"),
            ("epochs", self.epochs.is_some(), way.starts_with("table"), "tables"),
            ("cost", self.cost.is_some(), way.starts_with("table"), "tables"),
            ("cost_epochs", self.cost_epochs.is_some(), self.cost.is_some() && self.epochs.is_some(), "`cost` and `epochs`"),
        ];
        if let Some((key, .., of)) = misplaced.into_iter().find(|(_, given, fits, _)| *given && !fits) {
            return Err(SettingsError::new(key, format!("goes only with {of}")));
        }
        let repeats = self.repeats.unwrap_or(1);
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

fn trainings(columns: &[String], epochs: Option<&[f64]>, cost_epochs: Option<f64>) -> Result<Vec<Training>, SettingsError> {
    if columns.is_empty() {
        return Err(SettingsError::new("tables", "names no column"));
    }
    let Some(epochs) = epochs else {
        let single = |column: &String| Training { column: column.clone(), epochs: None, scale: 1.0 };
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
    let training = |(column, epochs): (&String, &f64)| Training { column: column.clone(), epochs: Some(*epochs), scale: epochs / recorded };
    Ok(columns.iter().zip(epochs).map(training).collect())
}
