//! What is kept of the memory that was given back. It is alone in its process, because it counts all large blocks.
#![cfg(unix)]

#[global_allocator]
static HEAP: assay_heap::Heap = assay_heap::Heap;

const MIB: usize = 1 << 20;

#[test]
fn what_was_given_back_is_kept_until_it_is_used_again() {
    assert_eq!(assay_heap::kept(), 0);
    let blocks = [vec![1_u8; 4 * MIB], vec![1_u8; 8 * MIB]];
    assert_eq!(assay_heap::kept(), 0, "it is in use");
    drop(blocks);
    let kept = assay_heap::kept();
    // A block is up to an eighth larger than what it is for.
    assert!((12 * MIB..=27 * MIB / 2).contains(&kept), "{kept}");
    let again = vec![2_u8; 8 * MIB];
    assert!((4 * MIB..=9 * MIB / 2).contains(&assay_heap::kept()), "{}", assay_heap::kept());
    drop(again);
    assert_eq!(assay_heap::kept(), kept);
    // Larger than both: they are given up for it.
    let larger = vec![3_u8; 24 * MIB];
    assert!(assay_heap::kept() <= kept);
    drop(larger);
    assert!((24 * MIB..=27 * MIB).contains(&assay_heap::kept()), "{}", assay_heap::kept());
}
