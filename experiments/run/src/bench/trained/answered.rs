//! How far each training of a run was answered for, which says what another answer takes.

use std::collections::{BTreeSet, HashMap};

use assay_core::plugin::Request;
use assay_core::subspace::Subspace;
use foldhash::fast::RandomState;

/// The epochs after which each training was judged, in this session or an earlier one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered(HashMap<(Subspace, String), BTreeSet<usize>, RandomState>);

impl Answered {
    /// Where the training of a request was judged last before these epochs; 0 if it was not.
    pub(super) fn before(&self, request: &Request, epochs: usize) -> usize {
        let judged = self.0.get(&(request.subspace.clone(), request.parameters.clone()));
        judged.and_then(|judged| judged.range(..epochs).next_back().copied()).unwrap_or(0)
    }

    /// Notes that a request was answered after so many epochs; gives how many of them came since the answer before.
    pub(crate) fn note(&mut self, request: &Request, epochs: usize) -> usize {
        let new = epochs - self.before(request, epochs);
        self.0.entry((request.subspace.clone(), request.parameters.clone())).or_default().insert(epochs);
        new
    }
}
