//! What the system maps and unmaps.

use std::ptr;

use crate::sizes::Size;

/// New memory of zeros, or null.
pub(crate) fn map(size: Size) -> *mut u8 {
    let (access, what) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping at a place that the system chooses touches nothing that is there.
    let start = unsafe { libc::mmap(ptr::null_mut(), size.bytes, access, what, -1, 0) };
    if start == libc::MAP_FAILED {
        return ptr::null_mut();
    }
    #[cfg(target_os = "linux")]
    // SAFETY: advice about a mapping of our own. A system without huge pages refuses it, and nothing is lost.
    unsafe {
        libc::madvise(start, size.bytes, libc::MADV_HUGEPAGE);
    }
    start.cast()
}

/// Gives memory back to the system.
///
/// # Safety
/// The block has this size, and is not used any more.
pub(crate) unsafe fn unmap(start: *mut u8, size: Size) {
    // It fails where the system would have to count more mappings than it may. The memory then stays, and nobody uses it.
    // SAFETY: as the caller says.
    unsafe { libc::munmap(start.cast(), size.bytes) };
}

/// A mapping of another size that begins with the same bytes, or null, and it stays as it is.
///
/// # Safety
/// The block has this size.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn remap(start: *mut u8, size: Size, new: Size) -> *mut u8 {
    // SAFETY: as the caller says; whoever has the block uses what this returns instead.
    let moved = unsafe { libc::mremap(start.cast(), size.bytes, new.bytes, libc::MREMAP_MAYMOVE) };
    if moved == libc::MAP_FAILED { ptr::null_mut() } else { moved.cast() }
}

/// As on Linux, by copying.
///
/// # Safety
/// The block has this size.
#[cfg(not(target_os = "linux"))]
pub(crate) unsafe fn remap(start: *mut u8, size: Size, new: Size) -> *mut u8 {
    let moved = map(new);
    if !moved.is_null() {
        // SAFETY: both blocks are as large, and the new one is nobody else's; the old one is not used any more.
        unsafe {
            start.copy_to_nonoverlapping(moved, size.bytes.min(new.bytes));
            unmap(start, size);
        }
    }
    moved
}
