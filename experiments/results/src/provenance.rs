//! What the measurements of a run belong to: settings, data, and what measured. Others are not put beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the measurements of a run belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The settings of the experiment as they are written, by key (`proxies.ntk-condition.batch`), but for those that do not
    /// change a measurement and for where data lies.
    pub settings: BTreeMap<String, String>,
    /// Fingerprints of the images, by section.
    pub images: BTreeMap<String, String>,
    /// Fingerprints of the tables that were here, by section.
    pub tables: BTreeMap<String, String>,
    /// What each thing that measures said of itself: the program, the engine, proxies, the strategy.
    pub measured_by: BTreeMap<String, String>,
}

impl Provenance {
    /// What is different now, a line each; nothing where the measurements may be continued.
    #[must_use]
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let settings = different(&self.settings, &now.settings).map(|(key, then, now)| match (then, now) {
            (Some(then), Some(now)) => {
                let [then, now] = [excerpt(then, now), excerpt(now, then)];
                format!("`{key}` was {then} and is {now}")
            }
            (Some(then), None) => format!("`{key}` was {} and is not set", excerpt(then, "")),
            (None, now) => format!("`{key}` was not set and is {}", excerpt(now.map_or("", String::as_str), "")),
        });
        let images = different(&self.images, &now.images).map(|(section, ..)| format!("the images of [{section}] are other ones"));
        // Accuracies are looked up at the end: a table that was not here at the beginning may be imported until then.
        let tables = different(&self.tables, &now.tables).filter_map(|(section, then, now)| match (then, now) {
            (Some(_), Some(_)) => Some(format!("the table of [{section}] is another one")),
            (Some(_), None) => Some(format!("the table of [{section}] is not here any more")),
            (None, _) => None,
        });
        let measured_by = different(&self.measured_by, &now.measured_by).map(|(name, then, now)| {
            let said = |text: Option<&String>| text.map_or_else(|| "not there".to_owned(), |text| format!("`{text}`"));
            format!("{name} was {} and is {}", said(then), said(now))
        });
        settings.chain(images).chain(tables).chain(measured_by).collect()
    }
}

/// A longer value, such as a list of architectures, is shown around the first place where it differs.
const SHOWN: usize = 200;

/// The value as messages show it, beside another one.
fn excerpt(value: &str, other: &str) -> String {
    if value.chars().count() <= SHOWN {
        return value.to_owned();
    }
    let same = value.chars().zip(other.chars()).take_while(|(own, other)| own == other).count();
    let begin = same.saturating_sub(SHOWN / 4);
    let shown: String = value.chars().skip(begin).take(SHOWN).collect();
    let is_cut = value.chars().nth(begin + SHOWN).is_some();
    format!("{}{shown}{}", if begin > 0 { "…" } else { "" }, if is_cut { "…" } else { "" })
}

/// The keys whose values differ, with both.
fn different<'a>(
    then: &'a BTreeMap<String, String>,
    now: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a String, Option<&'a String>, Option<&'a String>)> {
    let keys: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    keys.into_iter().map(|key| (key, then.get(key), now.get(key))).filter(|(_, then, now)| then != now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn of_a_long_list_the_place_is_shown_where_it_differs() {
        let list = |last: &str| map(&[("study.architectures", &format!("[{}\"{last}\"]", "\"cell\",".repeat(1000)))]);
        let [then, now] = ["one", "other"].map(|last| Provenance { settings: list(last), ..Provenance::default() });
        let told = then.changes(&now).join("");
        assert!(told.len() < 600 && told.contains("\"one\"] and is …") && told.ends_with("\"other\"]"), "{told}");
        let told = then.changes(&Provenance::default()).join("");
        assert!(
            told.len() < 300 && told.starts_with("`study.architectures` was [\"cell\",") && told.ends_with("… and is not set"),
            "{told}"
        );
    }

    #[test]
    fn each_change_is_told_by_name_and_a_table_may_come_later() {
        let then = Provenance {
            settings: map(&[("proxies.ntk-condition.batch", "8"), ("seed", "0"), ("study.k", "5")]),
            images: map(&[("dataset", "a")]),
            tables: BTreeMap::new(),
            measured_by: map(&[("assay", "0.1.0")]),
        };
        assert_eq!(then.changes(&then), Vec::<String>::new());
        let mut now = then.clone();
        now.tables = map(&[("benchmark", "t")]);
        assert_eq!(then.changes(&now), Vec::<String>::new());
        assert_eq!(now.changes(&then), ["the table of [benchmark] is not here any more"]);
        now.settings = map(&[("proxies.ntk-condition.batch", "16"), ("seed", "0"), ("on", "true")]);
        now.images = map(&[("dataset", "b")]);
        now.measured_by = map(&[("assay", "0.2.0")]);
        assert_eq!(
            then.changes(&now),
            [
                "`on` was not set and is true",
                "`proxies.ntk-condition.batch` was 8 and is 16",
                "`study.k` was 5 and is not set",
                "the images of [dataset] are other ones",
                "assay was `0.1.0` and is `0.2.0`"
            ]
        );
    }
}
