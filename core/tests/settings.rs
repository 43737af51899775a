//! A setting is declared once: what a struct of settings reads, refuses and says of itself.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use assay_core::plugin::{Declared, Settings, Words};
use serde_json::{Value, json};

assay_core::words! {
    /// Which way.
    enum Way {
        /// Up.
        Upwards = "upwards",
        /// Down.
        Down = "down" as "downwards",
    }
}

assay_core::settings! {
    /// What may be spent.
    #[derive(Clone, Debug, PartialEq)]
    struct Budget {
        /// evaluations
        evaluations: Option<usize>, in 1..=100;
        /// seconds
        seconds: Option<f64>, in 1e-3..=1e9;
    }
}

assay_core::settings! {
    /// The size.
    #[derive(Clone, Debug, PartialEq)]
    struct Size {
        /// channels
        channels: usize = 16, in 1..=64;
        /// cells
        cells: usize = 5;
    }
}

assay_core::settings! {
    /// A setting of every kind.
    #[derive(Clone, Debug, PartialEq)]
    struct All {
        with size: Size = Size { channels: 3, ..Size::default() };
        /// a count
        /// in two lines
        count: u64 = 7, in 2..=i64::MAX;
        /// a number
        rate: f64 = 3e-4, in 0.0..=1.0;
        /// a large number
        scale: f64 = 5.0;
        /// a flag
        fast: bool = false;
        /// a text
        title: String = "none".into();
        /// a file
        path: PathBuf, must be given;
        /// words
        way: Way = Way::Down;
        /// texts
        names: Vec<String> = vec!["a".into(), "b \"c\"".into()];
        /// numbers
        weights: Vec<f64> = Vec::new();
        /// a table
        budget: Budget = Budget { evaluations: Some(10), seconds: None };
        /// may be absent
        limit: Option<f64>;
        /// depends
        rounds: Option<usize>, otherwise "as many as there are `names`", in 1..=9;
    }
}

fn least() -> Settings {
    Settings::none().with("path", "here")
}

#[test]
fn what_is_not_given_has_its_default() {
    let all: All = least().read().unwrap();
    assert_eq!(all.size, Size { channels: 3, cells: 5 }, "a group has the defaults of the struct that it is in");
    assert_eq!((all.count, all.rate, all.fast, all.way), (7, 3e-4, false, Way::Down));
    assert_eq!((all.budget.evaluations, all.limit, all.rounds), (Some(10), None, None));
    assert_eq!(Size::default(), Size { channels: 16, cells: 5 });
}

#[test]
fn what_is_given_is_read_into_groups_and_tables() {
    let given = least().with("cells", 2).with("way", "upwards").with("limit", 2.5).with("budget", json!({"seconds": 4.0}));
    let all: All = given.clone().read().unwrap();
    assert_eq!(all.size, Size { channels: 3, cells: 2 });
    assert_eq!((all.way, all.limit), (Way::Upwards, Some(2.5)));
    assert_eq!(all.budget, Budget { evaluations: None, seconds: Some(4.0) }, "a table that is given replaces the whole default");
    // Values are what reads the same again.
    assert_eq!(all.values().read::<All>().unwrap(), all);
    assert_eq!(serde_json::from_value::<All>(Value::from(given)).unwrap(), all);
}

#[test]
fn every_setting_says_its_kind_default_and_meaning() {
    let lines =
        All::SETTINGS.iter().map(|setting| format!("{} | {} | {} | {}", setting.name, setting.kind, setting.default_text(), setting.help));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    channels | a whole number from 1 to 64 | 3 | channels
    cells | a whole number, 0 or more | 5 | cells
    count | a whole number, 2 or more | 7 | a count in two lines
    rate | a number from 0 to 1 | 3e-4 | a number
    scale | a number | 5 | a large number
    fast | true or false | false | a flag
    title | a text | "none" | a text
    path | a path | must be given | a file
    way | one of "upwards", "down" | "down" | words
    names | a list of texts | ["a", "b \"c\""] | texts
    weights | a list of numbers | [] | numbers
    budget | a table { … } of evaluations, seconds | { evaluations = 10 } | a table
    limit | a number | none | may be absent
    rounds | a whole number from 1 to 9 | as many as there are `names` | depends
    "#);
}

#[test]
fn what_is_wrong_is_refused_with_its_key() {
    let refused = |given: Settings| given.read::<All>().unwrap_err().to_string();
    let lines = [
        refused(Settings::none()),
        refused(least().with("channels", 65)),
        refused(least().with("way", "left")),
        refused(least().with("rounds", 10)),
        refused(least().with("budget", json!({"evaluations": 0}))),
        refused(least().with("budget", 5)),
        refused(least().with("chanels", 5)),
        serde_json::from_value::<All>(json!({"path": "here", "fast": 1})).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    `path`: is missing; it must be a path
    `channels`: must be a whole number from 1 to 64, is 65
    `way`: must be one of "upwards", "down", is "left"
    `rounds`: must be a whole number from 1 to 9, is 10
    `budget.evaluations`: must be a whole number from 1 to 100, is 0
    `budget`: must be a table { … } of evaluations, seconds, is 5
    `chanels`: no such setting
    `fast`: must be true or false, is 1
    "#);
}

#[test]
fn words_are_read_and_written_as_users_write_them() {
    assert_eq!(Way::WORDS, ["upwards", "down"]);
    assert_eq!((Way::Down.word(), Way::Down.to_string().as_str()), ("down", "downwards"));
    assert_eq!(serde_json::to_value(Way::Down).unwrap(), json!("down"));
    assert_eq!(serde_json::from_value::<Way>(json!("upwards")).unwrap(), Way::Upwards);
    let error = serde_json::from_value::<Way>(json!("downwards")).unwrap_err().to_string();
    assert_eq!(error, "unknown variant `downwards`, expected `upwards` or `down`");
}
