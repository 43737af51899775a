//! The child process: reads inputs one after the other, and ends with words at the first that breaks a limit.

use std::fs::File;
use std::io::{Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Fuzz, MEMORY};

/// The environment variable that makes the test a child; it names the file that holds the input being read, behind its number.
pub(crate) const PLACE: &str = "ASSAY_FUZZ_CHILD";

/// What the child says at the end begins with this.
pub(crate) const SURVIVED: &str = "survived: ";

/// No input may take more memory, in bytes.
const MOST_MEMORY: usize = 1 << 30;

/// Nor more of the processor's time than this, with all threads; the clock may show more where others use the processor too.
const MOST_TIME: Duration = Duration::from_secs(5);

/// Nor more time by the clock: a reader may also wait for ever.
const MOST_WAITING: Duration = Duration::from_secs(60);

/// The last panic, which may be one that the reader contains.
static PANICKED: Mutex<String> = Mutex::new(String::new());

/// Reads all inputs.
pub(crate) fn read_all(fuzz: &Fuzz, place: &Path, mut read: impl FnMut(&[u8])) {
    let Ok(place) = File::options().write(true).open(place) else { fail("its parent gave it no file") };
    std::panic::set_hook(Box::new(|panic| *PANICKED.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string()));
    watch();
    let (mut most, mut longest) = (0, Duration::ZERO);
    let begin = Instant::now();
    for number in 0..fuzz.count() {
        let bytes = fuzz.input(number);
        note(&place, number, &bytes);
        let (memory, time) = read_within(&bytes, &mut read);
        (most, longest) = (most.max(memory), longest.max(time));
    }
    say(&format!(
        "{SURVIVED}{} inputs in {:.1} s, the longest in {:.2} s, with {:.1} MiB at most",
        fuzz.count(),
        begin.elapsed().as_secs_f64(),
        longest.as_secs_f64(),
        most as f64 / f64::from(1 << 20)
    ));
}

/// Reads the input in a file, in the test itself.
pub(crate) fn read_one(file: &Path, mut read: impl FnMut(&[u8])) {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    MEMORY.reset_peak_usage();
    let (before, begin) = (MEMORY.current_usage(), Instant::now());
    read(&bytes);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    say(&format!("read in {:.2} s with {:.1} MiB", begin.elapsed().as_secs_f64(), taken as f64 / f64::from(1 << 20)));
}

/// Bytes of memory and time that an input took.
fn read_within(bytes: &[u8], read: &mut impl FnMut(&[u8])) -> (usize, Duration) {
    MEMORY.reset_peak_usage();
    let (before, begin) = (MEMORY.current_usage(), Instant::now());
    if catch_unwind(AssertUnwindSafe(|| read(bytes))).is_err() {
        fail(&format!("it panicked: {}", PANICKED.lock().unwrap_or_else(PoisonError::into_inner)));
    }
    let (taken, time) = (MEMORY.peak_usage().saturating_sub(before), begin.elapsed());
    if taken > MOST_MEMORY {
        fail(&format!("it took {} MiB of memory", taken >> 20));
    }
    (taken, time)
}

/// The input that is being read, counted from 1.
static READING: AtomicU64 = AtomicU64::new(0);

/// Keeps the input where the parent finds it, however this process ends.
fn note(mut place: &File, number: u64, bytes: &[u8]) {
    READING.store(number + 1, Ordering::Relaxed);
    let whole = [&number.to_le_bytes(), bytes].concat();
    let noted = place.rewind().and_then(|()| place.write_all(&whole)).and_then(|()| place.set_len(whole.len() as u64));
    if let Err(error) = noted {
        fail(&format!("its input cannot be kept: {error}"));
    }
}

/// Ends the process where an input takes too long.
fn watch() {
    std::thread::spawn(|| {
        let mut since = (0, processor_time(), Instant::now());
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let (reading, used) = (READING.load(Ordering::Relaxed), processor_time());
            if reading != since.0 {
                since = (reading, used, Instant::now());
            } else if used.zip(since.1).is_some_and(|(used, before)| used.saturating_sub(before) > MOST_TIME) {
                fail(&format!("it took more than {} s of the processor's time", MOST_TIME.as_secs()));
            } else if since.2.elapsed() > MOST_WAITING {
                fail(&format!("it took more than {} s", MOST_WAITING.as_secs()));
            }
        }
    });
}

/// The processor's time of all threads of this process, where the system tells it.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    // Fields 14 and 15 of all, in hundredths of a second.
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Duration::from_millis(10 * ticks))
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "\n{words}").and_then(|()| out.flush()));
}

fn fail(why: &str) -> ! {
    say(why);
    std::process::exit(1)
}
