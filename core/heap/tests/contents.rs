//! Blocks hold what was written.

mod numbers;

use numbers::Numbers;

#[global_allocator]
static HEAP: assay_heap::Heap = assay_heap::Heap;

const MIB: usize = 1 << 20;

/// A block that knows what it holds.
struct Filled {
    bytes: Vec<u8>,
    with: u8,
}

impl Filled {
    fn check(&self) {
        assert!(self.bytes.iter().all(|byte| *byte == self.with), "{} bytes of {} have changed", self.bytes.len(), self.with);
    }
}

/// Takes, grows, shrinks and gives back blocks from small to large in an order of its own.
fn churn(seed: u64) {
    let mut numbers = Numbers(seed);
    let mut held: Vec<Filled> = Vec::new();
    for step in 0..400 {
        // As many small as large ones, and some that are both in turn.
        let bytes = [1 + numbers.below(1000), MIB / 4 - 2000 + numbers.below(4000), MIB / 4 + numbers.below(2 * MIB)][numbers.below(3)];
        match numbers.below(4) {
            0 | 1 if held.len() < 24 => {
                let fresh = vec![0_u8; bytes];
                assert!(fresh.iter().all(|byte| *byte == 0), "step {step}: {bytes} bytes are not zeros");
                assert!(bytes < MIB || fresh.as_ptr().addr().is_multiple_of(64), "vectors cross cache lines");
                let with = numbers.below(256) as u8;
                held.push(Filled { bytes: vec![with; bytes], with });
                drop(fresh);
            }
            2 if !held.is_empty() => {
                let position = numbers.below(held.len());
                let filled = &mut held[position];
                filled.bytes.resize(bytes, filled.with);
                filled.bytes.shrink_to_fit();
                filled.check();
            }
            _ if !held.is_empty() => {
                let position = numbers.below(held.len());
                held.swap_remove(position).check();
            }
            _ => {}
        }
    }
    held.iter().for_each(Filled::check);
}

#[test]
fn blocks_hold_what_was_written_on_any_thread_and_begin_as_zeros_where_that_is_asked_for() {
    std::thread::scope(|scope| {
        (0..4).for_each(|seed| drop(scope.spawn(move || churn(seed))));
    });
}
