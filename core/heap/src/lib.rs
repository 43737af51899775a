//! The program's memory, which stays flat: of large blocks there are never more, in use and kept for later, than were in use at one
//! time, but for what a block has more than it is asked for.
//!
//! A measurement takes and gives back hundreds of blocks of some megabytes, on several threads at once. The C library's allocator
//! has an arena a thread: no other thread uses what is free in one, and a small block that is still in use keeps the large ones
//! below it. So the memory of a study grows. To give every block back to the system at once is flat too, but then the system clears and
//! maps each of its pages again and again. Here a block that is given back is kept for the next that needs as much, on any thread.
//!
//! Small blocks are the C library's, as are all blocks where there is no `mmap`. A program asks for this allocator by itself:
//!
//! ```
//! #[global_allocator]
//! static HEAP: assay_heap::Heap = assay_heap::Heap;
//!
//! let pixels = vec![0_u8; 1 << 20];
//! assert!(pixels.iter().all(|pixel| *pixel == 0));
//! ```

#![allow(unsafe_code, reason = "an allocator hands out pointers")]

#[cfg(unix)]
mod large;
mod resident;
#[cfg(unix)]
mod sizes;
#[cfg(unix)]
mod system;

use std::alloc::{GlobalAlloc, Layout, System};

pub use self::resident::{most_resident, resident};
#[cfg(unix)]
use self::sizes::Size;

/// The bytes that this process has of the system and that nobody uses: of what is allocated next, so much is taken from them. To the
/// system they are taken.
#[must_use]
pub fn kept() -> usize {
    #[cfg(unix)]
    return large::free();
    #[cfg(not(unix))]
    0
}

/// The allocator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap;

#[cfg(unix)]
// SAFETY: a layout is that of a large block or not, whatever is asked about it, so a pointer goes back to where it is from. `System`
// keeps the contract for its own; `large` lends memory that nobody else has, of at least the size of the layout and at the start of
// a cache line, and never unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match Size::of(layout) {
            Some(size) => large::take(size).start,
            // SAFETY: as the caller says.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(size) = Size::of(layout) else {
            // SAFETY: as the caller says.
            return unsafe { System.alloc_zeroed(layout) };
        };
        let lent = large::take(size);
        if !lent.start.is_null() && !lent.is_new {
            // SAFETY: what is lent is at least as large as the layout, and nobody else's.
            unsafe { lent.start.write_bytes(0, layout.size()) };
        }
        lent.start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match Size::of(layout) {
            // SAFETY: the layout is that of `alloc`, so `take` lent this for this size.
            Some(size) => unsafe { large::give(start, size) },
            // SAFETY: as the caller says.
            None => unsafe { System.dealloc(start, layout) },
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller has checked that this many bytes make a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) };
        match (Size::of(layout), Size::of(wanted)) {
            // SAFETY: as the caller says.
            (None, None) => unsafe { System.realloc(start, layout, bytes) },
            // SAFETY: the layout is that of `alloc`, so `take` lent this for this size.
            (Some(size), Some(new)) => unsafe { large::resize(start, size, new) },
            _ => {
                // SAFETY: as the caller says; the number of bytes is not 0.
                let new = unsafe { self.alloc(wanted) };
                if !new.is_null() {
                    // SAFETY: both are as large, and the new one is nobody else's; the old one is not used any more.
                    unsafe {
                        start.copy_to_nonoverlapping(new, layout.size().min(bytes));
                        self.dealloc(start, layout);
                    }
                }
                new
            }
        }
    }
}

#[cfg(not(unix))]
// SAFETY: `System` keeps the contract.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { System.realloc(start, layout, bytes) }
    }
}
