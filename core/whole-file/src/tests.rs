//! What holds of files that are written as a whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_and_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("table");
    write(&target, b"before").unwrap();
    assert_eq!(write_with(&target, |file| file.write_all(b"after").map(|()| 7)).unwrap(), 7);
    assert_eq!(fs::read(&target).unwrap(), b"after");
    assert_eq!(names(folder.path()), ["table"]);
}

#[test]
fn a_failure_leaves_what_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("table");
    write(&target, b"before").unwrap();
    let full = write_with(&target, |file| {
        file.write_all(b"half of")?;
        Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull))
    });
    assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&target).unwrap(), b"before");
    assert_eq!(names(folder.path()), ["table"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write(&folder.path().join("none/table"), b"").unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(write(folder.path(), b"").is_err(), "a folder is not a file");
}

#[test]
fn what_a_killed_process_left_goes_with_the_next_write_into_the_folder_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    let begun = |name: &str| File::create(folder.path().join(name)).unwrap();
    drop(begun(".unfinished-table-abc123"));
    drop(begun(".unfinished-other-abc123"));
    let held = begun(".unfinished-table-def456");
    held.lock().unwrap();
    write(&folder.path().join("table"), b"whole").unwrap();
    assert_eq!(names(folder.path()), [".unfinished-table-def456", "table"]);
    drop(held);
    Batch::default().write(&folder.path().join("more"), b"whole").unwrap();
    assert_eq!(names(folder.path()), ["more", "table"]);
}

/// Each takes what the others have just begun for something that was left, if it can.
#[test]
fn many_threads_that_write_into_one_folder_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = folder.path();
            scope.spawn(move || (0..50).for_each(|file| write(&folder.join(format!("{thread}-{file}")), b"whole").unwrap()));
        }
    });
    assert_eq!(names(folder.path()).len(), 400);
    assert!(names(folder.path()).iter().all(|name| fs::read(folder.path().join(name)).unwrap() == b"whole"));
}

#[test]
fn the_files_of_a_batch_are_in_their_places_at_once_and_may_be_gone_before_they_are_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::default();
    for number in 10..60 {
        let target = folder.path().join(format!("table-{number}"));
        batch.write(&target, b"before").unwrap();
        batch.write(&target, format!("{number}").as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), format!("{number}"));
    }
    fs::remove_file(folder.path().join("table-10")).unwrap();
    batch.sync().unwrap();
    batch.sync().unwrap();
    assert_eq!(names(folder.path()).len(), 49);
    assert_eq!(batch.write(&folder.path().join("none/table"), b"").unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[cfg(unix)]
#[test]
fn a_file_may_be_read_by_whom_the_umask_lets_and_a_link_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let [plain, target, link] = ["plain", "target", "link"].map(|name| folder.path().join(name));
    fs::write(&plain, b"").unwrap();
    write(&target, b"before").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&target), mode(&plain));
    symlink(&target, &link).unwrap();
    write(&link, b"after").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"after");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_written_to_and_not_replaced() {
    write(Path::new("/dev/null"), b"gone").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}
