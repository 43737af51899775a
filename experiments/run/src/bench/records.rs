//! What was measured, found by what was asked for.

use std::hash::{Hash, Hasher};

use assay_core::plugin::Request;
use assay_core::score::Reading;
use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexSet};
use serde::{Deserialize, Serialize};

/// One finished measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What was asked for.
    #[serde(flatten)]
    pub request: Request,
    /// What was read.
    pub reading: Reading,
    /// How long it took on its thread.
    pub seconds: f64,
    /// Whether it is undefined because there was too little memory. Where there is more it may have a value, so a run that is continued
    /// measures it again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub lacked_memory: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Record {
    /// Of what was read in so many seconds.
    #[must_use]
    pub fn new(request: Request, reading: Reading, seconds: f64) -> Self {
        Self { request, reading, seconds, lacked_memory: false }
    }
}

/// Measurements, one a request, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Records(IndexSet<ByRequest, RandomState>);

/// A record that equals another one if their requests do, so that the request is kept once.
#[derive(Clone, Debug)]
struct ByRequest(Record);

impl PartialEq for ByRequest {
    fn eq(&self, other: &Self) -> bool {
        self.0.request == other.0.request
    }
}

impl Eq for ByRequest {}

impl Hash for ByRequest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.request.hash(state);
    }
}

/// Hashes as [`ByRequest`] does.
#[derive(Hash)]
struct Asked<'a>(&'a Request);

impl Equivalent<ByRequest> for Asked<'_> {
    fn equivalent(&self, key: &ByRequest) -> bool {
        *self.0 == key.0.request
    }
}

impl Records {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the measurement of a request stands in their order.
    #[must_use]
    pub fn position(&self, request: &Request) -> Option<usize> {
        self.0.get_index_of(&Asked(request))
    }

    /// The measurement of a request.
    #[must_use]
    pub fn get(&self, request: &Request) -> Option<&Record> {
        self.0.get(&Asked(request)).map(|record| &record.0)
    }

    /// The measurement at a position.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&Record> {
        self.0.get_index(position).map(|record| &record.0)
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.0.iter().map(|record| &record.0)
    }

    /// All of them, in their order.
    #[must_use]
    pub fn into_vec(self) -> Vec<Record> {
        self.0.into_iter().map(|record| record.0).collect()
    }

    /// Takes out what there was too little memory for.
    pub fn forget_lacking(&mut self) {
        self.0.retain(|record| !record.0.lacked_memory);
    }

    /// Adds a measurement, in place of an earlier one of the same request.
    pub fn insert(&mut self, record: Record) {
        self.0.replace(ByRequest(record));
    }
}

impl Extend<Record> for Records {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.insert(record));
    }
}
