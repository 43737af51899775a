//! Where a strategy gets its measurements.
#![allow(unsafe_code, reason = "the functions of the laboratory lend pointers and lengths")]

use std::mem::MaybeUninit;

use serde::de::DeserializeOwned;

use crate::abi::{ASSAY_LOWER_IS_BETTER, ASSAY_OK, AssayLaboratory, AssayStatus, AssayText};
use crate::score::{Direction, Reading};
use crate::subspace::{Layout, Subspace};
use crate::text::text;
use crate::{Error, Request, Step};

/// What a strategy searches with.
pub struct Laboratory<'l> {
    table: &'l AssayLaboratory,
    layout: Layout,
}

/// Words of a generator that are fetched at once.
const BLOCK: usize = 64;

impl<'l> Laboratory<'l> {
    pub(crate) fn new(table: &'l AssayLaboratory) -> Result<Self, Error> {
        // SAFETY: the table is the host's.
        let json = lent(table, |out| unsafe { (table.layout)(table.context, out) })?;
        Ok(Self { table, layout: read(json)? })
    }

    fn lent(&self, call: impl FnOnce(*mut AssayText) -> AssayStatus) -> Result<&'l str, Error> {
        lent(self.table, call)
    }

    /// Cells, edges and operators of the space that is searched.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How the space writes an architecture.
    ///
    /// # Errors
    /// If it is none.
    pub fn write(&self, architecture: &Subspace) -> Result<&'l str, Error> {
        let mask = architecture.to_string();
        // SAFETY: the table is the host's.
        self.lent(|out| unsafe { (self.table.write)(self.table.context, AssayText::of(&mask), out) })
    }

    /// Different architectures within a subspace, drawn uniformly; fewer than `wanted` where there are fewer. A longer draw
    /// begins with a shorter one.
    ///
    /// # Errors
    /// If the subspace does not belong to the space.
    pub fn draw(&self, within: &Subspace, purpose: &str, wanted: u64) -> Result<Vec<Subspace>, Error> {
        let (mask, purpose) = (within.to_string(), AssayText::of(purpose));
        // SAFETY: the table is the host's.
        read(self.lent(|out| unsafe { (self.table.draw)(self.table.context, AssayText::of(&mask), purpose, wanted, out) })?)
    }

    /// A generator that depends on the run's seed and `purpose` only.
    #[must_use]
    pub fn rng(&self, purpose: &str) -> Rng<'_> {
        Rng { table: self.table, purpose: purpose.to_owned(), block: 0, words: Vec::new() }
    }

    /// Which end of a proxy's scale is better.
    ///
    /// # Errors
    /// If the strategy did not declare it.
    pub fn direction(&self, label: &str) -> Result<Direction, Error> {
        let mut direction = 0;
        // SAFETY: the table is the host's.
        let status = unsafe { (self.table.direction)(self.table.context, AssayText::of(label), &raw mut direction) };
        done(self.table, status)?;
        Ok(if direction == ASSAY_LOWER_IS_BETTER { Direction::LowerIsBetter } else { Direction::HigherIsBetter })
    }

    /// Measures everything asked for, in parallel where there are several cores, and answers in the order asked.
    ///
    /// # Errors
    /// If a measurement fails, or the user interrupts.
    pub fn measure(&self, requests: &[Request]) -> Result<Vec<Reading>, Error> {
        let requests = serde_json::to_string(requests).map_err(|error| Error::new(error.to_string()))?;
        // SAFETY: the table is the host's.
        read(self.lent(|out| unsafe { (self.table.measure)(self.table.context, AssayText::of(&requests), out) })?)
    }

    /// Says how many different measurements are still to come, for the progress bar.
    pub fn expect(&self, measurements: u64) {
        // SAFETY: the table is the host's.
        unsafe { (self.table.expect)(self.table.context, measurements) }
    }

    /// Adds a step to the run's trajectory.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub fn record(&self, step: &Step) -> Result<(), Error> {
        let step = serde_json::to_string(step).map_err(|error| Error::new(error.to_string()))?;
        // SAFETY: the table is the host's.
        done(self.table, unsafe { (self.table.record)(self.table.context, AssayText::of(&step)) })
    }

    /// Writes a line to the run's log.
    pub fn log(&self, line: &str) {
        // SAFETY: the table is the host's.
        unsafe { (self.table.log)(self.table.context, 3, AssayText::of(line)) }
    }
}

/// Random numbers of one purpose.
pub struct Rng<'l> {
    table: &'l AssayLaboratory,
    purpose: String,
    block: u64,
    words: Vec<u64>,
}

impl Rng<'_> {
    /// 64 random bits.
    ///
    /// # Errors
    /// If the laboratory fails.
    pub fn word(&mut self) -> Result<u64, Error> {
        if self.words.is_empty() {
            let mut words = vec![0; BLOCK];
            let purpose = AssayText::of(&self.purpose);
            // SAFETY: the table is the host's, and `words` has room for as many as are asked for.
            let status = unsafe { (self.table.random)(self.table.context, purpose, self.block, words.as_mut_ptr(), BLOCK) };
            done(self.table, status)?;
            words.reverse();
            self.words = words;
            self.block += 1;
        }
        Ok(self.words.pop().unwrap_or_default())
    }

    /// A whole number from 0 to below `bound`, each as likely (by rejection).
    ///
    /// # Errors
    /// If `bound` is 0 or the laboratory fails.
    pub fn below(&mut self, bound: u64) -> Result<u64, Error> {
        if bound == 0 {
            return Err(Error::new("no whole number is below 0"));
        }
        let rejected = u64::MAX - u64::MAX % bound;
        loop {
            let word = self.word()?;
            if word < rejected {
                return Ok(word % bound);
            }
        }
    }
}

fn done(table: &AssayLaboratory, status: AssayStatus) -> Result<(), Error> {
    if status == ASSAY_OK {
        return Ok(());
    }
    // SAFETY: the table is the host's, and the text stays until the search ends.
    let problem = unsafe { text((table.problem)(table.context)) };
    Err(Error::of_host(problem.unwrap_or("a function of the laboratory failed").to_owned()))
}

fn lent(table: &AssayLaboratory, call: impl FnOnce(*mut AssayText) -> AssayStatus) -> Result<&str, Error> {
    let mut out = MaybeUninit::uninit();
    done(table, call(out.as_mut_ptr()))?;
    // SAFETY: a function that returns ASSAY_OK has written its result, which stays until the search ends.
    unsafe { text(out.assume_init()) }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| Error::new(format!("what the laboratory sent cannot be read: {error}")))
}
