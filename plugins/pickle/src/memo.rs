//! What a pickle remembers to refer back to.

use std::collections::{BTreeMap, VecDeque};

use crate::node::Id;

/// Values by the numbers under which they are remembered. Picklers count upwards, so nearly all lie in one run.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// The values remembered under `first`, `first + 1`, …
    run: VecDeque<Id>,
    first: u64,
    /// The others.
    others: BTreeMap<u64, Id>,
}

impl Memo {
    pub(crate) fn len(&self) -> usize {
        self.run.len() + self.others.len()
    }

    /// The number after the run's last.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.run.len() as u64
    }

    pub(crate) fn put(&mut self, number: u64, id: Id) {
        if number == self.next() {
            self.run.push_back(id);
        } else if let Some(place) = self.place(number) {
            self.run[place] = id;
        } else {
            self.others.insert(number, id);
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<Id> {
        self.place(number).map(|place| self.run[place]).or_else(|| self.others.get(&number).copied())
    }

    fn place(&self, number: u64) -> Option<usize> {
        number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok()).filter(|place| *place < self.run.len())
    }

    /// Shortens the run to its last `window` values. Of those that leave it, the ones that `is_wanted` stay remembered;
    /// their numbers are given.
    pub(crate) fn retire(&mut self, window: usize, is_wanted: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut stayed = Vec::new();
        while self.run.len() > window {
            let Some(id) = self.run.pop_front() else { break };
            if is_wanted(self.first) {
                self.others.insert(self.first, id);
                stayed.push(self.first);
            }
            self.first += 1;
        }
        stayed
    }

    /// The value remembered outside the run under this number.
    pub(crate) fn other_mut(&mut self, number: u64) -> Option<&mut Id> {
        self.others.get_mut(&number)
    }

    /// The values of the run.
    pub(crate) fn run_mut(&mut self) -> impl Iterator<Item = &mut Id> {
        self.run.iter_mut()
    }
}
