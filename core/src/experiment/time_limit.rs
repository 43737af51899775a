//! A time limit, as experiment files write it: `"30 s"`, `"2 min"`, `"1h 30m"`.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::plugin::{SettingType, SettingsError, ValueKind};

/// The longest time that something may take: more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct TimeLimit(Duration);

/// Why a text is not a time limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as \"30 s\", \"2 min\" or \"500 ms\", is \"{0}\"")]
pub struct TimeLimitError(String);

impl TimeLimit {
    /// How long that is.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeLimit {
    type Err = TimeLimitError;

    fn from_str(text: &str) -> Result<Self, TimeLimitError> {
        let parsed = humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero());
        parsed.map(Self).ok_or_else(|| TimeLimitError(text.to_owned()))
    }
}

impl From<TimeLimit> for String {
    fn from(limit: TimeLimit) -> Self {
        limit.to_string()
    }
}

impl std::fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

/// Written as a text.
impl SettingType for TimeLimit {
    const KIND: ValueKind = ValueKind::Text;
    type Range = ();

    fn read(key: &str, value: Value) -> Result<Self, SettingsError> {
        let text = String::read(key, value)?;
        text.parse().map_err(|error: TimeLimitError| SettingsError::new(key, error.to_string()))
    }

    fn value(&self) -> Option<Value> {
        Some(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_a_number_with_a_unit_and_more_than_nothing() {
        for (text, milliseconds) in [("30 s", 30_000), ("500ms", 500), ("2 min", 120_000), ("1h 30m", 5_400_000)] {
            let limit: TimeLimit = text.parse().unwrap();
            assert_eq!(limit.duration(), Duration::from_millis(milliseconds), "{text}");
            assert_eq!(limit.to_string().parse::<TimeLimit>().unwrap(), limit, "what is written is read again");
        }
        for wrong in ["30", "0 s", "", "-1 s", "a while", "99999999999999999999 s"] {
            let error = wrong.parse::<TimeLimit>().unwrap_err().to_string();
            assert!(error.starts_with("must be a time such as \"30 s\"") && error.ends_with(&format!("is \"{wrong}\"")), "{error}");
        }
    }
}
