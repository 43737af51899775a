//! Plugins are found by name, and a wrong name or setting is caught before anything runs.

#![allow(clippy::unwrap_used)]

use assay_core::plugin::{Declared, Entry, Origin, Proxy, Registry, RegistryError, Settings, SettingsError};

assay_core::words! {
    enum Variant {
        Code = "code",
        Paper = "paper",
    }
}

assay_core::settings! {
    struct Given {
        /// images
        batch: usize = 72, in 1..=512;
        /// which
        variant: Variant = Variant::Code;
    }
}

fn build(_: &Settings) -> Result<Box<Proxy>, SettingsError> {
    Err(SettingsError::new("batch", "this test builds nothing"))
}

const fn entry(name: &'static str, package: &'static str) -> Entry<Proxy> {
    Entry {
        name,
        summary: "a proxy",
        origin: Origin::Crate(package),
        settings: Given::SETTINGS,
        resolve: |given| Ok(given.read::<Given>()?.values()),
        build: &build,
    }
}

static OURS: Entry<Proxy> = entry("ntk-condition", "assay-proxies");
static THEIRS: Entry<Proxy> = entry("ntk-condition", "their-proxies");
static OTHER: Entry<Proxy> = entry("linear-regions", "assay-proxies");

#[test]
fn two_plugins_of_one_name_are_an_error_that_names_both_crates_in_either_order() {
    let message = |entries: [&'static Entry<Proxy>; 2]| Registry::of(entries).err().unwrap().to_string();
    assert_eq!(message([&OURS, &THEIRS]), message([&THEIRS, &OURS]));
    insta::assert_snapshot!(
        message([&OURS, &THEIRS]),
        @"two plugins are called proxy `ntk-condition`: one from crate `assay-proxies`, one from crate `their-proxies`; rename one of them, or leave one out"
    );
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_one() {
    let registry = Registry::of([&OURS, &OTHER]).unwrap();
    let message = |name: &str| registry.find(name).err().unwrap().to_string();
    insta::assert_snapshot!(
        format!("{}\n{}", message("ntk-conditon"), message("synflow")),
        @"
    there is no proxy `ntk-conditon`; did you mean `ntk-condition`? Known: linear-regions, ntk-condition
    there is no proxy `synflow`; known: linear-regions, ntk-condition
    "
    );
}

#[test]
fn a_setting_is_checked_against_what_the_plugin_declares() {
    let registry = Registry::of([&OURS]).unwrap();
    let message = |settings: Settings| match registry.build("ntk-condition", &settings).err().unwrap() {
        RegistryError::Settings { error, .. } => format!("{error} {}", error.help.as_deref().unwrap_or_default()),
        other => panic!("{other}"),
    };
    let messages = [
        message(Settings::none().with("bach", 72)),
        message(Settings::none().with("batch", 0)),
        message(Settings::none().with("batch", "many")),
        message(Settings::none().with("variant", "papr")),
        message(Settings::none().with("batch", 8).with("variant", "paper")),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `bach`: no such setting did you mean `batch`? Known: batch, variant
    `batch`: must be a whole number from 1 to 512, is 0 
    `batch`: must be a whole number from 1 to 512, is "many" 
    `variant`: must be one of "code", "paper", is "papr" 
    `batch`: this test builds nothing 
    "#);
}
