//! Folders and files where users look for them.

use std::io::ErrorKind;
use std::path::Path;

use assay_fetch::{make_folder, put, staging, write_error};

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_is_made_with_those_above_it_and_a_second_time_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("datasets/small");
    make_folder(&folder).unwrap();
    put(&folder.join("file"), b"content").unwrap();
    make_folder(&folder).unwrap();
    assert_eq!(names(&folder), ["file"]);
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    put(&file, b"long content").unwrap();
    put(&file, b"short").unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"short");
    assert_eq!(names(root.path()), ["file"]);
    let error = put(&root.path().join("absent/file"), b"").unwrap_err();
    assert!(error.to_string().contains("absent/file cannot be written: "), "{error}");
}

#[test]
fn what_is_staged_is_beside_its_place_and_goes_when_it_is_not_needed() {
    let root = tempfile::tempdir().unwrap();
    let staged = staging(root.path()).unwrap();
    assert_eq!(staged.path().parent(), Some(root.path()));
    put(&staged.path().join("file"), b"content").unwrap();
    assert!(names(root.path())[0].starts_with(".fetching-"));
    drop(staged);
    assert_eq!(names(root.path()), Vec::<String>::new());
    let error = staging(&root.path().join("absent")).unwrap_err();
    assert!(error.to_string().contains("absent cannot be written: "), "{error}");
}

#[test]
fn what_a_killed_fetch_staged_goes_with_the_next_one_and_what_another_one_stages_stays() {
    let root = tempfile::tempdir().unwrap();
    let left = root.path().join(".fetching-left");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join(".lock"), b"").unwrap();
    std::fs::write(left.join("half"), b"half of").unwrap();
    std::fs::create_dir(root.path().join(".fetching-empty")).unwrap();
    let first = staging(root.path()).unwrap();
    let second = staging(root.path()).unwrap();
    assert!(first.path().exists() && second.path().exists() && !left.exists());
    assert_eq!(names(root.path()).len(), 2);
}

#[test]
fn a_file_in_the_way_of_a_folder_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("datasets");
    std::fs::write(&file, "not a folder").unwrap();
    let message = |path: &Path| make_folder(path).unwrap_err().to_string().replace(&root.path().display().to_string(), "[folder]");
    assert_eq!(message(&file), "[folder]/datasets cannot be written: there is a file where a folder is needed; move it away");
    assert_eq!(
        message(&file.join("small")),
        "[folder]/datasets/small cannot be written: there is a file where a folder is needed; move it away"
    );
}

#[test]
fn what_forbids_writing_is_named() {
    let message = |kind: ErrorKind| write_error(Path::new("data/file.part"), &kind.into()).to_string();
    insta::assert_snapshot!(message(ErrorKind::PermissionDenied), @"data/file.part cannot be written: permission denied; choose a folder you may write to (ASSAY_DATA names the data directory)");
    insta::assert_snapshot!(message(ErrorKind::ReadOnlyFilesystem), @"data/file.part cannot be written: the file system is read-only; choose another folder (ASSAY_DATA names the data directory)");
    insta::assert_snapshot!(message(ErrorKind::QuotaExceeded), @"data/file.part cannot be written: the disk is full; free some space and fetch again, which goes on where this stopped");
    insta::assert_snapshot!(message(ErrorKind::Interrupted), @"data/file.part cannot be written: operation interrupted");
}
