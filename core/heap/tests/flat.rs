//! The memory of a process stays flat. It is alone in its process, because it looks at all of its memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod numbers;

use std::sync::mpsc;

use numbers::Numbers;

#[global_allocator]
static HEAP: assay_heap::Heap = assay_heap::Heap;

const MIB: usize = 1 << 20;

/// What a measurement does with memory: 48 MiB of blocks like those of activations, all in use at once, and small ones that outlive
/// it.
fn measure(numbers: &mut Numbers, outliving: &mut Vec<Vec<u8>>) {
    let mut held = Vec::new();
    let mut bytes = 0;
    while bytes < 48 * MIB {
        let block = [MIB / 2, MIB, MIB * 3 / 2, 2 * MIB, 4 * MIB][numbers.below(5)] + numbers.below(1000);
        bytes += block;
        held.push(vec![1_u8; block]);
        outliving.push(vec![1_u8; 100]);
    }
}

#[test]
fn threads_that_measure_in_turn_take_no_more_memory_than_one_measurement() {
    let resident = || assay_heap::resident(None).unwrap();
    let before = resident();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let tell = &tell;
        let threads: Vec<mpsc::Sender<()>> = (0..8)
            .map(|seed| {
                let (begin, begins) = mpsc::channel();
                scope.spawn(move || {
                    let (mut numbers, mut outliving) = (Numbers(seed), Vec::new());
                    for () in begins {
                        measure(&mut numbers, &mut outliving);
                        tell.send(()).unwrap();
                    }
                });
                begin
            })
            .collect();
        let round = || {
            for thread in &threads {
                thread.send(()).unwrap();
                told.recv().unwrap();
            }
            resident().saturating_sub(before) / MIB as u64
        };
        let few = round();
        let many = (0..10).map(|_| round()).max().unwrap();
        // One measurement has up to 52 MiB at once, in blocks that are up to an eighth larger. glibc's allocator left 342 MiB after 8.
        assert!((40..=80).contains(&few), "8 measurements left {few} MiB");
        assert!((40..=80).contains(&many), "88 measurements left {many} MiB");
    });
}
