//! Files that are not plugins of this program's: each is a named error that says which file and what to do.

use std::path::Path;

use insta::assert_snapshot;

use super::{built, study, with_plugins};
use crate::scratch::Scratch;

const PATH: &str = "[plugins]\npath = [\"plugins\"]\n";

/// What a study by proxy `one` says where `plugins` holds these files.
fn told(files: &[&Path]) -> (Scratch, String) {
    let scratch = with_plugins(files);
    scratch.write("plugged.toml", study("\"one\"", PATH));
    let said = scratch.fail(&["correlate", "plugged.toml"]);
    (scratch, said)
}

#[test]
fn a_plugin_in_c_by_whatever_compiler_is_loaded() {
    let scratch = with_plugins(&[&built::wrong("NOTHING")]);
    scratch.write("plugged.toml", study("\"one\"", PATH));
    scratch.succeed(&["correlate", "plugged.toml", "--quiet"]);
}

#[test]
fn a_plugin_of_a_later_interface_is_refused() {
    assert_snapshot!(told(&[&built::wrong("FUTURE_MAJOR")]).1, @"
    × the plugin `HERE/plugins/libfuture_major.so` was built for plugin interface 2.1, and this program speaks 1.0 to 1.1
    help: use a newer version of this program, or rebuild the plugin against interface 1.1, or take the file out of plugins.path
    ");
    assert_snapshot!(told(&[&built::wrong("FUTURE_MINOR")]).1, @"
    × the plugin `HERE/plugins/libfuture_minor.so` was built for plugin interface 1.2, and this program speaks 1.0 to 1.1
    help: use a newer version of this program, or rebuild the plugin against interface 1.1, or take the file out of plugins.path
    ");
}

#[test]
fn a_file_that_is_no_plugin_is_refused() {
    let scratch = with_plugins(&[]);
    scratch.write("plugins/libtext.so", "a text, not a library");
    scratch.write("plugged.toml", study("\"one\"", PATH));
    let error = scratch.fail(&["correlate", "plugged.toml"]);
    assert_snapshot!(error, @r#"
    × the plugin `HERE/plugins/libtext.so` is not a shared library that this system can load: HERE/plugins/libtext.so: file too short
    help: build it for this system as a shared library (crate-type = ["cdylib"], or cc -shared -fPIC), or take the file out of plugins.path
    "#);
    assert_snapshot!(told(&[&built::wrong("NO_SYMBOL")]).1, @"
    × the plugin `HERE/plugins/libno_symbol.so` is a shared library, but not a plugin: it exports no symbol ASSAY_PLUGIN
    help: export one with assay_plugin_sdk::export! (in C: AssayPlugin ASSAY_PLUGIN), or take the file out of plugins.path
    ");
    assert_snapshot!(told(&[&built::wrong("MAGIC")]).1, @"
    × the plugin `HERE/plugins/libmagic.so` is not a plugin: its symbol ASSAY_PLUGIN begins with 0x000000000000002a
    help: begin the table with ASSAY_MAGIC, or take the file out of plugins.path
    ");
}

#[test]
fn a_table_of_the_wrong_length_or_with_something_missing_is_refused() {
    let all = ["LENGTH", "ENTRY_LENGTH", "NO_SCORE", "NOT_UTF8", "SETTING"].map(|what| told(&[&built::wrong(what)]).1);
    assert_snapshot!(all.join("\n"), @"
    × the plugin `HERE/plugins/liblength.so` says that its table AssayPlugin has 96 bytes, where interface 1.1 has 104
    help: rebuild the plugin with the header or SDK of its version, or take the file out of plugins.path

    × the plugin `HERE/plugins/libentry_length.so` says that its table AssayProxy has 104 bytes, where interface 1.1 has 112
    help: rebuild the plugin with the header or SDK of its version, or take the file out of plugins.path

    × the plugin `HERE/plugins/libno_score.so` has a proxy `one` without the function `score`
    help: correct the plugin's table, or take the file out of plugins.path

    × the plugin `HERE/plugins/libnot_utf8.so` declares something wrong: the name of a proxy is not UTF-8
    help: correct the plugin's table, or take the file out of plugins.path

    × the plugin `HERE/plugins/libsetting.so` declares something wrong: setting `power` of `one`: its kind is 99, which this program does not know
    help: correct the plugin's table, or take the file out of plugins.path
    ");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let scratch = with_plugins(&[]);
    scratch.write("plugged.toml", study("\"one\"", "[plugins]\npath = [\"plugins/libone.so\"]\n"));
    assert_snapshot!(scratch.fail(&["correlate", "plugged.toml"]), @"
    × the plugin `HERE/plugins/libone.so` is not there
    help: build the plugin, or correct plugins.path; relative paths of an experiment file are relative to the file
    ");
}

#[test]
fn two_plugins_of_one_name_are_told_with_their_files() {
    assert_snapshot!(told(&[&built::wrong("TAKEN_NAME")]).1, @"
    × two plugins are called proxy `snip`: one from crate `assay-proxies`, one from file `HERE/plugins/libtaken_name.so`; rename one of them, or leave one out
    help: take one of the two out of plugins.path, or rename a plugin and build it again
    ");
    let (scratch, error) = told(&[&built::wrong("NOTHING"), &built::wrong("STATUS")]);
    assert_snapshot!(error, @"
    × two plugins are called proxy `one`: one from file `HERE/plugins/libnothing.so`, one from file `HERE/plugins/libstatus.so`; rename one of them, or leave one out
    help: take one of the two out of plugins.path, or rename a plugin and build it again
    ");
    // One file that is named twice is one plugin.
    std::fs::remove_file(scratch.path().join("plugins/libstatus.so")).unwrap();
    scratch.write("plugged.toml", study("\"one\"", "[plugins]\npath = [\"plugins\", \"plugins/libnothing.so\"]\n"));
    scratch.succeed(&["correlate", "plugged.toml", "--quiet"]);
}

#[test]
fn where_errors_are_skipped_a_plugin_that_cannot_be_loaded_leaves_its_scores_undefined() {
    let scratch = with_plugins(&[&built::wrong("FUTURE_MAJOR")]);
    scratch.write("plugged.toml", study("\"one\", \"flops\"", &format!("on_error = \"skip\"\n{PATH}")));
    let said = scratch.assay(&["correlate", "plugged.toml", "--run-dir", "run", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("was built for plugin interface 2.1"), "{}", said.err);
    let journal = std::fs::read_to_string(scratch.path().join("run/measurements.jsonl")).unwrap();
    let undefined = journal.lines().filter(|line| line.contains("\"proxy\":\"one\"") && line.contains("could be loaded has it")).count();
    assert_eq!(undefined, 8);
}

#[test]
fn what_is_wrong_with_the_section_is_told_with_its_line() {
    let scratch = with_plugins(&[]);
    scratch.write("plugged.toml", study("\"snip\"", "[plugins]\npaths = [\"plugins\"]\nisolate = \"yes\"\n"));
    assert_snapshot!(scratch.fail(&["correlate", "plugged.toml"]), @r#"
      × `plugins.paths`: no such setting
       ╭─[plugged.toml:4:1]
     3 │ [plugins]
     4 │ paths = ["plugins"]
       · ─────
     5 │ isolate = "yes"
       ╰────
      help: did you mean `path`? Known: path, isolate, timeout

    Error:
      × `plugins.isolate`: must be true or false, is "yes"
       ╭─[plugged.toml:5:11]
     4 │ paths = ["plugins"]
     5 │ isolate = "yes"
       ·           ─────
     6 │
       ╰────
    "#);
}
