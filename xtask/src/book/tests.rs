use super::*;

#[test]
fn every_page_is_in_the_book_and_every_link_of_its_contents_leads_to_one() {
    let folder = tempfile::tempdir().unwrap();
    pages::write(&project::root().join("."), folder.path()).unwrap();
    let summary = std::fs::read_to_string(folder.path().join("SUMMARY.md")).unwrap();
    assert!(summary.contains("(results/reference/table1.md)") && summary.contains("(CONTRIBUTING.md)"), "{summary}");
    assert!(folder.path().join("configs/quickstart.toml").is_file() && folder.path().join("results/reference/fig1-code.png").is_file());
}

#[test]
fn the_book_is_built_whole_where_mdbook_is_here() {
    let builder = builder();
    let assay = std::env::current_exe().unwrap().with_file_name("../assay");
    if !is_there(&builder) || !assay.is_file() {
        eprintln!("skipped: mdbook (`{INSTALL}`) or a release build of the program is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let index = build(&builder, &assay, &folder.path().join("book")).unwrap();
    let page = std::fs::read_to_string(&index).unwrap();
    assert!(page.contains("Assay") && page.contains("searcher"), "the book can be searched");
    let refused = build(&builder, &assay, folder.path()).unwrap_err().to_string();
    assert!(refused.contains("holds other things"), "{refused}");
}
