//! The layer of the environment: variables that begin with [`ENVIRONMENT_PREFIX`].

use std::ffi::OsString;

use figment::value::{Dict, Value};

use super::nesting::DEEPEST;
use super::value::read;

/// Variables of this prefix are the second layer; `__` stands for the dot between section and key.
pub const ENVIRONMENT_PREFIX: &str = "ASSAY_SET_";

/// What these variables set.
pub(super) fn layer(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Dict {
    let mut all = Dict::new();
    for (name, given) in variables {
        let Some(key) = key(name.to_string_lossy().trim()) else { continue };
        let given = given.to_string_lossy();
        let value = if depth(&given) > DEEPEST { given.into_owned().into() } else { read(&given) };
        let parts: Vec<&str> = key.split('.').collect();
        // A key that is nested too deep is one that nobody knows.
        let parts = if parts.len() > DEEPEST { vec![key.as_str()] } else { parts };
        let nested = parts.into_iter().rev().fold(value, |inner, part| Dict::from([(part.to_owned(), inner)]).into());
        merge(&mut all, nested.into_dict().unwrap_or_default());
    }
    all
}

/// The dotted key that a variable of this name sets, if it is one of ours. Shells do not allow `-` in names of variables, while
/// names of proxies hold it.
fn key(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_at_checked(ENVIRONMENT_PREFIX.len())?;
    let dotted = rest.replace("__", ".").to_ascii_lowercase();
    if !prefix.eq_ignore_ascii_case(ENVIRONMENT_PREFIX) || dotted.split('.').any(str::is_empty) {
        return None;
    }
    Some(match dotted.split_once('.') {
        Some(("proxies", rest)) => {
            let (proxy, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
            format!("proxies.{}{rest}", proxy.replace('_', "-"))
        }
        _ => dotted,
    })
}

/// How deep brackets are nested in a value.
fn depth(value: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for letter in value.bytes() {
        match letter {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn merge(into: &mut Dict, from: Dict) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, inner)), Value::Dict(_, more)) => merge(inner, more),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Dict {
        layer(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn dict(key: &str, value: impl Into<Value>) -> Value {
        Dict::from([(key.to_owned(), value.into())]).into()
    }

    #[test]
    fn variables_set_dotted_keys_and_names_of_proxies_hold_dashes() {
        let found = of(&[
            ("ASSAY_SET_SEED", "7"),
            ("assay_set_Strategy__Crop_Batch", "200"),
            ("ASSAY_SET_STRATEGY__EXCLUDE", "[none, \"avg_pool_3x3\"]"),
            ("ASSAY_SET_PROXIES__NTK_CONDITION__FINAL_LAYER", "true"),
            ("ASSAY_SET_SPACE", "{name = darts}"),
            ("ASSAY_SET_SPACE__INPUTS", "free"),
            ("ASSAY_SET_", "1"),
            ("ASSAY_SET_A____B", "1"),
            ("ASSAY_DATA", "1"),
            ("ASSAY_SE\u{e9}", "1"),
        ]);
        let expected = Dict::from([
            ("seed".to_owned(), 7_usize.into()),
            (
                "strategy".to_owned(),
                Dict::from([("crop_batch".to_owned(), 200_usize.into()), ("exclude".to_owned(), vec!["none", "avg_pool_3x3"].into())])
                    .into(),
            ),
            ("proxies".to_owned(), dict("ntk-condition", dict("final_layer", true))),
            ("space".to_owned(), Dict::from([("name".to_owned(), "darts".into()), ("inputs".to_owned(), "free".into())]).into()),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_nested_too_deep_is_a_text_or_a_key_that_nobody_knows() {
        let (open, name) = ("[{a=".repeat(50_000), format!("ASSAY_SET{}", "__A".repeat(40_000)));
        let found = of(&[("ASSAY_SET_SEED", &open), ("ASSAY_SET_B", &"[".repeat(DEEPEST)), (&name.replacen("__", "_", 1), "1")]);
        assert_eq!(found.get("seed"), Some(&open.into()));
        assert_eq!(found.len(), 3);
        assert!(found.keys().any(|key| key.len() > 70_000), "one key");
    }
}
