//! The `exclude` setting: operators that are removed before a search starts.

use assay_core::plugin::{SearchError, suggestion};
use assay_core::subspace::{Layout, Subspace};

/// Operators removed before a search: those the user named, or a default that holds where the space has them.
#[derive(Clone, Debug)]
pub struct Exclusion {
    given: Option<Vec<String>>,
    default: &'static [&'static str],
}

impl Exclusion {
    /// Without these, which the space must have.
    #[must_use]
    pub fn of(names: Vec<String>) -> Self {
        Self { given: Some(names), default: &[] }
    }

    /// Without `given`, or, where the user gave nothing, without those of `default` that the space has.
    #[must_use]
    pub fn or_default(given: Option<Vec<String>>, default: &'static [&'static str]) -> Self {
        Self { given, default }
    }

    /// The whole space without the excluded operators.
    ///
    /// # Errors
    /// If the space has no such operator, or nothing is left.
    pub fn start(&self, layout: &Layout) -> Result<Subspace, SearchError> {
        let mut start = Subspace::whole(layout);
        for name in self.given.iter().flatten() {
            let operator = layout.operator(name).ok_or_else(|| {
                SearchError::Impossible(format!("`exclude`: the space has no operator `{name}`; {}", suggestion(name, &layout.operators)))
            })?;
            start = start.without_operator(operator);
        }
        if self.given.is_none() {
            let present = self.default.iter().filter_map(|name| layout.operator(name));
            start = present.fold(start, |start, operator| start.without_operator(operator));
        }
        if start.single_paths() == 0 {
            return Err(SearchError::Impossible("`exclude` names every operator of the space, so nothing is left to search".into()));
        }
        Ok(start)
    }
}

/// What is searched, for protocol lines: `every operator but none`.
impl std::fmt::Display for Exclusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = match &self.given {
            Some(names) => names.join(", "),
            None => self.default.join(", "),
        };
        if names.is_empty() { f.write_str("every operator") } else { write!(f, "every operator but {names}") }
    }
}
