//! Named recipes: what the settings of a training are that its file leaves out.

use super::{DecayedParameters, RateSchedule, TrainingOptimiser, TrainingRecipe};
use crate::data::Augmentation;
use crate::network::Initialiser;
use crate::plugin::{Settings, Words};

impl TrainingRecipe {
    /// Its settings, where they are not the defaults or a paper names them.
    #[must_use]
    pub fn settings(self) -> Settings {
        match self {
            Self::Darts => Settings::none(),
            Self::NasBench201 => Settings::none()
                .with("channels", 16)
                .with("cells", 5)
                // PyTorch's own, which the released code leaves as it is.
                .with("initialiser", Initialiser::UniformFanIn.word())
                .with("epochs", 200)
                .with("batch", 256)
                .with("learning_rate", 0.1)
                // By the epoch: the released code passes the part of an epoch on to its scheduler, which uses it in a warm-up only.
                .with("schedule", RateSchedule::Cosine.word())
                .with("warm_up", 0)
                .with("optimiser", TrainingOptimiser::Sgd.word())
                .with("momentum", 0.9)
                .with("nesterov", true)
                .with("weight_decay", 5e-4)
                .with("decayed", DecayedParameters::All.word())
                .with("clip", 0.0)
                .with("label_smoothing", 0.0)
                .with("auxiliary", 0.0)
                .with("drop_path", 0.0)
                .with("augmentation", Augmentation::FlipAndCrop.word())
                .with("cutout", 0),
        }
    }

    /// These settings, with those of the recipe that they name in the place of what they leave out.
    #[must_use]
    pub fn fill(given: Settings) -> Settings {
        let named = given.iter().find(|(key, _)| *key == "recipe").and_then(|(_, value)| Self::of(value.as_str()?));
        // Another word is told with the other settings that are wrong.
        given.or(&named.unwrap_or_default().settings())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Training;
    use super::*;

    fn read(given: Settings) -> Training {
        TrainingRecipe::fill(given.with("architecture", "")).read().unwrap()
    }

    #[test]
    fn what_a_recipe_names_stands_where_nothing_is_given() {
        let training = read(Settings::none().with("recipe", "nas-bench-201").with("epochs", 12));
        assert_eq!((training.epochs, training.batch, training.channels, training.cells), (12, 256, 16, 5));
        assert_eq!((training.learning_rate, training.weight_decay, training.nesterov), (0.1, 5e-4, true));
        assert_eq!((training.clip, training.auxiliary, training.drop_path, training.cutout), (0.0, 0.0, 0.0, 0));
        assert_eq!(read(Settings::none().with("recipe", "darts")), read(Settings::none()));
    }

    #[test]
    fn a_written_recipe_is_read_as_it_was_whatever_was_given() {
        for nesterov in [true, false] {
            let training = read(Settings::none().with("recipe", "nas-bench-201").with("nesterov", nesterov));
            let written: Settings = serde_json::from_value(serde_json::to_value(&training).unwrap()).unwrap();
            assert_eq!(TrainingRecipe::fill(written).read::<Training>().unwrap(), Training { recipe: TrainingRecipe::Darts, ..training });
        }
    }
}
