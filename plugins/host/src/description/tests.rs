//! Settings and defaults that a plugin declares, right and wrong ones.

use std::path::Path;

use super::*;

fn setting(kind: u32) -> SettingDescription {
    let [name, words, standard, help] = ["depth", "", "", "how deep"].map(str::to_owned);
    SettingDescription { name, kind, min: 1.0, max: 9.0, words, standard, help }
}

fn plugin(settings: Vec<SettingDescription>, has_pass_settings: bool) -> Plugin {
    Plugin { name: "snip".into(), summary: "sensitivity".into(), settings, minor: 0, lower_is_better: false, has_pass_settings }
}

/// What it takes, as users read it, or why it takes nothing.
fn taken(setting: &SettingDescription) -> String {
    match setting.kind() {
        Ok(Takes::Kind(kind)) => kind.to_string(),
        Ok(Takes::Words(words)) => words.join(" or "),
        Err(problem) => problem,
    }
}

#[test]
fn every_kind_that_the_interface_names_is_known() {
    let mut choice = setting(ASSAY_CHOICE);
    choice.words = "mean|largest".into();
    assert_eq!(taken(&choice), "mean or largest");
    let kinds = [ASSAY_INTEGER, ASSAY_NUMBER, ASSAY_FLAG, ASSAY_ANY_TEXT, ASSAY_PATH, ASSAY_TEXTS, ASSAY_NUMBERS];
    insta::assert_snapshot!(kinds.map(|kind| taken(&setting(kind))).join("\n"), @"
    a whole number from 1 to 9
    a number from 1 to 9
    true or false
    a text
    a path
    a list of texts
    a list of numbers
    ");
}

#[test]
fn what_no_user_could_set_is_refused() {
    assert_eq!(taken(&setting(99)), "its kind is 99, which this program does not know");
    assert_eq!(taken(&setting(ASSAY_CHOICE)), "a choice needs words");
    for (min, max) in [(2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::NAN), (f64::NEG_INFINITY, 0.0), (0.0, f64::INFINITY)] {
        for kind in [ASSAY_INTEGER, ASSAY_NUMBER] {
            let wrong = SettingDescription { min, max, ..setting(kind) };
            assert_eq!(taken(&wrong), format!("there is nothing from {min} to {max}"));
        }
    }
}

#[test]
fn a_declared_default_is_a_value_where_it_is_one_and_words_otherwise() {
    let default = |kind: u32, standard: &str| {
        let (name, help, words) = ("setting".into(), "what it does".into(), "sum|mean".into());
        let described = SettingDescription { name, kind, min: 1.0, max: 10.0, words, standard: standard.into(), help };
        described.kept().map(|setting| (setting.default_text(), setting.default_value().is_some()))
    };
    let value = |text: &str| Some((text.to_owned(), true));
    assert_eq!(default(ASSAY_INTEGER, "10"), value("10"));
    assert_eq!(default(ASSAY_NUMBER, "1.5"), value("1.5"));
    assert_eq!(default(ASSAY_FLAG, "true"), value("true"));
    assert_eq!(default(ASSAY_CHOICE, "mean"), value("\"mean\""), "libraries declare words without quotes");
    assert_eq!(default(ASSAY_CHOICE, "\"mean\""), value("\"mean\""));
    assert_eq!(default(ASSAY_TEXTS, "[\"a\"]"), value("[\"a\"]"));
    let words = |text: &str| Some((text.to_owned(), false));
    assert_eq!(default(ASSAY_INTEGER, "as many as there are"), words("as many as there are"));
    assert_eq!(default(ASSAY_INTEGER, "11"), words("11"), "the setting does not take this value");
    assert_eq!(default(ASSAY_PATH, ""), words("none"));
}

#[test]
fn a_registry_has_the_settings_of_a_pass_before_the_plugin_s_own() {
    let names = |has_pass_settings| -> Vec<&str> {
        let plugin = plugin(vec![setting(ASSAY_INTEGER)], has_pass_settings);
        plugin.kept_settings().iter().map(|setting| setting.name).collect()
    };
    assert_eq!(names(false), ["depth"]);
    let of_pass: Vec<&str> = WholePass::SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names(true), [of_pass, vec!["depth"]].concat());
}

#[test]
fn a_label_names_the_file_its_version_and_its_build() {
    let [version, compiler, digest] = ["0.1.0", "rustc 1.92", "1f3c5a7b9d02"].map(str::to_owned);
    let description = Description { version, compiler, digest, proxies: Vec::new(), spaces: Vec::new(), strategies: Vec::new() };
    assert_eq!(description.label(Path::new("plugins/libsnip.so")), "libsnip.so 0.1.0, 1f3c5a7b9d02");
    // A child process sends descriptions as JSON.
    let whole = Description { proxies: vec![plugin(vec![setting(ASSAY_NUMBER)], true)], ..description };
    assert_eq!(serde_json::from_str::<Description>(&serde_json::to_string(&whole).unwrap()).unwrap(), whole);
}
