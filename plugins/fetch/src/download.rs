//! A resumable, checksummed download over HTTP.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use assay_core::data::{READ_LIMIT_VARIABLE, read_limit};
use md5::{Digest, Md5};
use sha2::Sha256;
use ureq::http::StatusCode;

use crate::{FetchError, Progress, Report, hex, tell, write_error};

/// What a download may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a file.
    pub bytes: u64,
    /// The time in which at least [`least`](Self::least) bytes have to come.
    pub window: Duration,
    /// The fewest bytes in a window.
    pub least: u64,
}

impl Limits {
    /// As many bytes as may be read ([`read_limit`]), at no less than a kilobyte a second over half a minute.
    ///
    /// # Errors
    /// As [`read_limit`].
    pub fn usual() -> Result<Self, FetchError> {
        let bytes = read_limit().map_err(|error| FetchError::Source(error.to_string()))?;
        Ok(Self { bytes, window: Duration::from_secs(30), least: 30_000 })
    }
}

/// Attempts after a connection that broke off in the middle.
const RETRIES: usize = 3;

/// What a file must be, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum<'a> {
    /// Its MD5.
    Md5(&'a str),
    /// Its SHA-256.
    Sha256(&'a str),
}

impl Checksum<'_> {
    /// Nothing if the file is the one; else what it has, and what it should have.
    fn difference(self, part: &Path) -> Result<Option<String>, FetchError> {
        let (name, found, wanted) = match self {
            Self::Md5(wanted) => ("MD5", digest::<Md5>(part)?, wanted),
            Self::Sha256(wanted) => ("SHA-256", digest::<Sha256>(part)?, wanted),
        };
        Ok((found != wanted).then(|| format!("{name} {found} instead of {wanted}")))
    }
}

/// Downloads `url` to `part`, going on where an earlier attempt ended, until its checksum is this one.
///
/// # Errors
/// [`FetchError::Source`] if the address cannot serve or serves something else, [`FetchError::Write`],
/// [`FetchError::Stopped`].
pub fn download(url: &str, part: &Path, checksum: Checksum<'_>, report: &mut Report<'_>) -> Result<(), FetchError> {
    if part.exists() && checksum.difference(part)?.is_none() {
        return Ok(());
    }
    let (agent, limits) = (agent(), Limits::usual()?);
    let mut retries = RETRIES;
    loop {
        let before = length(part);
        match transfer(&agent, url, part, &limits, report) {
            Ok(()) => break,
            Err(FetchError::Source(_)) if retries > 0 && length(part) > before => retries -= 1,
            Err(error) => return Err(error),
        }
    }
    let Some(difference) = checksum.difference(part)? else { return Ok(()) };
    // Going on from wrong bytes would never end well.
    std::fs::remove_file(part).map_err(|error| write_error(part, &error))?;
    Err(FetchError::Source(format!("what was downloaded has {difference}; it was deleted")))
}

/// A client that does not wait for ever.
#[must_use]
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_resolve(Some(Duration::from_secs(10)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .build()
        .into()
}

fn length(part: &Path) -> u64 {
    std::fs::metadata(part).map_or(0, |data| data.len())
}

/// One connection, until the file is whole.
///
/// # Errors
/// As [`download`].
pub fn transfer(agent: &ureq::Agent, url: &str, part: &Path, limits: &Limits, report: &mut Report<'_>) -> Result<(), FetchError> {
    let broken = |error: &dyn std::fmt::Display| FetchError::Source(error.to_string());
    let held = length(part);
    let mut request = agent.get(url);
    if held > 0 {
        request = request.header("Range", format!("bytes={held}-"));
    }
    let response = request.call().map_err(|error| broken(&error))?;
    let range = response.headers().get("Content-Range").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (file, mut done) = match response.status() {
        StatusCode::PARTIAL_CONTENT if range.starts_with(&format!("bytes {held}-")) => (OpenOptions::new().append(true).open(part), held),
        // Everything from the start: the first attempt, or a server that cannot go on.
        StatusCode::OK => (File::create(part), 0),
        StatusCode::RANGE_NOT_SATISFIABLE if held > 0 => {
            std::fs::remove_file(part).map_err(|error| write_error(part, &error))?;
            return transfer(agent, url, part, limits, report);
        }
        status => return Err(FetchError::Source(format!("the server answers {status}"))),
    };
    let mut file = file.map_err(|error| write_error(part, &error))?;
    let total = response.body().content_length().map(|rest| done + rest);
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 1 << 16];
    let mut window = (Instant::now(), done);
    loop {
        if total.unwrap_or(done).max(done) > limits.bytes {
            // Nothing of it is of use, and going on from it would end here again.
            drop(file);
            std::fs::remove_file(part).map_err(|error| write_error(part, &error))?;
            let most = limits.bytes;
            return Err(FetchError::Source(format!("the server sends more than {most} bytes; {READ_LIMIT_VARIABLE} raises the limit")));
        }
        let (since, held) = window;
        if since.elapsed() >= limits.window {
            if done - held < limits.least {
                let (sent, seconds) = (done - held, since.elapsed().as_secs_f64());
                return Err(FetchError::Source(format!("the server is too slow: it sent {sent} bytes in {seconds:.1} s")));
            }
            window = (Instant::now(), done);
        }
        tell(report, Progress::Downloading { done, total })?;
        let count = body.read(&mut buffer).map_err(|error| broken(&error))?;
        if count == 0 {
            break;
        }
        file.write_all(&buffer[..count]).map_err(|error| write_error(part, &error))?;
        done += count as u64;
    }
    file.sync_all().map_err(|error| write_error(part, &error))?;
    match total {
        Some(total) if done < total => Err(FetchError::Source(format!("the connection broke off after {done} of {total} bytes"))),
        _ => Ok(()),
    }
}

fn digest<D: Digest>(path: &Path) -> Result<String, FetchError> {
    let read = || {
        let mut file = File::open(path)?;
        let (mut digest, mut buffer) = (D::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&digest.finalize())),
                count => digest.update(&buffer[..count]),
            }
        }
    };
    read().map_err(|error: std::io::Error| FetchError::Source(format!("{} cannot be read back: {error}", path.display())))
}
