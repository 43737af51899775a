//! Large blocks: mapped when there is none to use again, and unmapped when more would be mapped than were ever in use at once.

use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sizes::{COUNT, HEAD, Size};
use crate::system::{map, remap, unmap};

/// Memory of a block that is lent.
pub(crate) struct Lent {
    /// Where it starts; null if the system has no memory left.
    pub(crate) start: *mut u8,
    /// Whether the system has just mapped it, so that it is zeros.
    pub(crate) is_new: bool,
}

/// What stands at the start of every block.
#[repr(C, align(64))]
pub(crate) struct Head {
    /// The next in the list of those that are kept, or null.
    next: *mut Self,
    /// That of the block.
    size: Size,
}

/// How much larger a block may be than what is asked for, as places among sizes: four times.
const LARGER: usize = 16;

/// All large blocks.
struct Pool {
    /// Blocks to use again, a list for each size, the last that was given back first.
    kept: [*mut Head; COUNT],
    /// Bytes that were asked for and are in use.
    used: usize,
    /// The most bytes that were in use at once.
    most: usize,
    /// Bytes of all blocks, in use and kept.
    mapped: usize,
    /// Bytes of the blocks that are kept.
    free: usize,
}

// SAFETY: what is kept is nobody's memory but the pool's.
unsafe impl Send for Pool {}

static POOL: Mutex<Pool> = Mutex::new(Pool { kept: [ptr::null_mut(); COUNT], used: 0, most: 0, mapped: 0, free: 0 });

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    fn keep(&mut self, block: *mut Head) {
        // SAFETY: every block begins with its head, and this one is given up.
        unsafe {
            let list = &mut self.kept[(*block).size.position];
            (*block).next = *list;
            *list = block;
            self.free += (*block).size.bytes;
        }
    }

    /// A kept block of the size at this position.
    fn pop(&mut self, position: usize) -> Option<*mut Head> {
        let first = self.kept[position];
        if first.is_null() {
            return None;
        }
        // SAFETY: what is in a list is a block that is nobody else's.
        unsafe {
            self.kept[position] = (*first).next;
            self.free -= (*first).size.bytes;
        }
        Some(first)
    }

    /// A kept block for this size: of that very size, or else, before others are given up for a new one, a larger one.
    fn again(&mut self, size: Size) -> Option<*mut Head> {
        let larger = if self.mapped + size.bytes > self.most { LARGER } else { 0 };
        (size.position..COUNT.min(size.position + larger + 1)).find_map(|position| self.pop(position))
    }

    /// Counts bytes as mapped, and gives up as many kept blocks that no more are mapped than were in use at once: the largest first,
    /// of which it takes the fewest.
    fn count(&mut self, bytes: usize) -> GivenUp {
        self.mapped += bytes;
        let mut given_up = GivenUp(ptr::null_mut());
        let mut position = COUNT;
        while self.mapped > self.most && position > 0 {
            match self.pop(position - 1) {
                // SAFETY: as in `pop`.
                Some(block) => unsafe {
                    self.mapped -= (*block).size.bytes;
                    (*block).next = given_up.0;
                    given_up.0 = block;
                },
                None => position -= 1,
            }
        }
        given_up
    }

    fn use_more(&mut self, bytes: usize) {
        self.used += bytes;
        self.most = self.most.max(self.used);
    }
}

/// Blocks that are not in the pool any more. They are unmapped without its lock, because that takes time.
struct GivenUp(*mut Head);

impl GivenUp {
    /// Whether there were any.
    fn unmap(mut self) -> bool {
        let any = !self.0.is_null();
        while !self.0.is_null() {
            let block = self.0;
            // SAFETY: these blocks are nobody else's, and the head is read before its block is unmapped.
            unsafe {
                let Head { next, size } = block.read();
                self.0 = next;
                unmap(block.cast(), size);
            }
        }
        any
    }
}

/// The bytes of all blocks that are kept to be used again.
pub(crate) fn free() -> usize {
    pool().free
}

/// Lends memory of a block of this size, or of a larger one.
pub(crate) fn take(size: Size) -> Lent {
    let mut pool = pool();
    pool.use_more(size.bytes);
    if let Some(block) = pool.again(size) {
        return Lent { start: lent(block), is_new: false };
    }
    let given_up = pool.count(size.bytes);
    drop(pool);
    given_up.unmap();
    let block = or_with_nothing_kept(|| map(size)).cast::<Head>();
    if block.is_null() {
        let mut pool = self::pool();
        pool.used -= size.bytes;
        pool.mapped -= size.bytes;
        return Lent { start: ptr::null_mut(), is_new: true };
    }
    // SAFETY: the block is new, larger than its head, and starts at a page.
    unsafe { block.write(Head { next: ptr::null_mut(), size }) };
    Lent { start: lent(block), is_new: true }
}

/// Takes back what was lent.
///
/// # Safety
/// It was lent for this size, and is not used any more.
pub(crate) unsafe fn give(start: *mut u8, size: Size) {
    let mut pool = pool();
    pool.used -= size.bytes;
    // SAFETY: as the caller says.
    pool.keep(unsafe { block(start) });
}

/// Lends memory of a block of another size, which begins with the same bytes; or null, and what was lent stays.
///
/// # Safety
/// It was lent for the first size.
pub(crate) unsafe fn resize(start: *mut u8, size: Size, new: Size) -> *mut u8 {
    // SAFETY: as the caller says.
    let block = unsafe { block(start) };
    // SAFETY: as the caller says, so its head is there.
    let old = unsafe { (*block).size };
    let mut pool = pool();
    pool.used -= size.bytes;
    pool.use_more(new.bytes);
    if new.bytes <= old.bytes && new.bytes > old.bytes / 2 {
        return start;
    }
    pool.mapped -= old.bytes;
    let given_up = pool.count(new.bytes);
    drop(pool);
    given_up.unmap();
    // SAFETY: the block has this size, and the caller uses what is returned instead.
    let moved = or_with_nothing_kept(|| unsafe { remap(block.cast(), old, new) }).cast::<Head>();
    if moved.is_null() {
        let mut pool = self::pool();
        pool.used = pool.used - new.bytes + size.bytes;
        pool.mapped = pool.mapped - new.bytes + old.bytes;
        return ptr::null_mut();
    }
    // SAFETY: what was moved is at least as large as a head, and nobody else's.
    unsafe { (*moved).size = new };
    lent(moved)
}

/// What is lent of a block.
fn lent(block: *mut Head) -> *mut u8 {
    block.cast::<u8>().wrapping_add(HEAD)
}

/// The block that this is lent of.
///
/// # Safety
/// It is lent.
unsafe fn block(start: *mut u8) -> *mut Head {
    // SAFETY: what is lent stands behind the head of its block.
    unsafe { start.sub(HEAD).cast() }
}

/// Asks the system once more with nothing kept, if it has no memory left.
fn or_with_nothing_kept(ask: impl Fn() -> *mut u8) -> *mut u8 {
    let start = ask();
    let given_up = || {
        let mut pool = pool();
        let most = std::mem::take(&mut pool.most);
        let given_up = pool.count(0);
        pool.most = most;
        given_up
    };
    if start.is_null() && given_up().unmap() { ask() } else { start }
}

const _: () = assert!(size_of::<Head>() == HEAD, "what is lent begins behind the head");
