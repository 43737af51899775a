//! The settings of a training as they were written, in their order.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// Every setting of a training. The section `[training]` of an experiment is their meaning; here they are names and values, so
/// that whoever reads a result need not know how to train.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipe(Vec<(String, Value)>);

impl Recipe {
    /// The settings of what serialises as a map of them.
    ///
    /// # Errors
    /// If it does not.
    pub fn of(settings: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&serde_json::to_string(settings)?)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Serialize for Recipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Recipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Settings;
        impl<'de> Visitor<'de> for Settings {
            type Value = Recipe;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the settings of a training")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Recipe, M::Error> {
                let mut settings = Vec::new();
                while let Some(setting) = map.next_entry()? {
                    settings.push(setting);
                }
                Ok(Recipe(settings))
            }
        }
        deserializer.deserialize_map(Settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keep_their_order_and_every_digit() {
        let text = r#"{"learning_rate":0.025,"channels":36,"backend":"burn-flex","clip":5.0}"#;
        let recipe: Recipe = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&recipe).unwrap(), text);
        assert_eq!(recipe.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["learning_rate", "channels", "backend", "clip"]);
    }
}
