//! Tests readers of foreign bytes with damaged inputs: none may panic, hang or take a lot of memory.
//!
//! A test gives a [`Fuzz`] valid examples and words of the format. It damages them in ways that come from a seeded stream, so that
//! an input is known by its number, and reads each within the limits of time and memory. The reading goes on in a child process:
//! an overflow of the stack or an abort is a failure like others, with the input kept in a file.
//!
//! How many inputs are read is the variable [`INPUTS`], else [`FEW`]. [`INPUT`] names the file of one input that is read again.
//!
//! ```no_run
//! use assay_fuzz::Fuzz;
//!
//! // In a test of this name.
//! Fuzz::of("fuzz::numbers").seed("12,-7.5e3").words(&["NaN", ",,"]).run(|bytes| {
//!     let _ = std::str::from_utf8(bytes).map(|text| text.split(',').map(str::parse::<f64>).collect::<Vec<_>>());
//! });
//! ```
//!
//! Linked into a test, this crate counts the memory of all that the test allocates.

mod child;
mod damage;
mod parent;

use std::path::Path;

use peak_alloc::PeakAlloc;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use damage::Damage;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The environment variable that says how many inputs each test reads: `100000`.
pub const INPUTS: &str = "ASSAY_FUZZ_INPUTS";

/// The environment variable that names the file of an input that is read alone.
pub const INPUT: &str = "ASSAY_FUZZ_INPUT";

/// The environment variable of another seed than 0, for other inputs.
pub const SEED: &str = "ASSAY_FUZZ_SEED";

/// Inputs that are read where [`INPUTS`] is not set.
pub const FEW: u64 = 2000;

/// Damaged inputs for one reader.
#[derive(Debug)]
pub struct Fuzz {
    test: &'static str,
    costly: u64,
    damage: Damage,
}

impl Fuzz {
    /// For the test of this whole name, as `cargo test` prints it.
    #[must_use]
    pub fn of(test: &'static str) -> Self {
        Self { test, costly: 1, damage: Damage::default() }
    }

    /// With this valid example.
    #[must_use]
    pub fn seed(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.damage.seeds.push(bytes.into());
        self
    }

    /// With these valid examples.
    #[must_use]
    pub fn seeds<S: Into<Vec<u8>>>(self, all: impl IntoIterator<Item = S>) -> Self {
        all.into_iter().fold(self, Self::seed)
    }

    /// With these pieces of the format, which are put into inputs.
    #[must_use]
    pub fn words<W: AsRef<[u8]>>(mut self, words: &[W]) -> Self {
        self.damage.words.extend(words.iter().map(|word| word.as_ref().to_vec()));
        self
    }

    /// Of a reader that is slow: where [`INPUTS`] is not set, only this part of the inputs is read.
    #[must_use]
    pub fn costly(mut self, part: u64) -> Self {
        self.costly = part.max(1);
        self
    }

    /// Has all inputs read, and fails with the first that the reader does not survive.
    ///
    /// # Panics
    /// If it does not survive one, or the child process cannot be had.
    pub fn run(self, read: impl FnMut(&[u8])) {
        if let Some(file) = std::env::var_os(INPUT) {
            child::read_one(Path::new(&file), read);
        } else if let Some(place) = std::env::var_os(child::PLACE) {
            child::read_all(&self, Path::new(&place), read);
        } else {
            parent::supervise(&self);
        }
    }

    /// The input of this number. The first are the valid examples themselves.
    fn input(&self, number: u64) -> Vec<u8> {
        match usize::try_from(number).ok().and_then(|number| self.damage.seeds.get(number)) {
            Some(seed) => seed.clone(),
            None => self.damage.input(&mut ChaCha8Rng::seed_from_u64(number ^ chosen(SEED, 0).rotate_left(32))),
        }
    }

    /// How many inputs are read.
    fn count(&self) -> u64 {
        chosen(INPUTS, FEW / self.costly).max(self.damage.seeds.len() as u64)
    }
}

/// The number that an environment variable gives, where it is set.
fn chosen(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |given| match given.parse() {
        Ok(number) => number,
        Err(_) => panic!("{variable} is `{given}`; a whole number is expected"),
    })
}
