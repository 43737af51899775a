//! What docs/plugins.md says of the interface is so.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use assay_plugin_sdk::graph::Graph;
use assay_plugin_sdk::subspace::{Layout, Subspace};
use assay_plugin_sdk::{Net, Request};

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plugins.md")).unwrap()
}

/// The JSON between `before` and the end of the block or span.
fn json<'a>(page: &'a str, first: &str, end: &str) -> &'a str {
    let start = page.find(first).unwrap_or_else(|| panic!("{first} is not in the page"));
    &page[start..start + page[start..].find(end).unwrap()]
}

#[test]
fn what_is_shown_as_json_can_be_read() {
    let page = page();
    let graph: Graph = serde_json::from_str(json(&page, "{\n  \"input\"", "```")).unwrap();
    assert_eq!((graph.nodes().len(), graph.output().0, graph.parameter_count()), (3, 2, 16 * 27 + 32));
    let layout: Layout = serde_json::from_str(json(&page, "{\"operators\"", "\n")).unwrap();
    let mask = Subspace::try_from("01.10".to_owned()).unwrap();
    assert!(mask.fits(&layout) && page.contains("`01.10`"));
    assert_eq!(serde_json::from_str::<Layout>(&serde_json::to_string(&layout).unwrap()).unwrap(), layout);
    let net: Net =
        serde_json::from_str(json(&page, "{\"input\": {\"channels\": 3, \"height\": 32, \"width\": 32}, \"channels\"", "`")).unwrap();
    assert_eq!((net.channels, net.classes), (16, 10));
    let request: Request = serde_json::from_str(json(&page, "{\"proxy\"", "`")).unwrap();
    assert_eq!(request.subspace.to_string(), "01000.00100");
}

#[test]
fn every_function_of_the_host_and_of_the_laboratory_is_in_a_table() {
    let (page, header) = (page(), include_str!("../include/assay_plugin.h"));
    for table in ["AssayHost", "AssayLaboratory"] {
        let body = json(header, &format!("typedef struct {table} {{"), &format!("}} {table};"));
        let functions: Vec<&str> = body.split("(*").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        assert!(functions.len() > 8, "{functions:?}");
        for function in functions.into_iter().filter(|function| *function != "problem") {
            assert!(page.contains(&format!("`{function}`")), "{table}: {function} is not in docs/plugins.md");
        }
    }
}

#[test]
fn a_layout_whose_edges_choose_from_different_operators_is_written_and_read_back() {
    let text = r#"{"operators":["a","b","c"],"cells":[{"kind":"cell","edges":["0","1"],"offers":["110","011"]}]}"#;
    let layout: Layout = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&layout).unwrap(), text);
    for wrong in [
        r#"{"operators":[],"cells":[]}"#,
        r#"{"operators":["a"],"cells":[{"kind":"cell","edges":["0"],"offers":["11"]}]}"#,
        r#"{"operators":["a"],"cells":[{"kind":"cell","edges":["0"],"offers":[]}]}"#,
    ] {
        assert!(serde_json::from_str::<Layout>(wrong).is_err(), "{wrong}");
    }
}
