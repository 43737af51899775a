//! A server that breaks off, refuses ranges, and says what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the server answers one request.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// From where it is asked to.
    Whole,
    /// Announces everything and closes after this many bytes.
    BreakAfter(usize),
    /// Sends everything even where a range is asked for.
    IgnoreRange,
    /// Says that it sends a part that was not asked for.
    OtherPart,
    /// Does not say how much there is.
    Unannounced,
    /// Sends a byte every few milliseconds.
    Drip,
    /// With this status and no content.
    Status(&'static str),
}

pub(crate) struct Server {
    pub(crate) url: String,
    /// Where each request so far asked to begin.
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Server {
    /// Serves `content` once for each answer.
    pub(crate) fn new(content: &[u8], answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (seen, content, answers) = (Arc::clone(&ranges), content.to_vec(), answers.to_vec());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let range = range(&stream);
                seen.lock().unwrap().push(range);
                let (head, sent) = response(answer, range, &content);
                // The client may hang up first, which is what some tests are about.
                let step = if matches!(answer, Answer::Drip) { 1 } else { sent.len().max(1) };
                let mut written = stream.write_all(head.as_bytes());
                for part in sent.chunks(step) {
                    written = written.and_then(|()| stream.write_all(part));
                    if written.is_err() {
                        break;
                    }
                    if step == 1 {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            }
        });
        Self { url, ranges }
    }

    pub(crate) fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().unwrap().clone()
    }
}

/// Where a request asks to begin.
fn range(stream: &TcpStream) -> Option<usize> {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(|line| line.unwrap().to_ascii_lowercase());
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    head.iter().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok())
}

/// The head of a response, and what follows it.
fn response(answer: Answer, range: Option<usize>, content: &[u8]) -> (String, &[u8]) {
    let all = content.len();
    let head = |status: &str, length: usize| format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let part = |start: usize| format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{all}", all - 1);
    let from = |start: usize| head(&if start == 0 { "200 OK".to_owned() } else { part(start) }, all - start);
    let start = range.unwrap_or(0);
    match answer {
        Answer::Whole | Answer::Drip => (from(start), &content[start..]),
        Answer::BreakAfter(count) => (from(start), &content[start..(start + count).min(all)]),
        Answer::IgnoreRange => (from(0), content),
        Answer::OtherPart => (head(&part(start + 1), all - start - 1), &content[start + 1..]),
        Answer::Unannounced => ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(), content),
        Answer::Status(status) => (head(status, 0), &[]),
    }
}
