//! Threads that work on items stage by stage, and wait for each other in between.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How often a thread looks whether the others are there before it lets others run, and before it sleeps: stages are short,
/// and waking a thread takes longer than most of them differ.
const LOOKS: usize = 200;
const TURNS: usize = 400;

/// Runs `count` stages. In each, `work(stage, position, item)` is done once for every item, by any thread; then
/// `between(stage, items)` is done once. Who did what does not show in the result as long as `work` depends on nothing else
/// that changes. Where the system has no more threads, those that there are do all of the work.
pub(super) fn stages<T: Send>(
    threads: NonZeroUsize,
    items: &mut [T],
    count: usize,
    work: impl Fn(usize, usize, &mut T) + Sync,
    mut between: impl FnMut(usize, &mut [&mut T]),
) {
    let workers = threads.get().min(items.len());
    if workers <= 1 {
        let mut items: Vec<&mut T> = items.iter_mut().collect();
        for stage in 0..count {
            for (position, item) in items.iter_mut().enumerate() {
                work(stage, position, item);
            }
            between(stage, &mut items);
        }
        return;
    }
    let items: Vec<Mutex<&mut T>> = items.iter_mut().map(Mutex::new).collect();
    let next = AtomicUsize::new(0);
    let gate = Gate::new();
    let share = |stage: usize| {
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(position) else { break };
            work(stage, position, &mut lock(item));
        }
    };
    let others = || {
        let _alarm = Alarm(&gate);
        for stage in 0..count {
            share(stage);
            // Once for the others, once for what is done in between.
            if !(gate.wait() && gate.wait()) {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let started = (1..workers).take_while(|_| std::thread::Builder::new().spawn_scoped(scope, others).is_ok()).count();
        // Until this thread comes too, the gate stays shut, however early the others are.
        gate.workers.store(started + 1, Ordering::Relaxed);
        let _alarm = Alarm(&gate);
        for stage in 0..count {
            share(stage);
            if !gate.wait() {
                return;
            }
            next.store(0, Ordering::Relaxed);
            {
                let mut held: Vec<MutexGuard<'_, &mut T>> = items.iter().map(lock).collect();
                let mut all: Vec<&mut T> = held.iter_mut().map(|item| &mut ***item).collect();
                between(stage, &mut all);
            }
            if !gate.wait() {
                return;
            }
        }
    });
}

/// Does `work` once for every item.
pub(super) fn each<T: Send>(threads: NonZeroUsize, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
    stages(threads, items, 1, |_, position, item| work(position, item), |_, _| {});
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where threads wait until all have come.
struct Gate {
    /// How many threads come, as soon as that is known.
    workers: AtomicUsize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
    asleep: Mutex<()>,
    bell: Condvar,
}

impl Gate {
    fn new() -> Self {
        let (workers, arrived, round) = (AtomicUsize::new(usize::MAX), AtomicUsize::new(0), AtomicUsize::new(0));
        Self { workers, arrived, round, broken: AtomicBool::new(false), asleep: Mutex::new(()), bell: Condvar::new() }
    }

    /// Waits for all; `false` if one will never come.
    fn wait(&self) -> bool {
        let round = self.round.load(Ordering::Acquire);
        // Whoever comes after the thread that says how many come sees it, by this order.
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.workers.load(Ordering::Relaxed) {
            self.arrived.store(0, Ordering::Release);
            // Under the lock, so that whoever is about to sleep hears the bell.
            let _asleep = lock(&self.asleep);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            self.bell.notify_all();
        }
        let goes_on = || self.round.load(Ordering::Acquire) != round || self.broken.load(Ordering::Acquire);
        for look in 0..TURNS {
            if goes_on() {
                return !self.broken.load(Ordering::Acquire);
            }
            if look < LOOKS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let mut asleep = lock(&self.asleep);
        while !goes_on() {
            asleep = self.bell.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
        !self.broken.load(Ordering::Acquire)
    }
}

/// Breaks the gate if its thread panics: the others would wait for ever.
struct Alarm<'a>(&'a Gate);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _asleep = lock(&self.0.asleep);
            self.0.broken.store(true, Ordering::Release);
            self.0.bell.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_sees_what_was_done_between_the_stages_before_it() {
        for threads in 1..5 {
            let mut items = vec![0_u64; 7];
            let mut sums = Vec::new();
            let threads = NonZeroUsize::new(threads).unwrap();
            stages(
                threads,
                &mut items,
                1000,
                |stage, position, item| *item += (stage * position) as u64,
                |_, items| {
                    let sum = items.iter().map(|item| **item).sum::<u64>();
                    sums.push(sum);
                    *items[0] = sum % 1000;
                },
            );
            let mut expected = vec![0_u64; 7];
            for (stage, found) in sums.iter().enumerate() {
                for (position, item) in expected.iter_mut().enumerate() {
                    *item += (stage * position) as u64;
                }
                let sum = expected.iter().sum::<u64>();
                assert_eq!(*found, sum, "stage {stage} on {threads} threads");
                expected[0] = sum % 1000;
            }
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn a_panic_of_one_thread_ends_all_of_them() {
        for culprit in 0..3 {
            let run = || {
                let work = |stage: usize, position: usize, _: &mut usize| assert!((stage, position) != (5, culprit), "on purpose");
                stages(NonZeroUsize::new(3).unwrap(), &mut [0_usize; 3], 10, work, |_, _| {});
            };
            assert!(std::panic::catch_unwind(run).is_err());
        }
    }
}
