use super::*;
use crate::source::File;

fn list(what: &str) -> miette::Result<Vec<Listed>> {
    let text = match what {
        "proxies" => {
            r#"[{"name": "mine", "summary": "a score | of mine", "crate": "assay-proxies", "settings": [
                {"name": "batch", "type": "integer", "takes": "a whole number", "default": "64", "value": 64, "help": "images"},
                {"name": "budget", "type": "table", "takes": "a table", "default": "", "help": "when it ends", "settings": [
                    {"name": "seconds", "type": "number", "takes": "a number", "default": "none", "help": "time"}]}]}]"#
        }
        "strategies" => {
            r#"[{"name": "long", "summary": "a long search", "settings": [
                {"name": "budget", "takes": "a table { … } of seconds", "default": "{}", "value": {}, "help": "when it ends", "settings": [
                    {"name": "seconds", "takes": "a number", "default": "none", "help": "time"}]},
                {"name": "steps", "takes": "a table { … } of first", "default": "", "help": "how it goes on", "settings": [
                    {"name": "first", "takes": "a number", "default": "1", "help": "the first"}]}]},
                {"name": "short", "summary": "a short search", "settings": [
                {"name": "budget", "takes": "a table { … } of seconds", "default": "none", "help": "when it ends early", "settings": [
                    {"name": "seconds", "takes": "a number", "default": "none", "help": "time"}]}]}]"#
        }
        "sections" => {
            r#"[{"name": "(top)", "summary": "what stands first", "settings": [
                {"name": "seed", "type": "integer", "takes": "a whole number", "default": "0", "help": "seeds all"}]},
                {"name": "proxies", "summary": "settings of proxies", "settings": []}]"#
        }
        _ => "[]",
    };
    serde_json::from_str(text).into_diagnostic()
}

fn tree(pages: &[Page]) -> Tree {
    let files: Vec<(&str, &str)> = pages.iter().map(|page| (page.file.as_str(), page.text.as_str())).collect();
    Tree::of(&files)
}

fn made() -> Vec<Page> {
    let sources = Tree::of(&[(
        "plugins/proxies/src/mine.rs",
        "//! `mine`: a score.\n//!\n//! **Cost.** None.\n\nassay_core::register! {\n    Proxy,\n    name: \"mine\",\n}\n",
    )]);
    pages(&registered(&sources), list).unwrap()
}

#[test]
fn a_page_has_every_plugin_with_its_settings_and_its_documentation() {
    let pages = made();
    let text = |name: &str| pages.iter().find(|page| page.file == format!("docs/reference/{name}.md")).unwrap().text.clone();
    insta::assert_snapshot!(text("proxies"));
    insta::assert_snapshot!(text("experiment"));
    assert_eq!(pages.len(), 8);
    // A table that two plugins have is told once; one that a single plugin has stands where it is.
    insta::assert_snapshot!(text("strategies"));
}

#[test]
fn a_page_that_is_stale_missing_or_too_many_is_found() {
    let pages = made();
    let mut tree = tree(&pages);
    check(&pages, &tree).unwrap();
    tree.files.push(File { path: "docs/reference/others.md".into(), text: String::new() });
    tree.files[0].text.push('x');
    tree.files.remove(1);
    let error = check(&pages, &tree).unwrap_err().to_string();
    assert_eq!(
        error,
        "docs/reference/spaces.md is not up to date; docs/reference/proxies.md is not up to date; docs/reference/others.md is not a page of any kind of plugin"
    );
}
