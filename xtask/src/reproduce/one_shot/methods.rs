//! The searches that share weights, each with the schedule that it has in the table.

/// One way of searching.
#[derive(Debug)]
pub(in crate::reproduce) struct Method {
    /// In the table, on the command line and in the names of folders.
    pub(in crate::reproduce) name: &'static str,
    /// For people.
    pub(in crate::reproduce) title: &'static str,
    /// The strategy whose experiment it is made from, `configs/search-STRATEGY-nas-bench-201.toml`.
    pub(super) strategy: &'static str,
    /// What a step runs.
    pub(super) step: &'static str,
    /// Settings of the strategy on top of the experiment's, as TOML.
    pub(super) settings: &'static [(&'static str, &'static str)],
}

/// All of them. A new one joins with its entry. Where α is learnt by Adam, its rate is such that rate times steps is 12, as in 100
/// epochs of the code of NATS-Bench on all of CIFAR-10: Adam moves α by at most about its rate a step.
pub(in crate::reproduce) const METHODS: [Method; 9] = [
    Method { name: "rsps", title: "RSPS", strategy: "rsps", step: "1 path", settings: &[] },
    Method { name: "enas", title: "ENAS", strategy: "enas", step: "1 path", settings: &[("controller_steps", "2")] },
    Method {
        name: "setn",
        title: "SETN",
        strategy: "setn",
        step: "1 path, 1 mixture",
        settings: &[("epochs", "12"), ("alpha_rate", "0.025")],
    },
    Method { name: "gdas", title: "GDAS", strategy: "gdas", step: "2 paths", settings: &[] },
    Method {
        name: "darts",
        title: "DARTS (1st order)",
        strategy: "darts",
        step: "2 mixtures",
        settings: &[("epochs", "8"), ("alpha_rate", "0.0375")],
    },
    Method {
        name: "darts-second",
        title: "DARTS (2nd order)",
        strategy: "darts",
        step: "5 mixtures",
        settings: &[("order", "\"second\""), ("epochs", "3"), ("alpha_rate", "0.1")],
    },
    Method {
        name: "cnas",
        title: "CNAS",
        strategy: "cnas",
        step: "1 path",
        settings: &[("epochs", "5"), ("warm_up", "1"), ("candidates", "10"), ("validation_images", "500")],
    },
    Method { name: "manas", title: "MANAS", strategy: "manas", step: "1 path", settings: &[("epochs", "25")] },
    Method { name: "manas-ls", title: "MANAS-LS", strategy: "manas-ls", step: "1 path", settings: &[("epochs", "25")] },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::str::FromStr;

    use super::*;
    use crate::project;

    #[test]
    fn each_method_has_a_name_of_its_own_an_experiment_and_settings_that_can_be_read() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        // A folder of one is not taken for one of another: names are followed by `-seed`.
        assert!(names.iter().all(|name| !name.contains("-seed")));
        for Method { strategy, settings, .. } in &METHODS {
            let file = project::root().join(format!("configs/search-{strategy}-nas-bench-201.toml"));
            let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(text.contains(&format!("name = \"{strategy}\"")), "{strategy}");
            for (key, value) in *settings {
                toml_edit::Value::from_str(value).unwrap_or_else(|error| panic!("{strategy}, {key}: {error}"));
            }
        }
    }
}
