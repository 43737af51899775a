use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn parts() -> Parts {
    Parts::of(&project::root().join("."), &target().unwrap()).unwrap()
}

#[test]
fn every_licence_of_the_program_is_one_that_deny_toml_allows() {
    let allowed = Allowed::read(&project::root().join("deny.toml")).unwrap();
    let parts = parts();
    assert_eq!(allowed.refused(&parts), [""; 0]);
    assert!(parts.of_others().count() > 100);
    let here = Path::new(".");
    let strangers =
        Parts::made_up(&[("assay", "MIT", here), ("free", "MIT OR GPL-3.0", here), ("own", "GPL-3.0", here), ("silent", "", here)]);
    assert_eq!(allowed.refused(&strangers), ["own 1.2.3: GPL-3.0", "silent 1.2.3: no licence is stated"]);
    let exception = Parts::made_up(&[("assay", "MIT", here), ("option-ext", "MPL-2.0", here), ("other", "MPL-2.0", here)]);
    assert_eq!(allowed.refused(&exception), ["other 1.2.3: MPL-2.0"]);
}

#[test]
fn each_text_of_a_licence_is_told_once_with_all_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let package = |name: &str, text: Option<&str>| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        if let Some(text) = text {
            std::fs::write(folder.join("LICENSE-MIT"), text).unwrap();
        }
        folder
    };
    let (one, other, without) = (package("one", Some("Be kind.\r\n")), package("other", Some("Be kind.\n")), package("without", None));
    let parts = Parts::made_up(&[
        ("assay", "MIT", folder.path()),
        ("one", "MIT/ISC", &one),
        ("other", "MIT", &other),
        ("without", "MIT", &without),
    ]);
    let told = licences::told(&parts).unwrap();
    assert!(told.contains("| one | 1.2.3 | MIT OR ISC |  |"), "{told}");
    assert!(told.contains("## one 1.2.3, other 1.2.3\n\n~~~text\nBe kind.\n~~~"), "{told}");
    assert!(told.contains("the one that the table names: without 1.2.3.") && !told.contains("| assay"), "{told}");
}

#[test]
fn the_bill_names_every_part_and_refers_to_nothing_else() {
    let parts = parts();
    let bill: Value = serde_json::from_str(&bill::cyclonedx(&parts)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    assert_eq!((text(&bill["bomFormat"]), text(&bill["metadata"]["component"]["name"])), ("CycloneDX".to_owned(), "assay".to_owned()));
    let mut known: BTreeSet<String> = list(&bill["components"]).iter().map(|component| text(&component["bom-ref"])).collect();
    assert!(known.insert(text(&bill["metadata"]["component"]["bom-ref"])), "the program is not a part of itself");
    assert_eq!(known.len(), parts.all.len());
    for component in list(&bill["components"]).iter().filter(|component| component.get("hashes").is_some()) {
        assert_eq!(text(&component["hashes"][0]["content"]).len(), 64);
        assert!(!text(&component["licenses"][0]["expression"]).contains('/'));
    }
    let mut needed = BTreeSet::from([text(&bill["metadata"]["component"]["bom-ref"])]);
    for dependency in list(&bill["dependencies"]) {
        assert!(known.contains(&text(&dependency["ref"])));
        needed.extend(list(&dependency["dependsOn"]).iter().map(text));
    }
    assert_eq!(needed, known, "each part is needed by the program or by another part");
}

#[test]
fn a_tarball_has_the_same_bytes_each_time_and_programs_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    for file in ["a", "b/c", "program"] {
        std::fs::write(folder.path().join(file), file).unwrap();
    }
    let write = |name: &str, first: &[&str]| {
        let mut archive = Archive::new("release");
        for path in first.iter().chain(&["a", "b"]) {
            archive.path(path, &folder.path().join(path)).unwrap();
        }
        archive.program("bin/program", &folder.path().join("program")).unwrap();
        let file = folder.path().join(name);
        (archive.write(&file).unwrap(), std::fs::read(file).unwrap())
    };
    let (one, other) = (write("one", &[]), write("other", &["b"]));
    assert_eq!(one, other);
    let mut read = tar::Archive::new(flate2::read::GzDecoder::new(one.1.as_slice()));
    let entries = read.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), entry.header().mtime().unwrap())
    });
    let expected = [("release/a", 0o644), ("release/b/c", 0o644), ("release/bin/program", 0o755)];
    assert_eq!(entries.collect::<Vec<_>>(), expected.map(|(path, mode)| (path.to_owned(), mode, 0)));
}

#[test]
fn a_release_is_whole_where_the_program_is_built() {
    let assay = std::env::current_exe().unwrap().with_file_name("../assay");
    if !assay.is_file() {
        eprintln!("skipped: a release build of the program is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    Dist { output: folder.path().to_owned(), program: Some(assay), book: None }.run().unwrap();
    let name = format!("assay-{}-{}", env!("CARGO_PKG_VERSION"), target().unwrap());
    let unpack = Command::new("tar").arg("xzf").arg(format!("{name}.tar.gz")).current_dir(folder.path()).status().unwrap();
    let check =
        Command::new("sha256sum").args(["--quiet", "-c"]).arg(format!("{name}.tar.gz.sha256")).current_dir(folder.path()).status().unwrap();
    assert!(unpack.success() && check.success());
    let release = folder.path().join(name);
    for file in [
        "share/man/man1/assay-score.1",
        "completions/zsh/_assay",
        "THIRD-PARTY.md",
        "assay.cdx.json",
        "configs/quickstart.toml",
        "CHANGELOG.md",
    ] {
        assert!(release.join(file).is_file(), "{file}");
    }
    let said = Command::new(release.join("bin/assay")).args(["list", "proxies"]).output().unwrap();
    assert!(said.status.success() && String::from_utf8_lossy(&said.stdout).contains("ntk-condition"));
}
