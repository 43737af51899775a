//! Against a server on this machine that can break off and refuse ranges.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use super::*;

/// How the server answers one request.
#[derive(Clone, Copy)]
enum Answer {
    Whole,
    /// Announces everything and closes after this many bytes.
    BreakAfter(usize),
    /// Sends everything even where a range is asked for.
    IgnoreRange,
    NotFound,
}

struct Server {
    url: String,
    /// The `Range` of each request so far.
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

/// Serves `content` once for each answer.
fn serve(content: Vec<u8>, answers: Vec<Answer>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/archive.tar.gz", listener.local_addr().unwrap());
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ranges);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut range = None;
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_ascii_lowercase();
                if let Some(start) = line.strip_prefix("range: bytes=") {
                    range = Some(start.trim_end_matches('-').parse::<usize>().unwrap());
                }
                if line.is_empty() {
                    break;
                }
            }
            seen.lock().unwrap().push(range);
            let start = match answer {
                Answer::IgnoreRange => 0,
                _ => range.unwrap_or(0),
            };
            let end = match answer {
                Answer::BreakAfter(count) => (start + count).min(content.len()),
                _ => content.len(),
            };
            let status = match (answer, start) {
                (Answer::NotFound, _) => "404 Not Found".to_owned(),
                (_, 0) => "200 OK".to_owned(),
                _ => format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", content.len() - 1, content.len()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len() - start);
            // The client may hang up first, which is what some tests are about.
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content[start..end])));
        }
    });
    Server { url, ranges }
}

const FILES: &[Published] = &[
    Published { name: "train.bin", bytes: 300_000, md5: None },
    Published { name: "test.bin", bytes: 5, md5: Some("5d41402abc4b2a76b9719d911017c592") },
];

fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none()));
    let train: Vec<u8> = (0..300_000_u32).map(|index| (index * 7 % 251) as u8).collect();
    for (name, bytes) in [("readme.html", &b"<html>"[..]), ("train.bin", &train), ("test.bin", b"hello")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("small/{name}"), bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

static ARCHIVE_MD5: LazyLock<String> = LazyLock::new(|| hex(&Md5::digest(archive())));

fn wanted() -> Fetchable {
    Fetchable { name: "small", url: "", archive: "small.tar.gz", archive_md5: &ARCHIVE_MD5, folder: "small", files: FILES, npm: None }
}

fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_download_is_checked_unpacked_and_leaves_only_the_files() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(content.clone(), vec![Answer::Whole]);
    let fetched = fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
    assert_eq!(fetched.folder, into.path().join("small"));
    assert_eq!(names(into.path()), ["small"]);
    assert_eq!(names(&fetched.folder), ["test.bin", "train.bin"]);
    assert_eq!(std::fs::read(fetched.folder.join("test.bin")).unwrap(), b"hello");
    // No server answers a second request: what is whole is not fetched again.
    let again = fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
    assert_eq!(again.source, "already there");
}

#[test]
fn a_broken_connection_is_continued_where_it_ended() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(content.clone(), vec![Answer::BreakAfter(100_000), Answer::BreakAfter(50_000), Answer::Whole]);
    fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
    assert_eq!(*server.ranges.lock().unwrap(), [None, Some(100_000), Some(150_000)]);
    assert_eq!(names(into.path()), ["small"]);
}

#[test]
fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(content.clone(), vec![Answer::BreakAfter(100_000), Answer::IgnoreRange]);
    fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
    assert_eq!(*server.ranges.lock().unwrap(), [None, Some(100_000)]);
}

#[test]
fn a_stop_leaves_the_part_alone_and_the_next_fetch_goes_on_from_it() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(content.clone(), vec![Answer::Whole, Answer::Whole]);
    let mut stop = |progress: Progress<'_>| match progress {
        Progress::Downloading { done, .. } if done > 100_000 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error = fetch_from(&wanted(), &server.url, into.path(), &mut stop).unwrap_err();
    assert!(matches!(error, FetchError::Stopped));
    assert_eq!(names(into.path()), ["small.tar.gz.part"]);
    let held = std::fs::metadata(into.path().join("small.tar.gz.part")).unwrap().len();
    assert!(held > 100_000 && held < content.len() as u64);
    fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
    assert_eq!(*server.ranges.lock().unwrap(), [None, Some(held as usize)]);
    assert_eq!(names(into.path()), ["small"]);
}

/// The address and the folder of the process that is killed.
const ADDRESS: &str = "ASSAY_TEST_FETCH_ADDRESS";
const INTO: &str = "ASSAY_TEST_FETCH_INTO";

/// A process that fetches, and says when it begins.
fn fetching(url: &str, into: &Path) -> std::process::Child {
    let this = "parts::fetch::tests::a_fetch_killed_at_any_moment_leaves_no_half_file_and_the_next_one_comes_to_the_same";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([this, "--exact", "--nocapture"]).env(ADDRESS, url).env(INTO, into).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line.ends_with("begins"));
    assert!(said, "the test has another name");
    child
}

/// The files under their final names, with what they hold.
fn fetched(into: &Path) -> Vec<(String, Vec<u8>)> {
    let folder = into.join("small");
    let files = if folder.exists() { names(&folder) } else { Vec::new() };
    files.into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn a_fetch_killed_at_any_moment_leaves_no_half_file_and_the_next_one_comes_to_the_same() {
    if let (Ok(url), Some(into)) = (std::env::var(ADDRESS), std::env::var_os(INTO)) {
        println!("\nbegins");
        fetch_from(&wanted(), &url, Path::new(&into), &mut go_on).unwrap();
        // Nobody reads what a test says at its end.
        std::process::exit(0);
    }
    let server = serve(archive(), vec![Answer::Whole; 1000]);
    let into = tempfile::tempdir().unwrap();
    let mut child = fetching(&server.url, into.path());
    let begin = Instant::now();
    assert!(child.wait().unwrap().success());
    let (time, whole) = (begin.elapsed().max(Duration::from_millis(1)), fetched(into.path()));
    assert_eq!(whole.len(), 2);
    let (mut kills, mut interrupted) = (0, 0);
    while kills < 40 {
        let into = tempfile::tempdir().unwrap();
        let mut child = fetching(&server.url, into.path());
        std::thread::sleep(time.mul_f64(f64::from(kills) / 40.0));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let left = fetched(into.path());
        assert!(left.iter().all(|file| whole.contains(file)), "a file under its final name is whole");
        interrupted += usize::from(left.len() < whole.len());
        fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap();
        assert_eq!(fetched(into.path()), whole);
        assert_eq!(names(into.path()), ["small"], "nothing is left behind");
    }
    assert!(interrupted > 10, "only {interrupted} of {kills} were killed before their end");
}

#[test]
fn wrong_bytes_are_deleted_and_reported() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(b"<html>sign in first</html>".to_vec(), vec![Answer::Whole]);
    let error = fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap_err();
    assert_eq!(names(into.path()), Vec::<String>::new());
    insta::assert_snapshot!(redacted(&error, into.path(), &server, &content), @r#"
    small could not be fetched from any source
      the official address ([address]): what was downloaded has MD5 b83101347a149d0eb9a15304133e93af instead of [right MD5]; it was deleted
    bring small.tar.gz from another machine and put it into [folder]; it is read as it is
    "#);
}

#[test]
fn a_missing_file_is_reported_with_the_way_round() {
    let (content, into) = (archive(), tempfile::tempdir().unwrap());
    let server = serve(content.clone(), vec![Answer::NotFound]);
    let error = fetch_from(&wanted(), &server.url, into.path(), &mut go_on).unwrap_err();
    insta::assert_snapshot!(redacted(&error, into.path(), &server, &content), @r#"
    small could not be fetched from any source
      the official address ([address]): the server answers 404 Not Found
    bring small.tar.gz from another machine and put it into [folder]; it is read as it is
    "#);
}

fn redacted(error: &FetchError, into: &Path, server: &Server, content: &[u8]) -> String {
    error
        .to_string()
        .replace(&into.display().to_string(), "[folder]")
        .replace(&server.url, "[address]")
        .replace(&hex(&Md5::digest(content)), "[right MD5]")
}

#[test]
fn a_file_in_the_way_of_the_folder_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("datasets");
    std::fs::write(&into, "not a folder").unwrap();
    let error = fetch_from(&wanted(), "http://127.0.0.1:9/", &into, &mut go_on).unwrap_err();
    insta::assert_snapshot!(error.to_string().replace(&folder.path().display().to_string(), "[folder]"), @"[folder]/datasets cannot be written: there is a file where a folder is needed; move it away");
}

#[test]
fn a_name_that_cannot_be_fetched_is_told_what_to_do_instead() {
    let message = |name: &str| fetch(name, Path::new("nowhere"), &mut go_on).unwrap_err().to_string();
    insta::assert_snapshot!(message("imagenet16-120"), @"`imagenet16-120` cannot be fetched: ImageNet's terms forbid redistribution: get the 16×16 training and validation batches (`train_data_batch_1` to `train_data_batch_10` and `val_data`) from image-net.org after registering, and put them into `datasets/imagenet16-120` in the data directory, or set `path` to their folder");
    insta::assert_snapshot!(message("synthetic"), @"`synthetic` cannot be fetched: it is computed and needs no files");
    insta::assert_snapshot!(message("mnist"), @"`mnist` cannot be fetched: only cifar10 and cifar100 can be; for imagenet16-120, ImageNet's terms forbid redistribution: get the 16×16 training and validation batches (`train_data_batch_1` to `train_data_batch_10` and `val_data`) from image-net.org after registering, and put them into `datasets/imagenet16-120` in the data directory, or set `path` to their folder");
}
