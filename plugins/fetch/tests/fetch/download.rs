//! Downloads that break off, are stopped, or bring something else than what was wanted.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_fetch::{Checksum, FetchError, Limits, Progress, agent, download, hex, transfer};
use md5::{Digest, Md5};

use super::go_on;
use super::server::{Answer, Server};

const LENGTH: usize = 300_000;

fn content() -> Vec<u8> {
    (0..LENGTH as u32).map(|index| (index * 7 % 251) as u8).collect()
}

/// A folder with a place for the download.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("file.part");
    (folder, part)
}

/// Downloads from a server that answers like this; gives what was asked for, and how it ended.
fn attempt(part: &Path, answers: &[Answer]) -> (Vec<Option<usize>>, Result<(), FetchError>) {
    let server = Server::new(&content(), answers);
    let ended = download(&server.url, part, Checksum::Md5(&hex(&Md5::digest(content()))), &mut go_on);
    (server.ranges(), ended)
}

#[test]
fn a_download_is_the_whole_file() {
    let (_folder, part) = place();
    let (ranges, ended) = attempt(&part, &[Answer::Whole]);
    ended.unwrap();
    assert_eq!((ranges, std::fs::read(&part).unwrap()), (vec![None], content()));
    // No server answers again: what is whole is not downloaded twice.
    let (ranges, ended) = attempt(&part, &[]);
    ended.unwrap();
    assert_eq!(ranges, []);
}

#[test]
fn a_file_whose_length_is_not_announced_is_whole_where_its_checksum_says_so() {
    let (_folder, part) = place();
    attempt(&part, &[Answer::Unannounced]).1.unwrap();
    assert_eq!(std::fs::read(&part).unwrap(), content());
}

#[test]
fn a_broken_connection_is_continued_where_it_ended() {
    let (_folder, part) = place();
    let (ranges, ended) = attempt(&part, &[Answer::BreakAfter(100_000), Answer::BreakAfter(50_000), Answer::Whole]);
    ended.unwrap();
    assert_eq!((ranges, std::fs::read(&part).unwrap()), (vec![None, Some(100_000), Some(150_000)], content()));
}

#[test]
fn a_connection_that_breaks_again_and_again_is_given_up_and_what_came_is_kept() {
    let (_folder, part) = place();
    let (ranges, ended) = attempt(&part, &[Answer::BreakAfter(1000); 5]);
    assert!(matches!(ended, Err(FetchError::Source(_))), "{ended:?}");
    assert_eq!(ranges, [None, Some(1000), Some(2000), Some(3000)]);
    assert_eq!(std::fs::read(&part).unwrap(), content()[..4000]);
    // One that brings nothing is not tried again.
    let (ranges, ended) = attempt(&part, &[Answer::BreakAfter(0), Answer::Whole]);
    assert!(ended.is_err());
    assert_eq!(ranges, [Some(4000)]);
}

#[test]
fn a_server_that_cannot_continue_sends_everything_again() {
    let (_folder, part) = place();
    let (ranges, ended) = attempt(&part, &[Answer::BreakAfter(100_000), Answer::IgnoreRange]);
    ended.unwrap();
    assert_eq!((ranges, std::fs::read(&part).unwrap()), (vec![None, Some(100_000)], content()));
}

#[test]
fn more_than_there_is_is_deleted_and_fetched_from_the_start() {
    let (_folder, part) = place();
    std::fs::write(&part, vec![0; LENGTH + 1]).unwrap();
    let (ranges, ended) = attempt(&part, &[Answer::Status("416 Range Not Satisfiable"), Answer::Whole]);
    ended.unwrap();
    assert_eq!((ranges, std::fs::read(&part).unwrap()), (vec![Some(LENGTH + 1), None], content()));
}

#[test]
fn another_part_than_was_asked_for_is_not_appended() {
    let (_folder, part) = place();
    std::fs::write(&part, &content()[..1000]).unwrap();
    let (_, ended) = attempt(&part, &[Answer::OtherPart]);
    assert_eq!(ended.unwrap_err().to_string(), "the server answers 206 Partial Content");
    assert_eq!(std::fs::read(&part).unwrap(), content()[..1000]);
}

#[test]
fn wrong_bytes_are_deleted_and_reported() {
    let (_folder, part) = place();
    let server = Server::new(b"<html>sign in first</html>", &[Answer::Whole]);
    let error = download(&server.url, &part, Checksum::Md5("00"), &mut go_on).unwrap_err();
    insta::assert_snapshot!(error, @"what was downloaded has MD5 b83101347a149d0eb9a15304133e93af instead of 00; it was deleted");
    assert!(!part.exists());
}

#[test]
fn an_address_that_does_not_serve_is_reported() {
    let (_folder, part) = place();
    let (ranges, ended) = attempt(&part, &[Answer::Status("404 Not Found"), Answer::Whole]);
    assert_eq!(ended.unwrap_err().to_string(), "the server answers 404 Not Found");
    assert_eq!(ranges, [None]);
    assert!(!part.exists());
    // A port at which no one listens.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = download(&format!("http://{nobody}/file"), &part, Checksum::Md5(""), &mut go_on).unwrap_err();
    assert!(matches!(error, FetchError::Source(_)), "{error}");
}

#[test]
fn progress_counts_what_is_held_and_a_stop_keeps_it() {
    let (_folder, part) = place();
    std::fs::write(&part, &content()[..50_000]).unwrap();
    let server = Server::new(&content(), &[Answer::Whole, Answer::Whole]);
    let mut seen = Vec::new();
    let mut stop = |progress: Progress<'_>| {
        let Progress::Downloading { done, total } = progress else { panic!("{progress:?}") };
        assert_eq!(total, Some(LENGTH as u64));
        seen.push(done);
        if done > 100_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = transfer(&agent(), &server.url, &part, &Limits::usual().unwrap(), &mut stop).unwrap_err();
    assert!(matches!(error, FetchError::Stopped));
    assert!(seen[0] == 50_000 && seen.is_sorted());
    let held = std::fs::metadata(&part).unwrap().len();
    assert_eq!(held, *seen.last().unwrap());
    transfer(&agent(), &server.url, &part, &Limits::usual().unwrap(), &mut go_on).unwrap();
    assert_eq!((server.ranges(), std::fs::read(&part).unwrap()), (vec![Some(50_000), Some(held as usize)], content()));
}

#[test]
fn a_server_that_sends_too_much_or_too_slowly_is_given_up() {
    let (_folder, part) = place();
    let few = Limits { bytes: 100_000, ..Limits::usual().unwrap() };
    for answer in [Answer::Whole, Answer::Unannounced] {
        let server = Server::new(&content(), &[answer]);
        let error = transfer(&agent(), &server.url, &part, &few, &mut go_on).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the server sends more than 100000 bytes; ASSAY_READ_LIMIT raises the limit");
        }
        assert!(!part.exists());
    }
    let fast = Limits { window: Duration::from_millis(200), least: 10_000, ..Limits::usual().unwrap() };
    let server = Server::new(&content(), &[Answer::Drip, Answer::Whole]);
    let error = transfer(&agent(), &server.url, &part, &fast, &mut go_on).unwrap_err().to_string();
    assert!(error.starts_with("the server is too slow: it sent "), "{error}");
    // What came is kept, and gone on from.
    let held = std::fs::metadata(&part).unwrap().len();
    transfer(&agent(), &server.url, &part, &fast, &mut go_on).unwrap();
    assert_eq!((server.ranges(), std::fs::read(&part).unwrap()), (vec![None, Some(held as usize)], content()));
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_as_such() {
    let (folder, part) = place();
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let server = Server::new(&content(), &[Answer::Whole]);
    let error = transfer(&agent(), &server.url, &part, &Limits::usual().unwrap(), &mut go_on).unwrap_err();
    insta::assert_snapshot!(error.to_string().replace(&folder.path().display().to_string(), "[folder]"), @"[folder]/file.part cannot be written: the disk is full; free some space and fetch again, which goes on where this stopped");
}
